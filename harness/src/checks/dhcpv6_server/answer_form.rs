//! The form of the DHCPv6 server's answers (RFC 8415 §16, §18.3).

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::dhcpv6_server::questions::question_of;
use crate::checks::evidence::lan_dhcpv6::answers;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;
use crate::dissection::dhcpv6::CLIENT_PORT;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6s.echo-xid",
        source: "RFC 8415 §18.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答に端末のトランザクションIDを返す",
            "DHCPv6 answers carry the client's transaction id",
        ),
        hint: Text::new(
            "応答には要求のトランザクションIDをそのまま入れてください。端末は異なる応答を破棄します。",
            "Copy the transaction id of the question; clients drop any other answer.",
        ),
        judge: echo_xid,
    },
    Check {
        id: "dhcp6s.echo-client-id",
        source: "RFC 8415 §18.3, §16.10",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答に端末のクライアントIDを返す",
            "DHCPv6 answers carry the client's identifier",
        ),
        hint: Text::new(
            "要求にクライアントIDがあれば、応答に同じものを入れてください。",
            "Copy the Client Identifier of the question into the answer.",
        ),
        judge: echo_client_id,
    },
    Check {
        id: "dhcp6s.server-id",
        source: "RFC 8415 §16.3, §16.10, §11",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答に常に同じサーバIDを入れる",
            "DHCPv6 answers carry a server identifier, always the same",
        ),
        hint: Text::new(
            "応答にサーバIDを入れ、再起動しても変えないでください。端末はサーバIDのない応答を破棄します。",
            "Put a Server Identifier into each answer and keep it; clients drop answers without one.",
        ),
        judge: server_id,
    },
    Check {
        id: "dhcp6s.unicast-answer",
        source: "RFC 8415 §18.3, §7.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答を端末のアドレスのポート546へ送る",
            "DHCPv6 answers go to the client's address, port 546",
        ),
        hint: Text::new(
            "応答は要求の送信元アドレスへユニキャストで、ポート546宛てに送ってください。",
            "Send the answer to where the question came from, by unicast, port 546.",
        ),
        judge: unicast_answer,
    },
];

fn echo_xid(trace: &Dissection<'_>) -> Verdict {
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(question) = question_of(trace, answer) else {
            return Ruling::Skip;
        };
        expect(
            [question.record, answer.record],
            question.is.xid == answer.is.xid,
            format!("transaction id {:06x}", question.is.xid),
            format!("{:06x}", answer.is.xid),
        )
    })
}

fn echo_client_id(trace: &Dissection<'_>) -> Verdict {
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(question) = question_of(trace, answer) else {
            return Ruling::Skip;
        };
        let Some(client) = question.is.client_id() else {
            return Ruling::Skip;
        };
        expect(
            [question.record, answer.record],
            answer.is.client_id() == Some(client),
            format!("client identifier {client:02x?}"),
            match answer.is.client_id() {
                Some(other) => format!("{other:02x?}"),
                None => "none".to_owned(),
            },
        )
    })
}

fn server_id(trace: &Dissection<'_>) -> Verdict {
    let mut first = None;
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(own) = answer.is.server_id() else {
            return broken([answer.record], "a server identifier", "none");
        };
        let (record, known) = *first.get_or_insert((answer.record, own));
        expect(
            [record, answer.record],
            own == known,
            format!("server identifier {known:02x?} as before"),
            format!("{own:02x?}"),
        )
    })
}

fn unicast_answer(trace: &Dissection<'_>) -> Verdict {
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(question) = question_of(trace, answer) else {
            return Ruling::Skip;
        };
        let port = answer.is.destination_port;
        expect(
            [question.record, answer.record],
            answer.destination == question.source && port == CLIENT_PORT,
            format!("an answer to {}, port {CLIENT_PORT}", question.source),
            format!("one to {}, port {port}", answer.destination),
        )
    })
}

#[cfg(test)]
mod tests;
