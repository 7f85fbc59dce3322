//! The errors that tell a sender why its packet was not passed on (RFC 4443 §2.4, §3).

use std::net::Ipv6Addr;

use super::Router;
use super::defect::defects;
use super::interface::MTU;
use crate::message::packet::{IPV6_HEADER, Packet, frame_ip, is_link_local};
use crate::node::Context;
use crate::node::part::icmp_error::{
    NoError, Problem, QUOTED_MAX, error_about, error_packet, why_not,
};
use crate::node::part::neighbors::Unreachable;
use crate::time::Time;

impl Router {
    /// Tells a packet's sender, back the way it came, why it was not passed on.
    pub(super) fn complain(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        problem: Problem,
        cx: &mut Context<'_>,
    ) {
        let silent = problem == Problem::NoRoute && self.defects.has(SILENT_ABOUT_ROUTES)
            || problem == Problem::BadSource && self.defects.has(SILENT_ABOUT_OLD_SOURCES);
        if silent {
            return;
        }
        let Some(source) = self.source_towards(port, packet.source, cx.now()) else {
            return;
        };
        // RFC 4443 §2.4 (e.4): nor is a multicast on the link answered.
        let reason = if packet.eth_destination.is_multicast() {
            Some(NoError::Multicast)
        } else {
            why_not(packet, problem)
        };
        let mistake = match reason {
            None => true,
            Some(NoError::Error) => self.defects.has(ERRORS_ABOUT_ERRORS),
            Some(NoError::Multicast) => self.defects.has(ERRORS_ABOUT_MULTICAST),
            Some(NoError::Nobody) => self.defects.has(ERRORS_TO_NOBODY),
        };
        let unlimited = self.defects.has(NO_ERROR_LIMIT);
        if mistake && (unlimited || self.ram.errors.spend(cx.now())) {
            let error = error_packet(packet, problem, source, self.quotes());
            let near = self.interface(port);
            near.send_frame(frame_ip(near.mac(), packet.eth_source, &error), cx);
        }
    }

    /// Returns how many bytes of a packet an error quotes.
    fn quotes(&self) -> usize {
        if self.defects.has(QUOTES_EIGHT_BYTES) {
            IPV6_HEADER + 8
        } else if self.defects.has(QUOTES_WHOLE_PACKETS) {
            MTU - (MINIMUM_MTU - QUOTED_MAX)
        } else {
            QUOTED_MAX
        }
    }

    /// Tells the senders of packets that waited for a silent neighbour at `port`.
    pub(super) fn give_up(&mut self, port: u8, silent: Vec<Unreachable>, cx: &mut Context<'_>) {
        if self.defects.has(SILENT_ABOUT_ABSENT_HOSTS) {
            return;
        }
        let Some(source) = self.own_source(cx.now()) else {
            return;
        };
        for ip in silent.into_iter().flat_map(|neighbor| neighbor.waiting) {
            let error = error_about(&ip, Problem::AddressUnreachable, source, 0);
            // What we sent ourselves needs no error.
            let error = error.filter(|(to, _)| !self.owns(*to));
            if let Some((to, error)) = error
                && self.ram.errors.spend(cx.now())
            {
                // Where line and LAN share a /64, no route tells that the packet came from the LAN.
                let is_terminal = self.lan_net().is_some_and(|net| net.contains(&to));
                match port == Self::WAN && is_terminal {
                    true => self.ram.lan.send(to, &error, cx),
                    false => self.send_own(to, &error, cx),
                }
            }
        }
    }

    /// Returns the address of ours that speaks to `to`, which lies behind `port`.
    fn source_towards(&self, port: u8, to: Ipv6Addr, now: Time) -> Option<Ipv6Addr> {
        // RFC 4862 §5.4: an address that is still tried out is no source.
        let near = self.interface(port);
        let near = near.is_up().then(|| near.link_local());
        if is_link_local(to) {
            return near;
        }
        self.own_source(now).or(near.filter(|_| port == Self::LAN))
    }
}

/// RFC 8200 §5.
const MINIMUM_MTU: usize = 1280;

defects! {
    /// Answers errors with errors.
    ERRORS_ABOUT_ERRORS = "errors-about-errors",
        "ICMPv6エラーに対してもエラーを返す。";
    /// Answers what comes by multicast with errors.
    ERRORS_ABOUT_MULTICAST = "errors-about-multicast",
        "マルチキャストで届いたパケットに対してもエラーを返す。";
    /// Sends errors to senders that are nobody: the unspecified address and groups.
    ERRORS_TO_NOBODY = "errors-to-nobody",
        "送信元が未指定アドレスやマルチキャストアドレスのパケットに対してもエラーを返す。";
    /// Sends as many errors as there are causes.
    NO_ERROR_LIMIT = "no-error-limit",
        "原因となるパケットの数だけ、際限なくエラーを返す。";
    /// Sends no more errors once there were too many at a time.
    NO_ERRORS_AFTER_A_BURST = "no-errors-after-a-burst",
        "エラーを一度に多く返すと、以後は二度と返さない。";
    /// Quotes whole packets in errors, beyond the minimum MTU.
    QUOTES_WHOLE_PACKETS = "quotes-whole-packets",
        "最小MTUを超えても、エラーにパケット全体を引用する。";
    /// Quotes eight bytes of payload in errors, as IPv4 does.
    QUOTES_EIGHT_BYTES = "quotes-eight-bytes",
        "IPv4と同じように、エラーにペイロードを8バイトしか引用しない。";
    /// Drops packets without a route without saying so, as a blackhole.
    SILENT_ABOUT_ROUTES = "silent-about-routes",
        "経路のないパケットを、通知せずに破棄する。";
    /// Drops packets from a prefix that was taken back without saying so.
    SILENT_ABOUT_OLD_SOURCES = "silent-about-old-sources",
        "失効したプレフィックスから送られたパケットを、通知せずに破棄する。";
    /// Drops what waited for a router on the WAN that does not answer without saying so.
    SILENT_ABOUT_SILENT_ROUTERS = "silent-about-silent-routers",
        "応答しないWAN側のルータを待っていたパケットを、通知せずに破棄する。";
    /// Drops packets for absent hosts of the LAN without saying so.
    SILENT_ABOUT_ABSENT_HOSTS = "silent-about-absent-hosts",
        "LANに存在しないホスト宛てのパケットを、通知せずに破棄する。";
}
