//! The report as a page, in a real browser: everything is drawn, and nothing is asked for.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

#[path = "page/readable.rs"]
mod readable;

#[test]
fn every_page_is_drawn_in_both_languages_without_a_complaint() {
    let Some(chromium) = chromium() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder);
    let case = "/case/0/0";
    for (address, words) in [
        ("/device/0", ["不合格の一覧", "ngn.dhcp6.duid-ll"]),
        ("/device/0/matrix", ["絞り込み", "シナリオ"]),
        (
            case,
            ["回線認証に成功し、ポータルが開く。", "www.lineauth.mnw"],
        ),
        ("/case/0/0/ngn.dhcp6.duid-ll", ["期待", "DHCPv6 Solicit"]),
        ("/check/ngn.dhcp6.duid-ll", ["出典", "ngn-facts"]),
    ] {
        let drawn = drawn(&chromium, &page, address, "ja");
        for word in words {
            assert!(drawn.contains(word), "{address}: no {word} in {drawn}");
        }
    }
    let drawn = drawn(&chromium, &page, "/device/0", "en");
    assert!(drawn.contains("What failed, causes first"), "{drawn}");
}

#[test]
fn a_complaint_of_the_browser_would_be_seen() {
    let Some(chromium) = chromium() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder);
    let text = fs::read_to_string(&page).unwrap();
    let broken = text.replace("</main>", "</main><img src=\"https://example.com/x.png\">");
    fs::write(&page, broken).unwrap();
    let (_, complaints) = browse(&chromium, &page, "/device/0", &[WINDOW]);
    assert!(!complaints.is_empty());
}

/// Returns what a browser makes of an address of the page, which it does not complain about.
fn drawn(chromium: &str, page: &Path, address: &str, language: &str) -> String {
    let text = fs::read_to_string(page).unwrap();
    let translated = page.with_file_name(format!("{language}.html"));
    let marked = text.replacen(
        "<html lang=\"ja\">",
        &format!("<html lang=\"{language}\">"),
        1,
    );
    fs::write(&translated, marked).unwrap();
    let (drawn, complaints) = browse(chromium, &translated, address, &[WINDOW]);
    assert_eq!(complaints, Vec::<String>::new(), "{address}");
    let (_, drawn) = drawn.split_once("<main").expect("there is a page");
    let (drawn, _) = drawn.split_once("</main>").expect("it has an end");
    drawn.to_owned()
}

/// Returns what a browser makes of an address of a page, and what it complains about.
fn browse(chromium: &str, page: &Path, address: &str, more: &[&str]) -> (String, Vec<String>) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--disable-sync",
            "--disable-quic",
            "--enable-logging=stderr",
        ])
        .arg("--virtual-time-budget=20000")
        .args(more)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}#{address}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let complaints = said.lines().filter(|line| line.contains(":CONSOLE"));
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        complaints.map(str::to_owned).collect(),
    )
}

/// Returns the page of a run in which something fails.
fn page(folder: &TempDir) -> PathBuf {
    let page = folder.path().join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .args([
            "--lang",
            "ja",
            "run",
            "--scenario",
            "line-auth/succeeds-on-a-pd-line",
            "--area",
            "east",
        ])
        .args(["--lang", "ja", "--defect", "duid-llt", "--scenarios"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"))
        .arg("--html")
        .arg(&page)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    page
}

const WINDOW: &str = "--window-size=1280,900";

fn chromium() -> Option<String> {
    let name = "chromium";
    let found = Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match found {
        Ok(_) => Some(name.to_owned()),
        Err(_) if std::env::var_os("CI").is_some() => panic!("there is no {name}"),
        Err(_) => {
            eprintln!("skipped: there is no {name}");
            None
        }
    }
}
