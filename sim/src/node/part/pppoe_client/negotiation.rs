//! What the client wishes in LCP and in IPCP, and what it agrees to.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::line::pppoe::MTU;
use crate::message::ppp::{
    ACCM, ACFC, AUTHENTICATION, CHAP, CHAP_MD5, ConfigurationOption, FCS, IP_ADDRESS, MAGIC, MRU,
    PAP, PFC, PRIMARY_DNS, SECONDARY_DNS,
};
use crate::node::part::ppp::{Opinion, Wishes};
use crate::node::router::defect::{Defects, defects};

/// How the other side wants us to prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Pap,
    Chap,
}

/// What is wished in LCP (RFC 1661 §6, RFC 2516 §7).
pub(super) struct LinkWishes {
    pub(super) magic: u32,
    pub(super) proof: Option<Proof>,
    rejected: BTreeSet<u8>,
    defects: Defects,
}

/// What is wished in IPCP (RFC 1332 §3, RFC 1877 §1).
pub(super) struct AddressWishes {
    pub(super) address: Ipv4Addr,
    pub(super) dns: [Ipv4Addr; 2],
    rejected: BTreeSet<u8>,
    defects: Defects,
}

impl LinkWishes {
    pub(super) fn new(magic: u32, defects: &Defects) -> Self {
        Self {
            magic,
            proof: None,
            rejected: BTreeSet::new(),
            defects: defects.clone(),
        }
    }
}

impl LinkWishes {
    /// Returns the number that stands in what we send: zero unless it was agreed on (RFC 1661 §5.8).
    pub(super) fn agreed_magic(&self) -> u32 {
        match self.rejected.contains(&MAGIC) || self.defects.has(NO_MAGIC_NUMBER) {
            true => 0,
            false => self.magic,
        }
    }
}

impl Wishes for LinkWishes {
    fn options(&self) -> Vec<ConfigurationOption> {
        // ngn-facts §4.5: 1454 is what the line has room for. RFC 2516 §7: never above 1492.
        let mru = match self.defects.has(MRU_OF_ETHERNET) {
            true => 1500,
            false => MTU,
        };
        let mut options = vec![ConfigurationOption::new(MRU, mru.to_be_bytes())];
        if !self.defects.has(NO_MAGIC_NUMBER) {
            options.push(ConfigurationOption::new(MAGIC, self.magic.to_be_bytes()));
        }
        if self.defects.has(ASKS_FOR_COMPRESSION) {
            options.push(ConfigurationOption::new(ACFC, []));
        }
        if self.defects.has(ASKS_FOR_PFC) {
            options.push(ConfigurationOption::new(PFC, []));
        }
        let stubborn = self.defects.has(ASKS_AGAIN_FOR_REJECTED);
        options.retain(|option| stubborn || !self.rejected.contains(&option.kind));
        options
    }

    fn opinion(&mut self, option: &ConfigurationOption) -> Opinion {
        match option.kind {
            // RFC 1661 §6.1: what the other side can take in is its affair.
            MRU => Opinion::Fine,
            AUTHENTICATION => {
                let chap = [&CHAP.to_be_bytes()[..], &[CHAP_MD5]].concat();
                self.proof = match &option.value[..] {
                    pap if pap == PAP.to_be_bytes() => Some(Proof::Pap),
                    value if value == chap => Some(Proof::Chap),
                    _ => return Opinion::Rather(ConfigurationOption::new(AUTHENTICATION, chap)),
                };
                Opinion::Fine
            }
            MAGIC => match option.value[..].try_into().map(u32::from_be_bytes) {
                // RFC 1661 §6.4: our own number comes back to us.
                Ok(magic) if magic != self.magic && magic != 0 => Opinion::Fine,
                _ => Opinion::Rather(ConfigurationOption::new(MAGIC, (!self.magic).to_be_bytes())),
            },
            // RFC 2516 §7.
            ACCM | ACFC | FCS if self.defects.has(AGREES_TO_COMPRESSION) => Opinion::Fine,
            _ => Opinion::No,
        }
    }

