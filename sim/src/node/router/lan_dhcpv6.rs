//! The stateless DHCPv6 server on the LAN (RFC 8415 §18.3.6): our own DNS forwarder, the line's
//! search list and SNTP servers, but no addresses.

use std::net::Ipv6Addr;

use dhcproto::v6::DhcpOption;

use super::defect::{Defects, defects};
use super::dhcpv6_client::LineOptions;
use super::lan_advert_options::told_dns;
use crate::message::dhcpv6::{self, Message, MessageType, Status};

/// Returns the answer to a client's message, if it gets one.
pub(super) fn answer(
    question: &Message,
    duid: &[u8],
    dns: Ipv6Addr,
    line: &LineOptions,
    defects: &Defects,
) -> Option<Message> {
    if defects.has(NO_LAN_DHCPV6) {
        return None;
    }
    let lax = defects.has(ANSWERS_MISDIRECTED_DHCPV6);
    match question.msg_type() {
        MessageType::InformationRequest => {}
        MessageType::Solicit | MessageType::Rebind | MessageType::Confirm
            if lax || defects.has(DHCPV6_SERVER_ON_WAN) =>
        {
            return Some(refusal(question, MessageType::Advertise, duid));
        }
        MessageType::Request | MessageType::Renew | MessageType::Release if lax => {
            return Some(refusal(question, MessageType::Reply, duid));
        }
        _ => return None,
    }
    if dhcpv6::client_id(question).is_none() && defects.has(WANTS_CLIENT_ID) {
        return None;
    }
    // RFC 8415 §16.12: not ours, or mixed up with a request for addresses.
    let foreign = dhcpv6::server_id(question).is_some_and(|server| server != duid);
    let has_association =
        dhcpv6::asks_for_addresses(question) || dhcpv6::delegations(question).next().is_some();
    if (foreign || has_association) && !lax {
        return None;
    }
    let mut options = Vec::new();
    if !defects.has(NO_SERVER_ID_IN_LAN_REPLY) {
        options.push(DhcpOption::ServerId(duid.to_vec()));
    }
    if let Some(client) = dhcpv6::client_id(question)
        && !defects.has(NO_CLIENT_ID_IN_LAN_REPLY)
    {
        options.push(DhcpOption::ClientId(client.to_vec()));
    }
    if !defects.has(DHCPV6_WITHOUT_DNS) {
        let passes_on = defects.has(ANNOUNCES_LINE_DNS) && !line.dns.is_empty();
        let servers = if passes_on {
            line.dns.clone()
        } else {
            vec![told_dns(dns, defects)]
        };
        options.push(DhcpOption::DomainNameServers(servers));
    }
    if !line.search.is_empty() && !defects.has(KEEPS_SEARCH_LIST) {
        options.push(dhcpv6::search_option(&line.search));
    }
    // RFC 7084 §4.3 L-12: what the line told goes on to the LAN.
    if !line.sntp.is_empty() && !defects.has(KEEPS_SNTP_SERVERS) {
        let servers: Vec<_> = line
            .sntp
            .chunks_exact(16)
            .filter_map(|octets| Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)))
            .collect();
        options.push(dhcpv6::address_list(dhcpv6::SNTP_SERVERS, &servers));
    }
    let mut xid = question.xid();
    if defects.has(OWN_XID_IN_LAN_REPLY) {
        xid[2] ^= 0xff;
    }
    Some(dhcpv6::message(MessageType::Reply, xid, options))
}

/// What a server without addresses tells somebody who wants one (RFC 8415 §18.3.9).
fn refusal(question: &Message, kind: MessageType, duid: &[u8]) -> Message {
    let client = dhcpv6::client_id(question).map(|id| DhcpOption::ClientId(id.to_vec()));
    let options = [
        DhcpOption::ServerId(duid.to_vec()),
        dhcpv6::status_option(Status::NoAddrsAvail, "no addresses"),
    ];
    let options = options.into_iter().chain(client);
    dhcpv6::message(kind, question.xid(), options)
}

