use std::net::Ipv6Addr;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::line::members_club::{ContractLine, Member, PASS_LASTS};
use crate::line::pppoe::Realm;
use crate::line::{Area, LineState};
use crate::trace::Screen;

#[test]
fn the_line_confirms_over_ipv6_and_over_its_session_to_the_ngn() {
    for peer in [AT_HOME.parse().unwrap(), session()] {
        let mut club = Club::on("2021-03-25");
        club.log_in(peer);
        assert_eq!(club.get(peer, paths::CONTRACT), Screen::ClubCheck);
        assert_eq!(club.post(peer, paths::CHECK, &[]), Screen::ClubAccessing);
        assert_eq!(club.get(peer, paths::RESULT), Screen::ClubContract);
        assert_eq!(club.get(peer, paths::CONTRACT), Screen::ClubContract);
    }
}

#[test]
fn the_internet_and_another_lines_member_are_not_confirmed() {
    let isp = Realm::Isp.first_address().to_ipv6_mapped();
    let mut club = Club::on("2021-03-25");
    club.log_in(isp);
    club.post(isp, paths::CHECK, &[]);
    assert_eq!(club.get(isp, paths::RESULT), Screen::ClubNotConfirmed);
    let home = AT_HOME.parse().unwrap();
    let mut club = Club::of(ContractLine::AnotherLine, "2021-03-25");
    club.log_in(home);
    club.post(home, paths::CHECK, &[]);
    assert_eq!(club.get(home, paths::RESULT), Screen::ClubNotConfirmed);
    assert_eq!(club.get(home, paths::SUPPORT), Screen::ClubSupport);
}

#[test]
fn the_v4_page_gives_a_pass_over_the_session_alone_and_until_2018() {
    let home: Ipv6Addr = AT_HOME.parse().unwrap();
    for (day, is_there) in [
        ("2012-04-01", true),
        ("2018-07-31", true),
        ("2018-08-01", false),
    ] {
        let mut club = Club::on(day);
        club.log_in(home);
        let (id, password) = (club.member.id.clone(), club.member.password.clone());
        let right = [("id", &*id), ("password", &*password)];
        let wrong = [("id", &*id), ("password", "wrong")];
        if !is_there {
            assert_eq!(club.get(session(), paths::V4), Screen::ClubGone);
            assert_eq!(club.post(session(), paths::V4, &right), Screen::ClubGone);
            assert_eq!(club.get(home, paths::CONTRACT), Screen::ClubCheck);
            continue;
        }
        assert_eq!(club.get(home, paths::V4), Screen::ClubV4Elsewhere);
        assert_eq!(club.post(home, paths::V4, &right), Screen::ClubV4Elsewhere);
        assert_eq!(club.get(session(), paths::V4), Screen::ClubV4Check);
        assert_eq!(club.post(session(), paths::V4, &wrong), Screen::ClubV4Check);
        assert_eq!(club.get(home, paths::CONTRACT), Screen::ClubCheck);
        assert_eq!(club.post(session(), paths::V4, &right), Screen::ClubTop);
        assert_eq!(club.get(home, paths::CONTRACT), Screen::ClubContract);
        club.now += PASS_LASTS;
        assert_eq!(club.get(home, paths::CONTRACT), Screen::ClubCheck);
    }
}

#[test]
fn a_key_confirms_a_browser_elsewhere_as_long_as_it_keeps_its_cookie() {
    let away = "::ffff:203.0.113.16".parse().unwrap();
    let mut club = Club::of(ContractLine::AnotherLine, "2017-04-01");
    club.log_in(away);
    assert_eq!(club.get(away, paths::PROFILE), Screen::ClubProfile);
    assert_eq!(club.get(away, paths::TERMINALS), Screen::ClubCheck);
    for (path, then) in [
        (paths::KEY_ASK, Screen::ClubKeyAddress),
        (paths::KEY_ADDRESS, Screen::ClubKeyDestination),
        (paths::KEY_DESTINATION, Screen::ClubKeyMailed),
    ] {
        assert_eq!(club.post(away, path, &[]), then);
    }
    assert_eq!(club.get(away, paths::MAILBOX), Screen::ClubMailbox);
    assert_eq!(club.get(away, paths::KEY_ENTRY), Screen::ClubKeyEntry);
    let wrong = [("key", "0")];
    assert_eq!(
        club.post(away, paths::KEY_ENTRY, &wrong),
        Screen::ClubKeyEntry
    );
    let key = Member::key(1);
    let right = [("key", &*key)];
    assert_eq!(
        club.post(away, paths::KEY_ENTRY, &right),
        Screen::ClubKeyReview
    );
    assert_eq!(
        club.post(away, paths::KEY_REVIEW, &right),
        Screen::ClubKeyDone
    );
    assert_eq!(club.get(away, paths::CONTRACT), Screen::ClubContract);
    assert_eq!(club.get(away, paths::TERMINALS), Screen::ClubTerminals);
    club.cookies.retain(|(name, _)| name == SESSION);
    assert_eq!(club.get(away, paths::CONTRACT), Screen::ClubCheck);
}

