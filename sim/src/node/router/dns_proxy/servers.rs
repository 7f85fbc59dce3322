//! Which servers a name belongs to, in which order, and which of them are known to be silent.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use super::SessionServers;
use crate::line::{Area, ONS_DOMAINS};
use crate::node::router::defect::{Defects, defects};
use crate::setup::{DomainServers, Setup, in_domain};
use crate::time::Time;

/// The per-domain table, and what is known of the servers in it.
pub(super) struct Servers {
    setup: Setup,
    defects: Defects,
    learnt: Vec<Ipv6Addr>,
    sessions: Vec<SessionServers>,
    silent: BTreeMap<Ipv6Addr, Silence>,
}

/// How long a server has not answered.
#[derive(Clone, Copy, Debug)]
struct Silence {
    in_a_row: u32,
    /// Until when the server is asked last.
    until: Time,
}

impl Servers {
    pub(super) fn new(setup: &Setup, defects: Defects) -> Self {
        Self {
            setup: setup.clone(),
            defects,
            learnt: Vec::new(),
            sessions: Vec::new(),
            silent: BTreeMap::new(),
        }
    }

    pub(super) fn set_learnt(&mut self, servers: &[Ipv6Addr]) {
        servers.clone_into(&mut self.learnt);
        self.learnt.truncate(LEARNT_MAX);
    }

    pub(super) fn set_sessions(&mut self, sessions: &[SessionServers]) {
        sessions.clone_into(&mut self.sessions);
    }

    /// Returns every server that is configured for a domain.
    pub(super) fn all(&self) -> Vec<Ipv6Addr> {
        let rows = self.setup.domains.iter().flat_map(|row| &row.servers);
        let mut all: Vec<Ipv6Addr> = rows.copied().collect();
        all.sort();
        all.dedup();
        all
    }

    /// Returns the servers to ask for a name, one after the other.
    pub(super) fn plan(&self, name: &str, now: Time) -> Vec<Ipv6Addr> {
        let mut order = self.configured_for(name).to_vec();
        if self.defects.has(ALTERNATE_FIRST) {
            order.reverse();
        }
        if self.defects.has(NO_FAILOVER) {
            order.truncate(1);
            return order;
        }
        let is_dead = |server: &Ipv6Addr| self.is_silent(*server, now);
        if self.defects.has(GIVES_SERVERS_UP) && order.iter().all(is_dead) {
            return Vec::new();
        }
        if self.defects.has(DNS_STORM) {
            return order.repeat(STORM_ROUNDS);
        }
        // A stable sort: among the living, the preferred one stays first.
        order.sort_by_key(|server| self.is_silent(*server, now));
        if self.defects.has(ASKS_OTHER_AREA) && order.iter().any(is_dead) {
            order.push(self.other_area());
        }
        order.repeat(ROUNDS)
    }

    /// Returns an ONS server of the area that this line is not in.
    fn other_area(&self) -> Ipv6Addr {
        let here = |area: &Area| {
            let servers = area.values().ons_dns;
            let mut rows = self.setup.domains.iter();
            rows.any(|row| servers.iter().any(|server| row.servers.contains(server)))
        };
        let area = Area::ALL.into_iter().find(here).unwrap_or(Area::East);
        area.other().values().ons_dns[0]
    }

    /// Returns where a name leaks to, with the defect that leaks.
    pub(super) fn leak_for(&self, name: &str) -> Option<Ipv6Addr> {
        let leaks = self.defects.has(LEAKS_ONS_NAMES)
            && ONS_DOMAINS.iter().any(|domain| in_domain(name, domain));
        let right = self.configured_for(name);
        let outside = self.default_servers().iter();
        leaks
            .then(|| outside.copied().find(|server| !right.contains(server)))
            .flatten()
    }

    /// Notes that a server left a question unanswered.
    pub(super) fn note_silence(&mut self, server: Ipv6Addr, now: Time) {
        let known = self.silent.get(&server);
        let in_a_row = known
            .map_or(0, |silence| silence.in_a_row)
            .saturating_add(1);
        let until = if in_a_row >= SILENT_AFTER {
            now + self.silent_for()
        } else {
            now
        };
        if self.silent.len() >= SILENT_MAX
            && !self.silent.contains_key(&server)
            && let Some(first) = self.silent.iter().min_by_key(|(_, known)| known.until)
        {
            let first = *first.0;
            self.silent.remove(&first);
        }
        self.silent.insert(server, Silence { in_a_row, until });
    }

    /// Notes that a server answered.
    pub(super) fn note_answer(&mut self, server: Ipv6Addr) {
        self.silent.remove(&server);
    }

