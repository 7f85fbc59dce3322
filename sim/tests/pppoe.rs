//! The reference's PPPoE client at the concentrator of the line.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ngnlab_sim::access::{self, Access};
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::line::{Area, Line, PppoeQuirk};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::ppp::{IPCP, IPV4, LCP, PROTOCOL_REJECT, Ppp, TERMINATE_REQUEST};
use ngnlab_sim::message::pppoe::{Code, Pppoe, Stage};
use ngnlab_sim::node::Node as _;
use ngnlab_sim::node::concentrator::{Concentrator, Ending, Saying};
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::setup::{Mode, PppoeAccount, Setup};
use ngnlab_sim::trace::{End, Fact, PppEnd, PppEvent, Role, Seen};
use ngnlab_sim::{Handle, Pace, Time, World};
use proptest::prelude::*;
use strum::VariantArray as _;

#[test]
fn both_sessions_come_up_in_either_area() {
    for area in Area::ALL {
        let mut site = Site::new(area, |_| {}, &BOTH, []);
        site.run_until(10);
        assert_eq!(site.sessions(), 2, "{area:?}");
        let ups: Vec<_> = site.events(is_up).collect();
        let address = Realm::first_address;
        assert_eq!(ups, [address(Realm::Isp), address(Realm::ServiceSite)]);
    }
}

#[test]
fn every_oddity_of_the_concentrator_ends_in_a_session_all_the_same() {
    for quirk in PppoeQuirk::VARIANTS {
        let mut site = Site::new(
            Area::East,
            |line| line.quirks.pppoe = vec![*quirk],
            &[Realm::Isp],
            [],
        );
        site.run_until(400);
        assert_eq!(site.sessions(), 1, "{quirk:?}");
        let ends = site.events(|event| matches!(event, PppEvent::Ended { .. }).then_some(()));
        assert_eq!(ends.count(), 0, "{quirk:?}");
    }
}

#[test]
fn a_third_session_is_refused_and_no_storm_comes_of_it() {
    let three = [Realm::Isp, Realm::ServiceSite, Realm::Isp];
    let mut site = Site::new(Area::East, |_| {}, &three, []);
    site.run_until(300);
    assert_eq!(site.sessions(), 2);
    let refused = site
        .events(|event| (event == PppEvent::TooMany).then_some(()))
        .count();
    assert!((2..8).contains(&refused), "{refused}");
    let mut site = Site::new(Area::East, |line| line.pppoe_sessions = 5, &three, []);
    site.run_until(60);
    assert_eq!(site.sessions(), 3);
}

#[test]
fn sessions_that_end_or_are_forgotten_come_back() {
    for how in [Ending::Padt, Ending::Terminate, Ending::Forgotten] {
        let mut site = Site::new(Area::West, |_| {}, &[Realm::Isp], []);
        site.run_until(10);
        let concentrator = site.access.concentrator;
        let ended = site
            .world
            .with(concentrator, |it, cx| it.end(Some(Realm::Isp), how, cx));
        assert_eq!(ended, 1);
        site.run_until(200);
        assert_eq!(
            (site.sessions(), site.events(is_up).count()),
            (1, 2),
            "{how:?}"
        );
    }
}

#[test]
fn a_silent_concentrator_is_noticed_and_dialled_again() {
    let mut site = Site::new(Area::East, |_| {}, &[Realm::Isp], []);
    site.run_until(10);
    let concentrator = site.access.concentrator;
    site.world
        .with(concentrator, |it, _| it.silence(Time::from_secs(300)));
    site.run_until(600);
    assert_eq!(site.sessions(), 1);
    let silence = PppEvent::Ended {
        how: PppEnd::Forgotten,
    };
    assert_eq!(
        site.events(|event| (event == silence).then_some(()))
            .count(),
        1
    );
}

#[test]
fn what_is_said_beside_the_protocol_ends_no_session() {
    for what in [
        Saying::UnknownCode,
        Saying::UnknownProtocol,
        Saying::Echo,
        Saying::Discard,
        Saying::Challenge,
        Saying::PadtOfAnotherSession,
        Saying::PadtFromAnotherAddress,
    ] {
        let mut site = Site::new(Area::East, |_| {}, &[Realm::Isp], []);
        site.run_until(10);
        let concentrator = site.access.concentrator;
        site.world
            .with(concentrator, |it, cx| it.say(None, what, cx));
        site.run_until(100);
        assert_eq!(
            (site.sessions(), site.events(is_up).count()),
            (1, 1),
            "{what:?}"
        );
    }
}

