//! What ONS terminals have besides the portal: revocation lists, the delivery hosts, the time.

use std::cell::LazyCell;
use std::net::Ipv6Addr;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::line::Values;
use ngnlab_sim::message::icmpv6::PACKET_TOO_BIG;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::silent_line::gives_no_prefix;
use crate::checks::evidence::site_visits::{STILL_OPENING, beyond};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Connection, Dissection};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.crl.downloads",
        source: "guide p.15",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "証明書失効リストを欠けることなくダウンロードできる",
            "The certificate revocation list comes down without a byte missing or changed",
        ),
        hint: Text::new(
            "managedpki.ne.jpへのTCP 80番を通し、通信の内容を書き換えないでください。",
            "Let TCP port 80 to managedpki.ne.jp pass, and leave what is in it as it is.",
        ),
        judge: crl_downloads,
    },
    Check {
        id: "ons.delivery.reachable",
        source: "guide p.4, p.15",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "フレッツ・v6オプションのある回線で、配信用のホストに接続できる",
            "On a line with the v6 option, terminals reach the delivery hosts",
        ),
        hint: Text::new(
            "配信用のホストは利用者と同じアドレス帯にあります。その宛先をフィルタで破棄しないでください。",
            "The delivery hosts lie among customers' addresses: do not filter that range.",
        ),
        judge: delivery_reachable,
    },
    Check {
        id: "ons.ntp.answers",
        source: "guide p.15; RFC 5905 §7.3",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末がオンライン資格確認のNTPサーバから時刻を取得できる",
            "Terminals get the time from the ONS time servers",
        ),
        hint: Text::new(
            "端末からのUDP 123番とその応答を通してください。",
            "Let UDP port 123 out, and its answers back in.",
        ),
        judge: ntp_answers,
    },
    Check {
        id: "ons.large-download",
        source: "guide p.15; ngn-facts §1.2; RFC 8201 §1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線から届く最大長のパケットが、黙って破棄されない",
            "Full-size packets from the line do not vanish in silence",
        ),
        hint: Text::new(
            "IPoEの回線のMTUは1500です。PPPoE用のMTU設定が残っていないか確認してください。",
            "The line's MTU is 1500 with IPoE: look for an MTU left over from PPPoE.",
        ),
        judge: large_download,
    },
];

fn crl_downloads(trace: &Dissection<'_>) -> Verdict {
    let hosts = trace.header().line.area.values().crl;
    let opened = opened(trace, &hosts);
    every("connection to the CRL's host", opened, |near| {
        arrives(trace, near)
    })
}

fn delivery_reachable(trace: &Dissection<'_>) -> Verdict {
    if !trace.header().line.v6_option {
        return Verdict::Inconclusive("the line has no v6 option".to_owned());
    }
    let hosts = delivery_hosts(trace.header().line.area.values());
    let opened = opened(trace, &hosts);
    every("connection to a delivery host", opened, |near| {
        arrives(trace, near)
    })
}

/// Returns the connections that terminals opened to some hosts.
fn opened<'t>(trace: &'t Dissection<'_>, hosts: &[Ipv6Addr]) -> Vec<&'t Connection> {
    let counts = |connection: &&Connection| {
        connection.on == Role::Lan
            && connection.opener == End::Network
            && connection.syn_arrived
            && !connection.injected
            && WEB.contains(&connection.server.1)
            && hosts.contains(&connection.server.0)
    };
    trace.connections.iter().filter(counts).collect()
}

/// Judges that what the host sent on a connection reached the LAN as it was.
fn arrives(trace: &Dissection<'_>, near: &Connection) -> Ruling {
    if near.at + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    if trace.is_disturbed(near.at, near.last.1) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    let Some(far) = beyond(trace, near) else {
        return broken(
            [near.syn],
            "the connection passed on to the line",
            "nothing left on the WAN",
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: near.at,
                to: near.last.1,
            },
        );
    };
    if far.down == 0 {
        return Ruling::Unclear("the host sent nothing".to_owned());
    }
    if far.last.1 + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    // Whoever breaks off does not want the rest.
    if near.reset.is_some_and(|(_, from)| from == End::Network) && near.down > 0 {
        return Ruling::Skip;
    }
    let records = [near.syn, far.syn, far.last.0];
    if near.down < far.down {
        return broken(
            records,
            "every byte of the host on the LAN",
            format!("{} of {} bytes", near.down, far.down),
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: near.at,
                to: far.last.1 + STILL_OPENING,
            },
        );
    }
    expect(
        records,
        near.down != far.down || near.down_hash == far.down_hash,
        "the bytes of the host, unchanged",
        "as many bytes, but other ones",
    )
}

