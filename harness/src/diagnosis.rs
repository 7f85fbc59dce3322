//! Why line authentication, or the portal after it, failed: the flow of guide p.30
//! (ngn-facts §5.11), walked on a trace.
//!
//! Each question is answered by what was seen, the configuration included. The first that ends
//! the flow is the diagnosis; its remedy is the guide's.

use std::net::Ipv6Addr;

use ngnlab_reports::{Diagnosis, Text};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Mode, in_domain};
use ngnlab_sim::trace::{Fact, FetchError, Resolution, Role, Screen, StepOutcome};

use crate::dissection::{Dissection, Kind};

/// The host of the line-authentication site (guide p.16).
const HOST: &str = "www.lineauth.mnw";

/// The domain of the portal (guide p.18), which an authenticated line loses in FAQ 1.
const PORTAL_DOMAIN: &str = "onshikaku.org";

/// Returns where the flow stops, if line authentication or the portal was tried in vain.
pub fn diagnose(trace: &Dissection<'_>) -> Option<Diagnosis> {
    let attempt = Attempt::last(trace)?;
    let cause = cause(trace, attempt)?;
    let row = ROWS.iter().find(|row| row.cause == cause)?;
    Some(Diagnosis {
        id: row.id.to_owned(),
        step: row.step,
        finding: row.finding.clone(),
        remedy: row.remedy.clone(),
    })
}

/// How the last attempt to authenticate the line, or to use it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt<'t> {
    /// A screen came.
    Screen(Screen),
    /// The browser gave up on this host.
    Failed(&'t str, FetchError),
    /// Another page than the site was asked for.
    OtherPage,
    /// The terminal got nowhere near a browser.
    Stuck,
}

impl<'t> Attempt<'t> {
    fn last(trace: &Dissection<'t>) -> Option<Self> {
        let told = trace.facts.iter().rev().find_map(|told| match told.fact {
            Fact::ScreenServed { screen, .. } => tells(*screen).then_some(Self::Screen(*screen)),
            Fact::PageSeen { url, screen, .. } => match screen {
                Some(screen) => tells(*screen).then_some(Self::Screen(*screen)),
                None => looks_alike(url).then_some(Self::OtherPage),
            },
            Fact::PageFailed { url, reason } => {
                if looks_alike(url) {
                    Some(Self::OtherPage)
                } else {
                    let host = host_of(url).filter(|host| is_ours(host));
                    host.map(|host| Self::Failed(host, *reason))
                }
            }
            _ => None,
        });
        let stuck = || {
            trace
                .steps
                .iter()
                .any(|step| {
                    step.step.contains("authenticate") && *step.outcome != StepOutcome::Done
                })
                .then_some(Self::Stuck)
        };
        told.or_else(stuck)
    }
}

/// Returns whether a screen says how far line authentication came; the login page is what comes
/// after it.
fn tells(screen: Screen) -> bool {
    screen != Screen::NotAuthenticated
}

fn is_ours(host: &str) -> bool {
    host == HOST || in_domain(host, PORTAL_DOMAIN)
}

fn host_of(url: &str) -> Option<&str> {
    url.strip_prefix("https://")?.split(['/', ':']).next()
}

/// Returns whether somebody who types this wants the site, and does not get it.
fn looks_alike(url: &str) -> bool {
    url.contains("lineauth") && host_of(url) != Some(HOST)
}

fn cause(trace: &Dissection<'_>, attempt: Attempt<'_>) -> Option<Cause> {
    match attempt {
        Attempt::Screen(
            Screen::M1
            | Screen::M1b
            | Screen::M2
            | Screen::M2b
            | Screen::Login
            | Screen::NotAuthenticated,
        ) => None,
        Attempt::Screen(Screen::Consent) => Some(Cause::ConsentPending),
        Attempt::Screen(Screen::M3 | Screen::M4) => Some(Cause::ConsentRefused),
        Attempt::Screen(Screen::M5) => Some(Cause::IneligibleLine),
        Attempt::Screen(Screen::M6) => Some(Cause::NoAnswerInTime),
        Attempt::Screen(Screen::M7) => Some(Cause::NotRegistered),
        Attempt::Screen(Screen::M8) => Some(Cause::SiteFault),
        Attempt::Screen(Screen::M9) => Some(Cause::SiteBusy),
        Attempt::OtherPage | Attempt::Failed(_, FetchError::BadUrl) => Some(Cause::WrongUrl),
        Attempt::Failed(_, FetchError::Certificate) => Some(Cause::Certificate),
        Attempt::Failed(host, FetchError::Refused | FetchError::Timeout | FetchError::Broken)
            if resolves(trace, host) =>
        {
            Some(Cause::ConnectionLost)
        }
        Attempt::Failed(host, _) => Some(unresolved(trace, host)),
        Attempt::Stuck => Some(unresolved(trace, HOST)),
    }
}

