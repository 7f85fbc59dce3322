//! The members club (フレッツ光メンバーズクラブ) at the service information site, as the members-club
//! article walks through it (ngn-facts §4.3, §4.5).
//!
//! A line is confirmed by where the visit comes from (inferred): over IPv6 by the line's prefix, over
//! IPv4 by the PPPoE session of the line. The date of the line decides which other ways there are.
//! Mail itself, and what the club offers beside the check, are left out.

use std::net::Ipv6Addr;

use crate::frame::Frame;
use crate::line::Line;
use crate::line::internet::{SERVICE_SITE, service_host};
use crate::line::members_club::{Era, HESITATION, HOST, MembersClubQuirk, TERMINAL_COOKIE_SECONDS};
use crate::node::part::http::{Request, Response};
use crate::node::part::screens;
use crate::node::part::web_server::{Asked, Visitor, WebServer};
use crate::node::{Context, Node};
use crate::registry::Registry;
use crate::time::Time;
use crate::trace::Fact;

use membership::{Browser, KeyUse, Membership};
use origin::Origin;
use pages::Page;

pub mod labels;
mod membership;
mod origin;
mod pages;
pub mod paths;

/// The club's site.
pub struct MembersClub {
    registry: Registry,
    web: WebServer,
    club: Membership,
    quirks: Vec<MembersClubQuirk>,
    /// Who waits for what came of the check, and until when.
    waiting: Vec<(Time, Visitor, Request)>,
}

/// What the site is about.
#[derive(Clone, Debug)]
pub struct MembersClubConfig {
    /// The line; it gives the site its address, its member and its date.
    pub line: Line,
    /// The network's book of assignments.
    pub registry: Registry,
}

