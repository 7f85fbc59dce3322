//! Namespaces that a process moves into without privileges, and what it mounts there: devices made
//! of programs live in such, and so do real terminals.

use std::fs;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};

use crate::error::Error;

pub(crate) mod mounts;

/// Moves this process into a user and a network namespace.
pub(crate) fn isolate() -> Result<(), Error> {
    let (uid, gid) = (getuid(), getgid());
    // Not the process namespace: a process that has asked for one can start no more threads.
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET;
    unshare(flags).map_err(|errno| missing("make a user namespace", &advice(errno), errno))?;
    become_user_0(uid.as_raw(), gid.as_raw()).map_err(|(name, error)| {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or_default());
        let doing = format!("write {name} of a user namespace");
        missing(&doing, &advice(errno), errno)
    })
}

/// Makes the user that this process has in the namespace above user 0 of its own, and nobody else;
/// an error comes with the name of the file that could not be written.
pub(crate) fn become_user_0(uid: u32, gid: u32) -> Result<(), (&'static str, io::Error)> {
    let maps = [
        // Without it an unprivileged process may not map its group.
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ];
    for (name, text) in maps {
        fs::write(Path::new("/proc/self").join(name), text).map_err(|error| (name, error))?;
    }
    Ok(())
}

/// Says which setting of this machine stands in the way of user namespaces.
fn advice(errno: Errno) -> String {
    advice_from(errno, |name| {
        let text = fs::read_to_string(format!("/proc/sys/{name}")).ok()?;
        text.trim().parse().ok()
    })
}

fn advice_from(errno: Errno, setting: impl Fn(&str) -> Option<u64>) -> String {
    // Debian's switch, Ubuntu's, and the kernel's own.
    if setting("kernel/unprivileged_userns_clone") == Some(0) {
        return "allow it with `sudo sysctl -w kernel.unprivileged_userns_clone=1`".to_owned();
    }
    if setting("kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        let command = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
        return format!("AppArmor restricts user namespaces here; allow them with `{command}`");
    }
    if setting("user/max_user_namespaces") == Some(0) || errno == Errno::ENOSPC {
        let command = "sudo sysctl -w user.max_user_namespaces=15000";
        return format!("allow more of them with `{command}`");
    }
    match errno {
        Errno::EINVAL | Errno::ENOSYS => {
            "the kernel needs CONFIG_USER_NS, CONFIG_NET_NS and CONFIG_PID_NS".to_owned()
        }
        _ => "a container must allow it, for example with `--security-opt seccomp=unconfined \
              --security-opt apparmor=unconfined --security-opt systempaths=unconfined`; a \
              chroot never does"
            .to_owned(),
    }
}

fn missing(doing: &str, help: &str, errno: Errno) -> Error {
    Error::Missing {
        doing: doing.to_owned(),
        help: help.to_owned(),
        source: Some(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_in_the_way_is_named() {
        let with = |errno, name: &'static str, value| {
            advice_from(errno, move |asked| (asked == name).then_some(value))
        };
        let debian = with(Errno::EPERM, "kernel/unprivileged_userns_clone", 0);
        assert!(debian.contains("`sudo sysctl -w kernel.unprivileged_userns_clone=1`"));
        let ubuntu = with(
            Errno::EPERM,
            "kernel/apparmor_restrict_unprivileged_userns",
            1,
        );
        assert!(ubuntu.contains("`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"));
        let none = with(Errno::ENOSPC, "user/max_user_namespaces", 0);
        assert!(none.contains("`sudo sysctl -w user.max_user_namespaces=15000`"));
        assert!(with(Errno::EPERM, "", 0).contains("container"));
        assert!(with(Errno::EINVAL, "", 0).contains("CONFIG_USER_NS"));
    }
}
