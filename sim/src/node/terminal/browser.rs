//! A terminal's browser: loads pages over HTTPS, fills fields, presses buttons and links, goes back.
//!
//! It keeps a history, cookies and one connection, but no cache or scripts, which no page here needs.
//! Names are resolved by the terminal beforehand.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::node::part::http::{Request, Response, split_url};
use crate::node::part::screens;
use crate::node::part::tcp::TcpStack;
use crate::node::part::tls::Trust;
use crate::time::Time;
use crate::trace::{FetchError, Screen};

use controls::{Controls, Pressed};
use cookies::Cookies;
use load::{Load, Progress};
use visit::Visit;

mod controls;
mod cookies;
mod load;
mod visit;

/// A browser with one tab.
pub struct Browser {
    trusts_ons_root: bool,
    goes_on_after_warnings: bool,
    loading: Option<Load>,
    /// The connection of the page that is shown, for as long as it lasts.
    idle: Option<Box<Visit>>,
    shown: Option<Page>,
    history: Vec<String>,
    cookies: Cookies,
    /// When the page that is shown goes on by itself, and where to.
    refresh: Option<(Time, String)>,
    /// What could not even be begun, to be told by the next poll.
    stillborn: Option<PageResult>,
}

/// A button of the consent screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// 希望する.
    Accept,
    /// 希望しない.
    Refuse,
}

impl Choice {
    /// Returns the button's text.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accept => screens::ACCEPT,
            Self::Refuse => screens::REFUSE,
        }
    }
}

/// How loading a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageResult {
    /// The address it was asked for by.
    pub url: String,
    /// The HTTP status; 0 without an answer.
    pub status: u16,
    /// The screen recognised on the page.
    pub screen: Option<Screen>,
    /// What stood in the way, if there is no page.
    pub error: Option<FetchError>,
}

/// The page that is shown.
#[derive(Clone, Debug)]
struct Page {
    url: String,
    host: String,
    addresses: Vec<Ipv6Addr>,
    from: Ipv6Addr,
    controls: Controls,
}

/// What came of pressing a button or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// A page is being loaded.
    Loading,
    /// The link leads to another host, whose name is to be resolved first.
    Elsewhere(String),
    /// It is there, and greyed.
    Greyed,
    /// The page shown has no such button or link.
    Missing,
}

impl Browser {
    /// Makes a browser that shows nothing yet.
    pub fn new(trusts_ons_root: bool) -> Self {
        Self {
            trusts_ons_root,
            goes_on_after_warnings: false,
            loading: None,
            idle: None,
            shown: None,
            history: Vec::new(),
            cookies: Cookies::default(),
            refresh: None,
            stillborn: None,
        }
    }

    /// Makes its user go on when the browser warns of a certificate (詳細設定, guide p.16).
    pub fn going_on_after_warnings(mut self) -> Self {
        self.go_on_after_warnings();
        self
    }

    /// Makes its user do so from here on.
    pub fn go_on_after_warnings(&mut self) {
        self.goes_on_after_warnings = true;
    }

    /// Makes it trust the root certificate of ONS.
    pub fn install_certificate(&mut self) {
        self.trusts_ons_root = true;
    }

    /// Deletes its cookies.
    pub fn delete_cookies(&mut self) {
        self.cookies.delete();
    }

    /// Forgets page and history, as a window that was closed.
    pub fn forget(&mut self) {
        self.shown = None;
        self.refresh = None;
        self.history.clear();
    }

    /// The longest that loading one page may take; the site itself may need 25 s.
    pub const PATIENCE: Duration = Duration::from_secs(60);

    /// Starts loading a page from the first of `addresses` that answers.
    ///
    /// A page that was still being loaded is given up.
    pub fn open(
        &mut self,
        url: &str,
        addresses: Vec<Ipv6Addr>,
        from: Ipv6Addr,
        stack: &mut TcpStack,
        now: Time,
    ) {
        self.stop(stack);
        self.shown = None;
        self.history.clear();
        self.start("GET", url, Vec::new(), addresses, from, (stack, now));
    }

    /// Presses a button of the consent screen; `false` if the page shown has no such button.
    pub fn choose(
        &mut self,
        choice: Choice,
        from: Ipv6Addr,
        stack: &mut TcpStack,
        now: Time,
    ) -> bool {
        let pressed = self.press(choice.label(), &[], from, (stack, now));
        pressed == Press::Loading
    }

    /// Fills the fields that have these words beside them, and presses a button or a link by its
    /// words.
    pub fn press(
        &mut self,
        label: &str,
        fill: &[(String, String)],
        from: Ipv6Addr,
        (stack, now): (&mut TcpStack, Time),
    ) -> Press {
        let Some(page) = self.shown.clone() else {
            return Press::Missing;
        };
        let mut controls = page.controls;
        for (label, value) in fill {
            controls.fill(label, value);
        }
        let whole = |path: &str| match path.starts_with('/') {
            true => format!("https://{}{path}", page.host),
            false => path.to_owned(),
        };
        let (method, url, fields) = match controls.press(label) {
            None => return Press::Missing,
            Some(Pressed::Greyed) => return Press::Greyed,
            Some(Pressed::Post(path, fields)) => ("POST", whole(&path), fields),
            Some(Pressed::Get(to)) => ("GET", whole(&to), Vec::new()),
        };
        if split_url(&url).is_none_or(|(host, _)| host != page.host) {
            return Press::Elsewhere(url);
        }
        self.start(method, &url, fields, page.addresses, from, (stack, now));
        Press::Loading
    }

