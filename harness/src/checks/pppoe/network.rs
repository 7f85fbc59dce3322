//! IPCP, and that the sessions which were entered come up (RFC 1332 §3, RFC 1877 §1, RFC 7084 §4.2).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::line::pppoe::accounts;
use ngnlab_sim::message::ppp::{
    CONFIGURE_NAK, CONFIGURE_REQUEST, IP_ADDRESS, IPCP, IPV6CP, PRIMARY_DNS, SECONDARY_DNS,
};
use ngnlab_sim::message::pppoe::Code;

use super::endings::first_up;
use super::sessions::{is_disturbed, sent, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, expect, seconds};
use crate::dissection::Dissection;
use crate::scenario::step::Action;
use crate::scenario::step::pppoe::Deed;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.session.comes-up",
        source: "ngn-facts §4.5; RFC 2516 §4; RFC 1661 §3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "設定したPPPoEのセッションが確立する",
            "The PPPoE sessions that were entered come up",
        ),
        hint: Text::new(
            "PADI、PADO、PADR、PADS、LCP、認証、IPCPの順に、どこで止まっているかをWANのキャプチャで確認してください。",
            "Look in the WAN capture where it stops: PADI, PADO, PADR, PADS, LCP, authentication, IPCP.",
        ),
        judge: comes_up,
    },
    Check {
        id: "ppp.ipcp.address",
        source: "RFC 1332 §3.3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "IPCPで、Configure-Nakで示されたアドレスを使う",
            "IPCP takes the address of a Configure-Nak",
        ),
        hint: Text::new(
            "IP-Addressを0.0.0.0で要求し、Configure-Nakのアドレスで要求し直してください。",
            "Ask for 0.0.0.0, and ask again for the address of the Configure-Nak.",
        ),
        judge: address,
    },
    Check {
        id: "ppp.ipcp.dns",
        source: "RFC 1877 §1.1, §1.3",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "IPCPで、プライマリとセカンダリのDNSサーバを要求する",
            "IPCP asks for the primary and the secondary DNS server",
        ),
        hint: Text::new(
            "IPCPのConfigure-Requestに、オプション129と131を0.0.0.0で入れてください。",
            "Put options 129 and 131 with 0.0.0.0 into the Configure-Request of IPCP.",
        ),
        judge: dns,
    },
    Check {
        id: "ppp.ncp.independent",
        source: "RFC 7084 §4.2 WLL-3; RFC 1661 §2",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "IPv6CPがどうなっても、IPCPは開く",
            "IPCP opens whatever becomes of IPV6CP",
        ),
        hint: Text::new(
            "IPv6CPに対応しないなら、Protocol-Rejectを返してIPCPを続けてください。",
            "Without IPV6CP, answer with a Protocol-Reject and go on with IPCP.",
        ),
        judge: independent,
    },
];

/// As many sessions as the contract has room for, of accounts that are right.
fn comes_up(trace: &Dissection<'_>) -> Verdict {
    let line = &trace.header().line;
    let known = accounts(line.area);
    let entered = &trace.setup().pppoe;
    let right = entered.iter().filter(|account| {
        let same = |it: &ngnlab_sim::line::pppoe::Account| {
            it.name == account.name && it.password == account.password
        };
        known.iter().any(same)
    });
    // Who else dials on the line may be first.
    let others = trace.dialling_terminals().count() + line.home_gateway_pppoe.len();
    let limit = usize::from(line.pppoe_sessions).saturating_sub(others);
    let due = Time::ZERO + UP_WITHIN;
    let wanted = match right.count() {
        all if all == entered.len() => all.min(limit),
        // One that will be refused may take the place of one that would not.
        _ if entered.len() > limit => 0,
        some => some,
    };
    if wanted == 0 || trace.end() < due || is_disturbed(trace, Time::ZERO, due) {
        return every("account to dial with", [0; 0], |_: usize| Ruling::Skip);
    }
    let silenced = trace.steps.iter().any(|step| {
        let Action::Concentrator(step_of) = &step.action else {
            return false;
        };
        // What it merely says ends no session.
        step.at < due && !matches!(step_of.does.deed(), Deed::Say(_))
    });
    let all = sessions(trace);
    let ups = all.iter().filter_map(|session| {
        let up = session.is_up_since()?;
        Some((up, session))
    });
    let ups: Vec<_> = ups.collect();
    every("account to dial with", [()], |()| {
        let in_time = ups.iter().filter(|(up, _)| *up <= due).count();
        if in_time >= wanted {
            let records = ups.iter().map(|(_, session)| session.confirmed.record);
            return Ruling::Holds(records.collect());
        }
        if silenced {
            return Ruling::Skip;
        }
        let mut asked = sent(trace, Code::Initiation);
        let record = asked.next().map(|found| found.record);
        broken(
            record.or(all.first().map(|session| session.confirmed.record)),
            format!(
                "{wanted} sessions with an IPv4 address within {}",
                seconds(UP_WITHIN)
            ),
            match (first_up(trace), record) {
                (None, None) => "no PADI at all".to_owned(),
                _ => format!("{in_time}"),
            },
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: Time::ZERO,
                to: due,
            },
        )
    })
}