fn ntp_answers(trace: &Dissection<'_>) -> Verdict {
    let pairs = LazyCell::new(|| trace.forwarded());
    let hosts = delivery_hosts(trace.header().line.area.values());
    let asked = trace.packets.iter().filter(|found| {
        found.to_device(Role::Lan)
            && !found.injected
            && hosts.contains(&found.destination)
            && found
                .is
                .udp()
                .is_some_and(|udp| udp.destination_port == NTP)
    });
    every("question for the time", asked, |question| {
        if question.at + STILL_OPENING > trace.end() {
            return Ruling::Skip;
        }
        if trace.is_disturbed(question.at, question.at + STILL_OPENING) {
            return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
        }
        // RFC 8200 §3: such a packet ends at the router, whatever its port.
        if question.hop_limit <= 1 {
            return Ruling::Unclear("the question came with no hops left".to_owned());
        }
        let assigned = trace.assignments().filter(|(at, _)| *at <= question.at);
        if assigned
            .last()
            .is_some_and(|(_, net)| !net.contains(&question.source))
        {
            // RFC 7084 §4.3 L-14: what comes from a prefix that is gone is refused.
            return Ruling::Unclear("the line had taken the terminal's prefix back".to_owned());
        }
        if let Some(why) = gives_no_prefix(trace, question.at) {
            return Ruling::Unclear(why.to_owned());
        }
        let left = pairs
            .iter()
            .find(|(before, _)| before.record == question.record);
        let Some((_, left)) = left else {
            if trace.was_looking_for_next_hop(question, STILL_OPENING) {
                return Ruling::Skip;
            }
            return broken(
                [question.record],
                "the question passed on to the line",
                "nothing left on the WAN",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: question.at,
                    to: question.at + STILL_OPENING,
                },
            );
        };
        let answer = trace.packets.iter().find(|found| {
            found.to_device(Role::Wan)
                && found.record > left.record
                && (found.source, found.destination) == (question.destination, question.source)
                && found.is.udp().is_some_and(|udp| udp.source_port == NTP)
        });
        let Some(answer) = answer else {
            return Ruling::Unclear("the host did not answer".to_owned());
        };
        // To a question that a cable delivered twice the host gives the same answer twice.
        let came = pairs
            .iter()
            .any(|(before, _)| before.on == Role::Wan && before.is.ip == answer.is.ip);
        if !came && trace.was_looking_for_next_hop(answer, STILL_OPENING) {
            return Ruling::Skip;
        }
        expect(
            [question.record, left.record, answer.record],
            came,
            "the answer passed on to the terminal",
            "it stayed on the WAN",
        )
        .unless_late(
            trace,
            Delay::Race {
                from: answer.at,
                to: answer.at + STILL_OPENING,
            },
        )
    })
}

/// A connection that gets full-size packets from the line passes one at least, or tells the
/// sender what would fit.
fn large_download(trace: &Dissection<'_>) -> Verdict {
    let passed: Vec<RecordId> = trace
        .forwarded()
        .iter()
        .map(|(before, _)| before.record)
        .collect();
    let far = trace.connections.iter().filter(|connection| {
        connection.on == Role::Wan && connection.opener == End::Device && !connection.injected
    });
    every("connection with full-size packets", far, |connection| {
        let full: Vec<RecordId> = trace
            .packets
            .iter()
            .filter(|found| {
                found.to_device(Role::Wan)
                    && found.is.ip.len() > NEARLY_FULL
                    && found.at >= connection.at
                    && (found.source, found.destination)
                        == (connection.server.0, connection.client.0)
                    && found.is.tcp().is_some_and(|tcp| {
                        (tcp.source_port(), tcp.destination_port())
                            == (connection.server.1, connection.client.1)
                    })
            })
            .map(|found| found.record)
            .collect();
        // Packets for the device itself, as those of its own DNS over TCP, stay with it.
        if full.len() < ENOUGH || !trace.is_terminal(connection.client.0) {
            return Ruling::Skip;
        }
        if trace.is_disturbed(connection.at, connection.last.1) {
            return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
        }
        let through = full
            .iter()
            .any(|record| passed.binary_search(record).is_ok());
        let told = trace.errors.iter().any(|error| {
            error.by_device(Role::Wan)
                && error.is.kind == PACKET_TOO_BIG
                && error.destination == connection.server.0
        });
        // Where nothing that the host sends passes, it is not for its size.
        let near = trace.connections.iter().find(|near| {
            near.on == Role::Lan
                && (near.client, near.server) == (connection.client, connection.server)
                && near.at <= connection.at
        });
        if near.is_some_and(|near| near.down == 0) && !passes_small(trace, connection) {
            return Ruling::Skip;
        }
        let records = [connection.syn].into_iter().chain(full.iter().copied());
        expect(
            records,
            through || told,
            "full-size packets on the LAN, or a Packet Too Big to their sender",
            format!(
                "none of {} full-size packets passed, in silence",
                full.len()
            ),
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: connection.at,
                to: connection.last.1,
            },
        )
    })
}

/// Returns whether smaller packets with a payload got from a host to its client, if there were any.
fn passes_small(trace: &Dissection<'_>, connection: &Connection) -> bool {
    let small = || {
        trace.packets.iter().filter(|found| {
            found.at >= connection.at
                && found.is.ip.len() <= NEARLY_FULL
                && (found.source, found.destination) == (connection.server.0, connection.client.0)
                && found.is.tcp().is_some_and(|tcp| !tcp.payload().is_empty())
        })
    };
    let came = small().any(|found| found.to_device(Role::Wan));
    !came || small().any(|found| found.by_device(Role::Lan))
}

/// The fifteen hosts of guide p.15: `::1` to `::9` and `::10` to `::15`, as text.
fn delivery_hosts(values: &Values) -> Vec<Ipv6Addr> {
    let host = |number: u128| Ipv6Addr::from_bits(values.delivery.to_bits() | number);
    (0x1..=0x9).chain(0x10..=0x15).map(host).collect()
}

/// The ports that files come from; which one is not published.
const WEB: [u16; 2] = [80, 443];

/// RFC 5905 §7.2.
const NTP: u16 = 123;

/// Longer than what passes where the MTU of PPPoE (1454, ngn-facts §4.5) is left over.
const NEARLY_FULL: usize = 1454;

/// Fewer packets may have been lost by chance.
const ENOUGH: usize = 3;

#[cfg(test)]
mod tests;
