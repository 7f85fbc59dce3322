//! Whether the machine has the programs that a device is made of, and where to get them.

use std::path::{Path, PathBuf};

use super::description::Description;
use crate::error::Error;

/// Returns the programs that a device needs and the machine lacks.
pub fn missing(description: &Description) -> Vec<&str> {
    let needs = description.needs.iter().map(String::as_str);
    needs.filter(|program| find(program).is_none()).collect()
}

/// Says which programs a device lacks and which Debian packages have them.
pub fn check(description: &Description) -> Result<(), Error> {
    let missing = missing(description);
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().filter_map(|name| package(name)).collect();
    packages.sort_unstable();
    packages.dedup();
    let help = match packages.is_empty() {
        true => format!("put it into one of {PATH}"),
        false => format!("on Debian: `sudo apt-get install {}`", packages.join(" ")),
    };
    Err(Error::Missing {
        doing: format!(
            "run {}: there is no {}",
            description.name,
            missing.join(", no ")
        ),
        help,
        source: None,
    })
}

fn find(program: &str) -> Option<PathBuf> {
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
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PACKAGES: &[(&str, &str)] = &[
    ("dhcp6c", "wide-dhcpv6-client"),
    ("dhcpcd", "dhcpcd-base"),
    ("dnsmasq", "dnsmasq-base"),
    ("ip", "iproute2"),
    ("kresd", "knot-resolver"),
    ("named", "bind9"),
    ("ndppd", "ndppd"),
    ("nft", "nftables"),
    ("radvd", "radvd"),
    ("sysctl", "procps"),
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
