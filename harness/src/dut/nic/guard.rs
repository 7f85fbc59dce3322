//! Whether an interface is this machine's own. The line's addresses are real ones of NTT, and this
//! machine must neither send them anywhere else nor take one of them for its own.

use std::fs;
use std::path::Path;

use pnet_datalink::NetworkInterface;

use crate::error::Error;

/// Refuses an interface that this machine uses itself.
pub(super) fn check(interface: &NetworkInterface) -> Result<(), Error> {
    let name = &interface.name;
    let read = |path: String| fs::read_to_string(path).unwrap_or_default();
    let routes = read("/proc/self/net/route".to_owned());
    let routes6 = read("/proc/self/net/ipv6_route".to_owned());
    let ipv6 = read(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"));
    let reason = if has_default_route(&routes, &routes6, name) {
        Some("this machine's default route goes through it".to_owned())
    } else if let Some(address) = interface.ips.first() {
        Some(format!(
            "this machine has the address {} there",
            address.ip()
        ))
    } else if Path::new(&format!("/sys/class/net/{name}/master")).exists() {
        Some("it belongs to a bridge or a bond".to_owned())
    } else if ipv6.trim() == "0" {
        Some("IPv6 is on there, so this machine would take addresses of the line".to_owned())
    } else {
        None
    };
    let Some(reason) = reason else {
        return Ok(());
    };
    Err(Error::Missing {
        doing: format!("use {name} for the device: {reason}"),
        help: format!(
            "name an interface that is nobody's; make this one so with `sudo ip addr flush dev \
             {name}` and `sudo sysctl -w net.ipv6.conf.{name}.disable_ipv6=1`; or say \
             `shared-with-host = true` in the device file"
        ),
        source: None,
    })
}

/// Looks for default routes in /proc/net/route and /proc/net/ipv6_route.
fn has_default_route(routes: &str, routes6: &str, name: &str) -> bool {
    let fields = |line: &'_ str| -> Vec<String> {
        line.split_ascii_whitespace().map(str::to_owned).collect()
    };
    let v4 = routes.lines().map(fields).any(|fields| {
        fields.len() > 7 && fields[0] == name && fields[1] == "00000000" && fields[7] == "00000000"
    });
    let v6 = routes6.lines().map(fields).any(|fields| {
        fields.len() == 10
            && fields[9] == name
            && fields[1] == "00"
            && fields[0].bytes().all(|digit| digit == b'0')
    });
    v4 || v6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_route_is_found() {
        let v4 = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
            eth0 00000000 0102A8C0 0003 0 0 100 00000000 0 0 0\n\
            eth1 0002A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0\n";
        assert!(has_default_route(v4, "", "eth0"));
        assert!(!has_default_route(v4, "", "eth1"));
        let zero = "0".repeat(32);
        let v6 = format!(
            "{zero} 00 {zero} 00 fe8000000000000000005efffe200002 00000400 1 0 00450003 eth2\n"
        );
        assert!(has_default_route("", &v6, "eth2"));
        assert!(!has_default_route("", &v6, "eth0"));
    }
}