    fn silent_for(&self) -> Duration {
        let is_slow_to_forgive = [GIVES_SERVERS_UP, STAYS_WITH_ALTERNATE]
            .iter()
            .any(|defect| self.defects.has(*defect));
        if is_slow_to_forgive {
            SILENT_FOR * 10
        } else {
            SILENT_FOR
        }
    }

    fn is_silent(&self, server: Ipv6Addr, now: Time) -> bool {
        let known = self.silent.get(&server);
        known.is_some_and(|silence| now < silence.until)
    }

    fn configured_for(&self, name: &str) -> &[Ipv6Addr] {
        if self.defects.has(ONE_DNS_FOR_ALL) {
            return self.default_servers();
        }
        let is_ons = || ONS_DOMAINS.iter().any(|domain| in_domain(name, domain));
        if self.defects.has(ASKS_LEARNT_SERVERS) && !self.learnt.is_empty() && is_ons() {
            return &self.learnt;
        }
        let rows = match () {
            () if self.defects.has(TABLE_OF_FIVE) => SMALL_TABLE,
            () if self.defects.has(KNOWS_SIX_DOMAINS_ONLY) => GUIDE_TABLE,
            () => usize::MAX,
        };
        let matched = |name: &str| -> Option<&DomainServers> {
            let rows = self.setup.domains.iter().take(rows);
            let mut rows = rows.filter(|row| self.matches(name, &row.name));
            let has = |defect| self.defects.has(defect);
            match () {
                () if has(TAKES_FIRST_ROW) => rows.next(),
                () if has(TAKES_LAST_ROW) => rows.next_back(),
                () if has(TAKES_SHORTEST_ROW) => rows.min_by_key(|row| row.name.len()),
                () => rows.max_by_key(|row| row.name.len()),
            }
        };
        let row = matched(name);
        if let Some((domain, servers)) = self.session_for(name)
            && row.is_none_or(|row| row.name.len() < domain)
        {
            return servers;
        }
        match row {
            Some(row) if self.is_service(row) => {
                let ons = ONS_DOMAINS.iter().find_map(|domain| matched(domain));
                &ons.unwrap_or(row).servers
            }
            Some(row) => &row.servers,
            None => self.default_servers(),
        }
    }

    /// Returns the servers of the session whose domain a name lies in, and how long the domain is.
    fn session_for(&self, name: &str) -> Option<(usize, &[Ipv6Addr])> {
        if self.defects.has(ASKS_ISP_FOR_SERVICE_SITE) {
            return None;
        }
        let rows = self.sessions.iter().flat_map(|session| {
            let domains = session.domains.iter();
            domains.map(|domain| (domain, &session.servers[..]))
        });
        let matching = rows.filter(|(domain, _)| in_domain(name, domain));
        let longest = matching.max_by_key(|(domain, _)| domain.len());
        longest.map(|(domain, servers)| (domain.len(), servers))
    }

    fn matches(&self, name: &str, domain: &str) -> bool {
        let has = |defect| self.defects.has(defect);
        if has(CASE_SENSITIVE_TABLE) && !name.ends_with(domain) {
            return false;
        }
        if has(MATCHES_ONE_LABEL) {
            let below = name.split_once('.').map(|(_, rest)| rest);
            return below.is_some_and(|rest| rest.eq_ignore_ascii_case(domain));
        }
        if has(MATCHES_ANYWHERE) {
            return name.to_ascii_lowercase().contains(domain);
        }
        in_domain(name, domain)
    }

    /// Returns whether a row is mistaken for one of the ONS domains.
    fn is_service(&self, row: &DomainServers) -> bool {
        self.defects.has(NGN_NAMES_TO_ONS) && !ONS_DOMAINS.contains(&row.name.trim_end_matches('.'))
    }

    /// Returns the servers of all names without a row: as configured, else as learnt.
    fn default_servers(&self) -> &[Ipv6Addr] {
        if !self.setup.default_dns.is_empty() {
            return &self.setup.default_dns;
        }
        // What an ISP names is for the whole internet, and what the line names for itself.
        let mut sessions = self.sessions.iter();
        let isp = sessions.find(|session| session.domains.is_empty());
        isp.map_or(&self.learnt, |session| &session.servers)
    }
}

/// More servers than a line names; a message has room for thousands (ours).
const LEARNT_MAX: usize = 8;
/// More than are configured and learnt at a time (ours).
const SILENT_MAX: usize = 64;
/// How often each server is asked before the question fails.
const ROUNDS: usize = 2;
const STORM_ROUNDS: usize = 60;
const SMALL_TABLE: usize = 5;
/// The area's service domain and the six of the ONS (guide p.7).
const GUIDE_TABLE: usize = 7;
/// One lost packet does not make a server silent.
const SILENT_AFTER: u32 = 2;
/// How long a silent server is asked last; then the preferred one gets its next chance.
const SILENT_FOR: Duration = Duration::from_secs(30);

