//! Devices that take more than their share, and those that only seem to.

use std::env;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread::park_timeout;
use std::time::Duration;

use ngnlab_harness::dut::Failure;
use ngnlab_harness::play::Ending;
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::device;
use crate::Test;
use crate::bench::Bench;

pub(super) const TESTS: &[Test] = &[
    ("a_fork_bomb_is_crowded", || {
        is_told(FORK_BOMB, Failure::Crowded, "processes, of 512 at most");
    }),
    ("memory_that_nothing_maps_counts", || {
        takes(MEMORY_FILES, Failure::Bloated, "of 512 MiB at most");
    }),
    ("memory_that_is_on_its_way_is_bounded", || {
        takes(ON_THEIR_WAY, Failure::Crowded, "descriptors");
    }),
    ("many_open_descriptors_are_crowded", || {
        takes(
            DESCRIPTORS,
            Failure::Crowded,
            "descriptors, of 32768 at most",
        );
    }),
    ("a_private_place_that_is_full_is_told", || {
        takes(
            FULL_DISK,
            Failure::DiskFull,
            "has filled /var/lib, its 64 MiB",
        );
    }),
    ("a_private_place_with_too_many_files_is_told", || {
        takes(
            MANY_FILES,
            Failure::DiskFull,
            "has filled /tmp, its 16384 files",
        );
    }),
    (
        "a_harmless_crowd_is_not_bloated",
        a_harmless_crowd_is_not_bloated,
    ),
];

/// Plays one of them, if this process was started as one.
pub(super) fn hidden_command(name: &str) -> Option<()> {
    match name {
        MEMORY_FILES => {
            let files: Vec<File> = (0..15).map(|_| filled(100)).collect();
            stay();
            drop(files);
        }
        ON_THEIR_WAY => {
            // Each lies in a socket whose other end nobody reads.
            let pairs: Vec<_> = (0..300)
                .map(|_| {
                    let (ours, theirs) = UnixStream::pair().unwrap();
                    send(&ours, &filled(1));
                    (ours, theirs)
                })
                .collect();
            stay();
            drop(pairs);
        }
        DESCRIPTORS => {
            let again = || {
                Command::new(env::current_exe().unwrap())
                    .args([HOLDER, "/"])
                    .spawn()
            };
            let _holders: Vec<_> = (0..4).map(|_| again().unwrap()).collect();
            stay();
        }
        HOLDER => {
            let files: Vec<File> = (0..12_000)
                .map_while(|_| File::open("/dev/null").ok())
                .collect();
            stay();
            drop(files);
        }
        FULL_DISK => {
            let mut file = File::create("/var/lib/endless").unwrap();
            while file.write_all(&[1; 1 << 16]).is_ok() {}
            stay();
        }
        MANY_FILES => {
            (0..)
                .map_while(|number| File::create(format!("/tmp/{number}")).ok())
                .for_each(drop);
            stay();
        }
        _ => return None,
    }
    Some(())
}

/// Returns a file in memory that holds so many mebibytes.
fn filled(mebibytes: usize) -> File {
    let mut file = File::from(memfd_create("hoard", MFdFlags::MFD_CLOEXEC).unwrap());
    let block = vec![1; 1 << 20];
    for _ in 0..mebibytes {
        if file.write_all(&block).is_err() {
            break;
        }
    }
    file
}

fn send(socket: &UnixStream, file: &File) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    let fds = [file.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut along = SendAncillaryBuffer::new(&mut space);
    along.push(SendAncillaryMessage::ScmRights(&fds));
    let part = [std::io::IoSlice::new(b"x")];
    sendmsg(socket, &part, &mut along, SendFlags::empty()).unwrap();
}

fn stay() {
    loop {
        park_timeout(Duration::from_secs(60));
    }
}

/// Lets this binary play a device that takes something, which must be told in these words.
fn takes(part: &str, how: Failure, words: &str) {
    let bench = Bench::new();
    is_told(&device(part, &bench), how, words);
}

fn is_told(device: &str, how: Failure, words: &str) {
    let bench = Bench::new();
    let mut job = bench.job(&bench.device(device));
    job.scenario = bench.folder.join("test/lasting.toml");
    let Ending::DeviceFailed(failure) = job.run().unwrap().ending else {
        panic!("the device did not fail");
    };
    assert_eq!(failure.how, how, "{}", failure.message);
    assert!(failure.message.contains(words), "{}", failure.message);
}

/// Forty processes share a hundred mebibytes, which are there once.
fn a_harmless_crowd_is_not_bloated() {
    let bench = Bench::new();
    let text = r#"
[[run]]
setup = "ip link set wan0 up; ip link set lan0 up"
[[run]]
daemon = ["bash", "-c", """
x=$(head -c 100000000 /dev/zero | tr '\\0' x)
for i in $(seq 40); do (while :; do read -t 1 <> <(:); done) & done
while :; do read -t 1 <> <(:); done
"""]
ready = { alive = "3s" }
"#;
    let run = bench.run(text).unwrap();
    assert_eq!(run.ending, Ending::Complete);
}

const FORK_BOMB: &str = r#"
[[run]]
daemon = ["bash", "-c", "bomb() { bomb & bomb & sleep 60; }; bomb"]
"#;
const MEMORY_FILES: &str = "hostile-memory-files";
const ON_THEIR_WAY: &str = "hostile-on-their-way";
const DESCRIPTORS: &str = "hostile-descriptors";
const HOLDER: &str = "hostile-holder";
const FULL_DISK: &str = "hostile-full-disk";
const MANY_FILES: &str = "hostile-many-files";
