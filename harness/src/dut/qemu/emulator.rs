//! The process of QEMU: its command line, and the sockets that it inherits.
//!
//! Everything goes through sockets without a name and files without a path, so a process that is
//! killed leaves nothing, and runs side by side cannot meet.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio, id};

use ngnlab_sim::setup::Macs;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

use super::saved::Start;
use crate::dut::description::machine::{Machine, NicPort};
use crate::installed::PATH;

/// The hidden subcommand that becomes QEMU.
pub(super) const STARTER_COMMAND: &str = "qemu-starter";

/// A running QEMU; dropping it ends it.
pub(super) struct Emulator {
    pub(super) process: Child,
}

/// Our ends of its sockets.
pub(super) struct Sockets {
    pub(super) wan: UnixStream,
    pub(super) lan: UnixStream,
    pub(super) console: UnixStream,
    pub(super) control: UnixStream,
}

impl Emulator {
    /// Starts QEMU with its processor stopped; all that it says itself goes to `log`.
    pub(super) fn start(
        machine: &Machine,
        macs: Macs,
        start: Start<'_>,
        log: File,
    ) -> io::Result<(Self, Sockets)> {
        let (wan, its_wan) = UnixStream::pair()?;
        let (lan, its_lan) = UnixStream::pair()?;
        let (console, its_console) = UnixStream::pair()?;
        let (control, its_control) = UnixStream::pair()?;
        let ends = [&its_wan, &its_lan, &its_console, &its_control];
        for end in ends {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::empty()))?;
        }
        let words = words(machine, macs, start, ends.map(AsRawFd::as_raw_fd));
        let process = Command::new(env::current_exe()?)
            .arg(STARTER_COMMAND)
            .arg(id().to_string())
            .arg(&machine.emulator)
            .args(words)
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let sockets = Sockets {
            wan,
            lan,
            console,
            control,
        };
        Ok((Self { process }, sockets))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Becomes QEMU, in a process that ends with its parent.
pub(super) fn become_emulator() -> ExitCode {
    let mut words = env::args_os().skip(2);
    let parent = words.next().and_then(|word| word.to_str()?.parse().ok());
    let error = match (prctl::set_pdeathsig(Signal::SIGKILL), words.next()) {
        (Err(errno), _) => errno.into(),
        (Ok(()), Some(program)) if parent == Some(getppid().as_raw()) => {
            Command::new(program).args(words).exec()
        }
        // The parent has ended before its end could be ours.
        (Ok(()), _) => return ExitCode::FAILURE,
    };
    // The parent keeps what is written here.
    let _ = writeln!(io::stderr(), "cannot start QEMU: {error}");
    ExitCode::FAILURE
}

/// Ties this process to its parent, which it must not outlive.
pub(super) fn end_with(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    match getppid() == parent {
        true => Ok(()),
        false => Err(io::Error::other("its parent has ended")),
    }
}

fn words(
    machine: &Machine,
    macs: Macs,
    start: Start<'_>,
    [wan, lan, console, control]: [i32; 4],
) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut add = |option: &str, value: String| {
        words.push(option.to_owned());
        words.push(value);
    };
    add("-M", machine.machine.clone());
    add("-accel", machine.accel.name().to_owned());
    if let Some(cpu) = &machine.cpu {
        add("-cpu", cpu.clone());
    }
    // A second processor makes an emulated boot slower.
    add("-smp", "1".to_owned());
    add("-m", machine.memory.to_string());
    add("-display", "none".to_owned());
    add("-chardev", format!("socket,id=console,fd={console}"));
    add("-serial", "chardev:console".to_owned());
    add("-chardev", format!("socket,id=control,fd={control}"));
    add("-mon", "chardev=control,mode=control".to_owned());
    for nic in machine.nic.get_ref() {
        let (fd, mac) = match nic.port {
            NicPort::Wan => (wan, macs.wan),
            NicPort::Lan => (lan, macs.lan),
        };
        let (name, model) = (nic.port.name(), &nic.model);
        add(
            "-netdev",
            format!("stream,id={name},addr.type=fd,addr.str={fd}"),
        );
        // Without a ROM there is no firmware that would boot from the network.
        let rom = if model.contains("pci") {
            ",romfile="
        } else {
            ""
        };
        add("-device", format!("{model},netdev={name},mac={mac}{rom}"));
    }
    if let Some(kernel) = &machine.kernel {
        add("-kernel", kernel.display().to_string());
        add("-append", machine.append.clone());
    }
    if let Some(initrd) = &machine.initrd {
        add("-initrd", initrd.display().to_string());
    }
    let image = machine.disk.as_ref();
    // What the guest writes goes to a file without a path, or to the one that is to be saved.
    let drive = match start {
        Start::Cold => image.map(|disk| (disk, machine.disk_format.as_str(), "on")),
        Start::ToBeSaved(to) => to.disk.as_ref().map(|disk| (disk, "qcow2", "off")),
        Start::Saved(from) => from.disk.as_ref().map(|disk| (disk, "qcow2", "on")),
    };
    if let Some((path, format, snapshot)) = drive {
        let path = path.display().to_string().replace(',', ",,");
        add(
            "-drive",
            format!("if=virtio,file={path},format={format},snapshot={snapshot}"),
        );
    }
    if let Start::Saved(from) = start {
        add("-incoming", format!("exec:cat '{}'", from.memory.display()));
    }
    for word in ["-S", "-nodefaults", "-no-user-config"] {
        words.push(word.to_owned());
    }
    words.extend(machine.arguments.iter().cloned());
    words
}
