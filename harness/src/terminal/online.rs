//! How a real terminal gets online: addresses and routes are the kernel's, name servers come from
//! Router Advertisements (RFC 8106) or else from stateless DHCPv6 (RFC 8415 §18.2.6).

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use dhcproto::v6::{DhcpOption, ORO, OptionCode};
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::message::dhcpv6::{self, CLIENT_PORT, MessageType, SERVER_PORT};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_DHCP, Icmpv6, Mac};
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::DnsSource;
use nix::net::if_::if_nametoindex;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrIn6, recvfrom, socket,
};
use serde::{Deserialize, Serialize};

/// What a host needs to be online.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Online {
    /// Its global addresses, and whether each is a temporary one (RFC 8981).
    pub addresses: Vec<(Ipv6Addr, bool)>,
    /// Its router.
    pub router: Ipv6Addr,
    /// Its name servers, in order of preference.
    pub servers: Vec<Ipv6Addr>,
    /// Its search list.
    pub search: Vec<String>,
    /// Where the name servers came from.
    pub by: DnsSource,
}

/// Waits until an interface of this namespace has everything. Whoever waits for it sets the bound.
pub fn get(interface: &str, mac: Mac) -> io::Result<Online> {
    let clock = Clock::starting_at(Time::ZERO);
    let index = if_nametoindex(interface)?;
    let adverts = advert_socket()?;
    let mut asking = Asking::new(index, mac)?;
    let mut learnt = Learnt::default();
    loop {
        while let Some((router, advert)) = next_advert(&adverts)? {
            learnt.take_in(router, &advert);
        }
        asking.go_on(&mut learnt, clock.now())?;
        let addresses = addresses(&fs::read_to_string(ADDRESSES)?, interface);
        if let (false, Some(router), Some(by)) = (addresses.is_empty(), learnt.router, learnt.by)
            && has_default_route(&fs::read_to_string(ROUTES)?, interface)
        {
            return Ok(Online {
                addresses,
                router,
                servers: learnt.servers,
                search: learnt.search,
                by,
            });
        }
        let mut fds =
            [adverts.as_fd(), asking.socket.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::from(TICK)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// What the routers and servers said.
#[derive(Default)]
struct Learnt {
    router: Option<Ipv6Addr>,
    servers: Vec<Ipv6Addr>,
    search: Vec<String>,
    by: Option<DnsSource>,
}

impl Learnt {
    fn take_in(&mut self, router: Ipv6Addr, advert: &RouterAdvert) {
        if !advert.lifetime.is_zero() {
            self.router.get_or_insert(router);
        }
        let mut servers = Vec::new();
        let mut search = Vec::new();
        for option in &advert.options {
            match option {
                NdpOption::Rdnss {
                    lifetime,
                    servers: found,
                } if *lifetime > 0 => servers.extend(found),
                NdpOption::Dnssl { lifetime, domains } if *lifetime > 0 => {
                    search.extend(domains.iter().cloned());
                }
                _ => {}
            }
        }
        if !servers.is_empty() {
            servers.truncate(MOST_SERVERS);
            (self.servers, self.search) = (servers, search);
            self.by = Some(DnsSource::Rdnss);
        }
    }
}

/// Stateless DHCPv6, for routers that name no server in their advertisements.
struct Asking {
    socket: UdpSocket,
    index: u32,
    mac: Mac,
    next: Time,
}

impl Asking {
    fn new(index: u32, mac: Mac) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, CLIENT_PORT))?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            index,
            mac,
            next: Time::ZERO,
        })
    }

    fn go_on(&mut self, learnt: &mut Learnt, now: Time) -> io::Result<()> {
        if learnt.by.is_some() {
            return Ok(());
        }
        let mut bytes = [0; 2048];
        match self.socket.recv(&mut bytes) {
            Ok(length) => {
                let reply = dhcpv6::decode(&bytes[..length]).filter(|message| {
                    message.msg_type() == MessageType::Reply && message.xid() == XID
                });
                let servers = reply.as_ref().map(dhcpv6::dns_servers).unwrap_or_default();
                if let (Some(reply), false) = (reply, servers.is_empty()) {
                    learnt.servers = servers;
                    learnt.servers.truncate(MOST_SERVERS);
                    learnt.search = dhcpv6::search_list(&reply);
                    learnt.by = Some(DnsSource::Dhcpv6);
                    return Ok(());
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        // RFC 8415 §18.2.6 has it ask at once only when a router says so.
        if learnt.router.is_some() && now >= self.next {
            self.next = now + INF_TIMEOUT;
            let asked = ORO {
                opts: vec![OptionCode::DomainNameServers, OptionCode::DomainSearchList],
            };
            let options = [
                DhcpOption::ClientId(self.mac.duid_ll().to_vec()),
                DhcpOption::ElapsedTime(0),
                DhcpOption::ORO(asked),
            ];
            let message = dhcpv6::message(MessageType::InformationRequest, XID, options);
            let to = SocketAddrV6::new(ALL_DHCP, SERVER_PORT, 0, self.index);
            // While its link-local address is checked for duplicates there is none to send from.
            if self.socket.send_to(&dhcpv6::encode(&message), to).is_err() {
                self.next = now + RETRY;
            }
        }
        Ok(())
    }
}

fn advert_socket() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    Ok(socket(
        AddressFamily::Inet6,
        SockType::Raw,
        flags,
        SockProtocol::IcmpV6,
    )?)
}

/// Takes the next Router Advertisement that the kernel took in.
fn next_advert(adverts: &OwnedFd) -> io::Result<Option<(Ipv6Addr, RouterAdvert)>> {
    let mut bytes = [0; 2048];
    loop {
        let (length, from) = match recvfrom::<SockaddrIn6>(adverts.as_raw_fd(), &mut bytes) {
            Ok(found) => found,
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        if let (Some(from), [kind, code, _, _, body @ ..]) = (from, &bytes[..length])
            && let Some(Ndp::RouterAdvert(advert)) = Ndp::parse_message(Icmpv6 {
                kind: *kind,
                code: *code,
                body,
                checksum_ok: true,
            })
        {
            return Ok(Some((from.ip(), advert)));
        }
    }
}

/// Reads the global addresses of an interface from /proc/net/if_inet6; none while one of them is
/// being checked for duplicates.
fn addresses(table: &str, interface: &str) -> Vec<(Ipv6Addr, bool)> {
    let line = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let address = u128::from_str_radix(fields.next()?, 16).ok()?;
        let scope = fields.nth(2)?;
        let flags = u32::from_str_radix(fields.next()?, 16).ok()?;
        let counts = scope == GLOBAL && flags & (DUPLICATE | DEPRECATED) == 0;
        (counts && fields.next() == Some(interface))
            .then_some((Ipv6Addr::from_bits(address), flags))
    };
    let found: Vec<_> = table.lines().filter_map(line).collect();
    if found.iter().any(|(_, flags)| flags & TENTATIVE != 0) {
        return Vec::new();
    }
    let found = found.into_iter();
    found
        .map(|(address, flags)| (address, flags & TEMPORARY != 0))
        .collect()
}

/// Looks for a default route of an interface in /proc/net/ipv6_route.
fn has_default_route(table: &str, interface: &str) -> bool {
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let is_zero = |text: &str| text.bytes().all(|digit| digit == b'0');
        fields.len() == 10
            && is_zero(fields[0])
            && fields[1] == "00"
            && !is_zero(fields[4])
            && fields[9] == interface
    })
}

