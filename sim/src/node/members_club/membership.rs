//! What the club knows of its member: who is logged in, whose line is confirmed and how, keys and
//! registered terminals.

use std::collections::VecDeque;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::origin::Origin;
use crate::line::members_club::{ContractLine, Era, MOST_TERMINALS, Member, PASS_LASTS};
use crate::time::Time;

/// The member, as the club's books have them.
pub(super) struct Membership {
    pub(super) member: Member,
    pub(super) era: Era,
    sessions: VecDeque<Session>,
    /// Until when the V4 page's pass is good.
    pass_until: Option<Time>,
    mails: VecDeque<Mail>,
    mailed: usize,
    terminals: Vec<Registered>,
    /// The number of the terminal that was registered last.
    last_number: usize,
}

/// A browser that is logged in.
struct Session {
    id: String,
    is_confirmed: bool,
}

/// A mail with a key that was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mail {
    pub(super) key: String,
}

/// A terminal that was registered by a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) number: usize,
    pub(super) name: String,
    /// What its browser keeps; one that was registered before the run is not here.
    cookie: Option<String>,
}

impl Registered {
    /// A terminal that was registered before, by a browser that is not here.
    pub(super) fn named(number: usize, name: impl Into<String>) -> Self {
        Self {
            number,
            name: name.into(),
            cookie: None,
        }
    }
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyUse {
    /// The terminal is registered; its browser keeps this.
    Registered(String),
    /// There are ten already.
    Full,
    /// It is none, or was used.
    Wrong,
}

/// Who asks: the cookies of a browser.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Browser<'r> {
    pub(super) session: Option<&'r str>,
    pub(super) terminal: Option<&'r str>,
}

impl Membership {
    pub(super) fn new(member: Member, era: Era) -> Self {
        let count = usize::from(member.terminals).min(MOST_TERMINALS);
        let terminals = (1..=count).map(|number| Registered::named(number, name_of(number)));
        Self {
            era,
            sessions: VecDeque::new(),
            pass_until: None,
            mails: VecDeque::new(),
            mailed: 0,
            terminals: terminals.collect(),
            last_number: count,
            member,
        }
    }

    /// Returns whether these are the member's words.
    pub(super) fn knows(&self, id: &str, password: &str) -> bool {
        id == self.member.id && password == self.member.password
    }

    /// Logs a browser in, and returns what it is to keep.
    pub(super) fn log_in(&mut self, rng: &mut ChaCha8Rng) -> String {
        let id = token(rng);
        self.sessions.push_back(Session {
            id: id.clone(),
            is_confirmed: false,
        });
        if self.sessions.len() > MOST_SESSIONS {
            self.sessions.pop_front();
        }
        id
    }

    /// Returns whether a browser is logged in.
    pub(super) fn is_logged_in(&self, browser: Browser<'_>) -> bool {
        let id = browser.session;
        id.is_some_and(|id| self.sessions.iter().any(|session| session.id == id))
    }

    /// Checks the contract line by where the visit comes from; `false` if it is not the member's.
    pub(super) fn confirm(&mut self, browser: Browser<'_>, origin: Origin) -> bool {
        if !self.is_of(origin) {
            return false;
        }
        for session in &mut self.sessions {
            session.is_confirmed |= browser.session == Some(&*session.id);
        }
        true
    }

    /// Gives a temporary pass; `false` if the visit does not come from the member's line.
    pub(super) fn give_pass(&mut self, origin: Origin, now: Time) -> bool {
        let is_ours = self.is_of(origin);
        if is_ours {
            self.pass_until = Some(now + PASS_LASTS);
        }
        is_ours
    }

    /// Returns whether a browser need not be checked any more: by the line, by a pass, by a key.
    pub(super) fn is_confirmed(&self, browser: Browser<'_>, now: Time) -> bool {
        let mut sessions = self.sessions.iter();
        let by_line =
            sessions.any(|session| session.is_confirmed && browser.session == Some(&*session.id));
        let by_pass = self.era.has_v4_page() && self.pass_until.is_some_and(|until| now < until);
        by_line || by_pass || self.is_registered(browser)
    }

    fn is_registered(&self, browser: Browser<'_>) -> bool {
        let known =
            |one: &Registered| one.cookie.is_some() && one.cookie.as_deref() == browser.terminal;
        self.era.has_keys() && self.terminals.iter().any(known)
    }

    fn is_of(&self, origin: Origin) -> bool {
        self.member.contract == ContractLine::ThisLine && origin.is_known_line()
    }

    /// Mails another key.
    pub(super) fn mail_key(&mut self) {
        self.mailed += 1;
        self.mails.push_back(Mail {
            key: Member::key(self.mailed),
        });
        if self.mails.len() > MOST_MAILS {
            self.mails.pop_front();
        }
    }

    /// Returns the mails with keys that were not used, the last one first.
    pub(super) fn mails(&self) -> impl Iterator<Item = &Mail> {
        self.mails.iter().rev()
    }

    /// Returns whether a key was mailed and not used.
    pub(super) fn is_good_key(&self, key: &str) -> bool {
        self.mails.iter().any(|mail| mail.key == key)
    }

