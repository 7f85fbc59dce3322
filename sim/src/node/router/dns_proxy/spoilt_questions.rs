//! What broken forwarders do to questions on their way upstream, above all to those whose shape they
//! did not expect.

use super::edit;
use crate::message::dns::{Question, RecordAt, Section, records};
use crate::node::router::defect::{Defect, Defects, defects};

/// Returns the query as it goes upstream, or `None` if it goes nowhere.
pub(super) fn spoil(query: &[u8], defects: &Defects) -> Option<Vec<u8>> {
    let mut query = query.to_vec();
    let mut present = defects.among(DEFECTS);
    let survives = present.all(|defect| pass(&mut query, defect));
    survives.then_some(query)
}

/// Changes a query as a defect does; returns whether it still goes upstream.
fn pass(query: &mut Vec<u8>, defect: Defect) -> bool {
    match defect {
        LOWERCASES_NAMES => {
            edit::lowercase_question(query);
            true
        }
        DROPS_EDNS => edit::opt(query).is_none(),
        STRIPS_EDNS => {
            edit::strip_opt(query);
            true
        }
        DROPS_UNKNOWN_TYPES => is_known(query),
        DROPS_HEADER_BITS => query[3] & HEADER_BITS == 0,
        SETS_RECURSION_DESIRED => {
            query[2] |= RECURSION_DESIRED;
            true
        }
        DROPS_OPCODES => query[2] & OPCODE == 0,
        DROPS_POINTERS => !has_pointer(query),
        DROPS_FOREIGN_CLASSES => asked(query).is_none_or(|asked| asked.class == INTERNET),
        DROPS_HTTPS_TYPE => asked(query).is_none_or(|asked| !HTTPS_AND_SVCB.contains(&asked.kind)),
        DROPS_LONG_NAMES => asked(query).is_none_or(|asked| asked.name.len() <= SHORT_BUFFER),
        DROPS_ODD_NAMES => asked(query).is_none_or(|asked| is_host_name(asked.name)),
        STRIPS_TSIG => {
            strip(query, TSIG);
            true
        }
        DROPS_TKEY => asked(query).is_none_or(|asked| asked.kind != TKEY),
        CLEARS_DO => {
            if let Some(opt) = edit::opt(query) {
                query[opt.start + EDNS_FLAGS] &= !DNSSEC_OK;
            }
            true
        }
        DROPS_EDNS_OPTIONS => edit::opt(query).is_none_or(|opt| opt.end - opt.start == BARE_OPT),
        DROPS_MANY_EDNS_OPTIONS => options(query) <= 1,
        DROPS_EDNS_FLAGS => edit::opt(query).is_none_or(|opt| {
            query[opt.start + EDNS_FLAGS] & !DNSSEC_OK == 0
                && query[opt.start + EDNS_FLAGS + 1] == 0
        }),
        DROPS_EDNS_VERSIONS => {
            edit::opt(query).is_none_or(|opt| query[opt.start + EDNS_VERSION] == 0)
        }
        RAISES_EDNS_SIZE => {
            if let Some(opt) = edit::opt(query) {
                query[opt.start + 3..opt.start + 5].copy_from_slice(&LARGE.to_be_bytes());
            }
            true
        }
        ADDS_EDNS => {
            if edit::opt(query).is_none() && records(query).is_some_and(|found| found.is_empty()) {
                query.extend([0, 0, 41, 2, 0, 0, 0, 0, 0, 0, 0]);
                query[11] = 1;
            }
            true
        }
        _ => true,
    }
}

fn asked(query: &[u8]) -> Option<Question<'_>> {
    Question::of(query)
}

/// Returns whether the question is for a type that was known when the device was made.
fn is_known(message: &[u8]) -> bool {
    Question::of(message)
        .is_some_and(|question| OLD_TYPES.contains(&question.kind) && question.class == INTERNET)
}

fn has_pointer(query: &[u8]) -> bool {
    let found = records(query).unwrap_or_default();
    found.iter().any(|record| query[record.start] & 0xc0 != 0)
}

/// Letters, digits and hyphens, as in the names of computers (RFC 952).
fn is_host_name(mut name: &[u8]) -> bool {
    let mut labels = 0;
    while let Some((&length, rest)) = name.split_first() {
        let (label, rest) = rest.split_at(usize::from(length).min(rest.len()));
        labels += usize::from(length > 0);
        if !label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        {
            return false;
        }
        name = rest;
    }
    labels > 0
}

/// Removes an additional record that nothing points at.
fn strip(message: &mut Vec<u8>, kind: u16) {
    let found = records(message).unwrap_or_default();
    let additional = |at: &&RecordAt| at.section == Section::Additional && at.kind == kind;
    if let Some(at) = found.iter().find(additional) {
        message.drain(at.start..at.end);
        message[11] = message[11].saturating_sub(1);
    }
}

