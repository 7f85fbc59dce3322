//! Whether people can read the page: axe-core looks at it in every size, light and language, and
//! pictures of it are taken where they are asked for.

use std::path::{Path, PathBuf};
use std::{env, fs, thread};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;

use super::{browse, chromium, page};

/// What axe-core found on a page.
#[derive(Debug, Deserialize)]
struct Found {
    /// How wide the page was.
    width: u32,
    /// Whether it was dark.
    dark: bool,
    /// How wide what is on it is.
    content: u32,
    /// How many rules were met.
    passes: usize,
    violations: Vec<Violation>,
}

/// A rule that is broken.
#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: String,
    help: String,
    nodes: Vec<String>,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
struct Look {
    address: &'static str,
    width: u32,
    dark: bool,
    language: &'static str,
}

const ADDRESSES: [&str; 5] = [
    "/device/0",
    "/device/0/matrix",
    "/case/0/0",
    "/case/0/0/ngn.dhcp6.duid-ll",
    "/check/ngn.dhcp6.duid-ll",
];

#[test]
fn axe_finds_nothing_serious_in_any_size_light_and_language() {
    let (Some(chromium), Some(axe)) = (chromium(), axe()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder);
    let looks = looks();
    let half = looks.len().div_ceil(2);
    let wrong: Vec<String> = thread::scope(|scope| {
        let parts = looks.chunks(half);
        let parts = parts.map(|part| scope.spawn(|| wrong(&chromium, &page, &axe, part)));
        let parts: Vec<_> = parts.collect();
        let ended = parts.into_iter().map(|part| part.join().unwrap());
        ended.flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_nobody_can_read_would_be_found() {
    let (Some(chromium), Some(axe)) = (chromium(), axe()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder);
    let text = fs::read_to_string(&page).unwrap();
    let pale = "<p style=\"color: #eee; background: #fff\">pale</p><img src=\"data:,\"></body>";
    fs::write(&page, text.replace("</body>", pale)).unwrap();
    let found = wrong(&chromium, &page, &axe, &looks()[..1]).join("\n");
    for rule in ["color-contrast (serious)", "image-alt (critical)"] {
        assert!(found.contains(rule), "{found} does not say {rule}");
    }
}

/// Says what is wrong with the page in each of these looks.
fn wrong(chromium: &str, page: &Path, axe: &str, looks: &[Look]) -> Vec<String> {
    let mut wrong = Vec::new();
    for look in looks {
        let (found, complaints) = look_at(chromium, page, axe, *look);
        let place = format!("{look:?}");
        wrong.extend(complaints.iter().map(|one| format!("{place}: {one}")));
        assert_eq!(
            (found.width, found.dark),
            (look.width, look.dark),
            "{place}"
        );
        assert!(found.passes > 10, "{place}: {found:?}");
        if found.content > found.width {
            wrong.push(format!("{place}: {} pixels wide", found.content));
        }
        for one in &found.violations {
            let (id, impact) = (&one.id, &one.impact);
            let line = format!("{place}: {id} ({impact}): {}: {:?}", one.help, one.nodes);
            match impact.as_str() {
                "serious" | "critical" => wrong.push(line),
                _ => eprintln!("{line}"),
            }
        }
    }
    wrong
}

/// Has axe-core look at a page, once it is drawn.
fn look_at(chromium: &str, page: &Path, axe: &str, look: Look) -> (Found, Vec<String>) {
    let text = fs::read_to_string(page).unwrap();
    let (language, width) = (look.language, look.width);
    let name = format!(
        "{language}-{width}-{}",
        if look.dark { "dark" } else { "light" }
    );
    let address = look.address.replace('/', "-");
    let copy = page.with_file_name(format!("page{address}-{name}.html"));
    let asked = format!("<html lang=\"{language}\">");
    let text = text.replacen("<html lang=\"ja\">", &asked, 1);
    fs::write(&copy, &text).unwrap();
    let framed = framed(&copy, look);
    let size = format!("--window-size={},{HEIGHT}", width.max(LEAST));
    let scheme = format!(
        "--blink-settings=preferredColorScheme={}",
        if look.dark { 0 } else { 1 }
    );
    if let Some(folder) = env::var_os("NGNLAB_SCREENSHOTS") {
        let folder = PathBuf::from(folder);
        fs::create_dir_all(&folder).unwrap();
        let picture = folder.join(format!("page{address}-{name}.png"));
        let picture = format!("--screenshot={}", picture.display());
        browse(chromium, &framed, "", &[&size, &scheme, &picture]);
    }
    let script = format!("<script>{axe}</script><script>{RUN}</script></body>");
    fs::write(&copy, text.replace("</body>", &script)).unwrap();
    let (drawn, complaints) = browse(chromium, &framed, "", &[&size, &scheme]);
    let found = drawn.split_once("<pre id=\"axe\">");
    let (_, found) = found.unwrap_or_else(|| panic!("axe-core found no end: {look:?}"));
    let (found, _) = found.split_once("</pre>").unwrap();
    let found = BASE64_STANDARD.decode(found).unwrap();
    (serde_json::from_slice(&found).unwrap(), complaints)
}

/// Writes a page in which another one is as wide as it is to be: a window has a least width.
fn framed(page: &Path, look: Look) -> PathBuf {
    let framed = page.with_extension("framed.html");
    let name = page.file_name().unwrap().to_str().unwrap();
    let (width, address) = (look.width, look.address);
    let text = FRAME
        .replace("@width@", &width.to_string())
        .replace("@height@", &HEIGHT.to_string())
        .replace("@page@", &format!("{name}#{address}"));
    fs::write(&framed, text).unwrap();
    framed
}

fn looks() -> Vec<Look> {
    let mut looks = Vec::new();
    for address in ADDRESSES {
        for width in [1280, 390] {
            for dark in [false, true] {
                looks.extend(["ja", "en"].map(|language| Look {
                    address,
                    width,
                    dark,
                    language,
                }));
            }
        }
    }
    looks
}

/// Returns the text of axe-core, which must be there in CI.
fn axe() -> Option<String> {
    let Some(path) = env::var_os("NGNLAB_AXE") else {
        let missing = "NGNLAB_AXE names no axe-core; `bash .ci/axe` fetches it";
        let wanted = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!wanted, "{missing}");
        eprintln!("skipped: {missing}");
        return None;
    };
    let text = fs::read_to_string(&path).unwrap();
    // It must not end the element that it stands in.
    Some(text.replace("</script", "<\\/script"))
}

const HEIGHT: u32 = 900;
/// Chromium's windows are no narrower.
const LEAST: u32 = 500;
const FRAME: &str = r#"<!DOCTYPE html>
<meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>frame</title>
<style>body { margin: 0 } iframe { border: 0; display: block }</style>
<script>
addEventListener("message", (message) => {
  const end = document.createElement("pre");
  end.id = "axe";
  end.textContent = message.data;
  document.body.append(end);
});
</script>
<body><iframe src="@page@" width="@width@" height="@height@"></iframe></body>
"#;
const RUN: &str = r#"
addEventListener("load", async () => {
  const pause = (span) => new Promise((go) => setTimeout(go, span));
  while (!document.documentElement.dataset.ready) await pause(50);
  await pause(1500);
  const content = document.documentElement.scrollWidth;
  const found = await axe.run(document);
  const text = JSON.stringify({
    width: innerWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    content,
    passes: found.passes.length,
    violations: found.violations.map(({ id, impact, help, nodes }) => ({
      id, impact, help, nodes: nodes.map((one) => one.target.join(" ") + ": " + one.failureSummary),
    })),
  });
  const bytes = new TextEncoder().encode(text);
  parent.postMessage(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), "*");
});
"#;
