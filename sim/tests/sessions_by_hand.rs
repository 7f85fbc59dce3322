//! PPPoE sessions that a user ends and dials on a settings page: the reference's, and those of a
//! ひかり電話ルータ upstream, which count on the line.

use std::collections::BTreeSet;

use ngnlab_sim::access::{self, Access};
use ngnlab_sim::line::pppoe::{Account, Realm, accounts};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::setup::{Hand, Mode, PppoeAccount, Setup};
use ngnlab_sim::{Handle, Pace, Time, World};

#[test]
fn what_is_hung_up_stays_so_until_it_is_dialled() {
    let mut site = Site::new("next-pd", &[], &BOTH, None);
    site.run_until(20);
    assert_eq!(site.sessions(), BOTH);
    site.press(Hand::Disconnect, Realm::ServiceSite);
    site.run_until(200);
    assert_eq!(site.sessions(), [Realm::Isp]);
    site.press(Hand::Connect, Realm::ServiceSite);
    site.run_until(210);
    assert_eq!(site.sessions(), BOTH);
    // Who has a session already dials no other.
    site.press(Hand::Connect, Realm::ServiceSite);
    site.run_until(260);
    assert_eq!(site.sessions(), BOTH);
}

#[test]
fn each_defect_does_otherwise() {
    for (name, after, at_last) in [
        ("never-hangs-up", &BOTH[..], &BOTH[..]),
        ("redials-by-itself", &BOTH, &BOTH),
        ("never-dials-by-hand", &[Realm::Isp], &[Realm::Isp]),
    ] {
        let defect = Defect::from_name(name);
        assert!(defect.is_some(), "{name}");
        let mut site = Site::new("next-pd", &[], &BOTH, defect);
        site.run_until(20);
        site.press(Hand::Disconnect, Realm::ServiceSite);
        site.run_until(200);
        assert_eq!(site.sessions(), after, "{name}");
        site.press(Hand::Connect, Realm::ServiceSite);
        site.run_until(210);
        assert_eq!(site.sessions(), at_last, "{name}");
    }
}

#[test]
fn sessions_of_the_home_gateway_leave_none_to_the_router() {
    let mut site = Site::new("hgw-pd", &BOTH, &[Realm::Isp], None);
    site.run_until(60);
    assert_eq!(site.count(), 2);
    let gateway = site.access.home_gateway.expect("the line has one");
    let name = account(Realm::Isp).name;
    site.world.with(gateway, |gateway, cx| {
        gateway.press(Hand::Disconnect, Some(name), cx);
    });
    site.run_until(62);
    assert_eq!(site.sessions(), [Realm::ServiceSite]);
    site.run_until(400);
    assert_eq!(site.sessions(), BOTH);
    // It dials again, and there is no room.
    site.world.with(gateway, |gateway, cx| {
        gateway.press(Hand::Connect, Some(name), cx);
    });
    site.run_until(500);
    assert_eq!(site.count(), 2);
}

#[test]
fn the_home_gateway_dials_anew_after_a_restart() {
    let mut site = Site::new("hgw-pd", &BOTH, &[], None);
    site.run_until(20);
    let gateway = site.access.home_gateway.expect("the line has one");
    site.world.with(gateway, |gateway, cx| {
        gateway.press(Hand::Disconnect, None, cx);
    });
    site.run_until(60);
    assert_eq!(site.count(), 0);
    site.world.with(gateway, |gateway, cx| gateway.reboot(cx));
    site.run_until(200);
    assert_eq!(site.count(), 2);
}

const BOTH: [Realm; 2] = [Realm::Isp, Realm::ServiceSite];

/// A line with the reference.
struct Site {
    world: World,
    access: Access,
    router: Handle<Router>,
}

impl Site {
    fn new(preset: &str, gateway: &[Realm], own: &[Realm], defect: Option<Defect>) -> Self {
        let mut line = Line::preset(preset, Area::East).expect("it is a preset");
        line.home_gateway_pppoe = gateway.iter().copied().map(entered).collect();
        let mut world = World::new(7, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let setup = Setup {
            mode: Mode::Pd,
            wan_mac: WAN,
            lan_mac: Mac([2, 0, 0, 0, 0, 2]),
            default_dns: Vec::new(),
            domains: Vec::new(),
            pppoe: own.iter().copied().map(entered).collect(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let defects: BTreeSet<_> = defect.into_iter().collect();
        let router = world.add("device", Router::new(RouterConfig { setup, defects }));
        world.connect(router.port(Router::WAN), access.wan);
        Self {
            world,
            access,
            router,
        }
    }

    fn run_until(&mut self, secs: i64) {
        let ran = self.world.run_until(Time::from_secs(secs));
        ran.expect("no link of memory breaks");
    }

    fn press(&mut self, hand: Hand, realm: Realm) {
        let name = account(realm).name;
        self.world
            .with(self.router, |router, cx| router.press(hand, Some(name), cx));
    }

    /// Returns where the sessions lead that the concentrator has.
    fn sessions(&mut self) -> Vec<Realm> {
        let concentrator = self.access.concentrator;
        let has = |realm: &Realm, world: &mut World| {
            !world
                .with(concentrator, |it, _| it.addresses(*realm))
                .is_empty()
        };
        let mut found = Vec::new();
        for realm in BOTH {
            if has(&realm, &mut self.world) {
                found.push(realm);
            }
        }
        found
    }

    fn count(&mut self) -> usize {
        let concentrator = self.access.concentrator;
        BOTH.iter()
            .map(|realm| {
                self.world
                    .with(concentrator, |it, _| it.addresses(*realm).len())
            })
            .sum()
    }
}

fn entered(realm: Realm) -> PppoeAccount {
    let account = account(realm);
    PppoeAccount {
        name: account.name.to_owned(),
        password: account.password.to_owned(),
        domains: Vec::new(),
        source: None,
    }
}

fn account(realm: Realm) -> Account {
    let mut known = accounts(Area::East).into_iter();
    known
        .find(|it| it.realm == realm)
        .expect("every realm has an account")
}

const WAN: Mac = Mac([2, 0, 0, 0, 0, 1]);
