//! Why faults could not be planted or tried.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot parse {file}")]
    Parse { file: String, source: syn::Error },
    #[error("cannot start {program}")]
    Start { program: String, source: io::Error },
    #[error("{doing} failed:\n{said}")]
    Failed { doing: &'static str, said: String },
    #[error("cannot read the list of what was looked at: {0}")]
    Reviewed(String),
    #[error("{path} has no results")]
    Results {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the router without a fault is not conformant, so nothing can be told: {0}")]
    NotClean(String),
    #[error("there is no fault with the number {0}; --list shows them")]
    NoSuchMutant(usize),
}

impl Error {
    pub(crate) fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn writing(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
