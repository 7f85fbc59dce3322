//! A real terminal at work: a command, or a user at a browser, on a computer of its own.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ngnlab_sim::cable::Cable;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::part::tls::Pki;
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{CommandEnding, Fact, StepOutcome};

use super::testbed::Testbed;
use crate::dissection::words::ending_in_words;
use crate::dut::DutError;
use crate::error::Error;
use crate::scenario::Scenario;
use crate::scenario::step::Action;
use crate::scenario::step::real_terminal::{Browse, Run};
use crate::terminal::browser::{self, Visit};
use crate::terminal::online::Online;
use crate::terminal::{Errand, RealTerminal, Told};

/// Returns the programs that the machine must have for a scenario's real terminals.
pub fn needs(scenario: &Scenario) -> Vec<&str> {
    let mut programs = Vec::new();
    for step in scenario.steps() {
        match &step.action {
            Action::Run(run) => {
                let named = run.command.first().into_iter().chain(&run.needs);
                programs.extend(named.map(String::as_str));
            }
            Action::Browse(_) => programs.extend([browser::CHROMIUM, browser::CERTUTIL]),
            _ => {}
        }
    }
    programs.sort_unstable();
    programs.dedup();
    programs
}

/// A command that runs, with everything that is known of it.
pub(crate) struct Running {
    computer: RealTerminal,
    name: String,
    number: u8,
    cable: Option<Cable>,
    folder: Option<PathBuf>,
    command: Vec<String>,
    exit: i32,
    promised: Vec<String>,
    online: bool,
    output: String,
    /// What came of it, and when its cable may be pulled.
    over: Option<(StepOutcome, Time)>,
}

impl Running {
    /// Starts the command of a step.
    pub(crate) fn run(step: &Run, testbed: &mut Testbed) -> Result<Self, DutError> {
        let words = step.command.clone();
        let shown = words.clone();
        let mut running = Self::start(words, shown, step.trusts_ons_root, testbed)?;
        running.exit = step.exit;
        running.promised.clone_from(&step.prints);
        Ok(running)
    }

    /// Starts the browser of a step.
    pub(crate) fn browse(step: &Browse, testbed: &mut Testbed) -> Result<Self, DutError> {
        let visit = Visit {
            url: step.url.0.clone(),
            fill: step.fill.clone(),
            press: step.press.clone(),
        };
        let visit = serde_json::to_string(&visit).expect("a visit is plain data");
        let words = vec![browser::COMMAND.to_owned(), visit];
        let shown = vec![browser::CHROMIUM.to_owned(), step.url.0.clone()];
        let mut running = Self::start(words, shown, step.trusts_ons_root, testbed)?;
        running.promised.clone_from(&step.shows);
        Ok(running)
    }

    fn start(
        words: Vec<String>,
        command: Vec<String>,
        trusts: bool,
        testbed: &mut Testbed,
    ) -> Result<Self, DutError> {
        let number = testbed.next_real_terminal();
        let name = format!("real-{number}");
        let folder: Option<PathBuf> = testbed.files.as_ref().map(|files| files.join(&name));
        let errand = Errand {
            words,
            root_pem: trusts.then(|| Pki::shared().root_pem().to_owned()),
            files: folder.clone(),
            resolv_conf: String::new(),
            router: String::new(),
        };
        // 5e:10 and 5e:20 are the devices of `dut`, 5e:40 the emulated terminals.
        let mac = Mac([0x02, 0x00, 0x5e, 0x50, 0x00, number]);
        let computer = RealTerminal::start(mac, errand).map_err(|source| Error::Missing {
            doing: "start a real terminal".to_owned(),
            help: String::new(),
            source: Some(source),
        })?;
        Ok(Self {
            computer,
            name,
            number,
            cable: None,
            folder,
            command,
            exit: 0,
            promised: Vec::new(),
            online: false,
            output: String::new(),
            over: None,
        })
    }

