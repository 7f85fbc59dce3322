//! Who asks whom: a terminal of the LAN configures itself as any other does, and the tester takes its
//! place, with the addresses that it has learnt.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::message::packet::is_link_local;
use ngnlab_sim::node::terminal::Ipv4Lease;

use super::ip::Ends;
use crate::dut::{DeviceFailure, Dut, DutError, Failure};
use crate::play::testbed::Testbed;

/// What a terminal has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Online {
    /// Between whom questions travel.
    pub(super) ends: Ends,
    /// An address that reaches beyond the LAN over IPv6, if it has one.
    pub(super) beyond: Option<Ipv6Addr>,
}

/// Waits until the terminal has all that it takes to ask over a family.
pub(super) fn wait(
    testbed: &mut Testbed,
    dut: &mut dyn Dut,
    family: Family,
) -> Result<Online, DutError> {
    match family {
        Family::Ipv6 => wait_for_ipv6(testbed, dut),
        Family::Ipv4 => wait_for_ipv4(testbed, dut),
    }
}

/// Returns between whom questions travel by now, where that is another address than it was: a device
/// that was started anew may give one.
pub(super) fn again(testbed: &mut Testbed, before: Ends, family: Family) -> Ends {
    let lease = match family {
        Family::Ipv6 => None,
        Family::Ipv4 => lease(testbed),
    };
    let own = lease.map(|lease| lease.address.addr().to_ipv6_mapped());
    Ends {
        addresses: (own.unwrap_or(before.addresses.0), before.addresses.1),
        ..before
    }
}

fn wait_for_ipv6(testbed: &mut Testbed, dut: &mut dyn Dut) -> Result<Online, DutError> {
    let terminal = testbed.handle(0);
    let deadline = testbed.world.now() + ONLINE_WITHIN;
    while testbed.world.now() < deadline {
        turn(testbed, dut)?;
        let beyond = beyond(testbed);
        let known = testbed.world.with(terminal, |terminal, _| {
            let addresses = terminal.addresses();
            let server = terminal.name_servers().first().copied()?;
            let own = match is_link_local(server) {
                true => addresses.last().map(|(address, _)| *address)?,
                false => beyond?,
            };
            terminal.is_online().then_some((own, server))
        });
        if let (Some(addresses), Some(_)) = (known, beyond) {
            let macs = (testbed.truths()[0].mac.0, testbed.setup.lan_mac.0);
            return Ok(Online {
                ends: Ends { macs, addresses },
                beyond,
            });
        }
    }
    Err(failed(
        "its terminals have no address, router and DNS server; `ngnlab device check` says why"
            .into(),
    ))
}

fn wait_for_ipv4(testbed: &mut Testbed, dut: &mut dyn Dut) -> Result<Online, DutError> {
    let mut deadline = testbed.world.now() + ONLINE_WITHIN;
    let mut is_online = false;
    let lease = loop {
        turn(testbed, dut)?;
        if let Some(lease) = lease(testbed) {
            break lease;
        }
        if testbed.is_online(0) && !is_online {
            is_online = true;
            deadline = deadline.min(testbed.world.now() + LEASE_WITHIN);
        }
        if testbed.world.now() >= deadline {
            return Err(failed(NO_LEASE.into()));
        }
    };
    let server = server(&lease)?;
    let mac = neighbor(testbed, dut, server)?;
    // What goes beside the questions goes over IPv6, which may take longer.
    while !testbed.is_online(0) && testbed.world.now() < deadline {
        turn(testbed, dut)?;
    }
    Ok(Online {
        ends: Ends {
            macs: (testbed.truths()[0].mac.0, mac),
            addresses: (
                lease.address.addr().to_ipv6_mapped(),
                server.to_ipv6_mapped(),
            ),
        },
        beyond: beyond(testbed),
    })
}

/// Returns the DNS server that a lease names, if the device can be it.
fn server(lease: &Ipv4Lease) -> Result<Ipv4Addr, DutError> {
    let Some(server) = lease.name_servers.first().copied() else {
        return Err(failed(NO_SERVER.into()));
    };
    match lease.address.contains(&server) {
        true => Ok(server),
        false => Err(failed(format!(
            "its DHCPv4 names the DNS server {server}, which is not on the LAN, so that the device \
             forwards no questions over IPv4; have it name an address of the device, or measure with \
             `--family 6`"
        ))),
    }
}

/// Has the terminal ask for a neighbour by ARP (RFC 826), and returns what it was told.
fn neighbor(
    testbed: &mut Testbed,
    dut: &mut dyn Dut,
    neighbor: Ipv4Addr,
) -> Result<[u8; 6], DutError> {
    let terminal = testbed.handle(0);
    let deadline = testbed.world.now() + ARP_WITHIN;
    let mut next = testbed.world.now();
    while testbed.world.now() < deadline {
        if testbed.world.now() >= next {
            next = testbed.world.now() + ARP_EACH;
            // Whether the echo is answered does not matter.
            testbed.world.with(terminal, |terminal, cx| {
                terminal.ping(neighbor.to_ipv6_mapped(), None, cx);
            });
        }
        turn(testbed, dut)?;
        let world = &mut testbed.world;
        let told = world.with(terminal, |terminal, _| terminal.ipv4_neighbor(neighbor));
        if let Some(mac) = told {
            return Ok(mac.0);
        }
    }
    Err(failed(format!(
        "the DNS server {neighbor} that its DHCPv4 names answers no ARP on the LAN, so that nobody can \
         ask it over IPv4; have DHCPv4 name an address that the device has, or measure with `--family 6`"
    )))
}

