//! A user at a real browser: opens a page in headless Chromium, fills fields, presses buttons, and
//! keeps what is on the screen.
//!
//! Chromium is driven by its DevTools protocol over a pair of pipes, so that no port is open. What
//! the pages say goes to the standard output, and a picture of each into the working directory.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

/// The hidden subcommand that a browser's user runs as.
pub const COMMAND: &str = "real-browser";
/// The browser.
pub const CHROMIUM: &str = "chromium";
/// What installs certificates for it.
pub const CERTUTIL: &str = "certutil";

/// What the user does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The page to open.
    pub url: String,
    /// What is written into fields, by the words beside them, wherever such fields are.
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
    /// The words on the buttons to press, one after the other.
    pub press: Vec<String>,
}

/// What stood in the way.
#[derive(Debug, Error)]
enum Trouble {
    #[error("cannot talk to the browser: {0}")]
    Pipe(#[from] io::Error),
    #[error("the browser closed its pipe")]
    Closed,
    #[error("the browser says to {method}: {message}")]
    Refused { method: String, message: String },
    #[error("cannot open {url}: {reason}")]
    NotOpened { url: String, reason: String },
    #[error("there is no button {0}")]
    NoButton(String),
}

/// Serves as a browser's user; its argument is the visit.
pub(super) fn main() -> ExitCode {
    let visit = env::args().nth(2).unwrap_or_default();
    let told = serde_json::from_str(&visit)
        .map_err(|error| Trouble::Pipe(error.into()))
        .and_then(|visit| pay(&visit));
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let _ = writeln!(io::stdout(), "{trouble}");
            ExitCode::FAILURE
        }
    }
}

fn pay(visit: &Visit) -> Result<(), Trouble> {
    let mut page = Page::new(Browser::start()?)?;
    page.open(&visit.url)?;
    page.keep_all()?;
    for button in &visit.press {
        page.fill(&visit.fill)?;
        page.press(button)?;
        page.keep_all()?;
    }
    Ok(())
}

/// A browser, and the pipes to it; dropping it ends it.
struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
    session: Option<String>,
}

