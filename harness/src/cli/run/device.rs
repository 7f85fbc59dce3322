//! Which devices a run is about.

use std::collections::BTreeSet;
use std::path::Path;

use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::setup::Mode;

use crate::cli::{Run, select};
use crate::dut::description::excuse::Excuse;
use crate::dut::description::{Description, Known};
use crate::dut::reference;
use crate::error::Error;
use crate::input;
use crate::job::Device;
use crate::scenario;

/// A device as the command line names it.
pub(in crate::cli) struct Chosen {
    /// Its name in reports.
    pub(in crate::cli) name: String,
    /// The text of its file, if it has one.
    pub(in crate::cli) text: Option<String>,
    /// The version of its firmware, if its file says it.
    pub(in crate::cli) firmware: Option<String>,
    /// What drives it.
    pub(in crate::cli) device: Device,
    /// How it can get its prefix.
    pub(in crate::cli) modes: Vec<Mode>,
    /// What its file says about its failures.
    pub(in crate::cli) known: Vec<Known>,
    /// What its file says need not be judged.
    pub(in crate::cli) excuses: Vec<Excuse>,
    /// How many there can be at all, if that is limited.
    pub(in crate::cli) most_at_once: Option<usize>,
    /// Whether its runs take as long as their scenarios.
    pub(in crate::cli) real_time: bool,
    /// The folder for what is kept of it, where there are several devices.
    pub(in crate::cli) folder: Option<String>,
}

/// Reads every device that the command line names.
pub(super) fn chosen(args: &Run) -> Result<Vec<Chosen>, Error> {
    let several = args.device.len() > 1;
    let mut chosen: Vec<Chosen> = Vec::new();
    for name in &args.device {
        let mut device = Chosen {
            real_time: args.real_time || name != reference::NAME,
            ..one(name, &args.defect)?
        };
        if several {
            let stem = Path::new(name).file_stem().and_then(scenario::segment);
            let folder = stem.ok_or_else(|| Error::Usage {
                what: format!("what is kept of {name} cannot go into a folder of its name"),
                help: Some("rename it, with characters that can be seen".to_owned()),
            })?;
            device.folder = Some(folder.to_owned());
        }
        if several && chosen.iter().any(|other| other.folder == device.folder) {
            return Err(Error::Usage {
                what: format!("{name} is named twice, or is called as another device file"),
                help: Some("each --device needs a file name of its own".to_owned()),
            });
        }
        chosen.push(device);
    }
    Ok(chosen)
}

/// Reads one device, or takes the reference router with these defects.
pub(in crate::cli) fn one(name: &str, defects: &[Defect]) -> Result<Chosen, Error> {
    if name == reference::NAME {
        return Ok(reference_with_defects(defects));
    }
    if !defects.is_empty() {
        return Err(Error::Usage {
            what: "only the reference router can be given defects".to_owned(),
            help: Some("leave out --defect or --device".to_owned()),
        });
    }
    let path = select::device(Path::new(name))?;
    let text = input::text(&path, input::DESCRIPTION)?;
    let description = Description::parse(&path, &text).map_err(Box::new)?;
    Ok(Chosen {
        name: description.name,
        text: Some(text),
        firmware: description.firmware,
        device: Device::File(path),
        most_at_once: description.driver.part().most_at_once(),
        modes: description.offers.modes,
        known: description.known,
        excuses: description.excuses,
        real_time: true,
        folder: None,
    })
}

fn reference_with_defects(defects: &[Defect]) -> Chosen {
    let defects: BTreeSet<Defect> = defects.iter().copied().collect();
    let names: Vec<&str> = defects.iter().map(|defect| defect.name()).collect();
    Chosen {
        name: match &names[..] {
            [] => reference::NAME.to_owned(),
            names => format!("{} with {}", reference::NAME, names.join(", ")),
        },
        text: None,
        firmware: None,
        device: Device::Reference(defects),
        modes: vec![Mode::Ra, Mode::Pd, Mode::Bridge],
        known: Vec::new(),
        excuses: Vec::new(),
        most_at_once: None,
        real_time: false,
        folder: None,
    }
}
