//! What the network's DHCPv6 server hands out: the rules of ngn-facts §2.1, the lifetimes of
//! §2.2 and the options of §2.3.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::{DhcpOption, UnknownOption};

use crate::line::{Delivery, EdgeQuirk, Line, Upstream};
use crate::message::dhcpv6::{self, OptionCode, SIP_SERVERS, SNTP_SERVERS};
use crate::node::part::dhcpv6_server::{Lifetimes, Refusal, Rules};

/// Returns how the line's server treats its clients.
pub(super) fn rules(line: &Line) -> Rules {
    let has = |quirk| line.quirks.edge.contains(&quirk);
    Rules {
        lifetimes: match line.lease.filter(|_| line.upstream == Upstream::Onu) {
            Some(lease) => lease.into(),
            None if has(EdgeQuirk::LongLifetimes) => THIRTY_DAYS,
            None => FOUR_HOURS,
        },
        // ngn-facts §2.2, `cross, re-solicit mid-lease`; that Next lines do the same is inferred.
        counts_down: true,
        // ngn-facts §9 row 7: an old binding does not bar another router, by default.
        takes_over: !has(EdgeQuirk::HeldByAnotherRouter),
        // ngn-facts §9 row 2: silence, by default.
        refusal: if has(EdgeQuirk::RefusesWithStatus) {
            Refusal::Status
        } else {
            Refusal::Silence
        },
        // ngn-facts §2.1: other DUIDs are dropped silently, but not in Information-Requests.
        delegation_needs_duid_ll: !has(EdgeQuirk::AcceptsAnyDuid),
        accepts_duid_llt: has(EdgeQuirk::AcceptsDuidLlt),
        new_slot_per_request: false,
        one_slot_per_client: false,
        information_needs_duid_ll: has(EdgeQuirk::DropsForeignInformationRequests),
        ignores_addresses: has(EdgeQuirk::IgnoresAddressRequests),
    }
}

/// Returns the options that clients of the line may request (ngn-facts §2.3).
pub(super) fn options(line: &Line) -> Vec<DhcpOption> {
    let values = line.area.values();
    let mut options = configuration(line, values.ngn_dns_on_wire.to_vec());
    if line.delivery() != Delivery::NextRa {
        let vendor = vendor_body(values.sip_domain, values.firmware_host);
        options.push(DhcpOption::Unknown(UnknownOption::new(
            OptionCode::VendorOpts,
            vendor,
        )));
    }
    if line.hikari_denwa
        && let Some(sip) = values.sip
    {
        options.push(dhcpv6::address_list(SIP_SERVERS, &[sip]));
    }
    options
}

/// Returns DNS servers, domain list and SNTP servers, which every server of the line hands out.
pub(in crate::node) fn configuration(line: &Line, dns: Vec<Ipv6Addr>) -> Vec<DhcpOption> {
    let values = line.area.values();
    vec![
        DhcpOption::DomainNameServers(dns),
        dhcpv6::search_option(&values.search),
        dhcpv6::address_list(SNTP_SERVERS, &values.sntp),
    ]
}

/// Builds the body of vendor option 17, enterprise 210 (ngn-facts §2.3; reported R+).
fn vendor_body(sip_domain: &str, firmware_host: &str) -> Vec<u8> {
    let sub_options = [
        (201, HOME_GATEWAY_MAC.to_vec()),
        (202, TELEPHONE_NUMBER.to_vec()),
        (204, dhcpv6::wire_name(sip_domain)),
        (210, dhcpv6::wire_name(firmware_host)),
    ];
    let mut body = ENTERPRISE.to_be_bytes().to_vec();
    for (code, data) in sub_options {
        body.extend_from_slice(&u16::to_be_bytes(code));
        let length = u16::try_from(data.len()).expect("names are shorter than 256 bytes");
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(&data);
    }
    body
}

/// Cross lines (ngn-facts §2.2, reported R+), and by §9 row 5 also Next lines.
const FOUR_HOURS: Lifetimes = Lifetimes {
    t1: 7_200,
    t2: 10_800,
    preferred: 12_600,
    valid: 14_400,
};
/// The other reading of §9 row 5: the lifetimes of the RA; timers by RFC 8415 §14.2 (inferred).
const THIRTY_DAYS: Lifetimes = Lifetimes {
    t1: 302_400,
    t2: 483_840,
    preferred: 604_800,
    valid: 2_592_000,
};
/// How long the router before this one holds its delegation (ngn-facts §9 row 7 says until the
/// lease ends; this stands for the rest of it).
pub(super) const HELD_FOR: Duration = Duration::from_secs(40);
/// NTT's enterprise number in vendor options.
const ENTERPRISE: u32 = 210;
/// Sub-option 201 with the dummy value of ngn-facts §2.3.
const HOME_GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
/// Sub-option 202 with the dummy value of ngn-facts §2.3.
const TELEPHONE_NUMBER: &[u8] = b"0300000000";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Area;

    #[test]
    fn the_vendor_option_has_the_reported_body() {
        // ngn-facts §2.3, West; East differs in one label of each name.
        let west = "000000D2\
            00C90006020000000001\
            00CA000A30333030303030303030\
            00CC0010086E74742D77657374026E65026A7000\
            00D2001F0377777707766572696E666F036867770A666C6574732D77657374026A7000";
        let hex = |area: Area| {
            let values = area.values();
            let body = vendor_body(values.sip_domain, values.firmware_host);
            body.iter()
                .map(|byte| format!("{byte:02X}"))
                .collect::<String>()
        };
        assert_eq!(hex(Area::West), west);
        assert_eq!(hex(Area::East), west.replace("77657374", "65617374"));
    }
}
