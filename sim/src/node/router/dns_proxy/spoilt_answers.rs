//! What broken forwarders do to answers on their way to the client.

use super::edit;
use crate::message::dns::{
    AAAA, CLASSIC_LIMIT, CNAME, FORMAT_ERROR, HEADER, NAME_ERROR, OPT, Question, REFUSED,
    SERVER_FAILURE, Section, TC, is_truncated, records, response_code,
};
use crate::node::router::defect::{Defects, defects};

/// Returns the response as it goes to the client, or `None` if it goes nowhere.
pub(super) fn spoil(response: &[u8], over_udp: bool, defects: &Defects) -> Option<Vec<u8>> {
    let mut response = response.to_vec();
    let long = over_udp && response.len() > CLASSIC_LIMIT;
    for defect in defects.among(DEFECTS) {
        match defect {
            DROPS_LARGE_ANSWERS if long => return None,
            TRUNCATES_512 if long => edit::truncate(&mut response, CLASSIC_LIMIT, true),
            TRUNCATES_WITHOUT_TC if long => {
                edit::truncate(&mut response, TINY_BUFFER, false);
            }
            BARE_ERRORS if response[3] & RESPONSE_CODE != 0 => {
                response.truncate(HEADER);
                response[4..].fill(0);
            }
            ERASES_UNKNOWN_RECORDS => erase_unknown(&mut response),
            FILTERS_AAAA if kind(&response) == Some(AAAA) => edit::empty(&mut response),
            HIDES_NXDOMAIN if response_code(&response) == Some(NAME_ERROR) => {
                edit::set_response_code(&mut response, 0);
            }
            CLEARS_TC if is_truncated(&response) => response[2] &= !TC,
            DROPS_FAILURES if is_failure(&response) => return None,
            DROPS_FORMAT_ERRORS if is_format_error(&response) => return None,
            HIDES_FORMAT_ERRORS if is_format_error(&response) => {
                edit::set_response_code(&mut response, SERVER_FAILURE);
            }
            DROPS_EMPTY_ANSWERS if has_no_records(&response) => return None,
            NODATA_IS_NXDOMAIN if has_no_answers(&response) => {
                edit::set_response_code(&mut response, NAME_ERROR);
            }
            DROPS_AUTHORITY => {
                edit::retain(&mut response, |record| record.section == Section::Answer);
            }
            CUTS_ALIAS_CHAINS if kind(&response) != Some(CNAME) => cut_chain(&mut response),
            REORDERS_ANSWERS => edit::reverse_addresses(&mut response),
            _ => {}
        }
    }
    Some(response)
}

fn is_failure(response: &[u8]) -> bool {
    response_code(response).is_some_and(|code| [SERVER_FAILURE, REFUSED].contains(&code))
}

fn is_format_error(response: &[u8]) -> bool {
    response_code(response) == Some(FORMAT_ERROR)
}

fn has_no_records(response: &[u8]) -> bool {
    response_code(response) == Some(0)
        && !is_truncated(response)
        && edit::opt(response).map_or(0, |_| 1) == records(response).map_or(1, |found| found.len())
}

fn has_no_answers(response: &[u8]) -> bool {
    response_code(response) == Some(0)
        && !is_truncated(response)
        && response.get(6..8) == Some(&[0, 0])
}

/// Leaves the first alias alone in the answer.
fn cut_chain(response: &mut Vec<u8>) {
    let found = records(response).unwrap_or_default();
    if let Some(first) = found.first().filter(|first| first.kind == CNAME) {
        edit::retain(response, |record| record == first);
    }
}

fn kind(message: &[u8]) -> Option<u16> {
    Question::of(message).map(|question| question.kind)
}

/// Overwrites the content of records whose type is for private use (RFC 6895 §3.1).
fn erase_unknown(response: &mut [u8]) {
    for at in records(response).unwrap_or_default() {
        let pointer = response[at.start] & 0xc0 == 0xc0;
        if at.kind >= PRIVATE_TYPES && at.kind != OPT && pointer {
            response[at.start + 12..at.end].fill(0);
        }
    }
}

