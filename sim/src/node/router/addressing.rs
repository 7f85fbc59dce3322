//! Which prefix the router has for its LAN, and which addresses are its own on either side (RFC 7084
//! §4.2, §4.3).

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::Router;
use super::defect::defects;
use super::lease::Lease;
use crate::message::packet::with_interface_id;
use crate::node::Context;
use crate::setup::Mode;
use crate::time::Time;

impl Router {
    /// Returns what the line granted: a delegation in PD mode, a /64 in RA mode.
    pub(super) fn granted(&self, now: Time) -> Option<Lease> {
        match self.setup.mode {
            Mode::Pd if self.defects.has(PREFERS_ADVERTISED_PREFIX) => {
                let advertised = self.ram.discovery.lease(now);
                advertised.or(self.ram.client.lease())
            }
            Mode::Pd => self.ram.client.lease(),
            Mode::Ra => self.ram.discovery.lease(now),
            Mode::Bridge => None,
        }
    }

    /// Returns the LAN's /64.
    pub(super) fn lan_net(&self) -> Option<Ipv6Net> {
        self.ram.advertiser.offer().lease.map(|lease| lease.net)
    }

    /// Returns our address in a /64 of the LAN.
    pub(super) fn address_in(&self, net: Ipv6Net) -> Ipv6Addr {
        match self.setup.mode {
            // A subnet of our own, where nobody else can have it.
            Mode::Pd => with_interface_id(net.addr(), [0, 0, 0, 0, 0, 0, 0, 1]),
            Mode::Ra | Mode::Bridge => self.setup.lan_mac.in_prefix(net.addr()),
        }
    }

    /// Returns the address our own packets come from: in PD mode the LAN's, since the WAN has none
    /// (RFC 7084 §4.2 WAA-7).
    pub(super) fn own_source(&self, now: Time) -> Option<Ipv6Addr> {
        if self.setup.mode == Mode::Pd && self.defects.has(OWN_PACKETS_FROM_LINK_LOCAL) {
            return self.ram.wan.is_up().then(|| self.ram.wan.link_local());
        }
        if let Some(stale) = self.stale_source() {
            return Some(stale);
        }
        let (owner, address) = match self.setup.mode {
            Mode::Pd => (&self.ram.lan, self.address_in(self.lan_lease(now)?.net)),
            Mode::Ra => {
                let prefix = self.granted(now)?.net.addr();
                (&self.ram.wan, self.setup.wan_mac.in_prefix(prefix))
            }
            Mode::Bridge => return None,
        };
        owner.owns(address).then_some(address)
    }

    /// Returns what the defect `stale-own-source` holds on to.
    fn stale_source(&self) -> Option<Ipv6Addr> {
        if !self.defects.has(STALE_OWN_SOURCE) {
            return None;
        }
        let old = self.ram.advertiser.old().next()?;
        let (owner, address) = match self.setup.mode {
            Mode::Pd => (&self.ram.lan, self.address_in(old)),
            Mode::Ra => (&self.ram.wan, self.setup.wan_mac.in_prefix(old.addr())),
            Mode::Bridge => return None,
        };
        owner.owns(address).then_some(address)
    }

    /// Returns what the LAN is to use of what the line granted.
    pub(super) fn lan_lease(&self, now: Time) -> Option<Lease> {
        let stored = self
            .stored
            .filter(|_| self.defects.has(TRUSTS_STORED_PREFIX));
        let remembered = stored.map(|net| Lease::starting(net, 2700, 5400, now));
        let Some(granted) = self.granted(now) else {
            return remembered;
        };
        let lease = match self.setup.mode {
            Mode::Pd if self.defects.has(TREATS_60_AS_56) => granted.for_lan_of_56(),
            Mode::Pd => granted.for_lan()?,
            Mode::Ra | Mode::Bridge => granted,
        };
        if let Some(net) = self.stored
            && self.defects.has(NEVER_RENUMBERS)
        {
            return Some(Lease { net, ..lease });
        }
        if self.defects.has(FOREIGN_LAN_PREFIX) {
            return Some(Lease {
                net: FOREIGN,
                ..lease
            });
        }
        Some(lease)
    }

