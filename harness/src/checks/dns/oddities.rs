//! What can be odd about a question, and which check is about it.

use ngnlab_sim::message::dns::OPT;

use crate::dissection::dns::{A, AAAA, Flag, Opt};
use crate::dissection::{Dns, Question};

/// Something odd about a question.
pub(super) struct Oddity {
    /// The check that fails where such questions are dropped.
    pub(super) check: &'static str,
    /// What a question has of it, if it has it at all, as a number: whoever answers another
    /// question with the same does not drop questions for it.
    pub(super) of: fn(&Dns) -> Option<u64>,
}

/// What is odd about questions, the oddest first.
pub(super) const ODDITIES: &[Oddity] = &[
    Oddity {
        check: "dns.proxy.unknown-opcode",
        of: |query| (query.opcode() != 0).then(|| query.opcode().into()),
    },
    Oddity {
        check: "dns.proxy.tkey",
        of: |query| has_tkey(query).then_some(1),
    },
    Oddity {
        check: "dns.proxy.tsig",
        of: |query| is_signed(query).then_some(1),
    },
    Oddity {
        check: "dns.proxy.edns-version",
        of: |query| query.opt().map(|opt| opt.version.into()).filter(is_set),
    },
    Oddity {
        check: "dns.proxy.edns-unknown-flag",
        of: |query| {
            let opt = plain_opt(query).filter(Opt::has_unknown_flag)?;
            Some(opt.flags.into())
        },
    },
    Oddity {
        check: "dns.proxy.edns-multi-option",
        of: |query| {
            let count = plain_opt(query)?.options.len();
            u64::try_from(count).ok().filter(|count| *count > 1)
        },
    },
    Oddity {
        check: "dns.proxy.edns-unknown-option",
        of: local_option,
    },
    Oddity {
        check: "dns.proxy.edns-do",
        of: |query| plain_opt(query)?.dnssec_ok().then_some(1),
    },
    Oddity {
        check: "dns.proxy.ad-cd-z",
        of: |query| {
            let bits = [(Flag::Ad, 1), (Flag::Cd, 2), (Flag::Z, 4)];
            let bits = bits.iter().filter(|(flag, _)| query.has(*flag));
            Some(bits.map(|(_, bit)| bit).sum()).filter(is_set)
        },
    },
    Oddity {
        check: "dns.proxy.compression-any",
        of: other_records,
    },
    Oddity {
        check: "dns.proxy.qclass-any",
        of: |query| {
            asked(query)
                .map(|question| question.class.into())
                .filter(|class| *class != u64::from(INTERNET))
        },
    },
    Oddity {
        check: "dns.proxy.long-names",
        of: |query| asked(query).and_then(|question| (question.name.len() > LONG).then_some(1)),
    },
    Oddity {
        check: "dns.proxy.odd-names",
        of: |query| asked(query).and_then(|question| odd_name(&question.name)),
    },
    Oddity {
        check: "dns.proxy.https-type",
        of: |query| {
            kind(query)
                .filter(|kind| [SVCB, HTTPS].contains(kind))
                .map(u64::from)
        },
    },
    Oddity {
        check: "dns.proxy.qtype-any",
        of: |query| kind(query).filter(|kind| !is_common(*kind)).map(u64::from),
    },
];

/// Returns whether a question has the oddity that a check is about.
pub(super) fn is_odd_for(check: &str, query: &Dns) -> bool {
    let mut oddities = ODDITIES.iter();
    oddities.any(|oddity| oddity.check == check && (oddity.of)(query).is_some())
}

fn is_set(value: &u64) -> bool {
    *value != 0
}

/// Returns an OPT record of the version that everybody knows.
fn plain_opt(query: &Dns) -> Option<Opt> {
    query.opt().filter(|opt| opt.version == 0)
}

fn asked(query: &Dns) -> Option<&Question> {
    query.question.as_ref()
}

fn kind(query: &Dns) -> Option<u16> {
    asked(query).map(|question| question.kind)
}

fn has_tkey(query: &Dns) -> bool {
    !query.additional(TKEY).is_empty() || kind(query) == Some(TKEY)
}

/// Returns whether a question is signed with TSIG.
pub(super) fn is_signed(query: &Dns) -> bool {
    !query.additional(TSIG).is_empty()
}

fn local_option(query: &Dns) -> Option<u64> {
    let opt = plain_opt(query)?;
    let mut codes = opt.options.iter().map(|(code, _)| *code);
    codes.find(|code| *code >= LOCAL_OPTIONS).map(u64::from)
}

fn other_records(query: &Dns) -> Option<u64> {
    let records = query.records();
    let mut records = records.iter();
    let record = records.find(|record| record.kind != OPT && record.class == INTERNET)?;
    Some(if record.compressed { 1 } else { 2 })
}

fn odd_name(name: &str) -> Option<u64> {
    let is_hosts = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if name.is_empty() {
        Some(1)
    } else if name.bytes().all(is_hosts) {
        None
    } else if name.bytes().all(|byte| is_hosts(byte) || byte == b'_') {
        Some(2)
    } else {
        Some(3)
    }
}

/// Types that every forwarder has met: addresses, pointers, and what RFC 1035 defines.
pub(super) fn is_common(kind: u16) -> bool {
    kind <= 16 || [AAAA, A, SRV].contains(&kind)
}

const INTERNET: u16 = 1;

/// RFC 2782.
const SRV: u16 = 33;

/// RFC 9460 §14.1.
const SVCB: u16 = 64;

const HTTPS: u16 = 65;

/// RFC 2930 §2.
const TKEY: u16 = 249;

/// RFC 8945 §4.2.
const TSIG: u16 = 250;

/// Names of people end long before.
const LONG: usize = 200;

/// Options from here on are for local use (RFC 6891 §9).
const LOCAL_OPTIONS: u16 = 65_001;
