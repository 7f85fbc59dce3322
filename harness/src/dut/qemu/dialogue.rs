//! Goes through a script on a console, step by step, each within its time.

use std::time::Duration;

use ngnlab_sim::time::Time;

use super::console::Console;
use crate::dut::description::machine::script::{Action, Script, Step};

/// A script that is being gone through.
pub(super) struct Dialogue {
    script: Script,
    current: Option<(Step, Time)>,
}

impl Dialogue {
    /// Begins with the first step of a script.
    pub(super) fn new(script: Script) -> Self {
        Self {
            script,
            current: None,
        }
    }

    /// Does what can be done at this moment; true once the script is over, and an error that says
    /// what did not happen.
    pub(super) fn turn(&mut self, console: &mut Console, now: Time) -> Result<bool, String> {
        loop {
            let Some((step, since)) = &self.current else {
                let Some(step) = self.script.steps.pop_front() else {
                    return Ok(true);
                };
                step.begin(console);
                self.current = Some((step, now));
                continue;
            };
            if !step.is_done(console)? {
                if now.since(*since) > step.within {
                    return Err(step.action.too_late(step.within, console));
                }
                return Ok(false);
            }
            self.current = None;
        }
    }
}

impl Step {
    fn begin(&self, console: &mut Console) {
        match &self.action {
            Action::Wait(_) => {}
            Action::Send(line) => console.type_in(&format!("{line}\n")),
            Action::Run(commands) => {
                console.forget();
                // Through a file, so that no command eats the lines behind it. The quotes keep
                // the echo of what is typed from being taken for the status.
                console.type_in(&format!(
                    "cat >{FILE} <<'NGNLAB'\n{}\nNGNLAB\n\
                    sh -e {FILE} </dev/null; echo \"ngnlab\"-ended-$?\n",
                    commands.trim_end()
                ));
            }
        }
    }

    fn is_done(&self, console: &mut Console) -> Result<bool, String> {
        match &self.action {
            Action::Wait(words) => Ok(console.pass(words)),
            Action::Send(_) => Ok(true),
            Action::Run(commands) => match console.line_after("ngnlab-ended-").as_deref() {
                None => Ok(false),
                Some("0") => Ok(true),
                Some(status) => {
                    let first = first_line(commands);
                    Err(format!(
                        "the commands `{first}` … ended with status {status}"
                    ))
                }
            },
        }
    }
}

impl Action {
    fn too_late(&self, within: Duration, console: &Console) -> String {
        match self {
            Self::Wait(_) if console.log().is_empty() => {
                format!("the console stayed silent for {within:?}")
            }
            Self::Wait(words) => format!("`{words}` did not come on the console within {within:?}"),
            Self::Send(line) => format!("`{line}` could not be typed within {within:?}"),
            Self::Run(commands) => {
                let first = first_line(commands);
                format!("the commands `{first}` … did not end within {within:?}")
            }
        }
    }
}

fn first_line(commands: &str) -> &str {
    commands.trim().lines().next().unwrap_or_default()
}

/// Every Linux has this directory.
const FILE: &str = "/tmp/ngnlab";

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_script_goes_on_only_when_its_words_have_come() {
        let (mut console, mut guest) = pair();
        let mut dialogue = dialogue([
            Action::Wait("login: ".to_owned()),
            Action::Send("root".to_owned()),
            Action::Run("ip link".to_owned()),
        ]);
        assert_eq!(dialogue.turn(&mut console, Time::ZERO), Ok(false));
        guest.write_all(b"router login: ").unwrap();
        console.turn(Time::ZERO);
        assert_eq!(dialogue.turn(&mut console, Time::ZERO), Ok(false));
        console.turn(Time::ZERO);
        let mut typed = [0; 1024];
        let count = guest.read(&mut typed).unwrap();
        let typed = String::from_utf8_lossy(&typed[..count]).into_owned();
        assert!(typed.starts_with("root\ncat >/tmp/ngnlab"), "{typed}");
        // A console echoes what is typed, and that is no status.
        guest.write_all(typed.as_bytes()).unwrap();
        console.turn(Time::ZERO);
        assert_eq!(dialogue.turn(&mut console, Time::ZERO), Ok(false));
        guest.write_all(b"ngnlab-ended-0\r\n").unwrap();
        console.turn(Time::ZERO);
        assert_eq!(dialogue.turn(&mut console, Time::ZERO), Ok(true));
    }

    #[test]
    fn what_did_not_happen_is_said() {
        let (mut console, mut guest) = pair();
        let late = Time::ZERO + Duration::from_secs(11);
        let mut silent = dialogue([Action::Wait("login: ".to_owned())]);
        assert_eq!(silent.turn(&mut console, Time::ZERO), Ok(false));
        let told = silent.turn(&mut console, late).unwrap_err();
        assert_eq!(told, "the console stayed silent for 10s");
        guest
            .write_all(b"ngnlab-ended-0\nngnlab-ended-2\n")
            .unwrap();
        console.turn(Time::ZERO);
        let mut fails = dialogue([Action::Run("false".to_owned())]);
        // What came before is not its status.
        assert_eq!(fails.turn(&mut console, Time::ZERO), Ok(false));
        guest.write_all(b"ngnlab-ended-2\n").unwrap();
        console.turn(Time::ZERO);
        let told = fails.turn(&mut console, Time::ZERO).unwrap_err();
        assert_eq!(told, "the commands `false` … ended with status 2");
    }

    fn dialogue<const N: usize>(actions: [Action; N]) -> Dialogue {
        let within = Duration::from_secs(10);
        let steps = actions.map(|action| Step { action, within });
        Dialogue::new(Script {
            steps: steps.into(),
        })
    }

    fn pair() -> (Console, UnixStream) {
        let (near, guest) = UnixStream::pair().unwrap();
        let console = Console::new(near, tempfile::tempfile().unwrap(), Vec::new()).unwrap();
        (console, guest)
    }
}
