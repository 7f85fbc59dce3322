//! The programs that this machine has, PPP of its kernel, and where to get what it lacks.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// Says which of these programs are lacking, and which Debian packages have them; `who` needs them.
pub fn check(who: &str, mut programs: Vec<&str>) -> Result<(), Error> {
    programs.retain(|program| find(program).is_none());
    programs.sort_unstable();
    programs.dedup();
    if programs.is_empty() {
        return Ok(());
    }
    Err(Error::Missing {
        doing: format!("run {who}: there is no {}", programs.join(", no ")),
        help: install(&programs),
        source: None,
    })
}

/// Says how to get programs.
pub fn install(programs: &[&str]) -> String {
    let mut packages: Vec<&str> = programs.iter().filter_map(|name| package(name)).collect();
    packages.sort_unstable();
    packages.dedup();
    match packages.is_empty() {
        true if programs.contains(&PPP) => {
            "where the kernel has it: `sudo modprobe -a pppoe ppp_async`".to_owned()
        }
        true if programs.iter().all(|name| name.contains('/')) => {
            "the device file names it by its path, where there is no such file".to_owned()
        }
        true => format!("put it into one of {PATH}"),
        false => format!("on Debian: `sudo apt-get install {}`", packages.join(" ")),
    }
}

/// Says how to get a program that this machine lacks, if a package is known to have it.
pub fn package_of(program: &str) -> Option<String> {
    let is_lacking = package(program).is_some() && find(program).is_none();
    is_lacking.then(|| install(&[program]))
}

/// Returns where a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        let path = Path::new(program);
        let is_there = path.is_file() || program == PPP && path.exists();
        return is_there.then(|| path.to_owned());
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

/// What programs reach the kernel's PPP through; a device file names it as a need like a program.
pub(crate) const PPP: &str = "/dev/ppp";
/// Where programs are looked for.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PACKAGES: &[(&str, &str)] = &[
    ("awk", "mawk"),
    ("bird", "bird2"),
    ("bridge", "iproute2"),
    ("busybox", "busybox"),
    ("certutil", "libnss3-tools"),
    ("chromium", "chromium"),
    ("curl", "curl"),
    ("dhclient", "isc-dhcp-client"),
    ("dhcp6c", "wide-dhcpv6-client"),
    ("dhcp6relay", "wide-dhcpv6-relay"),
    ("dhcp6s", "wide-dhcpv6-server"),
    ("dhcpcd", "dhcpcd-base"),
    ("dhcpd", "isc-dhcp-server"),
    ("dibbler-client", "dibbler-client"),
    ("dibbler-server", "dibbler-server"),
    ("dig", "bind9-dnsutils"),
    ("dnsdist", "dnsdist"),
    ("dnsmasq", "dnsmasq-base"),
    ("ethtool", "ethtool"),
    ("ip", "iproute2"),
    ("ip6tables", "iptables"),
    ("iptables", "iptables"),
    ("kea-dhcp6", "kea-dhcp6-server"),
    ("kresd", "knot-resolver"),
    ("named", "bind9"),
    ("nc", "netcat-openbsd"),
    ("ndppd", "ndppd"),
    ("ndptool", "libndp-tools"),
    ("nft", "nftables"),
    ("nsd", "nsd"),
    ("pdns_recursor", "pdns-recursor"),
    ("perl", "perl"),
    ("pppd", "ppp"),
    ("pppoe", "pppoe"),
    ("pppoe-server", "pppoe"),
    ("python3", "python3"),
    ("qemu-img", "qemu-utils"),
    ("qemu-system-aarch64", "qemu-system-arm"),
    ("qemu-system-arm", "qemu-system-arm"),
    ("qemu-system-mips", "qemu-system-mips"),
    ("qemu-system-mipsel", "qemu-system-mips"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("radvd", "radvd"),
    ("rdisc6", "ndisc6"),
    ("socat", "socat"),
    ("ss", "iproute2"),
    ("ssh-keygen", "openssh-client"),
    ("stubby", "stubby"),
    ("sysctl", "procps"),
    ("systemd-networkd", "systemd"),
    ("systemd-resolved", "systemd-resolved"),
    ("tayga", "tayga"),
    ("tc", "iproute2"),
    ("tcpdump", "tcpdump"),
    ("unbound", "unbound"),
    ("xz", "xz-utils"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name_wherever_it_is() {
        assert_eq!(package("/usr/sbin/dhcp6c"), Some("wide-dhcpv6-client"));
    }

    #[test]
    fn a_kernel_without_ppp_is_mended_by_its_modules() {
        assert!(install(&[PPP]).contains("modprobe -a pppoe"));
        assert!(install(&["pppd", PPP]).contains("apt-get install ppp"));
        assert_eq!(find(PPP).is_some(), Path::new(PPP).exists());
    }
}
