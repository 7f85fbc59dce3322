//! What the user of the terminal does in the browser: one page after the other.

use std::collections::VecDeque;
use std::net::Ipv6Addr;

use super::network::Network;
use super::resolver::{Ended, LookupId};
use super::{Ask, RecordType, Transport};
use crate::node::Context;
use crate::node::part::http::split_url;
use crate::node::terminal::browser::{Browser, Choice, Press};
use crate::time::Time;
use crate::trace::{Fact, FetchError, Note, Resolution};

/// The browser, and what it is still to do.
pub(super) struct Pages {
    browser: Browser,
    waiting: VecDeque<Action>,
    resolving: Option<Resolving>,
    /// Where the page that is shown came from.
    addresses: Vec<Ipv6Addr>,
}

/// One thing a user does.
pub(super) enum Action {
    /// Enters an address.
    Open(String),
    /// Presses a button of the consent screen.
    Choose(Choice),
    /// Presses the browser's back button.
    Back,
}

struct Resolving {
    url: String,
    ipv6: LookupId,
    ipv4: LookupId,
    /// How the first of them ended, where both matter.
    first: Option<Ended>,
}

impl Pages {
    pub(super) fn new(trusts_ons_root: bool) -> Self {
        Self {
            browser: Browser::new(trusts_ons_root),
            waiting: VecDeque::new(),
            resolving: None,
            addresses: Vec::new(),
        }
    }

    pub(super) fn go_on_after_warnings(&mut self) {
        self.browser.go_on_after_warnings();
    }

    pub(super) fn delete_cookies(&mut self) {
        self.browser.delete_cookies();
    }

    pub(super) fn install_certificate(&mut self) {
        self.browser.install_certificate();
    }

    /// Closes the window: what was under way or queued is given up.
    pub(super) fn close(&mut self, network: &mut Network, cx: &mut Context<'_>) {
        self.waiting.clear();
        if let Some(resolving) = self.resolving.take() {
            network.cancel(resolving.ipv4);
            network.cancel(resolving.ipv6);
        }
        self.browser.stop(&mut network.tcp);
        self.browser.forget();
        note("the browser was closed".to_owned(), cx);
    }

    /// Fills fields by the words beside them, and presses a button or a link, at once: the page
    /// shown is what its user looks at.
    pub(super) fn press(
        &mut self,
        label: &str,
        fill: &[(String, String)],
        network: &mut Network,
        cx: &mut Context<'_>,
    ) -> Press {
        let (Some(url), false) = (self.browser.location(), self.is_busy()) else {
            return Press::Missing;
        };
        let Some(from) = source_for(&self.addresses, network, cx) else {
            fail(url.to_owned(), FetchError::NoAddress, cx);
            return Press::Loading;
        };
        let at = (&mut network.tcp, cx.now());
        let pressed = self.browser.press(label, fill, from, at);
        if let Press::Elsewhere(url) = &pressed {
            self.open(url.clone(), network, cx);
        }
        pressed
    }

    /// Queues an action; it starts when the page before it is there.
    pub(super) fn add(&mut self, action: Action) {
        self.waiting.push_back(action);
    }

    /// Returns whether an action is under way or queued.
    pub(super) fn is_busy(&self) -> bool {
        self.browser.is_busy() || self.resolving.is_some() || !self.waiting.is_empty()
    }

    /// Goes on with what is under way, and starts what is queued.
    pub(super) fn work(&mut self, network: &mut Network, cx: &mut Context<'_>) {
        loop {
            if let Some(page) = self.browser.poll(&mut network.tcp, cx.now()) {
                cx.record(match page.error {
                    None => Fact::PageSeen {
                        url: page.url,
                        status: page.status,
                        screen: page.screen,
                    },
                    Some(reason) => Fact::PageFailed {
                        url: page.url,
                        reason,
                    },
                });
            }
            if self.browser.is_busy() || self.resolving.is_some() {
                return;
            }
            let Some(action) = self.waiting.pop_front() else {
                return;
            };
            match action {
                Action::Open(url) => self.open(url, network, cx),
                Action::Choose(choice) => self.choose(choice, network, cx),
                Action::Back => self.go_back(network, cx),
            }
        }
    }