/// What a request leads to.
enum Outcome {
    /// A page.
    Page(Page),
    /// Another page, by redirection.
    To(&'static str),
    /// Another page, and what the browser is to keep.
    Keeping(String, &'static str),
    /// A page that is no screen.
    Other(u16, &'static str),
}

/// One visit.
#[derive(Clone, Copy)]
struct Visit<'r> {
    request: &'r Request,
    browser: Browser<'r>,
    origin: Origin,
    now: Time,
}

impl MembersClub {
    /// The socket towards the edge.
    pub const PORT: u8 = 0;
    /// The socket towards the PPPoE concentrator.
    pub const SESSIONS: u8 = 1;

    /// Makes the site.
    pub fn new(config: MembersClubConfig) -> Self {
        let line = config.line;
        let sites = vec![
            (line.area.values().service_site, HOST),
            (SERVICE_SITE.to_ipv6_mapped(), service_host(line.area)),
        ];
        Self {
            registry: config.registry,
            web: WebServer::new(sites),
            club: Membership::new(line.member, Era::of(line.date)),
            quirks: line.quirks.members_club,
            waiting: Vec::new(),
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) {
        while let Some(Asked { by, request }) = self.web.next_request(cx) {
            let hesitates = self.quirks.contains(&MembersClubQuirk::Hesitates);
            if hesitates && request.path == paths::RESULT {
                self.waiting.push((cx.now() + HESITATION, by, request));
                continue;
            }
            let response = self.response(by.peer, &request, cx);
            self.web.answer(by, &response);
        }
        self.web.flush(cx);
        self.waiting.retain(|(_, by, _)| self.web.is_waiting(*by));
    }

    fn response(&mut self, peer: Ipv6Addr, request: &Request, cx: &mut Context<'_>) -> Response {
        let visit = Visit {
            request,
            browser: Browser {
                session: request.cookie(SESSION),
                terminal: request.cookie(TERMINAL),
            },
            origin: Origin::of(peer, &self.registry),
            now: cx.now(),
        };
        match self.outcome(visit, cx) {
            Outcome::Page(Page { screen, html }) => {
                cx.record(Fact::ScreenServed { peer, screen });
                Response::page(200, html)
            }
            Outcome::To(path) => Response::see_other(path),
            Outcome::Keeping(cookie, path) => Response {
                cookies: vec![cookie],
                ..Response::see_other(path)
            },
            Outcome::Other(status, text) => Response::page(status, screens::plain_page(text)),
        }
    }

    fn outcome(&mut self, visit: Visit<'_>, cx: &mut Context<'_>) -> Outcome {
        let sends = match visit.request.method.as_str() {
            "GET" | "HEAD" => false,
            "POST" => true,
            _ => return Outcome::Other(405, "この操作はできません。"),
        };
        let is_member = self.club.is_logged_in(visit.browser);
        match (sends, visit.request.path.as_str()) {
            (true, paths::LOGIN) => self.log_in(visit, cx),
            (false, paths::SUPPORT) => Outcome::Page(pages::support(self.club.era)),
            (_, paths::V4) => self.v4_check(visit, sends),
            (false, paths::MAILBOX) => Outcome::Page(pages::mailbox(self.club.mails())),
            (false, paths::TOP | paths::LOGIN) if !is_member => Outcome::Page(pages::login(false)),
            _ if !is_member => Outcome::To(paths::TOP),
            (false, path) => self.page(visit, path),
            (true, path) => self.deed(visit, path, cx),
        }
    }

    /// A page that a member opens.
    fn page(&self, visit: Visit<'_>, path: &str) -> Outcome {
        let Membership { member, era, .. } = &self.club;
        let is_confirmed = self.club.is_confirmed(visit.browser, visit.now);
        let page = match path {
            paths::TOP | paths::LOGIN => pages::top(member),
            paths::CONTRACT | paths::RESULT if is_confirmed => pages::contract(member),
            paths::CONTRACT => return Outcome::To(paths::CHECK),
            paths::CHECK => pages::check(*era),
            paths::ACCESS => pages::accessing(),
            paths::RESULT => pages::not_confirmed(),
            paths::PROFILE => pages::profile(*era, is_confirmed),
            paths::STORAGE if is_confirmed => {
                return Outcome::Other(200, labels::STORAGE);
            }
            paths::STORAGE | paths::TERMINALS if !is_confirmed => {
                return Outcome::To(paths::CHECK);
            }
            path if path.starts_with(paths::KEY_ASK) || path == paths::TERMINALS => {
                return self.key_page(path);
            }
            _ => return Outcome::Other(404, "ページが見つかりません。"),
        };
        Outcome::Page(page)
    }

    /// A page on the way to a registered terminal, or about those that are.
    fn key_page(&self, path: &str) -> Outcome {
        let member = &self.club.member;
        if !self.club.era.has_keys() {
            return Outcome::Page(pages::gone());
        }
        Outcome::Page(match path {
            paths::KEY_ASK => pages::key_ask(member),
            paths::KEY_ADDRESS => pages::key_address(member),
            paths::KEY_DESTINATION => pages::key_destination(member),
            paths::KEY_MAILED => pages::key_mailed(member),
            paths::KEY_ENTRY => pages::key_entry(false),
            paths::KEY_DONE => pages::key_done(),
            paths::TERMINALS => pages::terminals(self.club.terminals()),
            _ => return Outcome::Other(404, "ページが見つかりません。"),
        })
    }

    /// What a member's form brings about.
    fn deed(&mut self, visit: Visit<'_>, path: &str, cx: &mut Context<'_>) -> Outcome {
        match path {
            paths::CHECK => {
                self.club.confirm(visit.browser, visit.origin);
                Outcome::To(paths::ACCESS)
            }
            _ if !self.club.era.has_keys() => Outcome::Page(pages::gone()),
            paths::KEY_ASK => Outcome::To(paths::KEY_ADDRESS),
            paths::KEY_ADDRESS => Outcome::To(paths::KEY_DESTINATION),
            paths::KEY_DESTINATION => {
                self.club.mail_key();
                Outcome::To(paths::KEY_MAILED)
            }
            paths::KEY_ENTRY | paths::KEY_REVIEW => self.key(visit, path, cx),
            paths::TERMINALS if self.club.is_confirmed(visit.browser, visit.now) => {
                self.change(visit.request);
                Outcome::To(paths::TERMINALS)
            }
            paths::TERMINALS => Outcome::To(paths::CHECK),
            _ => Outcome::Other(404, "ページが見つかりません。"),
        }
    }

    fn log_in(&mut self, visit: Visit<'_>, cx: &mut Context<'_>) -> Outcome {
        if !self.is_members(visit.request) {
            return Outcome::Page(pages::login(true));
        }
        let session = self.club.log_in(cx.random());
        Outcome::Keeping(
            format!("{SESSION}={session}; Path=/; Secure; HttpOnly"),
            paths::TOP,
        )
    }

    fn v4_check(&mut self, visit: Visit<'_>, sends: bool) -> Outcome {
        if !self.club.era.has_v4_page() {
            return Outcome::Page(pages::gone());
        }
        if !matches!(visit.origin, Origin::ServiceSession(_)) {
            return Outcome::Page(pages::v4_elsewhere());
        }
        if !sends {
            return Outcome::Page(pages::v4_check(false));
        }
        let passes = self.is_members(visit.request) && self.club.give_pass(visit.origin, visit.now);
        match passes {
            true => Outcome::To(paths::TOP),
            false => Outcome::Page(pages::v4_check(true)),
        }
    }

    fn key(&mut self, visit: Visit<'_>, path: &str, cx: &mut Context<'_>) -> Outcome {
        let key = visit.request.form_field("key").unwrap_or_default().trim();
        if path == paths::KEY_ENTRY && self.club.is_good_key(key) {
            return Outcome::Page(pages::key_review(key));
        }
        if path == paths::KEY_ENTRY {
            return Outcome::Page(pages::key_entry(true));
        }
        match self.club.use_key(key, cx.random()) {
            KeyUse::Registered(terminal) => Outcome::Keeping(
                format!(
                    "{TERMINAL}={terminal}; Path=/; Max-Age={TERMINAL_COOKIE_SECONDS}; Secure; \
                     HttpOnly"
                ),
                paths::KEY_DONE,
            ),
            KeyUse::Full => Outcome::Page(pages::terminals_full()),
            KeyUse::Wrong => Outcome::Page(pages::key_entry(true)),
        }
    }

    fn change(&mut self, request: &Request) {
        let number = request
            .form_field("terminal")
            .and_then(|it| it.parse().ok());
        let Some(number) = number else { return };
        match request.form_field("do") {
            Some("delete") => self.club.delete(number),
            Some("rename") => {
                let name = request.form_field("name").unwrap_or_default();
                self.club.rename(number, name);
            }
            _ => {}
        }
    }

    fn is_members(&self, request: &Request) -> bool {
        let field = |name| request.form_field(name).unwrap_or_default();
        self.club.knows(field("id"), field("password"))
    }
}

impl Node for MembersClub {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        self.web.receive(port, frame, cx);
        self.serve(cx);
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let over = self.waiting.extract_if(.., |(due, ..)| *due <= now);
        for (_, by, request) in over.collect::<Vec<_>>() {
            let response = self.response(by.peer, &request, cx);
            self.web.answer(by, &response);
        }
        self.serve(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let waiting = self.waiting.iter().map(|(due, ..)| *due);
        waiting.chain(self.web.poll_timeout()).min()
    }
}

/// The cookie of a browser that is logged in.
const SESSION: &str = "session";
/// The cookie of a registered terminal.
const TERMINAL: &str = "terminal";

#[cfg(test)]
mod tests;
