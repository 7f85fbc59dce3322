//! The line-authentication site, `https://www.lineauth.mnw` (guide p.16–p.17, Q9–Q17).
//!
//! It finds the line by the source address and keeps its state on the whole assignment, so one
//! terminal authenticates for all of the line (Q14). The real site's paths are not known: here `/`
//! leads to a consent page whose ticket is good for one choice, which is what makes M4 appear.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use crate::frame::Frame;
use crate::line::LineState;
use crate::line::{Line, LineAuthQuirk};
use crate::node::part::http::{Request, Response};
use crate::node::part::screens::{self, ACCEPT, REFUSE};
use crate::node::part::web_server::{Asked, Visitor, WebServer};
use crate::node::{Context, Node};
use crate::registry::Registry;
use crate::time::Time;
use crate::trace::{Fact, Screen};

use tickets::Tickets;

mod tickets;

/// The line-authentication site.
pub struct LineAuth {
    quirks: Vec<LineAuthQuirk>,
    registry: Registry,
    web: WebServer,
    tickets: Tickets,
    moods: Vec<(LineAuthQuirk, Time)>,
    slow: Vec<Slow>,
}

/// A choice that is being processed.
struct Slow {
    due: Time,
    by: Visitor,
    /// Whether processing comes to an end by then; else patience does.
    ends: bool,
}

/// What the site is about.
#[derive(Clone, Debug)]
pub struct LineAuthConfig {
    /// The line; it gives the site its address and its oddities.
    pub line: Line,
    /// The network's book of assignments.
    pub registry: Registry,
}

/// What a request leads to.
enum Outcome {
    /// A screen, at once.
    Screen(Screen),
    /// The consent screen with its ticket.
    Consent(String),
    /// The consent screen, by redirection.
    ToConsent(String),
    /// The result of the check after a while, or M6 when patience has run out.
    Later { ends: bool },
    /// A page that is no screen.
    Other(u16, &'static str),
}

impl LineAuth {
    /// The socket towards the edge.
    pub const PORT: u8 = 0;

    /// The site's host name.
    pub const HOST: &str = "www.lineauth.mnw";

    /// How long the site waits for the service provider before M6 (guide Q11).
    pub const PATIENCE: Duration = Duration::from_secs(25);

    /// Makes the site.
    pub fn new(config: LineAuthConfig) -> Self {
        let address = config.line.area.values().line_auth;
        Self {
            quirks: config.line.quirks.line_auth,
            registry: config.registry,
            web: WebServer::new(vec![(address, Self::HOST)]),
            tickets: Tickets::default(),
            moods: Vec::new(),
            slow: Vec::new(),
        }
    }

    /// Gives the site an oddity until then.
    pub fn set_mood(&mut self, quirk: LineAuthQuirk, until: Time) {
        match self.moods.iter_mut().find(|(mood, _)| *mood == quirk) {
            Some((_, known)) => *known = until.max(*known),
            None => self.moods.push((quirk, until)),
        }
    }

    fn has(&self, quirk: LineAuthQuirk, now: Time) -> bool {
        let moody = |(mood, until): &(LineAuthQuirk, Time)| *mood == quirk && now < *until;
        self.quirks.contains(&quirk) || self.moods.iter().any(moody)
    }

    fn serve(&mut self, cx: &mut Context<'_>) {
        while let Some(Asked { by, request }) = self.web.next_request(cx) {
            let response = match self.outcome(by.peer, &request, cx) {
                Outcome::Screen(screen) => show(screen, "", by, cx),
                Outcome::Consent(ticket) => show(Screen::Consent, &form(&ticket), by, cx),
                Outcome::ToConsent(ticket) => {
                    Response::see_other(format!("{NOTICE}?ticket={ticket}"))
                }
                Outcome::Later { ends } => {
                    let takes = if ends { HESITATION } else { Self::PATIENCE };
                    let due = cx.now() + takes;
                    self.slow.push(Slow { due, by, ends });
                    continue;
                }
                Outcome::Other(status, text) => Response::page(status, screens::plain_page(text)),
            };
            self.web.answer(by, &response);
        }
        self.web.flush(cx);
        self.slow.retain(|slow| self.web.is_waiting(slow.by));
    }

