//! What the options of DHCP are called (RFC 2132 unless said otherwise).

pub(super) const SUBNET_MASK: u8 = 1;
pub(super) const TIME_OFFSET: u8 = 2;
pub(super) const ROUTER: u8 = 3;
pub(super) const DNS: u8 = 6;
pub(super) const REQUESTED_ADDRESS: u8 = 50;
pub(super) const LEASE_TIME: u8 = 51;
pub(super) const OVERLOAD: u8 = 52;
pub(super) const MESSAGE_TYPE: u8 = 53;
pub(super) const PARAMETER_LIST: u8 = 55;
pub(super) const CLIENT_ID: u8 = 61;
pub(super) const USER_CLASS: u8 = 77;
pub(super) const FQDN: u8 = 81;
pub(super) const RELAY_AGENT: u8 = 82;
pub(super) const AUTH: u8 = 90;
pub(super) const SEARCH_LIST: u8 = 119;
pub(super) const SIP_SERVERS: u8 = 120;
pub(super) const CLASSLESS_ROUTE: u8 = 121;
pub(super) const VENDOR_CLASS_IDENTIFYING: u8 = 124;
pub(super) const VENDOR_OPTIONS_IDENTIFYING: u8 = 125;
pub(super) const SIX_RD: u8 = 212;
pub(super) const CLASSLESS_ROUTE_OLD: u8 = 249;

/// Returns the name of an option.
pub(super) fn option(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Pad",
        SUBNET_MASK => "Subnet Mask",
        TIME_OFFSET => "Time Offset",
        ROUTER => "Router",
        4 => "Time Server",
        5 => "Name Server",
        DNS => "Domain Name Server",
        7 => "Log Server",
        8 => "Cookie Server",
        9 => "LPR Server",
        10 => "Impress Server",
        11 => "Resource Location Server",
        12 => "Host Name",
        13 => "Boot File Size",
        14 => "Merit Dump File",
        15 => "Domain Name",
        16 => "Swap Server",
        17 => "Root Path",
        18 => "Extensions Path",
        19 => "IP Forwarding",
        20 => "Non-Local Source Routing",
        21 => "Policy Filter",
        22 => "Maximum Datagram Reassembly Size",
        23 => "Default IP Time-to-live",
        24 => "Path MTU Aging Timeout",
        25 => "Path MTU Plateau Table",
        26 => "Interface MTU",
        27 => "All Subnets are Local",
        28 => "Broadcast Address",
        29 => "Perform Mask Discovery",
        30 => "Mask Supplier",
        31 => "Perform Router Discovery",
        32 => "Router Solicitation Address",
        33 => "Static Route",
        34 => "Trailer Encapsulation",
        35 => "ARP Cache Timeout",
        36 => "Ethernet Encapsulation",
        37 => "TCP Default TTL",
        38 => "TCP Keepalive Interval",
        39 => "TCP Keepalive Garbage",
        40 => "NIS Domain",
        41 => "NIS Servers",
        42 => "NTP Servers",
        43 => "Vendor Specific Information",
        44 => "NetBIOS Name Server",
        45 => "NetBIOS Datagram Distribution Server",
        46 => "NetBIOS Node Type",
        47 => "NetBIOS Scope",
        48 => "X Window Font Server",
        49 => "X Window Display Manager",
        REQUESTED_ADDRESS => "Requested IP Address",
        LEASE_TIME => "IP Address Lease Time",
        OVERLOAD => "Option Overload",
        MESSAGE_TYPE => "DHCP Message Type",
        54 => "Server Identifier",
        PARAMETER_LIST => "Parameter Request List",
        56 => "Message",
        57 => "Maximum DHCP Message Size",
        58 => "Renewal (T1) Time Value",
        59 => "Rebinding (T2) Time Value",
        60 => "Vendor class identifier",
        CLIENT_ID => "Client-identifier",
        64 => "NIS+ Domain",
        65 => "NIS+ Servers",
        66 => "TFTP server name",
        67 => "Bootfile name",
        68 => "Mobile IP Home Agent",
        69 => "SMTP Server",
        70 => "POP3 Server",
        71 => "NNTP Server",
        72 => "Default WWW Server",
        73 => "Default Finger Server",
        74 => "Default IRC Server",
        75 => "StreetTalk Server",
        76 => "STDA Server",
        // RFC 3004, RFC 4039, RFC 4702, RFC 3046, RFC 3118.
        USER_CLASS => "User Class",
        80 => "Rapid Commit",
        FQDN => "Client FQDN",
        RELAY_AGENT => "Relay Agent Information",
        AUTH => "Authentication",
        // RFC 4578.
        93 => "Client System Architecture",
        94 => "Client Network Interface",
        97 => "Client Machine Identifier",
        // RFC 4833, RFC 8925, RFC 8910, RFC 2563, RFC 3011.
        100 => "PCode",
        101 => "TCode",
        108 => "IPv6-Only Preferred",
        114 => "Captive-Portal",
        116 => "Auto-Configure",
        118 => "Subnet Selection",
        // RFC 3397, RFC 3361, RFC 3442, RFC 3925.
        SEARCH_LIST => "Domain Search",
        SIP_SERVERS => "SIP Servers",
        CLASSLESS_ROUTE => "Classless Static Route",
        VENDOR_CLASS_IDENTIFYING => "Vendor-Identifying Vendor Class",
        VENDOR_OPTIONS_IDENTIFYING => "Vendor-Identifying Vendor-Specific Information",
        // RFC 5417, RFC 6704, RFC 6731, RFC 5859, RFC 5969.
        138 => "CAPWAP Access Controllers",
        145 => "Forcerenew Nonce Capable",
        146 => "RDNSS Selection",
        150 => "TFTP Server Address",
        SIX_RD => "6RD",
        CLASSLESS_ROUTE_OLD => "Classless Static Route (Microsoft)",
        252 => "Proxy Autodiscovery",
        255 => "End",
        _ => return None,
    })
}

/// Returns the name of a relay agent's suboption (RFC 3046 §2.0, RFC 3527, RFC 3993, RFC 5107).
pub(super) fn relay_suboption(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "Agent Circuit ID",
        2 => "Agent Remote ID",
        5 => "Link Selection",
        6 => "Subscriber-ID",
        11 => "Server Identifier Override",
        12 => "Relay Agent Identifier",
        _ => return None,
    })
}
