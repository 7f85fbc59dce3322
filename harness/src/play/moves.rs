//! What a terminal does, one thing after the other.

use std::time::Duration;

use ngnlab_sim::line::members_club::HOST;
use ngnlab_sim::node::terminal::browser;
use ngnlab_sim::node::terminal::browser::Press as Pressed;
use ngnlab_sim::node::terminal::{Ask, Inquiry, RecordType, Transport as Carrier};
use ngnlab_sim::trace::Screen;

use super::not_yet;
use super::testbed::Testbed;
use crate::scenario::step::press::Press;
use crate::scenario::step::resolve::{Kind, Resolve, Transport};
use crate::scenario::step::target::Target;
use crate::scenario::step::terminal::Choice;

/// One thing that a terminal does.
pub(crate) enum Move {
    /// Opens a page.
    Open(String),
    /// Chooses a button of the consent screen.
    Choose(browser::Choice),
    /// Does so only if the consent screen is there.
    ChooseIfAsked(browser::Choice),
    /// Fills fields, and presses a button or a link.
    Press(Press),
    /// Looks whether this screen has come.
    Look(Screen),
    /// Deletes the browser's cookies.
    DeleteCookies,
    /// Puts IPv6 on.
    SwitchIpv6On,
    /// Goes back to the page before.
    Back,
    /// Looks up a name.
    Resolve(Ask),
    /// Sends questions of any shape.
    Ask(Inquiry),
    /// Sends an echo request.
    Ping(Target, Option<u8>),
    /// Keeps so many connections silent, then uses them.
    Hold(String, Duration, u8),
    /// Has a file over plain HTTP.
    Download(String),
    /// Sends an NTP client's packet to a delivery host.
    AskTime,
    /// Installs the root certificate of ONS.
    InstallCertificate,
}

impl Move {
    /// Has a terminal begin with it; the error says why it cannot.
    pub(super) fn make(self, number: usize, testbed: &mut Testbed) -> Result<(), String> {
        let handle = testbed.handle(number);
        let asked = testbed.screen(number) == Some(Screen::Consent);
        match self {
            Self::Open(url) => testbed.world.with(handle, |pc, cx| pc.open(&url, cx)),
            Self::Choose(_) if !asked => return Err(not_yet::NO_CONSENT.to_owned()),
            Self::ChooseIfAsked(_) if !asked => {}
            Self::Choose(choice) | Self::ChooseIfAsked(choice) => {
                testbed.world.with(handle, |pc, cx| pc.choose(choice, cx));
            }
            Self::Press(step) => return press_now(&step, number, testbed),
            Self::Look(screen) => {
                let seen = testbed.screen(number);
                if seen != Some(screen) {
                    let seen = seen.map_or("none", Screen::name);
                    return Err(format!("the screen is {seen}, not {}", screen.name()));
                }
            }
            Self::DeleteCookies => testbed.world.with(handle, |pc, _| pc.delete_cookies()),
            Self::SwitchIpv6On => testbed.world.with(handle, |pc, cx| pc.put_ipv6_on(cx)),
            Self::Back => testbed.world.with(handle, |pc, cx| pc.back(cx)),
            Self::Resolve(ask) => testbed.world.with(handle, |pc, cx| pc.resolve(ask, cx)),
            Self::Ask(inquiry) => testbed.world.with(handle, |pc, cx| pc.ask(inquiry, cx)),
            Self::Ping(to, hop_limit) => {
                let to = testbed.address(to).ok_or(not_yet::NO_DEVICE)?;
                testbed
                    .world
                    .with(handle, |pc, cx| pc.ping(to, hop_limit, cx));
            }
            Self::Hold(url, idle, count) => testbed.world.with(handle, |pc, cx| {
                for _ in 0..count {
                    pc.hold(&url, idle, cx);
                }
            }),
            Self::Download(url) => testbed.world.with(handle, |pc, cx| pc.download(&url, cx)),
            Self::AskTime => {
                let to = testbed.line.area.values().delivery.to_bits() | 1;
                // RFC 5905 §7.3: version 4, mode client.
                let mut packet = [0; 48];
                packet[0] = 0x23;
                testbed.world.with(handle, |pc, cx| {
                    pc.send_udp(to.into(), (None, NTP), (&packet, false), None, cx);
                });
            }
            Self::InstallCertificate => {
                testbed.world.with(handle, |pc, _| pc.install_certificate());
            }
        }
        Ok(())
    }
}