    /// Takes in the end of a look-up; returns it if it was not one of a page.
    pub(super) fn handle_ended(
        &mut self,
        ended: Ended,
        network: &mut Network,
        cx: &mut Context<'_>,
    ) -> Option<Ended> {
        let Some(resolving) = &mut self.resolving else {
            return Some(ended);
        };
        if ![resolving.ipv4, resolving.ipv6].contains(&ended.id) {
            return Some(ended);
        }
        // Without IPv4 its addresses lead nowhere (the guide's never do: ngn-facts §4.4).
        let both = network.has_ipv4();
        if !both && ended.id == resolving.ipv4 {
            return None;
        }
        if both && resolving.first.is_none() {
            resolving.first = Some(ended);
            return None;
        }
        let resolving = self.resolving.take()?;
        network.cancel(resolving.ipv4);
        let mut ends: Vec<Ended> = resolving.first.into_iter().chain([ended]).collect();
        ends.sort_by_key(|ended| ended.kind == RecordType::A);
        let mut addresses = Vec::new();
        for ended in ends {
            cx.record(Fact::Resolved {
                name: ended.name,
                addresses: ended.addresses.clone(),
                outcome: ended.outcome,
            });
            if ended.outcome == Resolution::Answered {
                addresses.extend(ended.addresses);
            }
        }
        if addresses.is_empty() {
            fail(resolving.url, FetchError::Name, cx);
        } else {
            // RFC 6724 §6 rule 1: what there is no source address for comes last.
            addresses.sort_by_key(|to| network.host.source_for(*to, cx.now()).is_none());
            self.load(resolving.url, addresses, network, cx);
        }
        None
    }

    /// Returns when [`Pages::work`] is next needed, whatever arrives.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.browser.poll_timeout()
    }

    /// Asks for both kinds of address, as a computer does that has IPv4, too.
    fn open(&mut self, url: String, network: &mut Network, cx: &mut Context<'_>) {
        let Some(host) = host_of(&url) else {
            return fail(url, FetchError::BadUrl, cx);
        };
        let ipv4 = network.look_up(ask(host, RecordType::A), cx);
        let ipv6 = network.look_up(ask(host, RecordType::AAAA), cx);
        self.resolving = Some(Resolving {
            url,
            ipv6,
            ipv4,
            first: None,
        });
    }

    fn load(
        &mut self,
        url: String,
        addresses: Vec<Ipv6Addr>,
        network: &mut Network,
        cx: &mut Context<'_>,
    ) {
        let Some(from) = source_for(&addresses, network, cx) else {
            return fail(url, FetchError::NoAddress, cx);
        };
        self.addresses.clone_from(&addresses);
        self.browser
            .open(&url, addresses, from, &mut network.tcp, cx.now());
    }

    fn choose(&mut self, choice: Choice, network: &mut Network, cx: &mut Context<'_>) {
        let from = source_for(&self.addresses, network, cx);
        let pressed = from.is_some_and(|from| {
            self.browser
                .choose(choice, from, &mut network.tcp, cx.now())
        });
        if !pressed {
            note(format!("no button `{}` to press", choice.label()), cx);
        }
    }

    fn go_back(&mut self, network: &mut Network, cx: &mut Context<'_>) {
        let from = source_for(&self.addresses, network, cx);
        if !from.is_some_and(|from| self.browser.go_back(from, &mut network.tcp, cx.now())) {
            note("no page to go back to".to_owned(), cx);
        }
    }
}

/// Returns the host a URL leads to.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let Some(rest) = url.strip_prefix("http://") else {
        return split_url(url).map(|(host, _)| host);
    };
    let host = rest.split(['/', '?', '#']).next()?;
    (!host.is_empty()).then_some(host)
}

/// The question for one kind of address of a host.
pub(super) fn ask(host: &str, kind: RecordType) -> Ask {
    Ask {
        name: host.to_owned(),
        kind,
        transport: Transport::Udp,
        edns: None,
        server: None,
    }
}

/// Asks for the IPv4 address of a host that turned out to have no IPv6 one, if there is IPv4.
pub(super) fn other_family(
    ended: &Ended,
    network: &mut Network,
    cx: &mut Context<'_>,
) -> Option<LookupId> {
    let has_none = ended.kind == RecordType::AAAA && ended.addresses.is_empty();
    let ask = ask(&ended.name, RecordType::A);
    (has_none && network.has_ipv4()).then(|| network.look_up(ask, cx))
}

/// Returns the source address for the first of some addresses.
pub(super) fn source_for(
    addresses: &[Ipv6Addr],
    network: &Network,
    cx: &Context<'_>,
) -> Option<Ipv6Addr> {
    network.host.source_for(*addresses.first()?, cx.now())
}

fn fail(url: String, reason: FetchError, cx: &mut Context<'_>) {
    cx.record(Fact::PageFailed { url, reason });
}

fn note(text: String, cx: &mut Context<'_>) {
    cx.record(Fact::Note(Note { text }));
}
