//! Whether the machine has the programs that a device is made of, and where to get them.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use super::description::{Description, Driver};
use super::qemu::description::{Accel, Machine};
use super::qemu::saved::LAYER_MAKER;
use crate::error::Error;

/// Returns the programs that a device needs and the machine lacks.
pub fn missing(description: &Description) -> Vec<&str> {
    let of_driver = match &description.driver {
        Driver::Process(_) | Driver::Nic(_) => [None, None],
        Driver::Qemu(machine) => [
            Some(machine.emulator.as_str()),
            machine.disk.as_ref().map(|_| LAYER_MAKER),
        ],
    };
    let needs = description.needs.iter().map(String::as_str);
    let needs = needs.chain(of_driver.into_iter().flatten());
    needs.filter(|program| find(program).is_none()).collect()
}

/// Says which programs a device lacks and which Debian packages have them, and what else it lacks.
pub fn check(description: &Description) -> Result<(), Error> {
    lacks(&description.name, &missing(description))?;
    match &description.driver {
        Driver::Process(_) | Driver::Nic(_) => Ok(()),
        Driver::Qemu(machine) => check_machine(&description.name, machine),
    }
}

/// Says which of these programs are lacking, and which Debian packages have them; `who` needs them.
pub fn check_programs(who: &str, mut programs: Vec<&str>) -> Result<(), Error> {
    programs.retain(|program| find(program).is_none());
    lacks(who, &programs)
}

fn lacks(who: &str, missing: &[&str]) -> Result<(), Error> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Missing {
        doing: format!("run {who}: there is no {}", missing.join(", no ")),
        help: install(missing),
        source: None,
    })
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

/// Says how to get programs.
pub fn install(programs: &[&str]) -> String {
    let mut packages: Vec<&str> = programs.iter().filter_map(|name| package(name)).collect();
    packages.sort_unstable();
    packages.dedup();
    match packages.is_empty() {
        true if programs.iter().all(|name| name.contains('/')) => {
            "the device file names it by its path, where there is no such file".to_owned()
        }
        true => format!("put it into one of {PATH}"),
        false => format!("on Debian: `sudo apt-get install {}`", packages.join(" ")),
    }
}

/// Returns where a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        let path = Path::new(program);
        return path.is_file().then(|| path.to_owned());
    }
    PATH.split(':')
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.is_file())
}

/// Returns the Debian package that has a program.
fn package(program: &str) -> Option<&'static str> {
    let name = program.rsplit('/').next().unwrap_or_default();
    let row = PACKAGES.iter().find(|(known, _)| *known == name);
    row.map(|(_, package)| *package)
}

/// Where the programs of a device are looked for.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const KVM: &str = "/dev/kvm";
const PACKAGES: &[(&str, &str)] = &[
    ("awk", "mawk"),
    ("certutil", "libnss3-tools"),
    ("chromium", "chromium"),
    ("curl", "curl"),
    ("dhcp6s", "wide-dhcpv6-server"),
    ("dig", "bind9-dnsutils"),
    ("dhcp6c", "wide-dhcpv6-client"),
    ("dhcpcd", "dhcpcd-base"),
    ("dnsmasq", "dnsmasq-base"),
    ("ip", "iproute2"),
    ("kresd", "knot-resolver"),
    ("named", "bind9"),
    ("ndppd", "ndppd"),
    ("nft", "nftables"),
    ("qemu-img", "qemu-utils"),
    ("qemu-system-aarch64", "qemu-system-arm"),
    ("qemu-system-arm", "qemu-system-arm"),
    ("qemu-system-mips", "qemu-system-mips"),
    ("qemu-system-mipsel", "qemu-system-mips"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("radvd", "radvd"),
    ("sysctl", "procps"),
    ("systemd-networkd", "systemd"),
    ("tc", "iproute2"),
    ("unbound", "unbound"),
];

#[cfg(test)]
mod tests {
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
        assert_eq!(package("/usr/sbin/dhcp6c"), Some("wide-dhcpv6-client"));
    }
}