    /// Returns whether an address is ours, on whichever interface.
    pub(super) fn owns(&self, address: Ipv6Addr) -> bool {
        self.ram.wan.owns(address) || self.ram.lan.owns(address)
    }

    pub(super) fn settle_wan(&mut self, cx: &mut Context<'_>) {
        // Where the line delegates, the WAN needs no address (RFC 7084 §4.2 WAA-7).
        let prefixes = match self.setup.mode {
            Mode::Pd | Mode::Bridge => &[],
            Mode::Ra => self.ram.discovery.prefixes(),
        };
        // The LAN's address must be nobody else's here, either: the /64 is the same.
        let macs = [self.setup.wan_mac, self.setup.lan_mac];
        let addresses: Vec<_> = prefixes
            .iter()
            .flat_map(|prefix| macs.map(|mac| mac.in_prefix(prefix.net.addr())))
            .collect();
        for address in &addresses {
            self.ram.wan.form(*address, true, cx);
        }
        self.ram.wan.retain(|address| addresses.contains(&address));
    }

    pub(super) fn settle_lan(&mut self, lease: Option<Lease>, cx: &mut Context<'_>) {
        let nets: Vec<_> = lease
            .map(|lease| lease.net)
            .into_iter()
            .chain(self.ram.advertiser.old())
            .chain(self.lan_net())
            .collect();
        let addresses: Vec<_> = nets.iter().map(|net| self.address_in(*net)).collect();
        if let Some(lease) = lease {
            self.ram.lan.form(self.address_in(lease.net), false, cx);
        }
        self.ram.lan.retain(|address| addresses.contains(&address));
    }
}

/// What the defect `foreign-lan-prefix` advertises (RFC 3849: documentation).
const FOREIGN: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0), 64);

defects! {
    /// Goes on advertising the prefix that it stored as if the line had granted it, until it grants
    /// another one.
    TRUSTS_STORED_PREFIX = "trusts-stored-prefix",
        "回線から与えられるまで、保存しておいたプレフィックスを有効なものとして広告する。";
    /// Gives the LAN the /64 of the line's RA where it has a delegation as well.
    PREFERS_ADVERTISED_PREFIX = "prefers-advertised-prefix",
        "プレフィックスの委任を受けていても、回線のRAの/64をLANに割り当てる。";
    /// Numbers its LAN as if every delegation were a /56, and leaves a /60 by that (ngn-facts
    /// §3.1).
    TREATS_60_AS_56 = "treats-60-as-56",
        "どの委任も/56とみなしてLANの/64を選び、/60では委任の範囲を外れる。";
    /// Advertises a LAN prefix that the line never assigned.
    FOREIGN_LAN_PREFIX = "foreign-lan-prefix",
        "回線から割り当てられていないプレフィックスをLANに広告する。";
    /// Gives the LAN the first prefix that it ever had, as scripts that run once at link-up do.
    NEVER_RENUMBERS = "never-renumbers",
        "最初に得たプレフィックスをLANで使い続ける。リンクアップ時に一度だけ動くスクリプトがそうする。";
    /// Keeps asking DNS servers from an address of the old prefix after the line was renumbered.
    STALE_OWN_SOURCE = "stale-own-source",
        "プレフィックスが変わっても、古いプレフィックスのアドレスからDNSサーバに問い合わせ続ける。";
    /// Sends packets of its own from the WAN's link-local address although the line delegated a
    /// prefix.
    OWN_PACKETS_FROM_LINK_LOCAL = "own-packets-from-link-local",
        "プレフィックスの委任を受けていても、自分のパケットをWAN側のリンクローカルアドレスから送る。";
}
