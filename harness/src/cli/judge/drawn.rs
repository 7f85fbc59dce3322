//! What happened in the cases that were judged again, for who draws it: as it was judged, and so with
//! all mapped that was to be mapped.

use std::error::Error as StdError;
use std::path::Path;

use ngnlab_reports::Case;
use ngnlab_reports::scene::{Scene, Scenes};
use ngnlab_sim::Trace;

use super::redacted::Redacted;
use crate::input;
use crate::scene;

/// Where the scenes come from.
pub(super) enum Drawn<'a> {
    /// From the one trace that was judged.
    Judged(&'a Trace),
    /// From where the report says that they are kept.
    Kept(&'a Redacted),
}

impl Scenes for Drawn<'_> {
    fn scene(&self, case: &Case) -> Result<Scene, String> {
        let redacted = match self {
            Self::Judged(trace) => return scene::lay(trace).map_err(|error| error.to_string()),
            Self::Kept(redacted) => redacted,
        };
        let Some(file) = &case.trace else {
            return Err("no trace of it was kept; `ngnlab run --out DIR` keeps them".to_owned());
        };
        let opened = input::open(Path::new(file)).map_err(|error| error.with_causes())?;
        let told = |error: &dyn StdError| format!("cannot read {file}: {error}");
        let trace = Trace::load(opened).and_then(|trace| redacted.trace(trace));
        let trace = trace.map_err(|error| told(&error))?;
        scene::lay(&trace).map_err(|error| told(&error))
    }
}
