//! What `list` knows, as JSON for other programs: an object with an array for each kind.

use std::path::Path;

use ngnlab_reports::{Level, Profile, Text, escape};
use ngnlab_sim::node::router::defect::Defect;
use serde_json::{Map, Value, json};

use crate::built_in;
use crate::checks;
use crate::cli::{List, select};
use crate::diagnosis;
use crate::dut::description::Description;
use crate::dut::reference;
use crate::error::Error;

/// Returns everything that is asked for; the scenarios, if nothing is.
pub(super) fn all(args: &List) -> Result<String, Error> {
    let mut found = Map::new();
    let mut add = |kind: &str, rows: Vec<Value>| found.insert(kind.to_owned(), rows.into());
    if args.checks {
        let checks = checks::all().map(|check| json!(checks::check_info(check)));
        add("checks", checks.collect());
    }
    if args.defects {
        let row = |one: Defect| json!({"name": one.name(), "about": Text::new(one.ja(), one.en())});
        add("defects", Defect::all().map(row).collect());
    }
    if args.profiles {
        add("profiles", Profile::ALL.into_iter().map(profile).collect());
    }
    if args.diagnoses {
        let ends = diagnosis::ids().filter_map(diagnosis::meaning);
        let ends = ends.map(|one| json!({"id": one.id, "step": one.step, "finding": one.finding}));
        add("diagnoses", ends.collect());
    }
    if let Some(folder) = &args.devices {
        add("devices", devices(&select::devices(folder.as_deref()))?);
    }
    if args.lists_scenarios() {
        let found = select::scenarios(&args.scenarios.folder(), &[])?;
        add("scenarios", found.iter().map(scenario).collect());
    }
    let text = serde_json::to_string_pretty(&found).expect("all keys are strings");
    Ok(escape::json(&text).into_owned() + "\n")
}

fn profile(profile: Profile) -> Value {
    let of = |level| {
        let of = checks::all().filter(|one| one.level == level && one.profiles.contains(&profile));
        of.map(|check| check.id).collect::<Vec<_>>()
    };
    json!({
        "name": profile.name(),
        "about": profile.about(),
        "must": of(Level::Must),
        "should": of(Level::Should),
    })
}

fn devices(folder: &Path) -> Result<Vec<Value>, Error> {
    let reference = json!({
        "device": reference::NAME,
        "name": reference::NAME,
        "about": "The built-in router, in memory and in virtual time.",
        "modes": ["ra", "pd"],
        "needs": [],
    });
    let mut rows = vec![reference];
    for path in select::device_files(folder)? {
        let device = Description::load(&path)?;
        let modes: Vec<&str> = device.offers.modes.iter().map(|mode| mode.word()).collect();
        rows.push(json!({
            "device": built_in::name(&path),
            "name": device.name,
            "about": device.about,
            "modes": modes,
            "needs": device.needs,
        }));
    }
    Ok(rows)
}

fn scenario(found: &select::Found) -> Value {
    let scenario = &found.scenario;
    let areas: Vec<&str> = scenario.line.areas.iter().map(|area| area.name()).collect();
    let exercises: Vec<&String> = scenario.exercises.iter().map(|one| one.get_ref()).collect();
    let notices: Vec<&str> = scenario.notices().map(Defect::name).collect();
    json!({
        "name": scenario.name,
        "file": found.path.display().to_string(),
        "about": scenario.about,
        "source": scenario.source,
        "areas": areas,
        "seconds": scenario.until.0.as_secs_f64(),
        "long": scenario.is_long(),
        "real-terminals": scenario.has_real_terminals(),
        "exercises": exercises,
        "notices": notices,
    })
}