fn options(query: &[u8]) -> usize {
    let Some(opt) = edit::opt(query) else {
        return 0;
    };
    let mut rest = &query[opt.start + BARE_OPT..opt.end];
    let mut count = 0;
    while let Some((&[_, _, high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = after.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}

// RFC 1035 §4.1.1 and RFC 4035 §3.
const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const HEADER_BITS: u8 = 0x70;
const INTERNET: u16 = 1;
const HTTPS_AND_SVCB: [u16; 2] = [65, 64];
const TKEY: u16 = 249;
const TSIG: u16 = 250;
/// A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, and ANY.
const OLD_TYPES: [u16; 10] = [1, 2, 5, 6, 12, 15, 16, 28, 33, 255];
/// A buffer for the names of people who never saw a long one.
const SHORT_BUFFER: usize = 128;
// RFC 6891 §6.1.2: counted from the record's first byte.
const EDNS_VERSION: usize = 6;
const EDNS_FLAGS: usize = 7;
const BARE_OPT: usize = 11;
const DNSSEC_OK: u8 = 0x80;
const LARGE: u16 = 4096;

defects! {
    /// Changes the letters of a question to lower case on their way to the client.
    LOWERCASES_NAMES = "lowercases-names",
        "問い合わせの名前を小文字に変え、応答でもそのまま端末に返す。";
    /// Drops questions that carry an OPT record.
    DROPS_EDNS = "drops-edns",
        "OPTレコードを含む問い合わせを破棄する。";
    /// Removes the OPT record from the questions it forwards.
    STRIPS_EDNS = "strips-edns",
        "問い合わせからOPTレコードを取り除いて上位に送る。";
    /// Adds an OPT record to questions that have none, and leaves the server's in the answer.
    ADDS_EDNS = "adds-edns",
        "OPTレコードのない問い合わせにOPTレコードを加え、応答のOPTレコードを取り除かずに返す。";
    /// Announces 4096 bytes upstream whatever the client has room for.
    RAISES_EDNS_SIZE = "raises-edns-size",
        "端末が受け取れる大きさにかかわらず、4096バイトを受け取れると上位に伝える。";
    /// Clears the DO bit on the way upstream.
    CLEARS_DO = "clears-do",
        "DOビットを落として上位に送る。";
    /// Drops questions whose OPT record has options.
    DROPS_EDNS_OPTIONS = "drops-edns-options",
        "OPTレコードにオプションを含む問い合わせを破棄する。";
    /// Drops questions whose OPT record has more than one option.
    DROPS_MANY_EDNS_OPTIONS = "drops-many-edns-options",
        "OPTレコードに2つ以上のオプションを含む問い合わせを破棄する。";
    /// Drops questions with EDNS flags that it does not know.
    DROPS_EDNS_FLAGS = "drops-edns-flags",
        "未知のEDNSフラグの立った問い合わせを破棄する。";
    /// Drops questions of other EDNS versions than 0.
    DROPS_EDNS_VERSIONS = "drops-edns-versions",
        "EDNSのバージョンが0でない問い合わせを破棄する。";
    /// Removes TSIG records from questions.
    STRIPS_TSIG = "strips-tsig",
        "問い合わせからTSIGレコードを取り除く。";
    /// Drops questions for TKEY.
    DROPS_TKEY = "drops-tkey",
        "TKEYの問い合わせを破棄する。";
    /// Drops questions with the AD, CD or reserved bit set, as RFC 1035 had them zero.
    DROPS_HEADER_BITS = "drops-header-bits",
        "AD、CD、予約ビットのいずれかが立った問い合わせを破棄する。RFC 1035ではどれも0だった。";
    /// Sets the RD bit in every question.
    SETS_RECURSION_DESIRED = "sets-recursion-desired",
        "すべての問い合わせにRDビットを立てる。";
    /// Drops requests with another opcode than QUERY.
    DROPS_OPCODES = "drops-opcodes",
        "オペコードがQUERYでない要求を破棄する。";
    /// Drops questions with records whose names are compressed.
    DROPS_POINTERS = "drops-pointers",
        "名前を圧縮したレコードを含む問い合わせを破棄する。";
    /// Drops questions of other classes than IN.
    DROPS_FOREIGN_CLASSES = "drops-foreign-classes",
        "IN以外のクラスの問い合わせを破棄する。";
    /// Drops questions with names longer than 128 octets.
    DROPS_LONG_NAMES = "drops-long-names",
        "128オクテットを超える名前の問い合わせを破棄する。";
    /// Drops questions with names that no computer could have.
    DROPS_ODD_NAMES = "drops-odd-names",
        "ホスト名として使えない名前の問い合わせを破棄する。";
    /// Drops questions for types it has never heard of.
    DROPS_UNKNOWN_TYPES = "drops-unknown-types",
        "未知の種別の問い合わせを破棄する。";
    /// Drops questions for HTTPS and SVCB records.
    DROPS_HTTPS_TYPE = "drops-https-type",
        "HTTPSとSVCBレコードの問い合わせを破棄する。";
}
