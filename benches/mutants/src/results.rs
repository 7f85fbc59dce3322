//! What became of each fault, in a file: for other programs, and to be told again.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::mutant::Mutant;
use crate::table::Tried;
use crate::trial::Fate;

/// Writes what became of each.
pub(crate) fn write(path: &Path, tried: &[Tried<'_>]) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Row<'a> {
        #[serde(flatten)]
        mutant: &'a Mutant,
        fate: &'a Fate,
    }
    let rows = tried.iter().map(|(mutant, fate)| Row { mutant, fate });
    let rows: Vec<Row<'_>> = rows.collect();
    let text = serde_json::to_string_pretty(&rows).expect("it is plain data");
    fs::write(path, text).map_err(Error::writing(path))
}

/// Reads it again; of faults that there are no more nothing is said.
pub(crate) fn read<'a>(path: &Path, catalogue: &'a Catalogue) -> Result<Vec<Tried<'a>>, Error> {
    #[derive(Deserialize)]
    struct Row {
        file: String,
        function: String,
        operator: String,
        before: String,
        after: String,
        nth: usize,
        fate: Fate,
    }
    let text = fs::read_to_string(path).map_err(Error::reading(path))?;
    let rows: Vec<Row> = serde_json::from_str(&text).map_err(|source| Error::Results {
        path: path.to_owned(),
        source,
    })?;
    let tried = rows.into_iter().filter_map(|row| {
        let mutant = catalogue.mutants.iter().find(|mutant| {
            (&mutant.file, &mutant.function) == (&row.file, &row.function)
                && (&mutant.before, &mutant.after) == (&row.before, &row.after)
                && (mutant.operator.name(), mutant.nth) == (&*row.operator, row.nth)
        })?;
        Some((mutant, row.fate))
    });
    Ok(tried.collect())
}