/// Question 2: does the name resolve?
fn resolves(trace: &Dissection<'_>, host: &str) -> bool {
    trace.facts.iter().rev().any(|told| {
        matches!(told.fact, Fact::Resolved { name, outcome: Resolution::Answered, .. }
            if name.trim_end_matches('.').eq_ignore_ascii_case(host))
    })
}

/// Questions 3 and 4: the DNS servers, then the address.
fn unresolved(trace: &Dissection<'_>, host: &str) -> Cause {
    let right = trace.header().line.ons_dns();
    let asked: Vec<Ipv6Addr> = trace
        .dns_exchanges(Role::Wan)
        .iter()
        .filter(|exchange| exchange.name().eq_ignore_ascii_case(host))
        .filter(|exchange| exchange.query.by_device(Role::Wan))
        .map(|exchange| exchange.query.destination)
        .collect();
    let configured = trace.setup().servers_for(host);
    let is_right = |server: &Ipv6Addr| right.contains(server);
    let asks_wrong = !asked.is_empty() && !asked.iter().any(is_right);
    if asks_wrong || !configured.iter().any(is_right) {
        return Cause::WrongDns;
    }
    if delivered_otherwise_since(trace) {
        return Cause::WrongDelivery;
    }
    if has_address(trace) {
        return Cause::DnsUnreachable;
    }
    if trace.is_line_dumb() {
        Cause::NothingFromLine
    } else if delivered_otherwise(trace) {
        Cause::WrongDelivery
    } else {
        Cause::NoAddress
    }
}

fn has_address(trace: &Dissection<'_>) -> bool {
    let terminals = &trace.header().terminals;
    trace.packets.iter().any(|found| {
        found.to_device(Role::Lan)
            && !found.injected
            && is_routable(found.source)
            && terminals
                .iter()
                .any(|terminal| terminal.mac == found.eth_source)
    })
}

/// Returns whether the WAN shows the other way of delivery than the device is configured for.
fn delivered_otherwise(trace: &Dissection<'_>) -> bool {
    let mut adverts = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
    let granted = trace.dhcpv6.iter().any(|found| {
        found.to_device(Role::Wan) && found.is.kind == Kind::Reply && !found.is.granted().is_empty()
    });
    match trace.setup().mode {
        Mode::Ra => adverts.any(|ra| ra.is.prefixes().next().is_none()),
        Mode::Pd => !granted && adverts.any(|ra| ra.is.prefixes().next().is_some()),
    }
}

/// Returns whether the line went over to delegation under a router that is configured for RA: the
/// terminals then have addresses still (guide Q1).
fn delivered_otherwise_since(trace: &Dissection<'_>) -> bool {
    let adverts = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
    let last = adverts.last();
    trace.setup().mode == Mode::Ra
        && last.is_some_and(|ra| ra.is.managed && ra.is.prefixes().next().is_none())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    WrongUrl,
    WrongDns,
    DnsUnreachable,
    NoAddress,
    NothingFromLine,
    WrongDelivery,
    IneligibleLine,
    NotRegistered,
    ConsentPending,
    ConsentRefused,
    NoAnswerInTime,
    SiteFault,
    SiteBusy,
    Certificate,
    ConnectionLost,
}

struct Row {
    cause: Cause,
    id: &'static str,
    step: u8,
    finding: Text,
    remedy: Text,
}

/// Returns every id that a diagnosis can have.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.id)
}

