//! Whether this machine has what a device is made of: programs, images, a fast processor.

use std::fs::OpenOptions;

use super::description::machine::{Accel, Machine};
use super::description::{Description, Driver};
use crate::error::Error;
use crate::installed;

/// Returns the programs that a device needs and the machine lacks.
pub fn missing(description: &Description) -> Vec<&str> {
    let mut missing = programs(description);
    missing.retain(|program| installed::find(program).is_none());
    missing
}

/// Says which programs a device lacks and which Debian packages have them, and what else it lacks.
pub fn check(description: &Description) -> Result<(), Error> {
    installed::check(&description.name, programs(description))?;
    match &description.driver {
        Driver::Process(_) | Driver::Nic(_) => Ok(()),
        Driver::Qemu(machine) => check_machine(&description.name, machine),
    }
}

fn programs(description: &Description) -> Vec<&str> {
    let mut programs: Vec<&str> = description.needs.iter().map(String::as_str).collect();
    match &description.driver {
        Driver::Process(_) | Driver::Nic(_) => {}
        Driver::Qemu(machine) => programs.extend(machine.programs()),
    }
    programs
}

fn check_machine(name: &str, machine: &Machine) -> Result<(), Error> {
    if let Some(path) = machine.image().find(|path| !path.is_file()) {
        let help = match machine.image_from.as_str() {
            "" => "`kernel`, `initrd` and `disk` are relative to the device file".to_owned(),
            from => format!("get it with: {from}"),
        };
        return Err(Error::Missing {
            doing: format!("run {name}: there is no {}", path.display()),
            help,
            source: None,
        });
    }
    if machine.accel == Accel::Kvm {
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).open(KVM);
        opened.map_err(|error| Error::Missing {
            doing: format!("open {KVM}, which {name} asks for"),
            help: "leave out `accel = \"kvm\"`, or become a member of the group `kvm`".to_owned(),
            source: Some(error),
        })?;
    }
    Ok(())
}

const KVM: &str = "/dev/kvm";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let text = "driver = \"process\"\nname = \"one\"\nneeds = [\"sh\", \"no-such-program\"]\n\
            offers = { modes = [\"pd\"] }\n";
        let mut description = Description::parse(Path::new("d.toml"), text).unwrap();
        let error = check(&description).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run one: there is no no-such-program"
        );
        assert_eq!(error.exit_code(), crate::error::UNDETERMINED);
        description.needs = vec!["sh".to_owned()];
        assert!(check(&description).is_ok());
    }
}
