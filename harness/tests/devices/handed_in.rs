//! What a real router left behind is handed in, judged again at the other end, and redacted.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Test;
use crate::bench::{Bench, root};

pub(crate) const TESTS: &[Test] = &[(
    "what_a_real_router_left_is_handed_in",
    what_a_real_router_left_is_handed_in,
)];

fn what_a_real_router_left_is_handed_in() {
    let bench = Bench::new();
    let folder = &bench.folder;
    let said = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
            .args(args)
            .env("LC_ALL", "C")
            .current_dir(folder)
            .output()
            .unwrap();
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{said}");
        said
    };
    // A router with known failures and with logs that name its addresses.
    let router = root().join("harness/devices/dnsmasq-dhcpcd.toml");
    let text = fs::read_to_string(router).unwrap();
    let own = "macs = { wan = \"00:1b:21:a1:b2:c3\", lan = \"00:1b:21:a1:b2:c4\" }\n";
    let text = own.to_owned() + &text;
    fs::write(folder.join("router.toml"), text).unwrap();
    said(&[
        "run",
        "--device",
        "router.toml",
        "--scenarios",
        ".",
        "--scenario",
        "test/short",
        "--area",
        "east",
        "--out",
        "out",
    ]);
    let logs = folder.join("out/test/short-east/logs");
    assert!(
        texts(&logs).contains("00:1b:21:a1:b2:c3"),
        "the logs name it"
    );
    for (name, redact) in [("plain.zip", &[][..]), ("redacted.zip", &["--redact"][..])] {
        said(&[&["bundle", "out/report.json", name, "--no-pdf"], redact].concat());
    }
    // Whoever gets it has nothing else.
    fs::remove_dir_all(folder.join("out")).unwrap();
    fs::remove_file(folder.join("router.toml")).unwrap();
    for name in ["plain", "redacted"] {
        let told = said(&["verify", &format!("{name}.zip"), "--out", name]);
        assert!(told.contains("whole, and the report follows"), "{told}");
    }
    let own = ["00:1b:21:a1:b2:c", "21b:21ff:fea1:b2c"];
    for (name, is_there) in [("plain", true), ("redacted", false)] {
        let text = texts(&folder.join(name));
        for address in own {
            assert_eq!(text.contains(address), is_there, "{address} in {name}");
        }
    }
}

/// Returns all that can be read below a folder, one file after the other.
fn texts(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => text += &texts(&path),
            false => text += &String::from_utf8_lossy(&fs::read(&path).unwrap()),
        }
    }
    text
}