const ADDRESSES: &str = "/proc/self/net/if_inet6";
const ROUTES: &str = "/proc/self/net/ipv6_route";
/// What the kernel writes for a global scope.
const GLOBAL: &str = "00";
/// The `IFA_F_` flags of linux/if_addr.h.
const TEMPORARY: u32 = 0x01;
const DUPLICATE: u32 = 0x08;
const DEPRECATED: u32 = 0x20;
const TENTATIVE: u32 = 0x40;
/// As many as resolv.conf(5) has room for.
const MOST_SERVERS: usize = 3;
/// Milliseconds between two looks.
const TICK: u16 = 50;
/// INF_TIMEOUT (RFC 8415 §7.6).
const INF_TIMEOUT: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(100);
/// There is one exchange in the life of the socket.
const XID: [u8; 3] = [0x4e, 0x47, 0x4e];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_addresses_count_once_none_is_tentative() {
        let table = "\
            240485000000000002005efffe500001 02 40 00 00     eth0\n\
            24048500000000001c2b3a4d5e6f7081 02 40 00 01     eth0\n\
            24048500000000000000000000000009 02 40 00 20     eth0\n\
            fe8000000000000000005efffe500001 02 40 20 80     eth0\n\
            00000000000000000000000000000001 01 80 10 80       lo\n";
        let found = addresses(table, "eth0");
        let flags: Vec<bool> = found.iter().map(|(_, temporary)| *temporary).collect();
        assert_eq!(flags, [false, true]);
        assert_eq!(found[0].0.to_string(), "2404:8500::200:5eff:fe50:1");
        let early = table.replacen("00 01     eth0", "00 41     eth0", 1);
        assert_eq!(addresses(&early, "eth0"), []);
    }

    #[test]
    fn a_default_route_goes_through_a_router_of_the_interface() {
        let zero = "0".repeat(32);
        let router = "fe8000000000000000005efffe200002";
        let route = |gateway: &str, name: &str| {
            format!("{zero} 00 {zero} 00 {gateway} 00000400 00000001 00000000 00450003 {name}\n")
        };
        assert!(has_default_route(&route(router, "eth0"), "eth0"));
        assert!(!has_default_route(&route(router, "eth1"), "eth0"));
        assert!(!has_default_route(&route(&zero, "eth0"), "eth0"));
    }
}
