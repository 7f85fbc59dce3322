//! Loading one page: addresses in turn, the certificate warning, redirections, the time limit.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use crate::node::part::http::{Request, Response, split_url};
use crate::node::part::tcp::TcpStack;
use crate::node::part::tls::Trust;
use crate::node::terminal::browser::Browser;
use crate::node::terminal::browser::cookies::Cookies;
use crate::node::terminal::browser::visit::{Heard, Visit};
use crate::time::Time;
use crate::trace::FetchError;

pub(super) struct Load {
    asked_for: String,
    host: String,
    target: String,
    request: Vec<u8>,
    from: Ipv6Addr,
    addresses: Vec<SocketAddrV6>,
    untried: VecDeque<SocketAddrV6>,
    trust: Trust,
    goes_on_after_warnings: bool,
    redirections: u8,
    visit: Option<Box<Visit>>,
    /// Whether the connection is a kept one, which may have ended without our knowing.
    reused: bool,
    attempt_ends: Time,
    deadline: Time,
    last_error: FetchError,
}

/// How far loading has come.
pub(super) enum Progress {
    /// Not there yet.
    Going,
    /// The page is there, and the connection if it can be used again.
    Done(Response, Option<Box<Visit>>),
    /// There will be no page.
    Failed(FetchError),
}

impl Load {
    pub(super) fn new(
        asked_for: &str,
        host: &str,
        target: &str,
        request: Vec<u8>,
        addresses: Vec<SocketAddrV6>,
        from: Ipv6Addr,
        now: Time,
    ) -> Self {
        Self {
            asked_for: asked_for.to_owned(),
            host: host.to_owned(),
            target: target.to_owned(),
            request,
            from,
            untried: addresses.iter().copied().collect(),
            addresses,
            trust: Trust::Missing,
            goes_on_after_warnings: false,
            redirections: 0,
            visit: None,
            reused: false,
            attempt_ends: Time::NEVER,
            deadline: now + Browser::PATIENCE,
            last_error: FetchError::Name,
        }
    }

    pub(super) fn trust(&mut self, trust: Trust, goes_on_after_warnings: bool) {
        self.trust = trust;
        self.goes_on_after_warnings = goes_on_after_warnings;
    }

    pub(super) fn asked_for(&self) -> &str {
        &self.asked_for
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the address of the page itself, after redirections.
    pub(super) fn url(&self) -> String {
        format!("https://{}{}", self.host, self.target)
    }

    /// Returns the address that it is asked from.
    pub(super) fn from(&self) -> Ipv6Addr {
        self.from
    }

    pub(super) fn addresses(&self) -> Vec<Ipv6Addr> {
        self.addresses.iter().map(|address| *address.ip()).collect()
    }

    pub(super) fn due(&self) -> Time {
        self.attempt_ends.min(self.deadline)
    }

    /// Asks over a kept connection if it leads to the right place, else over a fresh one.
    pub(super) fn begin(&mut self, kept: Option<Box<Visit>>, stack: &mut TcpStack, now: Time) {
        match kept {
            Some(mut visit) if visit.serves(&self.host, self.from, &self.addresses) => {
                visit.ask(&self.request, stack);
                self.visit = Some(visit);
                self.reused = true;
                self.attempt_ends = Time::NEVER;
            }
            other => {
                if let Some(visit) = other {
                    visit.end(stack);
                }
                self.try_next(stack, now);
            }
        }
    }

    pub(super) fn poll(
        &mut self,
        stack: &mut TcpStack,
        now: Time,
        cookies: &mut Cookies,
    ) -> Progress {
        // Bounded by the number of addresses, redirections and one warning.
        loop {
            if now >= self.deadline {
                return Progress::Failed(FetchError::Timeout);
            }
            let Some(visit) = &mut self.visit else {
                return Progress::Failed(self.last_error);
            };
            match visit.hear(stack) {
                Heard::Connecting if now < self.attempt_ends => return Progress::Going,
                Heard::Connecting => self.next_address(FetchError::Timeout, stack, now),
                Heard::Waiting => {
                    self.attempt_ends = Time::NEVER;
                    return Progress::Going;
                }
                Heard::Failed(FetchError::Certificate)
                    if self.goes_on_after_warnings && self.trust != Trust::Overridden =>
                {
                    self.trust = Trust::Overridden;
                    self.start_over(stack, now);
                }
                Heard::Failed(FetchError::Refused) => {
                    self.next_address(FetchError::Refused, stack, now);
                }
                Heard::Failed(_) if self.reused => self.start_over(stack, now),
                Heard::Failed(error) => return Progress::Failed(error),
                Heard::Response(response, reusable) => {
                    cookies.keep(&self.host, &response.cookies);
                    let kept = self.visit.take();
                    let kept = if reusable {
                        kept
                    } else {
                        if let Some(visit) = kept {
                            visit.end(stack);
                        }
                        None
                    };
                    let Some(target) = self.redirection(&response) else {
                        return Progress::Done(response, kept);
                    };
                    self.redirections += 1;
                    let kept_of_it = cookies.of(&self.host);
                    self.request =
                        Request::encode_with("GET", &target, &self.host, &[], &kept_of_it);
                    self.target = target;
                    self.untried = self.addresses.iter().copied().collect();
                    self.begin(kept, stack, now);
                }
            }
        }
    }

    pub(super) fn give_up(self, stack: &mut TcpStack) {
        if let Some(visit) = self.visit {
            visit.end(stack);
        }
    }

    /// Returns where a response leads within the same site; other redirections are shown.
    fn redirection(&self, response: &Response) -> Option<String> {
        if !matches!(response.status, 301..=303) || self.redirections >= MAX_REDIRECTIONS {
            return None;
        }
        let location = response.location.as_deref()?;
        let whole = if location.starts_with('/') {
            format!("https://{}{location}", self.host)
        } else {
            location.to_owned()
        };
        let (host, target) = split_url(&whole)?;
        (host == self.host).then(|| target.to_owned())
    }

    fn start_over(&mut self, stack: &mut TcpStack, now: Time) {
        self.untried = self.addresses.iter().copied().collect();
        self.next_address(FetchError::Broken, stack, now);
    }

    fn next_address(&mut self, error: FetchError, stack: &mut TcpStack, now: Time) {
        self.last_error = error;
        if let Some(visit) = self.visit.take() {
            visit.end(stack);
        }
        self.try_next(stack, now);
    }

    fn try_next(&mut self, stack: &mut TcpStack, now: Time) {
        self.reused = false;
        while let Some(to) = self.untried.pop_front() {
            match Visit::start(&self.host, self.from, to, self.trust, (&mut *stack, now)) {
                Ok(mut visit) => {
                    visit.ask(&self.request, stack);
                    self.visit = Some(Box::new(visit));
                    self.attempt_ends = if self.untried.is_empty() {
                        Time::NEVER
                    } else {
                        now + CONNECT_PATIENCE
                    };
                    return;
                }
                Err(error) => self.last_error = error,
            }
        }
    }
}

const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
const MAX_REDIRECTIONS: u8 = 5;
