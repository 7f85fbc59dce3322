//! Traces as pcapng files: one interface per role, names of addresses, TLS secrets and comments.
//!
//! Each frame's flags say whether we wrote it (outbound) or the device did (inbound). Frames stand
//! in the order of the trace, so that [`Frames`](super::Frames) knows their numbers.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::Ipv6Addr;
use std::time::Duration;

use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::name_resolution::{
    Ipv4Record, Ipv6Record, NameResolutionBlock, Record as Named,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::blocks::unknown::UnknownBlock;
use pcap_file::pcapng::{Block, PcapNgWriter};
use pcap_file::{DataLink, Endianness, PcapError};

use super::{Seen, Trace};
use crate::cable::{End, Role};
use crate::fault::Fate;

/// What a capture says besides its frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// About the whole of it.
    pub whole: String,
    /// The program that writes it.
    pub application: String,
    /// What it was captured on.
    pub hardware: String,
    /// Who has which address; one of IPv4 is mapped (RFC 3493 §3.7).
    pub names: BTreeMap<Ipv6Addr, String>,
    /// About frames, by the number of their record.
    pub frames: BTreeMap<usize, Vec<String>>,
}

impl Trace {
    /// Writes the frames as a pcapng file, with remarks on them.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_pcapng(&self, remarks: &Remarks, to: impl Write) -> io::Result<()> {
        self.try_write_pcapng(remarks, to)
            .map_err(|error| match error {
                PcapError::IoError(error) => error,
                error => io::Error::other(error),
            })
    }

    fn try_write_pcapng(&self, remarks: &Remarks, to: impl Write) -> Result<(), PcapError> {
        let mut writer = PcapNgWriter::with_section_header(to, section(remarks))?;
        let roles: Vec<Role> = Role::ALL
            .into_iter()
            // Every device has a WAN and a LAN, even if nothing was heard on them.
            .filter(|role| *role != Role::Uplink || self.has_frames(*role))
            .collect();
        for role in &roles {
            writer.write_block(&Block::InterfaceDescription(interface(*role)))?;
        }
        if !remarks.names.is_empty() {
            writer.write_block(&Block::NameResolution(names(&remarks.names)))?;
        }
        if !self.header.tls_secrets.is_empty() {
            let value = secrets(&self.header.tls_secrets);
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
            let block = UnknownBlock::new(DECRYPTION_SECRETS, length, &value);
            writer.write_block(&Block::Unknown(block))?;
        }
        for (number, record) in self.records.iter().enumerate() {
            let Seen::Frame {
                on,
                from,
                frame,
                fate,
                injected,
            } = &record.seen
            else {
                continue;
            };
            let Some(interface_id) = roles.iter().position(|role| role == on) else {
                continue;
            };
            let direction = match from {
                End::Device => INBOUND,
                End::Network => OUTBOUND,
            };
            let mut options = vec![EnhancedPacketOption::Flags(direction)];
            let injected = injected.then(|| INJECTED.to_owned());
            let ours = [injected, fate_comment(*fate)].into_iter().flatten();
            let theirs = remarks.frames.get(&number).map_or(&[][..], |texts| texts);
            let comments = ours.chain(theirs.iter().map(|text| fitting(text).to_owned()));
            let comments = comments.take(MOST_COMMENTS);
            options.extend(comments.map(|text| EnhancedPacketOption::Comment(text.into())));
            let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
            let since_zero = u64::try_from(record.at.as_nanos()).unwrap_or(0);
            writer.write_block(&Block::EnhancedPacket(EnhancedPacketBlock {
                interface_id: u32::try_from(interface_id).unwrap_or(0),
                timestamp: EPOCH + Duration::from_nanos(since_zero),
                original_len: length,
                data: (&frame[..]).into(),
                options,
            }))?;
        }
        Ok(())
    }

    fn has_frames(&self, role: Role) -> bool {
        let on_role = |seen: &Seen| matches!(seen, Seen::Frame { on, .. } if *on == role);
        self.records.iter().any(|record| on_role(&record.seen))
    }
}

