//! What stands where a scenario file may have any text: names, addresses and numbers of the line that
//! the scenario is on, and some that nobody has.

use ngnlab_sim::access;
use ngnlab_sim::line::Line;
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

/// What is there to be named.
pub(super) struct Texts {
    terminals: Vec<String>,
    hosts: Vec<String>,
    names: Vec<String>,
}

impl Texts {
    /// Returns what can be named before there is a line.
    pub(super) fn of_terminals(count: usize) -> Self {
        let terminals = TERMINALS.iter().take(count.max(1));
        Self {
            terminals: terminals.map(|name| (*name).to_owned()).collect(),
            hosts: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Takes in the pages and names of a line.
    pub(super) fn on(mut self, line: &Line) -> Self {
        self.hosts = access::web_hosts(line);
        self.names = access::known_names(line);
        self.names
            .extend(ODD_NAMES.iter().map(|name| (*name).to_owned()));
        self
    }

    pub(super) fn terminals(&self) -> &[String] {
        &self.terminals
    }

    /// Draws a text for a key; nothing where nobody knows what the key is about.
    pub(super) fn draw(&self, path: &str, rng: &mut ChaCha8Rng) -> Option<String> {
        let one_of =
            |texts: &[&str], rng: &mut ChaCha8Rng| texts.choose(rng).map(|text| (*text).to_owned());
        match key(path) {
            _ if path == "terminal.name" => self.terminals.choose(rng).cloned(),
            "terminals" | "from" | "terminal" => self.terminals.choose(rng).cloned(),
            "customer-id" | "applied-id" => one_of(CUSTOMER_IDS, rng),
            "extra-domains" => one_of(DOMAINS, rng),
            "opened" | "date" => one_of(DAYS, rng),
            "button" => one_of(BUTTONS, rng),
            "name" | "names" => self.names.choose(rng).cloned(),
            "kind" => one_of(RECORD_TYPES, rng),
            "server" | "to" => one_of(ADDRESSES, rng),
            "url" => {
                let host = self.hosts.choose(rng)?;
                let scheme = if rng.random() { "https" } else { "http" };
                let page = PAGES.choose(rng)?;
                Some(format!("{scheme}://{host}/{page}"))
            }
            _ => None,
        }
    }
}

/// Returns the last key of a path.
pub(super) fn key(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// As many as there are sockets for is no other situation than three.
const TERMINALS: &[&str] = &["pc", "laptop", "reception"];
/// The line's own, another one's, and one of the east alone (ngn-facts §5.5).
const CUSTOMER_IDS: &[&str] = &["CAF1234567890", "CAF0987654321", "COP12345678", "none"];
/// ngn-facts §9 row 12; and one that lies below a domain of the guide.
const DOMAINS: &[&str] = &["rece", "example.jp", "more.onshikaku.org", "a.b.c.example"];
/// On both sides of the day from which the v6 option comes with a line (guide p.4).
/// And in the last days of keys for the members club (ngn-facts §4.5).
const DAYS: &[&str] = &[
    "2008-03-31",
    "2012-05-28",
    "2012-05-29",
    "2018-07-31",
    "2021-03-25",
];
/// Buttons of the members club (ngn-facts §4.5), which may be pressed when they are not there.
const BUTTONS: &[&str] = &[
    "ご利用中のサービス(ご契約・ご利用情報)",
    "契約回線確認を行う",
    "会員情報の変更",
];
/// RFC 1035 §3.2.2, RFC 3596 §2.1, RFC 9460 §14.1, and one that nobody knows (RFC 3597).
const RECORD_TYPES: &[&str] = &[
    "A",
    "AAAA",
    "TYPE2",
    "TYPE5",
    "TYPE6",
    "TYPE12",
    "TYPE15",
    "TYPE16",
    "TYPE33",
    "TYPE43",
    "TYPE65",
    "TYPE255",
    "TYPE65400",
];
/// An address for examples (RFC 3849), one of the internet, and the delivery hosts of both areas.
const ADDRESSES: &[&str] = &[
    "2001:db8::1",
    "2606:4700:4700::1111",
    "2408:210:9c0::1",
    "2001:a210:9c0::1",
];
/// A page, and none.
const PAGES: &[&str] = &["", "index.html", "no/such/page"];
/// Names that nobody has, that are the root's, that are long, that have odd octets, and that are
/// another one's upside down.
const ODD_NAMES: &[&str] = &[
    "nobody.ngnlab.onshikaku.org",
    "WwW.LineAuth.mnw",
    "www.example.com",
    "notonshikaku.org",
    "lineauth.mnw.example",
    "b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.onshikaku.org",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.a.0.3.8.5.f.8.a.1.0.4.0.4.2.ip6.arpa",
    "1.0.168.192.in-addr.arpa",
];
