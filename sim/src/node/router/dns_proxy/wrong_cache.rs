//! A cache as broken forwarders have one: each defect keeps something it must not, and forgets to
//! count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::edit;
use crate::message::dns::{self, NAME_ERROR, Question, TC};
use crate::node::router::defect::Defect;
use crate::time::Time;

/// Answers by question, with the end of their time.
#[derive(Default)]
pub(super) struct WrongCache {
    kept: BTreeMap<(Vec<u8>, u16), (Time, Vec<u8>)>,
}

impl WrongCache {
    /// Takes in an answer from upstream, if a defect keeps it.
    pub(super) fn keep(&mut self, response: &[u8], defects: &BTreeSet<Defect>, now: Time) {
        let Some(key) = key(response) else {
            return;
        };
        let mut response = response.to_vec();
        let (code, cut) = (dns::response_code(&response), dns::is_truncated(&response));
        let whole = code == Some(0) && !cut;
        let mut keeps = false;
        for defect in defects {
            match defect {
                Defect::TtlStandsStill if whole => {
                    edit::strip_opt(&mut response);
                    keeps = true;
                }
                Defect::CachesOpt if whole => keeps = true,
                Defect::CachesNameErrors if code == Some(NAME_ERROR) => keeps = true,
                Defect::CachesCutAnswers if cut => {
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
