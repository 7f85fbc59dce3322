//! What Wireshark has to say about frames that we wrote.

use std::path::Path;
use std::process::Command;

/// Returns a line for each frame of ours that does not dissect cleanly: malformed, with a bad
/// checksum, or with an expert error. Frames of the device and injected ones are left out.
///
/// # Panics
///
/// If tshark cannot be run or refuses the file.
pub(crate) fn complaints(capture: &Path) -> Vec<String> {
    let output = Command::new("tshark")
        // Checksums are not looked at by default.
        .args([
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
        ])
        .args(["-r".as_ref(), capture.as_os_str()])
        .args(["-Y", COMPLAINT, "-T", "fields"])
        .args([
            "-e",
            "frame.number",
            "-e",
            "_ws.col.Info",
            "-e",
            "_ws.expert.message",
        ])
        .output()
        .expect("tshark runs; it is in Debian's package `tshark`");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "tshark refused {}: {errors}",
        capture.display()
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Returns whether tshark is there.
///
/// # Panics
///
/// If it is not, and `CI=true`.
pub(crate) fn is_installed() -> bool {
    let installed = Command::new("tshark").arg("--version").output().is_ok();
    let wanted = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(
        installed || !wanted,
        "tshark is missing; it is in Debian's package `tshark`"
    );
    installed
}

/// Direction 2 is outbound: ours. Severity 0x800000 is an error.
const COMPLAINT: &str = "frame.packet_flags_direction == 2 \
    && !(frame.comment contains \"ngnlab: injected\") \
    && (_ws.malformed || _ws.expert.severity >= 0x800000 || tcp.checksum.status == \"Bad\" \
    || udp.checksum.status == \"Bad\" || icmpv6.checksum.status == \"Bad\")";