const ROWS: &[Row] = &[
    Row {
        cause: Cause::WrongUrl,
        id: "wrong-url",
        step: 1,
        finding: Text::new(
            "回線認証サイトとは異なるURLにアクセスしています。",
            "Another address than that of the line-authentication site was opened.",
        ),
        remedy: Text::new(
            "URLがhttps://www.lineauth.mnwであることを確認し、開き直してください（ガイドp.16）。",
            "Check that the address is https://www.lineauth.mnw and open it again (guide p.16).",
        ),
    },
    Row {
        cause: Cause::WrongDns,
        id: "wrong-dns",
        step: 3,
        finding: Text::new(
            "オンライン資格確認の名前の問い合わせ先が、その地域のオンライン資格確認用DNSサーバではありません。",
            "ONS names are asked at servers other than the area's ONS DNS servers.",
        ),
        remedy: Text::new(
            "ルータのドメインごとのDNS設定に、その地域のDNSサーバを設定してください（ガイドp.7）。",
            "Enter the area's DNS servers into the router's per-domain table (guide p.7).",
        ),
    },
    Row {
        cause: Cause::DnsUnreachable,
        id: "dns-unreachable",
        step: 3,
        finding: Text::new(
            "DNSサーバの設定は正しいものの、オンライン資格確認の名前を解決できません。",
            "The DNS servers are the right ones, but an ONS name does not resolve.",
        ),
        remedy: Text::new(
            "ルータのDNS機能とフィルタを確認してください。上位にルータがあるときは、上位ルータではなくp.7のDNSサーバを直接指定してください（ガイドp.30）。",
            "Check the router's DNS proxy and filters; below another router, enter the servers of p.7 instead of that router (guide p.30).",
        ),
    },
    Row {
        cause: Cause::NoAddress,
        id: "no-ipv6-address",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスが割り当てられていません。",
            "The terminal has no IPv6 address.",
        ),
        remedy: Text::new(
            "端末のIPv6設定（ガイドp.8）、フレッツ・v6オプションの契約（p.4）、ルータの再配布の設定（p.6）を順に確認してください。",
            "Check IPv6 on the terminal (guide p.8), the v6 option (p.4) and the router's redistribution (p.6), in this order.",
        ),
    },
    Row {
        cause: Cause::NothingFromLine,
        id: "no-ipv6-from-line",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスがありません。回線側からルータにIPv6のパケットが1つも届いていません。",
            "The terminal has no IPv6 address: not one IPv6 packet reaches the router from the line.",
        ),
        remedy: Text::new(
            "回線とルータの間の機器（UTM、ビジネスホン主装置など）がすべてIPv6に対応し、通していることを確認してください（ガイドp.5）。",
            "Make sure that every box between line and router (UTM, key-phone unit …) supports IPv6 and lets it pass (guide p.5).",
        ),
    },
    Row {
        cause: Cause::WrongDelivery,
        id: "wrong-delivery",
        step: 4,
        finding: Text::new(
            "端末にIPv6アドレスがありません。回線の配布方式とルータの設定（RA／DHCPv6-PD）が合っていません。",
            "The terminal has no IPv6 address: the line delivers its prefix in another way than the router expects.",
        ),
        remedy: Text::new(
            "ルータの再配布の方式を回線に合わせてください。ひかり電話契約のある回線はDHCPv6-PD、ない回線はRAです（ガイドp.6、FAQ 1）。",
            "Set the router's redistribution to what the line does: DHCPv6-PD with ひかり電話, RA without (guide p.6, FAQ 1).",
        ),
    },
    Row {
        cause: Cause::IneligibleLine,
        id: "ineligible-line",
        step: 5,
        finding: Text::new(
            "オンライン資格確認を利用できない回線です（P11019）。",
            "The line's service may not use ONS (P11019).",
        ),
        remedy: Text::new(
            "対象の回線を用意し、新しいお客さまIDで申請し直してからアクセスしてください（ガイドp.4、FAQ 9）。",
            "Get an eligible line, apply again with its customer ID, and try again (guide p.4, FAQ 9).",
        ),
    },
    Row {
        cause: Cause::NotRegistered,
        id: "not-registered",
        step: 6,
        finding: Text::new(
            "お客さまIDが登録されていないか、申請した回線と異なる回線からのアクセスです。",
            "The customer ID is not registered, or belongs to another line.",
        ),
        remedy: Text::new(
            "お客さまID、端末のIPv6アドレス、アクセスした時刻を添えて問い合わせてください（ガイドFAQ 12）。",
            "Report customer ID, IPv6 address and time of access (guide FAQ 12).",
        ),
    },
    Row {
        cause: Cause::ConsentPending,
        id: "consent-pending",
        step: 6,
        finding: Text::new(
            "通知意思確認画面で選択されていません。",
            "Nothing was chosen on the consent screen.",
        ),
        remedy: Text::new(
            "回線認証サイトを開き直し、「希望する」を選択してください（ガイドp.16）。",
            "Open the site again and choose 希望する (guide p.16).",
        ),
    },
    Row {
        cause: Cause::ConsentRefused,
        id: "consent-refused",
        step: 6,
        finding: Text::new(
            "通知意思確認画面で「希望しない」が選択されました。",
            "希望しない was chosen on the consent screen.",
        ),
        remedy: Text::new(
            "回線認証サイトを開き直し、「希望する」を選択してください（ガイドFAQ 10）。",
            "Open the site anew and choose 希望する (guide FAQ 10).",
        ),
    },
    Row {
        cause: Cause::NoAnswerInTime,
        id: "no-answer-in-time",
        step: 6,
        finding: Text::new(
            "回線認証の処理が25秒以内に終わりませんでした（P32031）。",
            "Line authentication was not done within 25 s (P32031).",
        ),
        remedy: Text::new(
            "しばらく待って再度試し、続くときはお客さまIDとIPv6アドレスを添えて問い合わせてください（ガイドFAQ 11）。",
            "Wait and try again; if it goes on, report customer ID and IPv6 address (guide FAQ 11).",
        ),
    },
    Row {
        cause: Cause::SiteFault,
        id: "site-fault",
        step: 6,
        finding: Text::new(
            "回線認証サイトでシステムエラーが発生しています。",
            "The line-authentication site has a system error.",
        ),
        remedy: Text::new(
            "サポートデスクに問い合わせてください（ガイドFAQ 13）。",
            "Contact the support desk (guide FAQ 13).",
        ),
    },
    Row {
        cause: Cause::SiteBusy,
        id: "site-busy",
        step: 6,
        finding: Text::new(
            "回線認証サイトが混み合っています。",
            "The line-authentication site is busy.",
        ),
        remedy: Text::new(
            "時間を置いて再度試してください（ガイドp.17）。",
            "Try again later (guide p.17).",
        ),
    },
    Row {
        cause: Cause::Certificate,
        id: "certificate",
        step: 6,
        finding: Text::new(
            "端末が回線認証サイトの証明書を信頼していません。",
            "The terminal does not trust the site's certificate.",
        ),
        remedy: Text::new(
            "先に証明書を端末へインストールするか、警告画面の「詳細設定」から進んでください（ガイドp.16、FAQ 8）。",
            "Install the certificate first, or go on through 詳細設定 on the warning (guide p.16, FAQ 8).",
        ),
    },
    Row {
        cause: Cause::ConnectionLost,
        id: "connection-lost",
        step: 6,
        finding: Text::new(
            "名前は解決できますが、サイトとの接続が確立しないか、途中で切れています。",
            "The name resolves, but the connection to the site fails or breaks off.",
        ),
        remedy: Text::new(
            "ルータとUTMのフィルタ（TCP 443番）を確認し、数分後に切れるときは再配布をDHCPv6-PDに変更してください（ガイドFAQ 1、FAQ 3）。",
            "Check filters for TCP port 443; if it breaks after minutes, change to DHCPv6-PD (guide FAQ 1, FAQ 3).",
        ),
    },
];