fn lease(testbed: &mut Testbed) -> Option<Ipv4Lease> {
    let terminal = testbed.handle(0);
    let world = &mut testbed.world;
    world.with(terminal, |terminal, _| terminal.ipv4_lease())
}

/// Returns the terminal's address that reaches beyond the LAN and stays.
fn beyond(testbed: &mut Testbed) -> Option<Ipv6Addr> {
    let terminal = testbed.handle(0);
    let world = &mut testbed.world;
    let addresses = world.with(terminal, |terminal, _| terminal.addresses());
    let mut addresses = addresses.into_iter();
    let found = addresses.find(|(address, temporary)| !temporary && !is_link_local(*address));
    found.map(|(address, _)| address)
}

fn turn(testbed: &mut Testbed, dut: &mut dyn Dut) -> Result<(), DutError> {
    let next = testbed.world.now() + TURN;
    testbed.run_until(next)?;
    dut.check()
}

pub(super) fn failed(message: String) -> DutError {
    DutError::Failed(DeviceFailure {
        how: Failure::NeverReady,
        message,
        log: None,
    })
}

const NO_LEASE: &str = "its terminals have no IPv4 address: nobody on the LAN gave one by DHCPv4 (RFC 2131); \
    have the device serve DHCPv4 there, or measure with `--family 6`";
/// Option 6 (RFC 2132 §3.8).
const NO_SERVER: &str = "its DHCPv4 names no DNS server (option 6), so that no terminal asks the device over \
    IPv4; have it name an address of the device, or measure with `--family 6`";
/// How long a terminal may take until it is online.
const ONLINE_WITHIN: Duration = Duration::from_secs(120);
/// How long DHCPv4 may take once IPv6 is there: as long as DHCPDISCOVER is sent four times (RFC 2131
/// §4.1).
const LEASE_WITHIN: Duration = Duration::from_secs(30);
const ARP_WITHIN: Duration = Duration::from_secs(5);
const ARP_EACH: Duration = Duration::from_secs(1);
const TURN: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ngnlab_sim::line::Area;
    use ngnlab_sim::node::router::defect::Defect;
    use ngnlab_sim::setup::Mode;
    use ngnlab_sim::time::Pace;

    use super::*;
    use crate::dut::reference::{MACS, Reference};
    use crate::tester::line::{Offered, scenario};

    #[test]
    fn over_ipv4_the_server_of_the_lease_is_asked_at_its_own_mac() {
        let online = waited(Family::Ipv4, true, &[]).unwrap();
        let (own, server) = online.ends.addresses;
        assert_eq!(server.to_string(), "::ffff:192.168.1.1");
        let own = own.to_ipv4_mapped().unwrap();
        assert_eq!(
            (&own.octets()[..3], own.octets()[3] > 1),
            (&[192, 168, 1][..], true)
        );
        assert_eq!(online.ends.macs.1, MACS.lan.0);
        assert!(online.beyond.is_some_and(|address| !is_link_local(address)));
    }

    #[test]
    fn over_ipv6_nobody_needs_a_session() {
        let online = waited(Family::Ipv6, true, &[]).unwrap();
        let (own, server) = online.ends.addresses;
        assert_eq!(
            (own.to_ipv4_mapped(), server.to_ipv4_mapped()),
            (None, None)
        );
    }

    #[test]
    fn what_keeps_a_device_from_being_asked_over_ipv4_is_named() {
        for (dials, defects, words) in [
            (false, &[][..], "nobody on the LAN gave one by DHCPv4"),
            (true, &["no-dhcpv4"], "nobody on the LAN gave one by DHCPv4"),
            (true, &["names-public-dns"], "which is not on the LAN"),
        ] {
            let said = waited(Family::Ipv4, dials, defects).unwrap_err();
            assert!(said.contains(words), "{said}");
            assert!(said.contains("`--family 6`"), "{said}");
        }
        let mut lease = Ipv4Lease {
            address: "192.168.1.9/24".parse().unwrap(),
            name_servers: Vec::new(),
        };
        let said = message(server(&lease).unwrap_err());
        assert!(said.contains("no DNS server (option 6)"), "{said}");
        lease.name_servers.push(Ipv4Addr::new(192, 168, 1, 254));
        assert!(server(&lease).is_ok());
    }

    #[test]
    fn a_server_that_no_one_is_answers_no_arp() {
        let (mut testbed, mut dut) = plugged_in(Family::Ipv4, true, &[]);
        wait_for_ipv4(&mut testbed, &mut dut).unwrap();
        let nobody = Ipv4Addr::new(192, 168, 1, 200);
        let said = message(neighbor(&mut testbed, &mut dut, nobody).unwrap_err());
        assert!(
            said.contains("192.168.1.200 that its DHCPv4 names answers no ARP"),
            "{said}"
        );
    }

    fn waited(family: Family, dials: bool, defects: &[&str]) -> Result<Online, String> {
        let (mut testbed, mut dut) = plugged_in(family, dials, defects);
        wait(&mut testbed, &mut dut, family).map_err(message)
    }

    fn plugged_in(family: Family, dials: bool, defects: &[&str]) -> (Testbed, Reference<'static>) {
        let modes = &[Mode::Ra, Mode::Pd];
        let scenario = scenario(Offered { modes, dials }, None, family);
        let defects: BTreeSet<Defect> = defects
            .iter()
            .map(|name| Defect::from_name(name).unwrap())
            .collect();
        let mut dut = Reference::new(defects);
        let mut testbed = Testbed::new(&scenario, Area::East, 1, MACS, Pace::Virtual);
        testbed.plug_in(&mut dut).unwrap();
        (testbed, dut)
    }

    fn message(error: DutError) -> String {
        match error {
            DutError::Failed(failure) => failure.message,
            other => panic!("{other:?}"),
        }
    }
}