#[test]
fn a_wrong_password_is_refused_and_tried_ever_more_seldom() {
    for quirks in [vec![], vec![PppoeQuirk::AsksForPap]] {
        let mut site = Site::with_accounts(
            Area::East,
            |line| line.quirks.pppoe = quirks,
            vec![PppoeAccount {
                name: "clinic@isp.example".to_owned(),
                password: "wrong".to_owned(),
                domains: Vec::new(),
                source: None,
            }],
            [],
        );
        site.run_until(600);
        assert_eq!(site.events(is_up).count(), 0);
        let wrong = site.events(|event| (event == PppEvent::WrongPassword).then_some(()));
        let wrong = wrong.count();
        assert!((3..9).contains(&wrong), "{wrong}");
        let ipcp = site.frames(End::Device).filter(|packet| {
            let ppp = packet.ppp().and_then(Ppp::parse);
            ppp.is_some_and(|ppp| [IPCP, IPV4].contains(&ppp.protocol))
        });
        assert_eq!(ipcp.count(), 0);
    }
}

#[test]
fn every_defect_still_leaves_the_rest_alive() {
    let parts = ["padi-", "padr-", "no-padt", "login-storm"];
    for defect in Defect::all().filter(|it| parts.iter().any(|part| it.name().starts_with(part))) {
        let mut site = Site::new(Area::East, |_| {}, &BOTH, [defect]);
        site.run_until(60);
        let lcp = site.frames(End::Device).filter(|packet| {
            let ppp = packet.ppp().and_then(Ppp::parse);
            ppp.is_some_and(|ppp| ppp.protocol == LCP)
        });
        let padi = site.frames(End::Device).filter(|packet| {
            packet
                .discovery()
                .is_some_and(|(code, _)| code == Code::Initiation)
        });
        assert!(lcp.count() + padi.count() > 0, "{defect}");
    }
}

#[test]
fn a_packet_that_fills_its_length_is_not_answered_with_a_longer_one() {
    let mut site = Site::new(Area::East, |_| {}, &[Realm::Isp], []);
    site.run_until(5);
    // A code that nobody knows: all of it would go into a Code-Reject (RFC 1661 §5.6).
    let mut lcp = vec![0xc0, 0x21, 99, 1];
    lcp.extend((u16::MAX - 2).to_be_bytes());
    lcp.resize(usize::from(u16::MAX), 0);
    site.say(lcp);
    site.run_until(100);
    assert_eq!(site.sessions(), 1);
}

/// A client such as pppd asks for compression (CCP), and waits for an answer.
#[test]
fn protocols_that_the_concentrator_has_not_are_rejected_once_the_link_is_open() {
    let mut site = Site::new(Area::East, |_| {}, &[Realm::Isp], []);
    site.run_until(5);
    let [ccp, request] = [0x80fd_u16.to_be_bytes(), [1, 7]];
    let said = [&ccp[..], &request, &[0, 4]].concat();
    site.say(said.clone());
    site.run_until(10);
    let rejects = site.frames(End::Network).filter_map(|packet| {
        let ppp = packet.ppp().and_then(Ppp::parse)?;
        let packet = ppp.packet().filter(|_| ppp.protocol == LCP)?;
        (packet.code == PROTOCOL_REJECT).then_some(packet.data)
    });
    assert_eq!(rejects.collect::<Vec<_>>(), [said]);
    assert_eq!(site.sessions(), 1);
}