#[test]
fn keys_are_gone_since_august_2018() {
    let home = AT_HOME.parse().unwrap();
    let mut club = Club::on("2018-08-01");
    club.log_in(home);
    assert_eq!(club.get(home, paths::KEY_ASK), Screen::ClubGone);
    assert_eq!(
        club.post(home, paths::KEY_DESTINATION, &[]),
        Screen::ClubGone
    );
    assert_eq!(
        club.post(home, paths::KEY_REVIEW, &[("key", "K7M3Q9-01")]),
        Screen::ClubGone
    );
}

#[test]
fn who_is_not_logged_in_is_asked_to() {
    let home = AT_HOME.parse().unwrap();
    let mut club = Club::on("2021-03-25");
    let wrong = [("id", "nobody"), ("password", "nothing")];
    assert_eq!(club.post(home, paths::LOGIN, &wrong), Screen::ClubLogin);
    for path in [
        paths::CONTRACT,
        paths::PROFILE,
        paths::RESULT,
        paths::TERMINALS,
    ] {
        assert_eq!(club.get(home, path), Screen::ClubLogin, "{path}");
    }
    assert_eq!(club.post(home, paths::CHECK, &[]), Screen::ClubLogin);
}

fn session() -> Ipv6Addr {
    Realm::ServiceSite.first_address().to_ipv6_mapped()
}

/// The site, and a browser that follows where it is sent.
struct Club {
    site: MembersClub,
    member: Member,
    cookies: Vec<(String, String)>,
    now: Time,
    rng: ChaCha8Rng,
}

impl Club {
    fn on(day: &str) -> Self {
        Self::of(ContractLine::ThisLine, day)
    }

    fn of(contract: ContractLine, day: &str) -> Self {
        let mut line = Line::preset("next-pd", Area::East).unwrap();
        line.date = day.parse().unwrap();
        line.member.contract = contract;
        let registry = Registry::default();
        let prefix = line.assignment(0);
        registry.write().assign(prefix, LineState::Registered);
        let member = line.member.clone();
        Self {
            site: MembersClub::new(MembersClubConfig { line, registry }),
            member,
            cookies: Vec::new(),
            now: Time::ZERO,
            rng: ChaCha8Rng::seed_from_u64(1),
        }
    }

    fn log_in(&mut self, peer: Ipv6Addr) {
        let (id, password) = (self.member.id.clone(), self.member.password.clone());
        let form = [("id", &*id), ("password", &*password)];
        assert_eq!(self.get(peer, paths::TOP), Screen::ClubLogin);
        assert_eq!(self.post(peer, paths::LOGIN, &form), Screen::ClubTop);
    }

    fn get(&mut self, peer: Ipv6Addr, path: &str) -> Screen {
        self.ask(peer, "GET", path, &[])
    }

    fn post(&mut self, peer: Ipv6Addr, path: &str, form: &[(&str, &str)]) -> Screen {
        self.ask(peer, "POST", path, form)
    }

    fn ask(&mut self, peer: Ipv6Addr, method: &str, path: &str, form: &[(&str, &str)]) -> Screen {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            form: form.iter().map(owned).collect(),
            cookies: self.cookies.clone(),
            ..Request::default()
        };
        let (mut sent, mut facts) = (Vec::new(), Vec::new());
        let mut cx = Context {
            now: self.now,
            node: "members-club",
            rng: &mut self.rng,
            sent: &mut sent,
            facts: &mut facts,
        };
        let response = self.site.response(peer, &request, &mut cx);
        for cookie in &response.cookies {
            let pair = cookie.split(';').next().and_then(|it| it.split_once('='));
            let (name, value) = pair.unwrap();
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        match response.location {
            Some(path) => self.get(peer, &path),
            None => screens::recognise(&response.body).unwrap(),
        }
    }
}

const AT_HOME: &str = "2408:3ff:e00:ca00::5";
