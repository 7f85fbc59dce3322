//! What broken forwarders answer by themselves, without asking anybody.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use super::edit;
use crate::message::dns::{A, AAAA, NAME_ERROR, Question, REFUSED, is_query};
use crate::message::packet::is_routable;
use crate::node::router::defect::{Defects, defects};
use crate::setup::in_domain;

/// Refuses questions as its defects do.
#[derive(Default)]
pub(super) struct OwnRefusals {
    /// Names that were asked for an IPv4 address, in lower case.
    asked_for_a: BTreeSet<Vec<u8>>,
}

impl OwnRefusals {
    /// Returns the answer to a query that goes nowhere, where `open` others wait for theirs, of a
    /// device with these addresses on its LAN.
    pub(super) fn refuse(
        &mut self,
        query: &[u8],
        open: usize,
        lan: &[Ipv6Addr],
        defects: &Defects,
    ) -> Option<Vec<u8>> {
        if !is_query(query) {
            return None;
        }
        let question = Question::of(query)?;
        for defect in defects.among(DEFECTS) {
            match defect {
                REFUSES_QUESTIONS => return edit::own_answer(query, REFUSED),
                REFUSES_SIXTH_QUESTION if open >= FEW => {
                    return edit::own_answer(query, REFUSED);
                }
                REFUSES_UNKNOWN_TYPES if !is_known(&question) => {
                    return edit::own_answer(query, REFUSED);
                }
                WITHHOLDS_AAAA_AFTER_A | DENIES_NAMES_AFTER_A => {
                    let name = question.name.to_ascii_lowercase();
                    if question.kind == A && self.asked_for_a.len() < NAMES_MAX {
                        self.asked_for_a.insert(name);
                    } else if question.kind == AAAA && self.asked_for_a.contains(&name) {
                        let denies = defect == DENIES_NAMES_AFTER_A;
                        return edit::own_answer(query, if denies { NAME_ERROR } else { NO_ERROR });
                    }
                }
                REFUSES_UNLISTED_ENDINGS if in_domain(&question.name_text(), UNLISTED) => {
                    return edit::own_answer(query, REFUSED);
                }
                ANSWERS_ITS_OWN_ADDRESS if question.kind == AAAA => {
                    let own = lan.iter().find(|address| is_routable(**address))?;
                    return edit::own_address(query, *own);
                }
                _ => {}
            }
        }
        None
    }
}

/// Returns whether the question is for a type of RFC 1035 or AAAA, on the internet.
fn is_known(question: &Question<'_>) -> bool {
    question.class == INTERNET && (question.kind <= TXT || question.kind == AAAA)
}

// RFC 1035 §3.2.2, §3.2.4, §4.1.1.
const TXT: u16 = 16;
const INTERNET: u16 = 1;
const NO_ERROR: u8 = 0;

/// As many questions may be open as with `dns-forward-max=5` of dnsmasq.
const FEW: usize = 5;

/// The ending of the line-authentication site (guide p.16), which the root zone does not have.
const UNLISTED: &str = "mnw";

/// More names than a site asks for.
const NAMES_MAX: usize = 150;

defects! {
    /// Refuses every question, as a dnsmasq without servers.
    REFUSES_QUESTIONS = "refuses-questions",
        "どの問い合わせも上位に尋ねず、自らREFUSEDで応答する。上位サーバのないdnsmasqがそうする。";
    /// Refuses questions while five wait for their answers, as a dnsmasq with `dns-forward-max=5`.
    REFUSES_SIXTH_QUESTION = "refuses-sixth-question",
        "応答待ちの問い合わせが5件あると、次の問い合わせにREFUSEDで応答する。dns-forward-max=5のdnsmasqがそうする。";
    /// Refuses questions for types and classes that it does not know.
    REFUSES_UNKNOWN_TYPES = "refuses-unknown-types",
        "未知の種別やクラスの問い合わせを上位に尋ねず、自らREFUSEDで応答する。";
    /// Answers AAAA questions with no data once it was asked for A, and asks nobody.
    WITHHOLDS_AAAA_AFTER_A = "withholds-aaaa-after-a",
        "Aを問い合わせた名前のAAAAの問い合わせに、上位に尋ねずレコードのない応答を返す。";
    /// Says that a name does not exist to whoever asks for AAAA once it was asked for A, and asks
    /// nobody (RFC 4074 §4.2).
    DENIES_NAMES_AFTER_A = "denies-names-after-a",
        "Aを問い合わせた名前のAAAAの問い合わせに、上位に尋ねず、名前が存在しないと応答する。";
    /// Refuses names with an ending that the root zone does not have, as a filter against mistyped
    /// names.
    REFUSES_UNLISTED_ENDINGS = "refuses-unlisted-endings",
        "ルートゾーンにない末尾の名前の問い合わせにREFUSEDで応答する。打ち間違いを防ぐフィルタがそうする。";
    /// Answers every question for IPv6 addresses with its own address, as devices that lead every
    /// name to their setup page.
    ANSWERS_ITS_OWN_ADDRESS = "answers-its-own-address",
        "どの名前のAAAAの問い合わせにも自分のアドレスを答える。設定画面へ誘導する機器がそうする。";
}