    fn take_nak(&mut self, option: &ConfigurationOption) {
        if option.kind == MAGIC {
            self.magic = self.magic.rotate_left(7) ^ 0x5a5a_5a5a;
        }
    }

    fn take_reject(&mut self, option: &ConfigurationOption) {
        self.rejected.insert(option.kind);
    }
}

impl AddressWishes {
    pub(super) fn new(defects: &Defects) -> Self {
        // Somebody's private address (RFC 1918 §3), for a defect.
        let address = match defects.has(INSISTS_ON_ADDRESS) {
            true => Ipv4Addr::new(192, 168, 1, 1),
            false => Ipv4Addr::UNSPECIFIED,
        };
        Self {
            address,
            dns: [Ipv4Addr::UNSPECIFIED; 2],
            rejected: BTreeSet::new(),
            defects: defects.clone(),
        }
    }
}

impl Wishes for AddressWishes {
    fn options(&self) -> Vec<ConfigurationOption> {
        let mut options = vec![ConfigurationOption::address(IP_ADDRESS, self.address)];
        if !self.defects.has(ASKS_FOR_NO_DNS) {
            options.push(ConfigurationOption::address(PRIMARY_DNS, self.dns[0]));
            options.push(ConfigurationOption::address(SECONDARY_DNS, self.dns[1]));
        }
        options.retain(|option| !self.rejected.contains(&option.kind));
        options
    }

    fn opinion(&mut self, option: &ConfigurationOption) -> Opinion {
        match (option.kind, option.as_address()) {
            (IP_ADDRESS, Some(address)) if !address.is_unspecified() => Opinion::Fine,
            _ => Opinion::No,
        }
    }

    fn take_nak(&mut self, option: &ConfigurationOption) {
        let Some(address) = option.as_address() else {
            return;
        };
        match option.kind {
            IP_ADDRESS if !self.defects.has(INSISTS_ON_ADDRESS) => self.address = address,
            PRIMARY_DNS => self.dns[0] = address,
            SECONDARY_DNS => self.dns[1] = address,
            _ => {}
        }
    }

    fn take_reject(&mut self, option: &ConfigurationOption) {
        self.rejected.insert(option.kind);
    }
}

defects! {
    /// Asks for an MRU of 1500 without PPP-Max-Payload in discovery.
    MRU_OF_ETHERNET = "mru-of-ethernet",
        "PPP-Max-Payloadなしで、MRU 1500を要求する。";
    /// Negotiates no Magic-Number.
    NO_MAGIC_NUMBER = "no-magic-number",
        "Magic-Numberを要求しない。";
    /// Asks for Address-and-Control-Field-Compression, which PPPoE has not.
    ASKS_FOR_COMPRESSION = "asks-for-compression",
        "PPPoEで使えないACFCを要求する。";
    /// Asks for Protocol-Field-Compression.
    ASKS_FOR_PFC = "asks-for-pfc",
        "推奨されていないPFC（プロトコルフィールドの圧縮）を要求する。";
    /// Agrees to ACFC, FCS-Alternatives and the control character map.
    AGREES_TO_COMPRESSION = "agrees-to-compression",
        "PPPoEで使えないACFC、FCS-Alternatives、ACCMに同意する。";
    /// Asks again for an option that was rejected.
    ASKS_AGAIN_FOR_REJECTED = "asks-again-for-rejected",
        "拒否されたオプションを要求し続ける。";
    /// Insists on an address of its own in IPCP.
    INSISTS_ON_ADDRESS = "insists-on-ipv4-address",
        "IPCPで自分の決めたアドレスに固執する。";
    /// Does not ask for DNS servers in IPCP.
    ASKS_FOR_NO_DNS = "asks-for-no-dns",
        "IPCPでDNSサーバを要求しない。";
}