fn section(remarks: &Remarks) -> SectionHeaderBlock<'static> {
    let said = |text: &String| (!text.is_empty()).then(|| fitting(text).to_owned().into());
    let options = [
        said(&remarks.whole).map(SectionHeaderOption::Comment),
        said(&remarks.hardware).map(SectionHeaderOption::Hardware),
        said(&remarks.application).map(SectionHeaderOption::UserApplication),
    ];
    SectionHeaderBlock {
        endianness: Endianness::Little,
        options: options.into_iter().flatten().collect(),
        ..Default::default()
    }
}

fn interface(role: Role) -> InterfaceDescriptionBlock<'static> {
    let between = match role {
        Role::Wan => "between the router and the line",
        Role::Lan => "between the router and its terminals",
        Role::Uplink => "between the home gateway and the edge",
    };
    InterfaceDescriptionBlock {
        linktype: DataLink::ETHERNET,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(role.name().into()),
            InterfaceDescriptionOption::IfDescription(between.into()),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ],
    }
}

fn names(names: &BTreeMap<Ipv6Addr, String>) -> NameResolutionBlock<'static> {
    let record = |(address, name): (&Ipv6Addr, &String)| {
        let names = vec![host_name(name).into()];
        match address.to_ipv4_mapped() {
            Some(address) => Named::Ipv4(Ipv4Record {
                ip_addr: address.octets().to_vec().into(),
                names,
            }),
            None => Named::Ipv6(Ipv6Record {
                ip_addr: address.octets().to_vec().into(),
                names,
            }),
        }
    };
    NameResolutionBlock {
        records: names.iter().take(MOST_NAMES).map(record).collect(),
        options: Vec::new(),
    }
}

/// Returns a name that a filter can be made of.
fn host_name(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') {
        true => c,
        false => '-',
    };
    let name: String = name.chars().take(LONGEST_NAME).map(plain).collect();
    if name.is_empty() {
        "-".to_owned()
    } else {
        name
    }
}

/// Builds the body of a Decryption Secrets Block that holds TLS key log lines.
fn secrets(lines: &[String]) -> Vec<u8> {
    let log: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let length = u32::try_from(log.len()).unwrap_or(u32::MAX);
    let mut body = [
        &TLS_KEY_LOG.to_le_bytes()[..],
        &length.to_le_bytes(),
        log.as_bytes(),
    ]
    .concat();
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

fn fate_comment(fate: Fate) -> Option<String> {
    match fate {
        Fate::Pass => None,
        Fate::Delay(span) => Some(format!("ngnlab: delayed by {} ms", span.as_millis())),
        Fate::Drop => Some("ngnlab: lost on the cable".to_owned()),
        Fate::Duplicate => Some("ngnlab: delivered twice".to_owned()),
    }
}

/// Returns as much of a text as an option takes: the writer would cut its length and not the text.
fn fitting(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The comment on frames a scenario put on a cable.
pub const INJECTED: &str = "ngnlab: injected by the scenario";
/// The date of the guide's version 1.2, as the fixed date of time zero.
const EPOCH: Duration = Duration::from_secs(1_616_598_000);
// draft-ietf-opsawg-pcapng: block type 10, for which the crate has no word, secrets type "TLSK",
// if_tsresol in powers of ten, and the direction in the two lowest bits of epb_flags.
const DECRYPTION_SECRETS: u32 = 10;
const TLS_KEY_LOG: u32 = 0x544c_534b;
const NANOSECONDS: u8 = 9;
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;
/// In bytes; an option's length has 16 bits.
const LONGEST_TEXT: usize = 16 << 10;
/// On a frame: a block may have 16 MiB for Wireshark, and 8 MB for the reader of the crate.
const MOST_COMMENTS: usize = 256;
const MOST_NAMES: usize = 10_000;
/// As long as a domain name (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;

#[cfg(test)]
mod tests;