#[test]
fn who_asks_for_the_end_has_ended_the_session() {
    let mut site = Site::new(Area::East, |_| {}, &[Realm::Isp], []);
    site.run_until(5);
    site.say(vec![0xc0, 0x21, TERMINATE_REQUEST, 9, 0, 4]);
    site.run_until(9);
    let ends = site.events(|event| match event {
        PppEvent::Ended { how } => Some(how),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [PppEnd::ByDevice]);
    let padts = site.frames(End::Network).filter(|packet| {
        let said = packet.discovery();
        said.is_some_and(|(code, _)| code == Code::Termination)
    });
    assert_eq!(padts.count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a device sends, before a session and in one, is no end of the network.
    #[test]
    fn no_frames_of_a_device_are_too_odd(
        payloads in prop::collection::vec(
            (any::<bool>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..60), 1_usize..1200),
            1..12,
        )
    ) {
        let mut site = Site::new(Area::East, |_| {}, &[Realm::Isp], []);
        site.run_until(5);
        for (in_session, kind, bytes, times) in payloads {
            let body = bytes.repeat(times);
            // Codes of discovery, protocols of PPP, in turn; a length that is true.
            let protocols = [0xc021_u16, 0x8021, 0xc223, 0xc023, 0x8057, 0x4321, 0x0021];
            let protocol = protocols[usize::from(kind) % protocols.len()].to_be_bytes();
            let codes = [0x09, 0x19, 0xa7, 0x65, kind];
            let (ether, code, body) = match in_session {
                true => (0x64, 0, [&protocol[..], &body].concat()),
                false => (0x63, codes[usize::from(kind) % codes.len()], body),
            };
            let body = &body[..body.len().min(65_000)];
            let length = u16::try_from(body.len()).expect("it was cut").to_be_bytes();
            let mut frame = match in_session || kind % 2 == 0 {
                true => vec![2, 0, 0x5e, 0, 0x88, 0x63],
                false => vec![0xff; 6],
            };
            frame.extend([2, 0, 0, 0, 0, 1, 0x88, ether, 0x11, code, 0, u8::from(in_session)]);
            frame.extend(length);
            frame.extend(body);
            let concentrator = site.access.concentrator;
            site.world.with(concentrator, |it, cx| {
                it.handle_frame(Concentrator::ACCESS, &frame.into(), cx);
            });
        }
        site.run_until(200);
    }
}

fn is_up(event: PppEvent) -> Option<Ipv4Addr> {
    match event {
        PppEvent::Up { address } => Some(address),
        _ => None,
    }
}

const BOTH: [Realm; 2] = [Realm::Isp, Realm::ServiceSite];

/// A line with the reference on it, and no terminals.
struct Site {
    world: World,
    access: Access,
    _router: Handle<Router>,
}

impl Site {
    fn new(
        area: Area,
        change: impl FnOnce(&mut Line),
        realms: &[Realm],
        defects: impl IntoIterator<Item = Defect>,
    ) -> Self {
        let known = accounts(area);
        let of = |realm: &Realm| {
            known
                .iter()
                .find(|account| account.realm == *realm)
                .expect("every realm has an account")
        };
        let accounts = realms.iter().map(of).map(|account| PppoeAccount {
            name: account.name.to_owned(),
            password: account.password.to_owned(),
            domains: Vec::new(),
            source: None,
        });
        Self::with_accounts(area, change, accounts.collect(), defects)
    }

    fn with_accounts(
        area: Area,
        change: impl FnOnce(&mut Line),
        pppoe: Vec<PppoeAccount>,
        defects: impl IntoIterator<Item = Defect>,
    ) -> Self {
        let mut line = Line::preset("next-ra", area).expect("it is a preset");
        change(&mut line);
        let mut world = World::new(7, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let setup = Setup {
            mode: Mode::Ra,
            wan_mac: Mac([2, 0, 0, 0, 0, 1]),
            lan_mac: Mac([2, 0, 0, 0, 0, 2]),
            default_dns: Vec::new(),
            domains: Vec::new(),
            pppoe,
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let defects: BTreeSet<_> = defects.into_iter().collect();
        let router = world.add("device", Router::new(RouterConfig { setup, defects }));
        let wan = world.connect(router.port(Router::WAN), access.wan);
        world.record_as(wan, Role::Wan);
        Self {
            world,
            access,
            _router: router,
        }
    }

    fn run_until(&mut self, secs: i64) {
        let ran = self.world.run_until(Time::from_secs(secs));
        ran.expect("no link of memory breaks");
    }

    /// Has the device's first session say something beside what the device says.
    fn say(&mut self, ppp: Vec<u8>) {
        let packet = Pppoe {
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Concentrator::MACS[0],
            session: 1,
            stage: Stage::Session(ppp),
        };
        let concentrator = self.access.concentrator;
        self.world.with(concentrator, |it, cx| {
            it.handle_frame(Concentrator::ACCESS, &packet.frame(), cx);
        });
    }

    fn sessions(&mut self) -> usize {
        let concentrator = self.access.concentrator;
        self.world.with(concentrator, |it, _| it.sessions())
    }

    fn events<T>(&self, choose: impl Fn(PppEvent) -> Option<T>) -> impl Iterator<Item = T> {
        let records = self.world.records().iter();
        records.filter_map(move |record| match &record.seen {
            Seen::Fact {
                fact: Fact::Ppp { event, .. },
                ..
            } => choose(*event),
            _ => None,
        })
    }

    fn frames(&self, sender: End) -> impl Iterator<Item = Pppoe> {
        let records = self.world.records().iter();
        records.filter_map(move |record| match &record.seen {
            Seen::Frame { from, frame, .. } if *from == sender => Pppoe::parse(frame),
            _ => None,
        })
    }
}