fn address(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let naks = all.iter().flat_map(|session| {
        let naks = session.heard_as(IPCP, CONFIGURE_NAK);
        naks.filter_map(move |(found, nak)| {
            let options = nak.options()?;
            let mut given = options.iter().filter(|option| option.kind == IP_ADDRESS);
            Some((session, found, given.next()?.as_address()?))
        })
    });
    every(
        "Configure-Nak with an address",
        naks,
        |(session, found, given)| {
            let mut later = session
                .said_as(IPCP, CONFIGURE_REQUEST)
                .filter(|(later, _)| later.record > found.record && later.at >= found.arrives);
            let Some((next, request)) = later.next() else {
                return Ruling::Skip;
            };
            let options = request.options().unwrap_or_default();
            let mut wished = options.iter().filter(|option| option.kind == IP_ADDRESS);
            let seen = wished.next().and_then(|option| option.as_address());
            expect(
                [found.record, next.record],
                seen == Some(given),
                format!("a request for {given}"),
                match seen {
                    Some(seen) => format!("one for {seen}"),
                    None => "one for no address".to_owned(),
                },
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: found.arrives,
                    to: next.at,
                },
            )
        },
    )
}

fn dns(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let first = all
        .iter()
        .filter_map(|session| session.said_as(IPCP, CONFIGURE_REQUEST).next());
    every("Configure-Request of IPCP", first, |(found, packet)| {
        let options = packet.options().unwrap_or_default();
        let has = |kind| options.iter().any(|option| option.kind == kind);
        let seen = match (has(PRIMARY_DNS), has(SECONDARY_DNS)) {
            (true, true) => return Ruling::Holds(vec![found.record]),
            (false, false) => "neither",
            (true, false) => "the primary one alone",
            (false, true) => "the secondary one alone",
        };
        broken([found.record], "both DNS servers asked for", seen)
    })
}

fn independent(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let both = all.iter().filter_map(|session| {
        let asked = session.heard_as(IPV6CP, CONFIGURE_REQUEST).next()?;
        Some((session, asked.0))
    });
    every("session with IPV6CP", both, |(session, asked)| {
        let due = asked.arrives + OPEN_WITHIN;
        match session.is_up_since() {
            Some(up) if up <= due && session.until(trace) > due => {
                Ruling::Holds(vec![session.confirmed.record, asked.record])
            }
            _ if trace.end() < due || is_disturbed(trace, asked.at, due) => Ruling::Skip,
            _ if session.is_ended_by_network() => Ruling::Skip,
            _ => broken(
                [session.confirmed.record, asked.record],
                format!("IPCP open {} later", seconds(OPEN_WITHIN)),
                "it is not",
            )
            .unless_late(
                trace,
                Delay::InVain {
                    from: asked.arrives,
                    to: due,
                },
            ),
        }
    })
}

/// How long a router may take from power-on (inferred).
const UP_WITHIN: Duration = Duration::from_secs(60);
/// How long IPCP may take (RFC 1661 §4.6: ten requests, three seconds apart).
const OPEN_WITHIN: Duration = Duration::from_secs(30);
