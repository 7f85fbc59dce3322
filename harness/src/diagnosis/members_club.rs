//! Why the members club or the service information site did not open, or did not know the line: what
//! the members-club article looked at, question by question.

use std::net::Ipv6Addr;

use ngnlab_reports::{Diagnosis, Flow, RecordId, Text};
use ngnlab_sim::line::internet::service_domain;
use ngnlab_sim::line::members_club::{ContractLine, HOST};
use ngnlab_sim::setup::in_domain;
use ngnlab_sim::trace::{Fact, FetchError, Screen};

use super::Walk;
use super::attempt::{Attempt, End, host_of};
use super::causes::Cause;
use crate::dissection::{Dissection, Told};

/// Returns where the flow stops, if the last that somebody wanted of the club or of the service
/// information site was in vain.
pub(super) fn diagnose(trace: &Dissection<'_>) -> Option<Diagnosis> {
    let trouble = Trouble::last(trace)?;
    let told = trouble.told;
    let (terminal, end) = match trouble.what {
        What::Failed(host, reason) => (Some(told.node), End::Failed(host, reason)),
        What::Shown(screen, _) => (None, End::Screen(screen)),
    };
    let attempt = Attempt {
        after: trouble.after,
        record: told.record,
        at: told.at,
        terminal,
        end,
    };
    let mut walk = Walk::new(trace, &attempt);
    walk.flow = Flow::MembersClub;
    let cause = match trouble.what {
        What::Failed(HOST, _) => walk.cause(&[])?,
        What::Failed(host, reason) => walk.over_its_session(host, reason),
        What::Shown(screen, peer) => walk.not_confirmed(screen, peer)?,
    };
    walk.end(cause)
}

/// Returns what a screen of the club says is the matter, if it says so.
pub(super) fn behind(screen: Screen) -> Option<Cause> {
    match screen {
        Screen::ClubNotConfirmed => Some(Cause::FromElsewhere),
        Screen::ClubV4Elsewhere => Some(Cause::V4FromElsewhere),
        Screen::ClubGone => Some(Cause::WayIsGone),
        Screen::ClubTerminalsFull => Some(Cause::NoMoreTerminals),
        _ => None,
    }
}

/// Returns the step of this flow that asks what a question of the guide asks, if it does: nobody
/// mistypes here, and any line may have a member.
pub(super) fn step(of_guide: usize) -> Option<u8> {
    match of_guide {
        2 => Some(2),
        3 => Some(3),
        4 => Some(4),
        6 => Some(5),
        _ => None,
    }
}

/// What did not work.
struct Trouble<'d> {
    what: What<'d>,
    told: &'d Told<'d>,
    /// Where the try before ended.
    after: Option<RecordId>,
}

#[derive(Clone, Copy)]
enum What<'d> {
    /// A page of this host did not come.
    Failed(&'d str, FetchError),
    /// A screen said so to this client.
    Shown(Screen, Ipv6Addr),
}

impl<'d> Trouble<'d> {
    /// Returns what was the matter last, unless it was overcome.
    fn last(trace: &'d Dissection<'_>) -> Option<Self> {
        let site = service_domain(trace.header().line.area);
        let is_ours = |host: &str| host == HOST || in_domain(host, site);
        let mut trouble: Option<Self> = None;
        let mut after = None;
        // Who dials itself has another way than the device's.
        let dials = |told: &Told<'_>| trace.dialling_terminals().any(|own| own.name == told.node);
        for told in trace.facts.iter().filter(|told| !dials(told)) {
            let what = match told.fact {
                Fact::PageFailed { url, reason } if *reason != FetchError::BadUrl => {
                    let Some(host) = host_of(url).filter(|host| is_ours(host)) else {
                        continue;
                    };
                    What::Failed(host, *reason)
                }
                Fact::PageSeen { url, .. } | Fact::Downloaded { url, .. } => {
                    let came = host_of(url).filter(|host| is_ours(host));
                    if came.is_some() {
                        after = Some(told.record);
                    }
                    trouble = trouble.filter(|own| !own.is_over_with(came));
                    continue;
                }
                Fact::ScreenServed { peer, screen } if behind(*screen).is_some() => {
                    What::Shown(*screen, *peer)
                }
                Fact::ScreenServed {
                    screen: Screen::ClubContract | Screen::ClubTerminals,
                    ..
                } => {
                    trouble = None;
                    continue;
                }
                _ => continue,
            };
            trouble = Some(Self { what, told, after });
            after = Some(told.record);
        }
        trouble
    }

    /// Returns whether a page of this host shows that nothing is the matter any more.
    fn is_over_with(&self, came: Option<&str>) -> bool {
        matches!(self.what, What::Failed(host, _) if Some(host) == came)
    }
}

impl Walk<'_, '_> {
    /// The site came, and does not know the line.
    fn not_confirmed(&mut self, screen: Screen, peer: Ipv6Addr) -> Option<Cause> {
        let here = [self.attempt.record];
        let line = &self.trace.header().line;
        self.answer(2, true, here, "the site's own screen came");
        let (cause, because) = match (behind(screen)?, line.member.contract) {
            (Cause::FromElsewhere, ContractLine::AnotherLine) => (
                Cause::AnotherLinesMember,
                "the member's ID is registered with another line".to_owned(),
            ),
            (cause @ Cause::FromElsewhere, ContractLine::ThisLine) => {
                let peer = peer.to_canonical();
                (cause, format!("the request comes from {peer}"))
            }
            (cause, _) => (cause, format!("the site shows {}", screen.name())),
        };
        self.answer_club(6, false, here, because);
        Some(cause)
    }