defects! {
    /// Does not answer DHCPv6 clients that leave their identifier out (RFC 8415 §18.2.6 lets them).
    WANTS_CLIENT_ID = "wants-client-id",
        "Client IdentifierのないInformation-Requestに応答しない。";
    /// Answers DHCPv6 clients on the WAN, too.
    DHCPV6_SERVER_ON_WAN = "dhcpv6-server-on-wan",
        "WAN側のDHCPv6クライアントにも応答する。";
    /// Does not answer DHCPv6 on the LAN although it sets the O flag (ngn-facts §5.12).
    NO_LAN_DHCPV6 = "no-lan-dhcpv6",
        "LANのRAにOフラグを立てておきながら、DHCPv6に応答しない。";
    /// Answers Information-Requests without DNS servers.
    DHCPV6_WITHOUT_DNS = "dhcpv6-without-dns",
        "Information-RequestへのReplyにDNSサーバを入れない。";
    /// Names the line's DNS servers to DHCPv6 clients on the LAN instead of itself, so that its
    /// per-domain table is never asked (guide p.7).
    ANNOUNCES_LINE_DNS = "announces-line-dns",
        "LANのDHCPv6クライアントに自分ではなく回線のDNSサーバを伝え、ドメインごとのDNS設定が使われなくなる。";
    /// Answers DHCPv6 clients without looking whether their message is for it.
    ANSWERS_MISDIRECTED_DHCPV6 = "answers-misdirected-dhcpv6",
        "自分宛てかどうかを確かめずに、DHCPv6クライアントに応答する。";
    /// Answers DHCPv6 clients with a transaction id of its own.
    OWN_XID_IN_LAN_REPLY = "own-xid-in-lan-reply",
        "DHCPv6の応答に、端末のものと異なるトランザクションIDを入れる。";
    /// Leaves the client's identifier out of its DHCPv6 answers.
    NO_CLIENT_ID_IN_LAN_REPLY = "no-client-id-in-lan-reply",
        "DHCPv6の応答に、端末のClient Identifierを入れない。";
    /// Leaves its own identifier out of its DHCPv6 answers.
    NO_SERVER_ID_IN_LAN_REPLY = "no-server-id-in-lan-reply",
        "DHCPv6の応答に、自分のServer Identifierを入れない。";
    /// Keeps the line's search list to itself.
    KEEPS_SEARCH_LIST = "keeps-search-list",
        "回線から得た検索リストを端末に伝えない。";
    /// Keeps the line's SNTP servers to itself.
    KEEPS_SNTP_SERVERS = "keeps-sntp-servers",
        "回線から得たSNTPサーバを端末に伝えない。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_information_request_is_answered_with_our_address_and_the_search_list() {
        let reply = ask(&question([DhcpOption::ClientId(vec![0, 3, 0, 1, 9])])).unwrap();
        assert_eq!(reply.msg_type(), MessageType::Reply);
        assert_eq!(reply.xid(), [1, 2, 3]);
        assert_eq!(dhcpv6::dns_servers(&reply), [DNS]);
        assert_eq!(dhcpv6::search_list(&reply), ["flets-east.jp"]);
        assert_eq!(dhcpv6::client_id(&reply), Some(&[0, 3, 0, 1, 9][..]));
        assert_eq!(dhcpv6::raw_option(&reply, 31), Some(&[7; 16][..]));
    }

    #[test]
    fn a_request_for_addresses_or_for_another_server_is_not_answered() {
        assert!(ask(&question([dhcpv6::delegation(1, 0, 0, &[])])).is_none());
        assert!(ask(&question([DhcpOption::ServerId(vec![9])])).is_none());
        assert!(ask(&dhcpv6::message(MessageType::Solicit, [1, 2, 3], [])).is_none());
    }

    const DNS: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 1);

    fn question(options: impl IntoIterator<Item = DhcpOption>) -> Message {
        dhcpv6::message(MessageType::InformationRequest, [1, 2, 3], options)
    }

    fn ask(question: &Message) -> Option<Message> {
        let line = LineOptions {
            dns: Vec::new(),
            search: vec!["flets-east.jp".to_owned()],
            sntp: vec![7; 16],
        };
        answer(question, &[0, 3, 0, 1, 5], DNS, &line, &Defects::default())
    }
}
