//! IPv4 addresses for terminals (RFC 2131, RFC 826).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dhcpv4::{self, MessageType, OptionCode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, PPPOE};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Found};

use super::crossings::{at_once, is_calm};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp4s.answers",
        source: "RFC 2131 §3.1, §4.3.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "端末のDHCPDISCOVERに、アドレスを示して応答する",
            "A terminal's DHCPDISCOVER is answered with an address",
        ),
        hint: Text::new(
            "LAN側でDHCPv4サーバを有効にし、DHCPDISCOVERにDHCPOFFERを返してください。",
            "Switch the DHCPv4 server of the LAN on, and answer DHCPDISCOVER with DHCPOFFER.",
        ),
        judge: answers,
    },
    Check {
        id: "dhcp4s.server-id",
        source: "RFC 2131 §4.3.1 table 3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "DHCPOFFERとDHCPACKに、サーバ識別子とリース期間が入っている",
            "DHCPOFFER and DHCPACK have the server identifier and the lease time",
        ),
        hint: Text::new(
            "オプション54（サーバ識別子）とオプション51（リース期間）を必ず入れてください。",
            "Put option 54 (server identifier) and option 51 (lease time) into them.",
        ),
        judge: server_id,
    },
    Check {
        id: "dhcp4s.names-itself",
        source: "members-club article; RFC 5625 §5.1",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "DHCPv4で、端末に自分をDNSサーバとして通知する",
            "DHCPv4 names the router itself as DNS server",
        ),
        hint: Text::new(
            "閉域網の名前は公開DNSサーバでは引けません。DHCPv4のオプション6で自分のアドレスを通知してください。",
            "Public resolvers do not know closed names: name your own address in option 6.",
        ),
        judge: names_itself,
    },
];

fn answers(trace: &Dissection<'_>) -> Verdict {
    let discovers = said(trace, MessageType::Discover, true);
    every("DHCPDISCOVER", discovers, |(at, asked)| {
        let answer = trace.dhcpv4[at + 1..].iter().find(|found| {
            found.by_device(Role::Lan)
                && found.is.xid() == asked.is.xid()
                && dhcpv4::kind(&found.is) == Some(MessageType::Offer)
                && !found.is.yiaddr().is_unspecified()
        });
        match answer {
            Some(answer) => Ruling::Holds(vec![asked.record, answer.record]),
            // What is asked again may have been asked too early.
            None if !is_last(trace, at) || !is_calm(trace, asked.at) => Ruling::Skip,
            None => broken([asked.record], "a DHCPOFFER with an address", "nothing")
                .unless_late(trace, at_once(asked.at)),
        }
    })
}

fn server_id(trace: &Dissection<'_>) -> Verdict {
    let answers = [MessageType::Offer, MessageType::Ack].into_iter();
    let answers = answers.flat_map(|kind| said(trace, kind, false));
    every("DHCPOFFER or DHCPACK", answers, |(_, found)| {
        let options = found.is.opts();
        let named = options.contains(OptionCode::ServerIdentifier);
        // An answer to DHCPINFORM gives no address, and so no time.
        let gives = !found.is.yiaddr().is_unspecified();
        let timed = options.contains(OptionCode::AddressLeaseTime) || !gives;
        let missing = match (named, timed) {
            (false, _) => "no server identifier",
            (true, false) => "no lease time",
            (true, true) => "both",
        };
        expect(
            [found.record],
            named && timed,
            "server identifier and lease time",
            missing,
        )
    })
}

fn names_itself(trace: &Dissection<'_>) -> Verdict {
    let leased = said(trace, MessageType::Ack, false);
    let leased = leased
        .into_iter()
        .filter(|(_, found)| !found.is.yiaddr().is_unspecified());
    every("address from DHCPv4", leased, |(_, found)| {
        let dns = dhcpv4::dns(&found.is);
        let seen: Vec<String> = dns.iter().map(ToString::to_string).collect();
        let router = dhcpv4::routers(&found.is).first();
        let itself = router.is_some_and(|router| dns.contains(router));
        expect(
            [found.record],
            itself && dns.len() == 1,
            "the router's own address, and no other",
            match seen.is_empty() {
                true => "no DNS server".to_owned(),
                false => seen.join(", "),
            },
        )
    })
}

type Said<'d> = (usize, &'d Found<dhcpv4::Message>);

/// Returns the messages of a kind, of terminals or of the device.
fn said<'d>(trace: &'d Dissection<'_>, kind: MessageType, asked: bool) -> Vec<Said<'d>> {
    let all = trace.dhcpv4.iter().enumerate();
    all.filter(|(_, found)| {
        let side = match asked {
            true => found.to_device(Role::Lan),
            false => found.by_device(Role::Lan),
        };
        side && dhcpv4::kind(&found.is) == Some(kind)
    })
    .collect()
}

/// Returns whether a terminal did not ask again.
fn is_last(trace: &Dissection<'_>, at: usize) -> bool {
    let client = dhcpv4::client(&trace.dhcpv4[at].is);
    let later = said(trace, MessageType::Discover, true);
    let again = later
        .iter()
        .any(|(other, found)| *other > at && dhcpv4::client(&found.is) == client);
    !again
}
