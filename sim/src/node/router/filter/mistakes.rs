//! What a faulty filter keeps out although it may come in, and lets in although nobody asked for it.

use super::flow::{FRAGMENT, Fragment, ICMPV6, NEXT_HEADER_OFFSET, TCP, UDP};
use crate::message::icmpv6::{ECHO_REPLY, FIRST_INFORMATIONAL};
use crate::message::packet::Packet;
use crate::node::router::defect::{Defects, defects};

/// Returns whether a packet that may come in does not.
pub(super) fn keeps_out(packet: &Packet<'_>, defects: &Defects) -> bool {
    let message = packet.icmpv6();
    let is_echo_reply = message.is_some_and(|message| message.kind == ECHO_REPLY);
    let error = message.filter(|message| message.kind < FIRST_INFORMATIONAL);
    // RFC 4443 §3: four octets stand before the packet that an error is about.
    let quoted = error.and_then(|error| error.body.get(4 + NEXT_HEADER_OFFSET).copied());
    let is_other = quoted.is_some_and(|number| !matches!(number, TCP | UDP | ICMPV6));
    is_echo_reply && defects.has(DROPS_ECHO_REPLIES)
        || quoted == Some(ICMPV6) && defects.has(DROPS_ERRORS_ABOUT_ECHOES)
        || is_other && defects.has(DROPS_ERRORS_ABOUT_OTHER_PROTOCOLS)
}

/// Returns whether a packet that nobody asked for comes in.
pub(super) fn lets_in(packet: &Packet<'_>, defects: &Defects) -> bool {
    let number = packet.ip[NEXT_HEADER_OFFSET];
    let is_later = Fragment::read(packet).is_some_and(|part| !part.first);
    let is_other = !matches!(number, TCP | UDP | ICMPV6 | FRAGMENT);
    is_later && defects.has(ADMITS_LATER_FRAGMENTS)
        || is_other && defects.has(ADMITS_OTHER_PROTOCOLS)
}

defects! {
    /// Drops the replies to echo requests of its terminals, as a filter that keeps no state for them.
    DROPS_ECHO_REPLIES = "drops-echo-replies",
        "端末が送ったエコー要求への応答を破棄する。エコーの状態を保持しないフィルタがそうする。";
    /// Drops errors about echo requests of its terminals, as a filter that finds ports alone in
    /// what is quoted.
    DROPS_ERRORS_ABOUT_ECHOES = "drops-errors-about-echoes",
        "端末のエコー要求に関するICMPv6エラーを破棄する。引用からポート番号しか読まないフィルタがそうする。";
    /// Drops errors about packets of terminals that are neither TCP nor UDP nor ICMPv6.
    DROPS_ERRORS_ABOUT_OTHER_PROTOCOLS = "drops-errors-about-other-protocols",
        "端末が送ったTCP、UDP、ICMPv6以外のパケットに関するICMPv6エラーを破棄する。";
    /// Lets fragments other than the first one in, since they show no ports.
    ADMITS_LATER_FRAGMENTS = "admits-later-fragments",
        "2番目以降のフラグメントを、ポート番号がないことを理由に、すべて通す。";
    /// Lets packets in that are neither TCP nor UDP nor ICMPv6, whoever asked for them.
    ADMITS_OTHER_PROTOCOLS = "admits-other-protocols",
        "TCP、UDP、ICMPv6以外のパケットを、端末が求めていなくても通す。";
}