    /// Takes in what the terminal tells; returns how the step ended once it has.
    pub(crate) fn go_on(&mut self, testbed: &mut Testbed) -> Result<Option<StepOutcome>, DutError> {
        if let Some((outcome, gone)) = &self.over {
            if testbed.world.now() < *gone {
                return Ok(None);
            }
            let outcome = outcome.clone();
            return self.leave(testbed).map(|()| Some(outcome));
        }
        loop {
            let told = self.computer.told().map_err(|source| Error::Missing {
                doing: "hear from a real terminal".to_owned(),
                help: String::new(),
                source: Some(source),
            })?;
            let Some((told, tap)) = told else {
                return Ok(None);
            };
            if let Some(tap) = tap {
                self.cable = Some(testbed.plug_in_terminal(self.number, tap));
            }
            match told {
                Told::Plugged => {}
                Told::Online(online) => {
                    self.online = true;
                    self.tell_online(&online, testbed);
                }
                Told::Output(text) => self.output.push_str(&text),
                Told::Ended {
                    status,
                    signal,
                    files,
                    cut,
                } => {
                    let ending = match (status, signal) {
                        (Some(status), _) => CommandEnding::Exit(status),
                        (None, number) => CommandEnding::Signal(number.unwrap_or_default()),
                    };
                    let outcome = self.end(ending, files, cut, testbed);
                    // The kernel takes leave for the programs: a last alert, a FIN.
                    self.over = Some((outcome, testbed.world.now() + FAREWELL));
                    return Ok(None);
                }
                Told::Cannot { doing, help } => {
                    return Err(DutError::Harness(Error::Missing {
                        doing,
                        help,
                        source: None,
                    }));
                }
            }
        }
    }

    /// Ends the command because its time is up; what was promised has not come.
    pub(crate) fn give_up(&mut self, testbed: &mut Testbed) -> Result<StepOutcome, DutError> {
        self.leave(testbed)?;
        if let Some((outcome, _)) = self.over.take() {
            return Ok(outcome);
        }
        let ending = match self.online {
            true => CommandEnding::TimedOut,
            false => CommandEnding::NeverOnline,
        };
        Ok(self.end(ending, Vec::new(), false, testbed))
    }

    /// Pulls the computer's cable; its interface goes with it.
    fn leave(&self, testbed: &mut Testbed) -> Result<(), DutError> {
        if let Some(cable) = self.cable {
            testbed.set_carrier(cable, false)?;
        }
        Ok(())
    }

    fn tell_online(&self, online: &Online, testbed: &mut Testbed) {
        let world = &mut testbed.world;
        for (address, temporary) in &online.addresses {
            let fact = Fact::AddressReady {
                address: *address,
                temporary: *temporary,
            };
            world.record_fact(&self.name, fact);
        }
        let learnt = Fact::DnsLearnt {
            servers: online.servers.clone(),
            search: online.search.clone(),
            by: online.by,
        };
        world.record_fact(&self.name, learnt);
        world.record_fact(&self.name, Fact::Online);
    }

    fn end(
        &mut self,
        ending: CommandEnding,
        files: Vec<String>,
        cut: bool,
        testbed: &mut Testbed,
    ) -> StepOutcome {
        if let Some(folder) = &self.folder {
            // It stays only if something is in it.
            let _ = fs::remove_dir(folder);
        }
        let files = files
            .into_iter()
            .map(|name| format!("files/{}/{name}", self.name));
        let fact = Fact::CommandEnded {
            command: self.command.clone(),
            ending,
            output: self.output.clone(),
            cut,
            files: files.collect(),
        };
        testbed.world.record_fact(&self.name, fact);
        match self.broken_promise(ending) {
            Some(why) => StepOutcome::Failed(why),
            None => StepOutcome::Done,
        }
    }

    /// Says what is not as the step promised.
    fn broken_promise(&self, ending: CommandEnding) -> Option<String> {
        let mut why = ending_in_words(ending);
        if ending == CommandEnding::Exit(self.exit) {
            let missing = self
                .promised
                .iter()
                .find(|text| !self.output.contains(*text))?;
            why = format!("its output does not contain `{missing}`");
        } else if let CommandEnding::Exit(_) = ending {
            why.push_str(&format!(", not {}", self.exit));
        }
        let lines: Vec<&str> = self.output.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        Some(match last.is_empty() {
            true => why,
            false => format!("{why}; its last words:\n{}", last.join("\n")),
        })
    }
}

/// A round trip over the slowest lines that scenarios have, and then some.
const FAREWELL: Duration = Duration::from_millis(500);
const LAST_LINES: usize = 12;
