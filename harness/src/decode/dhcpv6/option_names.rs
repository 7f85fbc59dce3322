//! The codes of DHCPv6: options and statuses, as IANA's registry has them.

pub(super) const CLIENT_ID: u16 = 1;
pub(super) const SERVER_ID: u16 = 2;
pub(super) const IA_NA: u16 = 3;
pub(super) const IA_TA: u16 = 4;
pub(super) const IA_ADDR: u16 = 5;
pub(super) const ORO: u16 = 6;
pub(super) const PREFERENCE: u16 = 7;
pub(super) const ELAPSED_TIME: u16 = 8;
pub(super) const RELAY_MESSAGE: u16 = 9;
pub(super) const AUTH: u16 = 11;
pub(super) const UNICAST: u16 = 12;
pub(super) const STATUS: u16 = 13;
pub(super) const RAPID_COMMIT: u16 = 14;
pub(super) const USER_CLASS: u16 = 15;
pub(super) const VENDOR_CLASS: u16 = 16;
pub(super) const VENDOR_OPTIONS: u16 = 17;
pub(super) const RECONFIGURE_MESSAGE: u16 = 19;
pub(super) const RECONFIGURE_ACCEPT: u16 = 20;
pub(super) const SIP_DOMAINS: u16 = 21;
pub(super) const SIP_ADDRESSES: u16 = 22;
pub(super) const DNS: u16 = 23;
pub(super) const SEARCH_LIST: u16 = 24;
pub(super) const IA_PD: u16 = 25;
pub(super) const IA_PREFIX: u16 = 26;
pub(super) const SNTP: u16 = 31;
pub(super) const REFRESH_TIME: u16 = 32;
pub(super) const FQDN: u16 = 39;
pub(super) const NTP: u16 = 56;
pub(super) const AFTR: u16 = 64;
pub(super) const PD_EXCLUDE: u16 = 67;
pub(super) const CLIENT_LINK_LAYER: u16 = 79;
pub(super) const SOL_MAX_RT: u16 = 82;
pub(super) const INF_MAX_RT: u16 = 83;

/// NTT's enterprise number.
pub(super) const NTT: u32 = 210;

/// Returns the name of an option.
pub(super) fn option(code: u16) -> Option<&'static str> {
    Some(match code {
        CLIENT_ID => "Client Identifier",
        SERVER_ID => "Server Identifier",
        IA_NA => "IA_NA",
        IA_TA => "IA_TA",
        IA_ADDR => "IA Address",
        ORO => "Option Request",
        PREFERENCE => "Preference",
        ELAPSED_TIME => "Elapsed Time",
        RELAY_MESSAGE => "Relay Message",
        AUTH => "Authentication",
        UNICAST => "Server Unicast",
        STATUS => "Status Code",
        RAPID_COMMIT => "Rapid Commit",
        USER_CLASS => "User Class",
        VENDOR_CLASS => "Vendor Class",
        VENDOR_OPTIONS => "Vendor-specific Information",
        18 => "Interface-Id",
        RECONFIGURE_MESSAGE => "Reconfigure Message",
        RECONFIGURE_ACCEPT => "Reconfigure Accept",
        SIP_DOMAINS => "SIP Server Domain Name List",
        SIP_ADDRESSES => "SIP Server Address List",
        DNS => "DNS Recursive Name Server",
        SEARCH_LIST => "Domain Search List",
        IA_PD => "IA_PD",
        IA_PREFIX => "IA Prefix",
        27 => "NIS Servers",
        28 => "NIS+ Servers",
        SNTP => "SNTP Servers",
        REFRESH_TIME => "Information Refresh Time",
        37 => "Remote-Id",
        38 => "Subscriber-Id",
        FQDN => "Client FQDN",
        41 => "New POSIX Timezone",
        42 => "New TZDB Timezone",
        NTP => "NTP Server",
        59 => "Boot File URL",
        AFTR => "AFTR-Name",
        PD_EXCLUDE => "PD Exclude",
        CLIENT_LINK_LAYER => "Client Link-Layer Address",
        SOL_MAX_RT => "SOL_MAX_RT",
        INF_MAX_RT => "INF_MAX_RT",
        94 => "S46 MAP-E Container",
        95 => "S46 MAP-T Container",
        96 => "S46 Lightweight 4over6 Container",
        103 => "Captive Portal",
        _ => return None,
    })
}

/// Returns the name of a status (RFC 8415 §21.13).
pub(super) fn status(code: u16) -> Option<&'static str> {
    Some(match code {
        0 => "Success",
        1 => "UnspecFail",
        2 => "NoAddrsAvail",
        3 => "NoBinding",
        4 => "NotOnLink",
        5 => "UseMulticast",
        6 => "NoPrefixAvail",
        _ => return None,
    })
}