    fn outcome(&mut self, peer: Ipv6Addr, request: &Request, cx: &mut Context<'_>) -> Outcome {
        if !matches!(request.path.as_str(), "/" | NOTICE) {
            return Outcome::Other(404, "ページが見つかりません。");
        }
        if self.has(LineAuthQuirk::Fault, cx.now()) {
            return Outcome::Screen(Screen::M8);
        }
        // An address outside every assignment has no line that could be checked, which is the
        // same to the site as a line that was not applied for: consent, then M7 (ngn-facts §5.9).
        let entry = self.registry.read().entry_of(peer).cloned();
        let line = entry.as_ref().map(|entry| entry.prefix);
        let state = entry.map_or(LineState::Unregistered, |entry| entry.state);
        match state {
            LineState::Ineligible => return Outcome::Screen(Screen::M5),
            LineState::Authenticated => return Outcome::Screen(self.already(cx.now())),
            LineState::Registered | LineState::Unregistered => {}
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", NOTICE) => match request.query_field("ticket") {
                Some(ticket) if self.tickets.is_good(ticket, line) => {
                    Outcome::Consent(ticket.to_owned())
                }
                _ => Outcome::Screen(Screen::M4),
            },
            ("GET" | "HEAD", _) => Outcome::ToConsent(self.tickets.issue(line, cx.random())),
            ("POST", NOTICE) => self.choice(peer, line, request, cx),
            ("POST", _) => Outcome::Screen(Screen::M4),
            _ => Outcome::Other(405, "この操作はできません。"),
        }
    }

    fn choice(
        &mut self,
        peer: Ipv6Addr,
        line: Option<Ipv6Net>,
        request: &Request,
        cx: &mut Context<'_>,
    ) -> Outcome {
        let ticket = request.form_field("ticket").unwrap_or_default();
        let choice = request.form_field("choice").unwrap_or_default();
        // A choice that did not come from the consent page, or a second one (guide Q10).
        if ![ACCEPT, REFUSE].contains(&choice) || !self.tickets.use_up(ticket, line) {
            return Outcome::Screen(Screen::M4);
        }
        if choice == REFUSE {
            return Outcome::Screen(Screen::M3);
        }
        if self.has(LineAuthQuirk::Busy, cx.now()) {
            return Outcome::Screen(Screen::M9);
        }
        if self.has(LineAuthQuirk::Slow, cx.now()) {
            return Outcome::Later { ends: false };
        }
        if self.has(LineAuthQuirk::Hesitates, cx.now()) {
            return Outcome::Later { ends: true };
        }
        Outcome::Screen(self.check(peer, cx))
    }

    /// Checks the line of somebody who consented (guide p.17).
    fn check(&mut self, peer: Ipv6Addr, cx: &mut Context<'_>) -> Screen {
        let state = self.registry.read().entry_of(peer).map(|entry| entry.state);
        match state {
            // Another terminal of the line was faster (guide Q14).
            Some(LineState::Authenticated) => return self.already(cx.now()),
            Some(LineState::Registered) => {}
            // Guide p.17 lists this among the results of the choice: only consent starts it.
            Some(LineState::Unregistered) | None => return Screen::M7,
            Some(LineState::Ineligible) => return Screen::M5,
        }
        let state = LineState::Authenticated;
        if let Some(prefix) = self.registry.write().set_state(peer, state) {
            cx.record(Fact::LineState { prefix, state });
        }
        if self.has(LineAuthQuirk::FaqWording, cx.now()) {
            Screen::M1b
        } else {
            Screen::M1
        }
    }

    fn already(&self, now: Time) -> Screen {
        if self.has(LineAuthQuirk::FaqWording, now) {
            Screen::M2b
        } else {
            Screen::M2
        }
    }
}

impl Node for LineAuth {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        self.web.receive(port, frame, cx);
        self.serve(cx);
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let over: Vec<_> = self.slow.extract_if(.., |slow| slow.due <= now).collect();
        for Slow { by, ends, .. } in over {
            let screen = if ends {
                self.check(by.peer, cx)
            } else {
                Screen::M6
            };
            let response = show(screen, "", by, cx);
            self.web.answer(by, &response);
        }
        self.serve(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let slow = self.slow.iter().map(|slow| slow.due);
        slow.chain(self.web.poll_timeout()).min()
    }
}

fn show(screen: Screen, form: &str, to: Visitor, cx: &mut Context<'_>) -> Response {
    cx.record(Fact::ScreenServed {
        peer: to.peer,
        screen,
    });
    Response::page(200, screens::page(screen, form))
}

fn form(ticket: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{NOTICE}\">\n\
         <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\n\
         <button type=\"submit\" name=\"choice\" value=\"{ACCEPT}\">{ACCEPT}</button>\n\
         <button type=\"submit\" name=\"choice\" value=\"{REFUSE}\">{REFUSE}</button>\n\
         </form>\n"
    )
}

const NOTICE: &str = "/notice";
/// How long the site takes when it hesitates: less than its patience (guide Q11).
const HESITATION: Duration = Duration::from_secs(15);
