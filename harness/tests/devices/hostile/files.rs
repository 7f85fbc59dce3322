//! Attacks on files, mounts, devices and settings of the host.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{chroot, fchdir, pivot_root};

use super::Scene;
use super::attacks::{Attack, any, found};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "write-a-file-of-the-host",
        make: |scene| plant(scene, "write-a-file-of-the-host"),
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "read-a-file-of-the-caller",
        make: |scene| fs::read(scene.secret()).map(drop),
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "write-where-programs-live",
        make: |_| {
            let folders = ["/usr/bin", "/usr/lib", "/etc", "/opt", "/"];
            any(folders.map(|folder| {
                let path = Path::new(folder).join("ngnlab-was-here");
                File::create(&path).and_then(|_| fs::remove_file(path))
            }))
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "remount-writable",
        make: remount_writable,
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "uncover-what-is-covered",
        make: uncover,
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "remount-in-a-new-user-namespace",
        make: remount_in_a_new_user_namespace,
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "leave-the-root-by-chroot",
        make: leave_by_chroot,
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "leave-the-root-by-pivoting",
        make: leave_by_pivoting,
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "open-disks-and-memory",
        make: |_| {
            let nodes = [
                "/dev/mem",
                "/dev/kmem",
                "/dev/kmsg",
                "/dev/vda",
                "/dev/sda",
                "/dev/kvm",
                "/dev/fuse",
            ];
            any(nodes.map(|node| File::open(node).map(drop)))
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "make-a-device-node",
        make: |_| {
            any(["/run/disk", "/tmp/disk", "/dev/disk"].map(|path| {
                // The first virtual disk, and the kernel's messages.
                let mode = Mode::from_bits_truncate(0o666);
                mknod(path, SFlag::S_IFBLK, mode, makedev(254, 0))?;
                File::open(path).map(drop)
            }))
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "set-where-cores-go",
        make: |_| open_to_write("/proc/sys/kernel/core_pattern"),
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "set-the-kernel",
        make: |_| {
            let files = [
                "/proc/sysrq-trigger",
                "/proc/sys/kernel/modprobe",
                "/proc/sys/kernel/hotplug",
                "/proc/sys/vm/overcommit_memory",
                "/proc/sys/fs/binfmt_misc/register",
                "/sys/kernel/uevent_helper",
                "/sys/power/state",
                "/proc/sys/fs/file-max",
            ];
            any(files.map(open_to_write))
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "mount-a-group-of-processes",
        make: mount_groups,
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "see-the-host-s-interfaces",
        make: |_| {
            let names = fs::read_dir("/sys/class/net")?.flatten();
            let own = ["lo", "wan0", "lan0"];
            let others = names.filter(|name| !own.iter().any(|own| name.file_name() == *own));
            found(others.count() > 0)
        },
        succeeds_without_a_sandbox: false,
    },
];

fn plant(scene: &Scene, name: &str) -> io::Result<()> {
    fs::write(scene.planted(name), "planted")
}

fn open_to_write(path: &str) -> io::Result<()> {
    // Opening is enough: nothing of the host is changed.
    OpenOptions::new().write(true).open(path).map(drop)
}

fn remount_writable(scene: &Scene) -> io::Result<()> {
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    any(["/", "/usr", "/etc", "/opt"].map(|point| {
        mount(None::<&str>, point, None::<&str>, flags, None::<&str>)?;
        plant(scene, "remount-writable")
            .or_else(|_| fs::write(Path::new(point).join("ngnlab-was-here"), ""))
    }))
}

fn uncover(_: &Scene) -> io::Result<()> {
    // What is below shows the host's own.
    any(
        ["/proc", "/etc/resolv.conf", "/run", "/tmp", "/usr", "/etc"].map(|point| {
            umount2(point, MntFlags::MNT_DETACH)?;
            Ok(())
        }),
    )
}

fn remount_in_a_new_user_namespace(scene: &Scene) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", "0 0 1")?;
    remount_writable(scene)
}

/// The oldest way out: a folder that is held open outside the new root.
fn leave_by_chroot(scene: &Scene) -> io::Result<()> {
    let outside = File::open("/")?;
    fs::create_dir_all("/tmp/inside")?;
    chroot("/tmp/inside")?;
    fchdir(outside.as_fd())?;
    for _ in 0..64 {
        std::env::set_current_dir("..")?;
    }
    chroot(".")?;
    found(scene.secret().exists())
}

fn leave_by_pivoting(scene: &Scene) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some("/run"), "/run", None::<&str>, flags, None::<&str>)?;
    fs::create_dir_all("/run/old")?;
    pivot_root("/run", "/run/old")?;
    found(
        Path::new("/old")
            .join(scene.secret().strip_prefix("/").unwrap())
            .exists(),
    )
}

fn mount_groups(_: &Scene) -> io::Result<()> {
    // In a namespace of its own it would be allowed.
    let own = unshare(CloneFlags::CLONE_NEWCGROUP);
    fs::create_dir_all("/run/groups")?;
    any(
        [("cgroup2", None), ("cgroup", Some("memory"))].map(|(kind, options)| {
            mount(
                Some(kind),
                "/run/groups",
                Some(kind),
                MsFlags::empty(),
                options,
            )?;
            own?;
            Ok(())
        }),
    )
}
