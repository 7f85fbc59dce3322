//! A cache as broken forwarders have one: each defect keeps something it must not, and forgets to
//! count.

use std::collections::BTreeMap;
use std::time::Duration;

use super::edit;
use crate::message::dns::{self, NAME_ERROR, Question, TC};
use crate::node::router::defect::{Defects, defects};
use crate::time::Time;

/// Answers by question, with the end of their time.
#[derive(Default)]
pub(super) struct WrongCache {
    kept: BTreeMap<(Vec<u8>, u16), (Time, Vec<u8>)>,
}

impl WrongCache {
    /// Takes in an answer from upstream, if a defect keeps it.
    pub(super) fn keep(&mut self, response: &[u8], defects: &Defects, now: Time) {
        let Some(key) = key(response) else {
            return;
        };
        let mut response = response.to_vec();
        let (code, cut) = (dns::response_code(&response), dns::is_truncated(&response));
        let whole = code == Some(0) && !cut;
        let mut keeps = false;
        for defect in defects.among(DEFECTS) {
            match defect {
                TTL_STANDS_STILL if whole => {
                    edit::strip_opt(&mut response);
                    keeps = true;
                }
                CACHES_OPT if whole => keeps = true,
                CACHES_NAME_ERRORS if code == Some(NAME_ERROR) => keeps = true,
                CACHES_CUT_ANSWERS if cut => {
                    response[2] &= !TC;
                    keeps = true;
                }
                _ => {}
            }
        }
        if keeps {
            self.kept.retain(|_, (until, _)| *until >= now);
            if self.kept.len() >= KEPT_MAX {
                let oldest = self.kept.iter().min_by_key(|(_, (until, _))| *until);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    self.kept.remove(&oldest);
                }
            }
            self.kept.insert(key, (now + TIME, response));
        }
    }

    /// Returns what it has for a query.
    pub(super) fn look_up(&self, query: &[u8], now: Time) -> Option<Vec<u8>> {
        let (until, response) = self.kept.get(&key(query)?)?;
        if *until < now {
            return None;
        }
        let mut response = response.clone();
        dns::set_id(&mut response, dns::id(query)?);
        Some(response)
    }
}

fn key(message: &[u8]) -> Option<(Vec<u8>, u16)> {
    let question = Question::of(message)?;
    Some((question.name.to_ascii_lowercase(), question.kind))
}

/// As many as a small router caches (ours; 150 is what dnsmasq does by default).
const KEPT_MAX: usize = 150;
const TIME: Duration = Duration::from_secs(300);

defects! {
    /// Serves answers from a cache for minutes with the lifetimes they came with.
    TTL_STANDS_STILL = "ttl-stands-still",
        "キャッシュした応答を、TTLを減らさずに数分間返し続ける。";
    /// Remembers that a name does not exist for minutes.
    CACHES_NAME_ERRORS = "caches-name-errors",
        "名前が存在しないという応答を数分間キャッシュする。";
    /// Serves answers from a cache together with the OPT record they came with.
    CACHES_OPT = "caches-opt",
        "キャッシュした応答を、受け取ったときのOPTレコードを付けたまま返す。";
    /// Serves cut answers from a cache as if they were whole.
    CACHES_CUT_ANSWERS = "caches-cut-answers",
        "切り詰められた応答をキャッシュし、完全な応答として返す。";
}
