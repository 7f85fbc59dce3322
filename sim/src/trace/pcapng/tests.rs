use pcap_file::pcapng::PcapNgReader;

use super::*;
use crate::Pace;
use crate::frame::Frame;
use crate::line::{Area, Line};
use crate::message::packet::Mac;
use crate::setup::{Mode, Setup};
use crate::time::Time;
use crate::trace::{FORMAT, Header, Record};

#[test]
fn a_text_that_is_too_long_for_an_option_is_cut_and_spoils_nothing() {
    // The limit lies within the last あ that would fit.
    let long = "あ".repeat(70_000);
    let remarks = Remarks {
        whole: long.clone(),
        frames: BTreeMap::from([(1, vec![long; 600])]),
        ..Remarks::default()
    };
    let blocks = read(&written(&remarks));
    let Block::EnhancedPacket(packet) = &blocks[2] else {
        panic!("{:?}", blocks[2]);
    };
    let comments = packet.options.iter().filter_map(|option| match option {
        EnhancedPacketOption::Comment(text) => Some(text.len()),
        _ => None,
    });
    let lengths: Vec<usize> = comments.collect();
    assert_eq!(lengths.len(), MOST_COMMENTS);
    assert!(lengths.iter().all(|length| *length == LONGEST_TEXT / 3 * 3));
}

#[test]
fn a_name_is_made_one_that_a_filter_can_be_made_of() {
    let remarks = Remarks {
        names: ["front desk\0\n", "", "www.lineauth.mnw"]
            .into_iter()
            .zip(1..)
            .map(|(name, last)| (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last), name.into()))
            .collect(),
        ..Remarks::default()
    };
    let blocks = read(&written(&remarks));
    let Block::NameResolution(block) = &blocks[2] else {
        panic!("{:?}", blocks[2]);
    };
    let names = block.records.iter().map(|record| match record {
        Named::Ipv6(record) => record.names.join(" "),
        _ => panic!("{record:?}"),
    });
    let names: Vec<String> = names.collect();
    assert_eq!(names, ["front-desk--", "-", "www.lineauth.mnw"]);
}

/// A note, and a frame on the WAN.
fn written(remarks: &Remarks) -> Vec<u8> {
    let line = Line::preset("next-pd", Area::East).unwrap();
    let frame = Seen::Frame {
        on: Role::Wan,
        from: End::Device,
        frame: Frame::from(vec![0; 60]),
        fate: Fate::Pass,
        injected: false,
    };
    let note = Seen::Late(Duration::ZERO);
    let at = Time::ZERO;
    let trace = Trace {
        header: Header {
            captured: None,
            format: FORMAT,
            scenario: "test/test".to_owned(),
            device: "test".to_owned(),
            seed: 1,
            pace: Pace::Virtual,
            line,
            setup: Setup {
                mode: Mode::Pd,
                wan_mac: Mac([2, 0, 0, 0, 0, 1]),
                lan_mac: Mac([2, 0, 0, 0, 0, 2]),
                default_dns: Vec::new(),
                domains: Vec::new(),
                pppoe: Vec::new(),
                pppoe_pass_through: false,
                wrong_on_purpose: Vec::new(),
            },
            terminals: Vec::new(),
            until: at,
            tls_secrets: Vec::new(),
        },
        records: [note, frame]
            .into_iter()
            .map(|seen| Record { at, seen })
            .collect(),
    };
    let mut capture = Vec::new();
    trace.write_pcapng(remarks, &mut capture).unwrap();
    capture
}

/// Returns the blocks after the section's header.
fn read(capture: &[u8]) -> Vec<Block<'static>> {
    let mut reader = PcapNgReader::new(capture).unwrap();
    let mut blocks = Vec::new();
    while let Some(block) = reader.next_block() {
        blocks.push(block.unwrap().into_owned());
    }
    blocks
}
