//! The fields of frames as Wireshark reads them: name, place and bytes of each.

use std::path::Path;
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A field of a frame.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name, as display filters have it.
    pub(crate) name: String,
    /// Where it starts, in the frame or in what was put together.
    pub(crate) start: usize,
    /// Its bytes in hexadecimal.
    pub(crate) bytes: String,
    /// Its value.
    pub(crate) show: String,
}

/// Returns the fields of each frame of a capture.
///
/// # Panics
///
/// If tshark cannot be run or refuses the file.
pub(crate) fn of_frames(capture: &Path) -> Vec<Vec<Field>> {
    let output = Command::new("tshark")
        .args(["-o", "tcp.reassemble_out_of_order:TRUE"])
        // A message is read where it begins, however long its body is.
        .args(["-o", "http.desegment_body:FALSE"])
        .args(["-r".as_ref(), capture.as_os_str()])
        .args(["-T", "pdml"])
        .output()
        .expect("tshark runs; it is in Debian's package `tshark`");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark refused: {errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut reader = Reader::from_str(&text);
    let mut frames: Vec<Vec<Field>> = Vec::new();
    loop {
        match reader.read_event().expect("tshark writes XML") {
            Event::Start(tag) if tag.name().as_ref() == b"packet" => frames.push(Vec::new()),
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == b"field" => {
                let frame = frames.last_mut().expect("fields stand in packets");
                frame.push(Field::read(&tag));
            }
            Event::Eof => return frames,
            _ => {}
        }
    }
}

impl Field {
    fn read(tag: &BytesStart<'_>) -> Self {
        let attribute = |name: &str| {
            let found = tag.try_get_attribute(name).expect("tshark writes XML");
            found.map_or_else(String::new, |found| {
                String::from_utf8_lossy(&found.value).into_owned()
            })
        };
        Self {
            name: attribute("name"),
            start: attribute("pos").parse().unwrap_or_default(),
            bytes: attribute("value"),
            show: attribute("show"),
        }
    }
}
