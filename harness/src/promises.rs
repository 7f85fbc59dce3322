//! What a scenario promises, held against what there is: checks, defects, ends of the guide's flow.

use std::path::Path;

use ngnlab_sim::node::router::defect::Defect;

use crate::checks;
use crate::diagnosis;
use crate::error::Error;
use crate::mistake::Mistake;
use crate::scenario::Scenario;

/// Reads a scenario file of which every promise can be kept.
pub fn load(path: &Path) -> Result<Scenario, Error> {
    Scenario::load_and(path, |scenario| {
        let mut found = Vec::new();
        promises(scenario, &mut found);
        found
    })
}

fn promises(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let checks: Vec<&str> = checks::all().map(|check| check.id).collect();
    for id in &scenario.exercises {
        if found.len() >= MOST_FOUND {
            return;
        }
        if !checks.contains(&id.get_ref().as_str()) {
            let known = checks.iter().copied();
            found.push(Mistake::unknown(id.span(), "check", id.get_ref(), known));
        }
    }
    for name in &scenario.notices {
        if found.len() >= MOST_FOUND {
            return;
        }
        if Defect::from_name(name.get_ref()).is_none() {
            let known = Defect::all().map(Defect::name);
            found.push(Mistake::unknown(
                name.span(),
                "defect",
                name.get_ref(),
                known,
            ));
        }
    }
    if let Some(id) = &scenario.expect.diagnosis
        && diagnosis::ids().all(|known| known != id.get_ref())
    {
        let known = diagnosis::ids();
        found.push(Mistake::unknown(
            id.span(),
            "diagnosis",
            id.get_ref(),
            known,
        ));
    }
}

/// Looking for the nearest right word takes its time, and more are not shown.
const MOST_FOUND: usize = 20;