/// Presses a button or a link, if it is there and as it was promised.
fn press_now(step: &Press, number: usize, testbed: &mut Testbed) -> Result<(), String> {
    let handle = testbed.handle(number);
    let fill: Vec<_> = step.fill.clone().into_iter().collect();
    let pressed = testbed
        .world
        .with(handle, |pc, cx| pc.press(&step.button, &fill, cx));
    match (pressed, step.greyed) {
        (Pressed::Greyed, true) => Ok(()),
        (Pressed::Greyed, false) => Err(not_yet::GREYED.to_owned()),
        (Pressed::Missing, _) => Err(not_yet::NO_BUTTON.to_owned()),
        (Pressed::Loading | Pressed::Elsewhere(_), false) => Ok(()),
        (Pressed::Loading | Pressed::Elsewhere(_), true) => {
            Err("the button is not greyed".to_owned())
        }
    }
}

/// Returns what pressing takes, and looking at what comes of it.
pub(super) fn press(step: &Press) -> Vec<Move> {
    let press = Move::Press(step.clone());
    [press]
        .into_iter()
        .chain(step.shows.map(Move::Look))
        .collect()
}

/// Opens the members club and logs in as the line's member.
pub(super) fn log_in(testbed: &Testbed) -> Vec<Move> {
    let member = &testbed.line.member;
    let fill = [("会員 ID", &member.id), ("パスワード", &member.password)];
    let fill = fill.map(|(label, value)| (label.to_owned(), value.clone()));
    let press = Press {
        from: None,
        button: LOG_IN.to_owned(),
        fill: fill.into(),
        greyed: false,
        shows: None,
    };
    vec![Move::Open(format!("https://{HOST}/")), Move::Press(press)]
}

/// Returns the question of a look-up.
pub(super) fn ask(step: &Resolve, testbed: &Testbed) -> Result<Ask, String> {
    let server = match step.server {
        None => None,
        Some(target) => Some(testbed.address(target).ok_or(not_yet::NO_SERVER)?),
    };
    Ok(Ask {
        name: step.name.clone(),
        kind: match step.kind {
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
            Kind::Other(number) => RecordType::from(number),
        },
        transport: match step.transport {
            Transport::Udp => Carrier::Udp,
            Transport::Tcp => Carrier::Tcp,
        },
        edns: step.edns,
        server,
    })
}

/// The six names of guide p.15, in its order; AAAA and A, as nslookup asks.
pub(super) fn guide_names(testbed: &Testbed) -> Vec<Move> {
    let service_check = format!("assv.asc.{}", testbed.line.area.values().ngn_domain);
    let names = [
        "www.lineauth.mnw",
        &service_check,
        "hweb.oqs-st.onshikaku.org",
        "crldownload.obn.managedpki.ne.jp",
        "pweb.base.oqs-pdl.org",
        "ntp.base.oqs-pdl.org",
    ];
    let both = names.into_iter().flat_map(|name| {
        [RecordType::A, RecordType::AAAA].map(|kind| {
            Move::Resolve(Ask {
                name: name.to_owned(),
                kind,
                transport: Carrier::Udp,
                edns: None,
                server: None,
            })
        })
    });
    both.collect()
}

impl From<Choice> for browser::Choice {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Accept => Self::Accept,
            Choice::Refuse => Self::Refuse,
        }
    }
}

/// A question as a computer asks it by itself.
pub(super) fn plain(name: &str) -> Ask {
    Ask {
        name: name.to_owned(),
        kind: RecordType::AAAA,
        transport: Carrier::Udp,
        edns: None,
        server: None,
    }
}

/// The button below the club's login, in words of ours.
const LOG_IN: &str = "ログイン";
/// Guide p.15.
pub(super) const TIME: &str = "ntp.base.oqs-pdl.org";
/// RFC 5905 §7.2.
const NTP: u16 = 123;
/// Guide p.16.
pub(super) const LINE_AUTH: &str = "https://www.lineauth.mnw/";
/// Guide p.18.
pub(super) const PORTAL: &str = "https://hweb.oqs.onshikaku.org/web/";
