//! The stateless DHCPv6 server on the LAN (RFC 8415 §18.3.6): our own DNS forwarder, the line's
//! search list and SNTP servers, but no addresses.

use std::net::Ipv6Addr;

use dhcproto::v6::DhcpOption;

use super::Defects;
use super::defect::Defect;
use super::dhcpv6_client::LineOptions;
use crate::message::dhcpv6::{self, Message, MessageType, Status};

/// Returns the answer to a client's message, if it gets one.
pub(super) fn answer(
    question: &Message,
    duid: &[u8],
    dns: Ipv6Addr,
    line: &LineOptions,
    defects: &Defects,
) -> Option<Message> {
    if defects.has(Defect::NoLanDhcpv6) {
        return None;
    }
    let lax = defects.has(Defect::AnswersMisdirectedDhcpv6);
    match question.msg_type() {
        MessageType::InformationRequest => {}
        MessageType::Solicit | MessageType::Rebind | MessageType::Confirm
            if lax || defects.has(Defect::Dhcpv6ServerOnWan) =>
        {
            return Some(refusal(question, MessageType::Advertise, duid));
        }
        MessageType::Request | MessageType::Renew | MessageType::Release if lax => {
            return Some(refusal(question, MessageType::Reply, duid));
        }
        _ => return None,
    }
    // RFC 8415 §16.12: not ours, or mixed up with a request for addresses.
    let foreign = dhcpv6::server_id(question).is_some_and(|server| server != duid);
    let has_association =
        dhcpv6::asks_for_addresses(question) || dhcpv6::delegations(question).next().is_some();
    if (foreign || has_association) && !lax {
        return None;
    }
    let mut options = Vec::new();
    if !defects.has(Defect::NoServerIdInLanReply) {
        options.push(DhcpOption::ServerId(duid.to_vec()));
    }
    if let Some(client) = dhcpv6::client_id(question)
        && !defects.has(Defect::NoClientIdInLanReply)
    {
        options.push(DhcpOption::ClientId(client.to_vec()));
    }
    if !defects.has(Defect::Dhcpv6WithoutDns) {
        let passes_on = defects.has(Defect::AnnouncesLineDns) && !line.dns.is_empty();
        let servers = if passes_on {
            line.dns.clone()
        } else {
            vec![dns]
        };
        options.push(DhcpOption::DomainNameServers(servers));
    }
    if !line.search.is_empty() && !defects.has(Defect::KeepsSearchList) {
        options.push(dhcpv6::search_option(&line.search));
    }
    // RFC 7084 §4.3 L-12: what the line told goes on to the LAN.
    if !line.sntp.is_empty() && !defects.has(Defect::KeepsSntpServers) {
        let servers: Vec<_> = line
            .sntp
            .chunks_exact(16)
            .filter_map(|octets| Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)))
            .collect();
        options.push(dhcpv6::address_list(dhcpv6::SNTP_SERVERS, &servers));
    }
    let mut xid = question.xid();
    if defects.has(Defect::OwnXidInLanReply) {
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