    /// Answers a question that the guide does not ask.
    pub(super) fn answer_club(
        &mut self,
        step: u8,
        yes: bool,
        records: impl IntoIterator<Item = RecordId>,
        because: impl Into<String>,
    ) {
        let question = &QUESTIONS[usize::from(step) - 1];
        self.add(step, question, yes, records, because);
    }
}

/// The questions, by what the article found out and tried.
pub(super) const QUESTIONS: [Text; 6] = [
    Text::new(
        "サービス情報サイトへのセッションは確立しているか",
        "Does the session to the service information site stand?",
    ),
    Text::new("名前を解決できるか", "Does the name resolve?"),
    Text::new("DNSサーバの設定は正しいか", "Are the DNS servers right?"),
    Text::new(
        "端末にIPアドレスが割り当てられているか",
        "Does the terminal have an address?",
    ),
    Text::new(
        "パケットは端末とサイトの間を往復しているか",
        "Do packets get to the site and back?",
    ),
    Text::new(
        "契約回線からの確認で、その方法は今も使えるか",
        "Is the line the contract's, and the way to confirm it still there?",
    ),
];

#[cfg(test)]
mod tests {
    use ngnlab_sim::line::pppoe::{Realm, accounts};
    use ngnlab_sim::message::packet::Mac;
    use ngnlab_sim::message::pppoe::{Code, Pppoe, Stage};
    use ngnlab_sim::setup::PppoeAccount;
    use ngnlab_sim::trace::{End as Side, PppEnd, PppEvent, Role};

    use super::*;
    use crate::diagnosis::tests::id;
    use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

    #[test]
    fn a_screen_says_what_is_the_matter_until_the_line_is_confirmed() {
        let mut trace = TraceBuilder::new("next-pd");
        let peer = trace.pc();
        let shown = |screen| Fact::ScreenServed { peer, screen };
        for (screen, expected) in [
            (Screen::ClubNotConfirmed, "not-from-the-contract-line"),
            (Screen::ClubV4Elsewhere, "v4-page-from-elsewhere"),
            (Screen::ClubGone, "way-is-gone"),
            (Screen::ClubTerminalsFull, "no-more-terminals"),
        ] {
            trace.fact("members-club", shown(screen));
            assert_eq!(id(&trace).as_deref(), Some(expected));
        }
        trace.fact("members-club", shown(Screen::ClubNotConfirmed));
        trace.fact("members-club", shown(Screen::ClubSupport));
        trace.trace.header.line.member.contract = ContractLine::AnotherLine;
        assert_eq!(id(&trace).as_deref(), Some("another-lines-member"));
        trace.fact("members-club", shown(Screen::ClubContract));
        assert_eq!(id(&trace), None);
    }

    #[test]
    fn a_session_is_asked_for_before_names() {
        let mut trace = TraceBuilder::new("next-pd");
        let failed = || Fact::PageFailed {
            url: "https://www.v4flets-east.jp/".to_owned(),
            reason: FetchError::Name,
        };
        trace.fact("pc", failed());
        assert_eq!(id(&trace).as_deref(), Some("no-service-site-session"));
        let of_site = accounts(trace.trace.header.line.area)
            .into_iter()
            .find(|own| own.realm == Realm::ServiceSite)
            .unwrap();
        trace.trace.header.setup.pppoe.push(PppoeAccount {
            name: of_site.name.to_owned(),
            password: of_site.password.to_owned(),
            domains: vec!["v4flets-east.jp".to_owned()],
            source: None,
        });
        let said = |session, account: Option<&str>, event| Fact::Ppp {
            session,
            account: account.map(str::to_owned),
            event,
        };
        let name = Some(of_site.name);
        assert_eq!(id(&trace).as_deref(), Some("session-down"));
        for (account, event, expected) in [
            (None, PppEvent::TooMany, "sessions-used-up"),
            (name, PppEvent::WrongPassword, "session-account-refused"),
        ] {
            trace.fact("concentrator", said(0, account, event));
            trace.fact("pc", failed());
            assert_eq!(id(&trace).as_deref(), Some(expected));
        }
        let address = Realm::ServiceSite.first_address();
        let confirmed = Pppoe {
            source: Mac([2, 0, 0x5e, 0, 0x88, 1]),
            destination: ROUTER_WAN,
            session: 7,
            stage: Stage::Discovery {
                code: Code::Confirmation,
                tags: Vec::new(),
            },
        };
        trace.frame(Role::Wan, Side::Network, confirmed.frame());
        let up = said(7, name, PppEvent::Up { address });
        trace.fact("concentrator", up).fact("pc", failed());
        assert_eq!(id(&trace).as_deref(), Some("no-ipv4-on-terminal"));
        let how = PppEnd::ByDevice;
        let ended = said(7, name, PppEvent::Ended { how });
        trace.fact("concentrator", ended).fact("pc", failed());
        assert_eq!(id(&trace).as_deref(), Some("session-down"));
        let came = Fact::PageSeen {
            url: "https://www.v4flets-east.jp/".to_owned(),
            status: 200,
            screen: None,
        };
        trace.fact("pc", came);
        assert_eq!(id(&trace), None);
    }
}
