//! Traces as pcapng files: one interface per role, comments on frames, TLS secrets inside.
//!
//! Each frame's flags say whether we wrote it (outbound) or the device did (inbound).

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::SectionHeaderBlock;
use pcap_file::pcapng::blocks::unknown::UnknownBlock;
use pcap_file::pcapng::{Block, PcapNgWriter};
use pcap_file::{DataLink, Endianness, PcapError};

use super::{Seen, Trace};
use crate::cable::{End, Role};
use crate::fault::Fate;

impl Trace {
    /// Writes the frames as a pcapng file; `comments` are added to records by their number.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_pcapng(
        &self,
        comments: &BTreeMap<usize, String>,
        to: impl Write,
    ) -> io::Result<()> {
        self.try_write_pcapng(comments, to)
            .map_err(|error| match error {
                PcapError::IoError(error) => error,
                error => io::Error::other(error),
            })
    }

    fn try_write_pcapng(
        &self,
        comments: &BTreeMap<usize, String>,
        to: impl Write,
    ) -> Result<(), PcapError> {
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            ..Default::default()
        };
        let mut writer = PcapNgWriter::with_section_header(to, section)?;
        let roles: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|role| self.has_frames(*role))
            .collect();
        for role in &roles {
            writer.write_block(&Block::InterfaceDescription(interface(*role)))?;
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
            let remarks = [
                injected,
                fate_comment(*fate),
                comments.get(&number).cloned(),
            ];
            options.extend(
                remarks
                    .into_iter()
                    .flatten()
                    .map(|text| EnhancedPacketOption::Comment(text.into())),
            );
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

fn interface(role: Role) -> InterfaceDescriptionBlock<'static> {
    InterfaceDescriptionBlock {
        linktype: DataLink::ETHERNET,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(role.name().into()),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ],
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

/// The comment on frames a scenario put on a cable.
pub const INJECTED: &str = "ngnlab: injected by the scenario";
/// The date of the guide's version 1.2, as the fixed date of time zero.
const EPOCH: Duration = Duration::from_secs(1_616_598_000);
// draft-ietf-opsawg-pcapng: block type 10, secrets type "TLSK", if_tsresol in powers of ten, and
// the direction in the two lowest bits of epb_flags.
const DECRYPTION_SECRETS: u32 = 10;
const TLS_KEY_LOG: u32 = 0x544c_534b;
const NANOSECONDS: u8 = 9;
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;