defects! {
    /// Ignores the per-domain table and asks the default servers for every name (guide p.7).
    ONE_DNS_FOR_ALL = "one-dns-for-all",
        "ドメインごとのDNS設定を使わず、どの名前も既定のDNSサーバに問い合わせる。";
    /// Asks the default servers for ONS names, too, besides the right ones.
    LEAKS_ONS_NAMES = "leaks-ons-names",
        "オンライン資格確認の名前を、指定のDNSサーバだけでなく既定のDNSサーバにも問い合わせる。";
    /// Has room for five domains in its table.
    TABLE_OF_FIVE = "table-of-five",
        "ドメインごとのDNS設定を5件しか使わない。";
    /// Knows the six domains of the guide alone, whatever is added to its table.
    KNOWS_SIX_DOMAINS_ONLY = "knows-six-domains-only",
        "ドメインを追加しても、ガイドにある6つのドメインしか扱わない。";
    /// Takes the first row of its table that a name lies in, and not the longest.
    TAKES_FIRST_ROW = "takes-first-row",
        "名前が複数のドメインに属するとき、最も長いものではなく、最初に一致した設定を使う。";
    /// Takes the last row of its table that a name lies in, and not the longest.
    TAKES_LAST_ROW = "takes-last-row",
        "名前が複数のドメインに属するとき、最も長いものではなく、最後に一致した設定を使う。";
    /// Takes the shortest row of its table that a name lies in, and not the longest.
    TAKES_SHORTEST_ROW = "takes-shortest-row",
        "名前が複数のドメインに属するとき、最も長いものではなく、最も短い設定を使う。";
    /// Takes a row of its table for names one label below the domain only.
    MATCHES_ONE_LABEL = "matches-one-label",
        "ドメインの1階層下の名前だけを、そのドメインの名前とみなす。";
    /// Compares the domains of its table by the letter.
    CASE_SENSITIVE_TABLE = "case-sensitive-table",
        "ドメインごとのDNS設定を、大文字と小文字を区別して照合する。";
    /// Takes a row of its table for every name that has the domain in it somewhere.
    MATCHES_ANYWHERE = "matches-anywhere",
        "名前のどこかに登録したドメインが含まれていれば、そのドメインの名前とみなす。";
    /// Asks a server of the other area when those of its own are silent.
    ASKS_OTHER_AREA = "asks-other-area",
        "自エリアのDNSサーバが応答しないと、他エリアのDNSサーバに問い合わせる。";
    /// Asks the servers that it was told by DHCPv6 for ONS names, whatever its table says: below a
    /// home gateway, the gateway (guide p.5, p.30).
    ASKS_LEARNT_SERVERS = "asks-learnt-servers",
        "ドメインごとの設定にかかわらず、オンライン資格確認の名前をDHCPv6で得たDNSサーバ（ひかり電話ルータの配下ではそのルータ）に問い合わせる。";
    /// Asks the ISP's servers for the domains of the session to the service information site.
    ASKS_ISP_FOR_SERVICE_SITE = "asks-isp-for-service-site",
        "サービス情報サイトのドメインの名前を、そのセッションではなくISPのDNSサーバに問い合わせる。";
    /// Asks the alternate server of each pair first.
    ALTERNATE_FIRST = "alternate-first",
        "優先DNSサーバより先に代替DNSサーバに問い合わせる。";
    /// Gives up on a name when its preferred server is silent.
    NO_FAILOVER = "no-failover",
        "優先DNSサーバが応答しないと、代替DNSサーバに問い合わせずに名前解決をあきらめる。";
    /// Asks silent servers again twenty times a second.
    DNS_STORM = "dns-storm",
        "応答のないDNSサーバに、毎秒20回問い合わせ続ける。";
    /// Asks nothing for five minutes once all servers were silent.
    GIVES_SERVERS_UP = "gives-servers-up",
        "すべてのDNSサーバが一度応答しなくなると、5分間どこにも問い合わせない。";
    /// Never goes back to a preferred server that was silent.
    STAYS_WITH_ALTERNATE = "stays-with-alternate",
        "一度応答しなかった優先DNSサーバには二度と戻らない。";
    /// Asks the ONS servers for the area's service domain, too.
    NGN_NAMES_TO_ONS = "ngn-names-to-ons",
        "エリアのサービス用ドメインの名前も、オンライン資格確認のDNSサーバに問い合わせる。";
}
