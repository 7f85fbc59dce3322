//! Why there is no trace, or no run at all, and the exit codes that say so.

use std::io;
use std::path::PathBuf;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use ngnlab_reports::escape;
use ngnlab_reports::words::Lang;

use crate::mistake::Mistakes;

mod said;

use said::Said;

/// Something of ours that could not be done. A device that fails is no error.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// The command line asks for something that does not exist.
    #[error("{what}")]
    Usage {
        /// What is wrong with it.
        what: String,
        /// What to do instead.
        #[help]
        help: Option<String>,
    },
    /// A scenario file has mistakes.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scenario(#[from] Box<Mistakes>),
    /// A file of the user's cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The network of the testbed broke down.
    #[error("cannot run the world of {scenario}")]
    World {
        /// The scenario.
        scenario: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The machine lacks something that the device needs.
    #[error("cannot {doing}")]
    Missing {
        /// What was tried.
        doing: String,
        /// How to get it.
        #[help]
        help: String,
        /// Why not.
        #[source]
        source: Option<io::Error>,
    },
    /// A device file or one of its templates has a mistake.
    #[error("{path}: {message}")]
    Device {
        /// The device file or template.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
        /// What to do instead.
        #[help]
        help: Option<String>,
    },
    /// Two reports have nothing to do with each other.
    #[error("{what}")]
    Incomparable {
        /// Why not.
        what: String,
        /// What to do instead.
        #[help]
        help: String,
    },
    /// The user has had enough.
    #[error("stopped by the user")]
    Stopped,
    /// Something of ours panicked.
    #[error("ngnlab panicked while {doing}, with seed {seed}: {message}")]
    Panicked {
        /// What it did.
        doing: &'static str,
        /// The run's seed.
        seed: u64,
        /// What the panic said, and where.
        message: String,
    },
    /// A worker process ended without a result.
    #[error("cannot get a result of {scenario} from its worker: {message}")]
    Worker {
        /// The scenario.
        scenario: String,
        /// How it ended.
        message: String,
    },
}

impl Error {
    /// Returns what went wrong and why, and what to do about a machine that lacks something.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        if let Self::Missing { help, .. } = self
            && !help.is_empty()
        {
            text.push_str(&format!(" ({help})"));
        }
        text
    }

    /// Returns the whole story in this language for a terminal, which can only show it: what, why,
    /// where, and what to do.
    pub fn pretty(&self, lang: Lang) -> String {
        let theme = GraphicalTheme::unicode_nocolor();
        let handler = GraphicalReportHandler::new_themed(theme).with_width(COLUMNS);
        let mut text = String::new();
        if handler
            .render_report(&mut text, &Said::new(self, lang))
            .is_err()
        {
            text = self.with_causes() + "\n";
        }
        if lang == Lang::Ja {
            // As wide, so that what follows below it stays in its column.
            text = text.replace("\n  help: ", "\n  対処: ");
        }
        escape::lines(&text).into_owned()
    }

    /// Returns the exit code that says so (design §10).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Scenario(_) | Self::Read { .. } | Self::Device { .. } => {
                BAD_INPUT
            }
            Self::Write { .. }
            | Self::World { .. }
            | Self::Missing { .. }
            | Self::Incomparable { .. }
            | Self::Stopped
            | Self::Panicked { .. }
            | Self::Worker { .. } => UNDETERMINED,
        }
    }
}

/// The device is conformant, with or without remarks.
pub const CONFORMANT: u8 = 0;
/// The device is not conformant, failed, or passes what its file says it fails.
pub const NOT_CONFORMANT: u8 = 1;
/// Wrong usage, or a mistake in a file.
pub const BAD_INPUT: u8 = 2;
/// It could not be told.
pub const UNDETERMINED: u8 = 3;

const COLUMNS: usize = 100;