#[cfg(test)]
mod tests {
    use hickory_proto::rr::RecordType;
    use ngnlab_sim::message::ndp::Ndp;
    use ngnlab_sim::message::packet::ALL_NODES;
    use ngnlab_sim::trace::{End, Seen};

    use super::*;
    use crate::dissection::builder::TraceBuilder;

    fn id(trace: &TraceBuilder) -> Option<String> {
        diagnose(&Dissection::new(&trace.trace)).map(|diagnosis| diagnosis.id)
    }

    fn failed(reason: FetchError) -> Fact {
        Fact::PageFailed {
            url: "https://www.lineauth.mnw/".to_owned(),
            reason,
        }
    }

    #[test]
    fn success_and_silence_need_no_diagnosis() {
        let mut trace = TraceBuilder::new("next-ra");
        assert_eq!(id(&trace), None);
        let peer = trace.pc();
        trace.fact("pc", failed(FetchError::Timeout));
        for screen in [Screen::Consent, Screen::M1, Screen::Login] {
            trace.fact("line-auth", Fact::ScreenServed { peer, screen });
        }
        assert_eq!(id(&trace), None);
    }

    #[test]
    fn an_authenticated_line_that_loses_the_portal_has_lost_its_connection() {
        let mut trace = TraceBuilder::new("next-ra");
        let peer = trace.pc();
        let screen = Screen::M1;
        trace.fact("line-auth", Fact::ScreenServed { peer, screen });
        let resolved = Fact::Resolved {
            name: "hweb.oqs.onshikaku.org".to_owned(),
            addresses: vec![trace.trace.header.line.area.values().portal],
            outcome: Resolution::Answered,
        };
        let failed = Fact::PageFailed {
            url: "https://hweb.oqs.onshikaku.org/web/".to_owned(),
            reason: FetchError::Timeout,
        };
        trace.fact("pc", resolved).fact("pc", failed);
        assert_eq!(id(&trace).as_deref(), Some("connection-lost"));
        let screen = Screen::Login;
        trace.fact("portal", Fact::ScreenServed { peer, screen });
        assert_eq!(id(&trace), None);
    }