    /// Loads the page before this one again; `false` if there is none.
    pub fn go_back(&mut self, from: Ipv6Addr, stack: &mut TcpStack, now: Time) -> bool {
        let Some(page) = self.shown.clone() else {
            return false;
        };
        let Some([.., before, _]) = self.history.get(..) else {
            return false;
        };
        let before = before.clone();
        self.history.truncate(self.history.len() - 2);
        self.start(
            "GET",
            &before,
            Vec::new(),
            page.addresses,
            from,
            (stack, now),
        );
        true
    }

    /// Gives up what is being loaded and closes the connection, as closing the window does.
    pub fn stop(&mut self, stack: &mut TcpStack) {
        self.stillborn = None;
        self.refresh = None;
        if let Some(load) = self.loading.take() {
            load.give_up(stack);
        }
        if let Some(visit) = self.idle.take() {
            visit.end(stack);
        }
    }

    /// Returns whether a page is being loaded, or is about to go on by itself.
    pub fn is_busy(&self) -> bool {
        self.loading.is_some() || self.stillborn.is_some() || self.refresh.is_some()
    }

    /// Goes on loading; returns the result once there is one.
    ///
    /// To be called after packets were handed to the stack and when
    /// [`Browser::poll_timeout`] is due; afterwards the stack may have packets to send.
    pub fn poll(&mut self, stack: &mut TcpStack, now: Time) -> Option<PageResult> {
        if let Some(result) = self.stillborn.take() {
            return Some(result);
        }
        self.go_on(stack, now);
        let load = self.loading.as_mut()?;
        let (response, visit) = match load.poll(stack, now, &mut self.cookies) {
            Progress::Going => return None,
            Progress::Failed(error) => {
                let load = self.loading.take()?;
                let result = failed(load.asked_for(), error);
                load.give_up(stack);
                return Some(result);
            }
            Progress::Done(response, visit) => (response, visit),
        };
        let load = self.loading.take()?;
        self.idle = visit;
        Some(self.show(&load, &response, now))
    }

    /// Loads what the page that is shown leads to by itself, once it is time.
    fn go_on(&mut self, stack: &mut TcpStack, now: Time) {
        let due = self.refresh.take_if(|(due, _)| *due <= now);
        if let Some(((_, path), page)) = due.zip(self.shown.clone()) {
            let url = format!("https://{}{path}", page.host);
            let fields = Vec::new();
            self.start("GET", &url, fields, page.addresses, page.from, (stack, now));
        }
    }

    /// Returns when [`Browser::poll`] is next needed, whatever arrives.
    pub fn poll_timeout(&self) -> Option<Time> {
        if self.stillborn.is_some() {
            return Some(Time::ZERO);
        }
        let refresh = self.refresh.as_ref().map(|(due, _)| *due);
        self.loading.as_ref().map(Load::due).or(refresh)
    }

    fn start(
        &mut self,
        method: &str,
        url: &str,
        fields: Vec<(String, String)>,
        addresses: Vec<Ipv6Addr>,
        from: Ipv6Addr,
        (stack, now): (&mut TcpStack, Time),
    ) {
        let (secure, https) = match url.strip_prefix("http://") {
            Some(rest) => (false, format!("https://{rest}")),
            None => (true, url.to_owned()),
        };
        let Some((host, target)) = split_url(&https) else {
            self.stillborn = Some(failed(url, FetchError::BadUrl));
            return;
        };
        let trust = if self.trusts_ons_root {
            Trust::Installed
        } else {
            Trust::Missing
        };
        self.refresh = None;
        let cookies = self.cookies.of(host);
        let request = Request::encode_with(method, target, host, &fields, &cookies);
        let idle = self.idle.take();
        let port = if secure { 443 } else { 80 };
        let targets = addresses
            .iter()
            .map(|address| SocketAddrV6::new(*address, port, 0, 0))
            .collect();
        let mut load = Load::new(url, host, target, request, targets, from, now);
        load.trust(trust, self.goes_on_after_warnings);
        load.begin(idle, stack, now);
        self.loading = Some(load);
    }

    fn show(&mut self, load: &Load, response: &Response, now: Time) -> PageResult {
        let screen = screens::recognise(&response.body);
        let controls = Controls::find(&response.body);
        self.refresh = controls.refresh.as_ref().map(|(seconds, path)| {
            let after = Duration::from_secs(u64::from(*seconds));
            (now + after, path.clone())
        });
        self.history.push(load.url());
        self.shown = Some(Page {
            url: load.url(),
            host: load.host().to_owned(),
            addresses: load.addresses(),
            from: load.from(),
            controls,
        });
        PageResult {
            url: load.asked_for().to_owned(),
            status: response.status,
            screen,
            error: None,
        }
    }

    /// Returns the address of the page that is shown, after redirections.
    pub fn location(&self) -> Option<&str> {
        self.shown.as_ref().map(|page| page.url.as_str())
    }
}

fn failed(url: &str, error: FetchError) -> PageResult {
    PageResult {
        url: url.to_owned(),
        status: 0,
        screen: None,
        error: Some(error),
    }
}