// RFC 1035 §4.1.1, and RFC 6895 §3.1.
const RESPONSE_CODE: u8 = 0x0f;
const PRIVATE_TYPES: u16 = 65_280;
/// Too small for the fifteen addresses of a delivery host, of either kind (guide p.15).
const TINY_BUFFER: usize = 256;

defects! {
    /// Drops DNS answers above 512 bytes, as a Yamaha NVR500 that has no `edns=on` (ngn-facts
    /// §4.4).
    DROPS_LARGE_ANSWERS = "drops-large-answers",
        "512バイトを超えるDNS応答を破棄する。edns=onのないヤマハNVR500がそうする。";
    /// Cuts every UDP answer to 512 bytes with TC set, whatever size the client offered.
    TRUNCATES_512 = "truncates-512",
        "端末が示した大きさにかかわらず、UDPの応答をすべて512バイトに切り詰めてTCビットを立てる。";
    /// Cuts long UDP answers without setting TC.
    TRUNCATES_WITHOUT_TC = "truncates-without-tc",
        "長いUDPの応答を、TCビットを立てずに切り詰める。";
    /// Clears the TC bit of answers that a server cut.
    CLEARS_TC = "clears-tc",
        "サーバが切り詰めた応答のTCビットを落とす。";
    /// Answers AAAA questions with no data, as the suppression switch of some home gateways
    /// (ngn-facts §3.5).
    FILTERS_AAAA = "filters-aaaa",
        "AAAAの問い合わせに、レコードのない応答を返す。一部のひかり電話ルータにある抑止機能がそうする。";
    /// Passes errors on as a header without the question.
    BARE_ERRORS = "bare-errors",
        "エラーの応答を、問い合わせ部を省いてヘッダだけで返す。";
    /// Overwrites the content of records whose type it does not know.
    ERASES_UNKNOWN_RECORDS = "erases-unknown-records",
        "未知の種別のレコードの内容を書き換える。";
    /// Turns a name error into an empty answer.
    HIDES_NXDOMAIN = "hides-nxdomain",
        "名前が存在しないという応答を、レコードのない応答に変える。";
    /// Turns an answer without data into a name error, so that a name with AAAA records alone is
    /// gone for whoever asks for A first (RFC 4074 §4.2).
    NODATA_IS_NXDOMAIN = "nodata-is-nxdomain",
        "レコードのない応答を、名前が存在しないという応答に変える。AAAAだけを持つ名前は、先にAを問い合わせた端末から見えなくなる。";
    /// Drops answers that say SERVFAIL or REFUSED, and leaves the terminal waiting.
    DROPS_FAILURES = "drops-failures",
        "SERVFAILやREFUSEDの応答を破棄し、端末を待たせたままにする。";
    /// Drops answers that say FORMERR, and leaves the terminal waiting.
    DROPS_FORMAT_ERRORS = "drops-format-errors",
        "FORMERRの応答を破棄し、端末を待たせたままにする。";
    /// Hands FORMERR on as SERVFAIL, so that terminals do not ask again without EDNS.
    HIDES_FORMAT_ERRORS = "hides-format-errors",
        "FORMERRの応答をSERVFAILに変える。端末はEDNSなしで問い合わせ直すきっかけを失う。";
    /// Drops answers without any record.
    DROPS_EMPTY_ANSWERS = "drops-empty-answers",
        "レコードを含まない応答を破棄する。";
    /// Passes answers on without their authority and additional sections.
    DROPS_AUTHORITY = "drops-authority",
        "応答から権威部と付加情報部を取り除く。";
    /// Passes on the first alias of a chain alone.
    CUTS_ALIAS_CHAINS = "cuts-alias-chains",
        "連なったCNAMEのうち、最初の1つだけを端末に返す。";
    /// Turns the order of the addresses round.
    REORDERS_ANSWERS = "reorders-answers",
        "応答に含まれるアドレスの順序を逆にする。";
}