    #[test]
    fn every_screen_has_its_remedy() {
        for (screen, expected) in [
            (Screen::M3, "consent-refused"),
            (Screen::M4, "consent-refused"),
            (Screen::M5, "ineligible-line"),
            (Screen::M6, "no-answer-in-time"),
            (Screen::M7, "not-registered"),
            (Screen::M8, "site-fault"),
            (Screen::M9, "site-busy"),
            (Screen::Consent, "consent-pending"),
        ] {
            let mut trace = TraceBuilder::new("next-ra");
            let peer = trace.pc();
            trace.fact("line-auth", Fact::ScreenServed { peer, screen });
            assert_eq!(id(&trace).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_mistyped_address_is_the_first_question() {
        let mut trace = TraceBuilder::new("next-ra");
        let url = "https://lineauth.mnw/".to_owned();
        let reason = FetchError::Name;
        trace.fact("pc", Fact::PageFailed { url, reason });
        assert_eq!(id(&trace).as_deref(), Some("wrong-url"));
    }

    #[test]
    fn wrong_servers_come_before_silent_ones() {
        let mut trace = TraceBuilder::new("next-ra");
        let (right, wrong) = (trace.ons_dns(), trace.trace.header.setup.default_dns[0]);
        trace.lan_ra(|_| {}).at(1000).ask(HOST, RecordType::AAAA);
        trace
            .forward(1, HOST, wrong)
            .fact("pc", failed(FetchError::Name));
        assert_eq!(id(&trace).as_deref(), Some("wrong-dns"));
        trace.forward(2, HOST, right);
        assert_eq!(id(&trace).as_deref(), Some("dns-unreachable"));
        trace.trace.header.setup.domains.clear();
        trace.trace.records.pop();
        assert_eq!(id(&trace).as_deref(), Some("wrong-dns"));
    }

    #[test]
    fn a_terminal_without_an_address_points_to_the_delivery() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.seen(Seen::Step {
            step: "pc: authenticate the line".to_owned(),
            outcome: StepOutcome::TimedOut,
        });
        assert_eq!(id(&trace).as_deref(), Some("no-ipv6-address"));
        let (mut advert, edge) = (trace.advert(), trace.edge().link_local());
        advert.options.clear();
        let advert = Ndp::RouterAdvert(advert);
        trace.ndp(Role::Wan, End::Network, edge, ALL_NODES, &advert);
        assert_eq!(id(&trace).as_deref(), Some("wrong-delivery"));
    }

    #[test]
    fn ids_are_unique() {
        let mut all: Vec<_> = ids().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), ROWS.len());
    }
}