impl Browser {
    fn start() -> io::Result<Self> {
        let mut process = Command::new("/bin/sh")
            // It reads from 3 and writes to 4.
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
                "sh",
            ])
            .arg(CHROMIUM)
            .args(SWITCHES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = process.stdin.take().expect("it is piped");
        let from = BufReader::new(process.stdout.take().expect("it is piped"));
        Ok(Self {
            process,
            to,
            from,
            last: 0,
            session: None,
        })
    }

    /// Sends a command and returns its result; events that come first are handed to `seen`.
    fn ask(
        &mut self,
        method: &str,
        parameters: &Value,
        mut seen: impl FnMut(&Value),
    ) -> Result<Value, Trouble> {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&command).map_err(io::Error::from)?;
        bytes.push(0);
        self.to.write_all(&bytes)?;
        loop {
            let mut answer = self.next()?;
            if answer["id"] != self.last {
                seen(&answer);
                continue;
            }
            if let Some(message) = answer["error"]["message"].as_str() {
                return Err(Trouble::Refused {
                    method: method.to_owned(),
                    message: message.to_owned(),
                });
            }
            return Ok(answer["result"].take());
        }
    }

    /// Returns the next message; each ends with a zero byte.
    fn next(&mut self) -> Result<Value, Trouble> {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes)?;
        if bytes.pop() != Some(0) {
            return Err(Trouble::Closed);
        }
        Ok(serde_json::from_slice(&bytes).map_err(io::Error::from)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A tab of the browser.
struct Page {
    browser: Browser,
    /// Whether a page was loaded since something was asked for.
    loaded: bool,
    /// How many pictures have been taken.
    kept: usize,
}

impl Page {
    fn new(mut browser: Browser) -> Result<Self, Trouble> {
        let blank = json!({ "url": "about:blank", "width": 800, "height": 600 });
        let target = browser.ask("Target.createTarget", &blank, |_| ())?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", &attach, |_| ())?;
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        browser.ask("Page.enable", &json!({}), |_| ())?;
        Ok(Self {
            browser,
            loaded: false,
            kept: 0,
        })
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Result<Value, Trouble> {
        let loaded = &mut self.loaded;
        self.browser.ask(method, parameters, |event| {
            *loaded |= is_loaded(event);
        })
    }

    fn open(&mut self, url: &str) -> Result<(), Trouble> {
        self.loaded = false;
        let answer = self.ask("Page.navigate", &json!({ "url": url }))?;
        if let Some(reason) = answer["errorText"].as_str() {
            return Err(Trouble::NotOpened {
                url: url.to_owned(),
                reason: reason.to_owned(),
            });
        }
        self.wait()
    }

    /// Presses a button where it is on the screen, as a hand does, and waits for the page.
    fn press(&mut self, words: &str) -> Result<(), Trouble> {
        let place = self.evaluate(&format!("({PLACE})({})", Value::from(words)))?;
        let (Some(x), Some(y)) = (place["x"].as_f64(), place["y"].as_f64()) else {
            return Err(Trouble::NoButton(words.to_owned()));
        };
        self.loaded = false;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", &event)?;
        }
        self.wait()
    }

    /// Waits until a page is loaded. Whoever waits for the user sets the bound.
    fn wait(&mut self) -> Result<(), Trouble> {
        while !self.loaded {
            self.loaded = is_loaded(&self.browser.next()?);
        }
        Ok(())
    }

    /// Writes into the fields that have these words beside them, as far as there are such.
    fn fill(&mut self, fields: &BTreeMap<String, String>) -> Result<(), Trouble> {
        let fields = Value::from_iter(fields.clone());
        self.evaluate(&format!("({FILL})({fields})"))?;
        Ok(())
    }

    /// Keeps the page, and those that come after it by themselves.
    fn keep_all(&mut self) -> Result<(), Trouble> {
        self.keep()?;
        while self.evaluate(GOES_ON)?.as_bool() == Some(true) {
            self.loaded = false;
            self.wait()?;
            self.keep()?;
        }
        Ok(())
    }

    /// Keeps what the page says and what it looks like.
    fn keep(&mut self) -> Result<(), Trouble> {
        self.kept += 1;
        let number = self.kept;
        let seen = self.evaluate("[location.href, document.body.innerText]")?;
        let text = |index: usize| seen[index].as_str().unwrap_or_default();
        writeln!(io::stdout(), "{}\n{}\n", text(0), text(1).trim_end())?;
        let picture = self.ask("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let picture = BASE64.decode(picture["data"].as_str().unwrap_or_default());
        let picture = picture.map_err(io::Error::other)?;
        fs::write(format!("screen-{number}.png"), picture)?;
        // Chromium shows a page of its own where none came.
        match text(0).strip_prefix("chrome-error:") {
            Some(_) => Err(Trouble::NotOpened {
                url: "the page".to_owned(),
                reason: "the browser shows an error of its own".to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn evaluate(&mut self, script: &str) -> Result<Value, Trouble> {
        let script = json!({ "expression": script, "returnByValue": true });
        let mut answer = self.ask("Runtime.evaluate", &script)?;
        Ok(answer["result"]["value"].take())
    }
}

fn is_loaded(event: &Value) -> bool {
    event["method"] == "Page.loadEventFired"
}

/// Finds the middle of the button with these words.
const PLACE: &str = "words => {
    const buttons = [...document.querySelectorAll('button, input[type=submit], a')];
    const button = buttons.find(one => (one.innerText || one.value || '').trim() === words);
    if (!button) return null;
    button.scrollIntoView();
    const box = button.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}";
/// Writes into the fields that have these words beside them; a choice is made by being clicked.
const FILL: &str = "fields => {
    for (const label of document.querySelectorAll('label')) {
        const value = fields[label.innerText.trim()];
        const field = label.control;
        if (value === undefined || !field) continue;
        if (['radio', 'checkbox'].includes(field.type)) field.click();
        else field.value = value;
    }
}";
/// Says whether the page goes on to another one by itself.
const GOES_ON: &str = "!!document.querySelector('meta[http-equiv=refresh]')";
const SWITCHES: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    // There is one user in this namespace, and the namespace is the sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ja",
];