    /// Registers a terminal by a key, which is good for one.
    pub(super) fn use_key(&mut self, key: &str, rng: &mut ChaCha8Rng) -> KeyUse {
        if !self.is_good_key(key) {
            return KeyUse::Wrong;
        }
        if self.terminals.len() >= MOST_TERMINALS {
            return KeyUse::Full;
        }
        self.mails.retain(|mail| mail.key != key);
        self.last_number += 1;
        let cookie = token(rng);
        self.terminals.push(Registered {
            number: self.last_number,
            name: name_of(self.last_number),
            cookie: Some(cookie.clone()),
        });
        KeyUse::Registered(cookie)
    }

    /// Returns the registered terminals; one whose browser lost its cookie stays.
    pub(super) fn terminals(&self) -> &[Registered] {
        &self.terminals
    }

    /// Deletes a terminal from the list.
    pub(super) fn delete(&mut self, number: usize) {
        self.terminals.retain(|one| one.number != number);
    }

    /// Calls a terminal otherwise.
    pub(super) fn rename(&mut self, number: usize, name: &str) {
        for one in &mut self.terminals {
            if one.number == number && !name.trim().is_empty() {
                one.name = name.trim().chars().take(LONGEST_NAME).collect();
            }
        }
    }
}

/// What a terminal is called at first (inferred).
fn name_of(number: usize) -> String {
    format!("端末{number}")
}

fn token(rng: &mut ChaCha8Rng) -> String {
    format!("{:016x}", rng.random::<u64>())
}

const MOST_SESSIONS: usize = 256;
const MOST_MAILS: usize = 32;
const LONGEST_NAME: usize = 40;

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const ELSEWHERE: Origin = Origin::Elsewhere;

    #[test]
    fn the_line_confirms_the_browser_that_asks_and_no_other() {
        let (mut club, mut rng) = club(Era::LineAlone);
        let (one, other) = (club.log_in(&mut rng), club.log_in(&mut rng));
        assert!(!club.confirm(browser(&one), ELSEWHERE));
        assert!(!club.is_confirmed(browser(&one), Time::ZERO));
        assert!(club.confirm(browser(&one), line()));
        assert!(club.is_confirmed(browser(&one), Time::ZERO));
        assert!(!club.is_confirmed(browser(&other), Time::ZERO));
        club.member.contract = ContractLine::AnotherLine;
        assert!(!club.confirm(browser(&other), line()));
    }

    #[test]
    fn a_pass_ends_and_the_last_era_has_none() {
        for era in [Era::V4Page, Era::Keys, Era::LineAlone] {
            let (mut club, mut rng) = club(era);
            let session = club.log_in(&mut rng);
            assert!(!club.give_pass(ELSEWHERE, Time::ZERO));
            let there = Origin::ServiceSession([198, 51, 100, 16].into());
            assert!(club.give_pass(there, Time::ZERO));
            let good = club.is_confirmed(browser(&session), Time::ZERO);
            assert_eq!(good, era != Era::LineAlone);
            assert!(!club.is_confirmed(browser(&session), Time::ZERO + PASS_LASTS));
        }
    }

    #[test]
    fn each_terminal_needs_a_key_of_its_own_and_there_are_ten() {
        let (mut club, mut rng) = club(Era::Keys);
        assert_eq!(club.use_key(&Member::key(1), &mut rng), KeyUse::Wrong);
        let mut cookies = Vec::new();
        for number in 1..=MOST_TERMINALS {
            club.mail_key();
            let key = Member::key(number);
            let KeyUse::Registered(cookie) = club.use_key(&key, &mut rng) else {
                panic!("the key number {number} is good");
            };
            assert_eq!(club.use_key(&key, &mut rng), KeyUse::Wrong);
            cookies.push(cookie);
        }
        club.mail_key();
        let last = Member::key(MOST_TERMINALS + 1);
        assert_eq!(club.use_key(&last, &mut rng), KeyUse::Full);
        let first = Browser {
            session: None,
            terminal: Some(&cookies[0]),
        };
        assert!(club.is_confirmed(first, Time::ZERO));
        club.delete(1);
        assert!(!club.is_confirmed(first, Time::ZERO));
        assert!(matches!(
            club.use_key(&last, &mut rng),
            KeyUse::Registered(_)
        ));
        club.rename(11, " 受付 ");
        let mut names = club.terminals().iter().map(|one| one.name.as_str());
        assert_eq!(names.next_back(), Some("受付"));
    }

    #[test]
    fn a_browser_without_its_cookie_is_not_known_and_its_entry_stays() {
        let (mut club, mut rng) = club(Era::Keys);
        club.mail_key();
        let registered = club.use_key(&Member::key(1), &mut rng);
        assert!(matches!(registered, KeyUse::Registered(_)));
        assert!(!club.is_confirmed(Browser::default(), Time::ZERO));
        assert_eq!(club.terminals().len(), 1);
    }

    fn club(era: Era) -> (Membership, ChaCha8Rng) {
        let club = Membership::new(Member::default(), era);
        (club, ChaCha8Rng::seed_from_u64(1))
    }

    fn browser(session: &str) -> Browser<'_> {
        Browser {
            session: Some(session),
            terminal: None,
        }
    }

    fn line() -> Origin {
        Origin::Line("2408:3ff:e00:ca00::/56".parse().unwrap())
    }
}
