//! What the client says in discovery, and what it takes from what it hears (RFC 2516 §5).

use crate::message::packet::Mac;
use crate::message::pppoe::{
    AC_COOKIE, AC_SYSTEM_ERROR, Code, GENERIC_ERROR, HOST_UNIQ, Pppoe, RELAY_SESSION_ID,
    SERVICE_NAME, SERVICE_NAME_ERROR, Stage, Tag, VENDOR_SPECIFIC, tag,
};
use crate::node::router::defect::{Defects, defects};

/// A concentrator, and what it wants back.
#[derive(Clone)]
pub(super) struct Offer {
    pub(super) from: Mac,
    returned: Vec<Tag>,
}

/// RFC 2516 §5.1.
pub(super) fn initiate(number: u32, mac: Mac, defects: &Defects) -> Vec<Pppoe> {
    let mut tags = services(defects);
    tags.push(Tag::new(HOST_UNIQ, uniq(number)));
    if defects.has(PADI_TOO_LONG) {
        tags.push(Tag::new(VENDOR_SPECIFIC, vec![0; 1476]));
    }
    let destination = match defects.has(PADI_TO_ONE) {
        true => Mac([0x02, 0x00, 0x5e, 0x00, 0x88, 0x63]),
        false => Mac::BROADCAST,
    };
    vec![Pppoe {
        source: mac,
        destination,
        session: u16::from(defects.has(PADI_WITH_SESSION)),
        stage: Stage::Discovery {
            code: Code::Initiation,
            tags,
        },
    }]
}

/// Returns what is offered, if it is offered to us.
pub(super) fn take_offer(
    packet: &Pppoe,
    tags: &[Tag],
    number: u32,
    defects: &Defects,
) -> Option<Offer> {
    let known = [
        SERVICE_NAME,
        AC_COOKIE,
        HOST_UNIQ,
        RELAY_SESSION_ID,
        crate::message::pppoe::AC_NAME,
        VENDOR_SPECIFIC,
    ];
    let odd = |tag: &Tag| !known.contains(&tag.kind);
    if !is_ours(tags, number) || is_refusal(tags) {
        return None;
    }
    if defects.has(REFUSES_UNKNOWN_TAGS) && tags.iter().any(odd) {
        return None;
    }
    let wanted = |tag: &&Tag| match tag.kind {
        AC_COOKIE => !defects.has(NO_COOKIE),
        RELAY_SESSION_ID => !defects.has(NO_RELAY_ID),
        _ => false,
    };
    Some(Offer {
        from: packet.source,
        returned: tags.iter().filter(wanted).cloned().collect(),
    })
}

/// RFC 2516 §5.3, with what has to come back unchanged (appendix A).
pub(super) fn request(offer: &Offer, number: u32, mac: Mac, defects: &Defects) -> Pppoe {
    let mut tags = services(defects);
    tags.push(Tag::new(HOST_UNIQ, uniq(number)));
    tags.extend(offer.returned.iter().cloned());
    let destination = match defects.has(PADR_TO_ALL) {
        true => Mac::BROADCAST,
        false => offer.from,
    };
    Pppoe {
        source: mac,
        destination,
        session: 0,
        stage: Stage::Discovery {
            code: Code::Request,
            tags,
        },
    }
}

/// RFC 2516 §5.5.
pub(super) fn terminate(peer: Mac, session: u16, mac: Mac) -> Pppoe {
    Pppoe {
        source: mac,
        destination: peer,
        session,
        stage: Stage::Discovery {
            code: Code::Termination,
            tags: Vec::new(),
        },
    }
}

/// Returns whether an answer is to a question of ours.
pub(super) fn is_ours(tags: &[Tag], number: u32) -> bool {
    tag(tags, HOST_UNIQ) == Some(&uniq(number)[..])
}

/// Returns whether an answer says that there is no session.
pub(super) fn is_refusal(tags: &[Tag]) -> bool {
    let errors = [SERVICE_NAME_ERROR, AC_SYSTEM_ERROR, GENERIC_ERROR];
    tags.iter().any(|tag| errors.contains(&tag.kind))
}

/// RFC 2516 §5.1, §5.3: exactly one name, which is empty for any service.
fn services(defects: &Defects) -> Vec<Tag> {
    let count = match (defects.has(NO_SERVICE_NAME), defects.has(TWO_SERVICE_NAMES)) {
        (true, _) => 0,
        (_, true) => 2,
        _ => 1,
    };
    vec![Tag::new(SERVICE_NAME, []); count]
}

fn uniq(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

defects! {
    /// Sends its PADI to the concentrator that it knows from before, and not to all.
    PADI_TO_ONE = "padi-to-one",
        "PADIをブロードキャストせず、以前のコンセントレータだけに送る。";
    /// Sends its PADI with a SESSION_ID that is not zero.
    PADI_WITH_SESSION = "padi-with-session",
        "PADIのSESSION_IDが0でない。";
    /// Sends PADIs of more than 1484 octets.
    PADI_TOO_LONG = "padi-too-long",
        "1484オクテットを超えるPADIを送る。";
    /// Asks for a service by two Service-Name tags.
    TWO_SERVICE_NAMES = "two-service-names",
        "PADIとPADRにService-Nameタグを二つ入れる。";
    /// Asks for no service at all: the Service-Name tag is not there.
    NO_SERVICE_NAME = "no-service-name",
        "PADIとPADRにService-Nameタグを入れない。";
    /// Sends its PADR to everybody.
    PADR_TO_ALL = "padr-to-all",
        "PADRをブロードキャストする。";
    /// Does not return the concentrator's AC-Cookie.
    NO_COOKIE = "no-cookie",
        "PADOのAC-CookieをPADRで返さない。";
    /// Does not return the Relay-Session-Id of an agent in between.
    NO_RELAY_ID = "no-relay-id",
        "PADOのRelay-Session-IdをPADRで返さない。";
    /// Takes no offer that has a tag which it does not know.
    REFUSES_UNKNOWN_TAGS = "refuses-unknown-tags",
        "知らないタグの入ったPADOを受け付けない。";
}
