//! Where a device finds itself: who it is on the host, what it sees of it, and what it brings along.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ngnlab_harness::dut::Failure;
use ngnlab_harness::play::Ending;
use nix::unistd::getuid;

use super::{Bait, Scene, device};
use crate::Test;
use crate::bench::{Bench, marker, processes_with, root};

pub(super) const TESTS: &[Test] = &[
    (
        "a_device_is_nobody_on_the_host",
        a_device_is_nobody_on_the_host,
    ),
    (
        "a_link_laid_before_a_power_cut_leads_nowhere",
        a_link_laid_before_a_power_cut,
    ),
    (
        "a_device_sees_what_its_file_names_and_writes_none_of_it",
        a_device_sees_what_its_file_names,
    ),
    (
        "a_firmware_brings_a_root_of_its_own",
        a_firmware_brings_a_root_of_its_own,
    ),
    ("links_in_a_root_lead_nowhere", links_in_a_root_lead_nowhere),
    ("pid_1_keeps_its_turn", pid_1_keeps_its_turn),
    ("a_private_place_is_inside", a_private_place_is_inside),
    (
        "an_interface_under_another_s_name_is_noticed",
        an_interface_under_another_s_name_is_noticed,
    ),
    (
        "a_device_mounts_things_if_its_file_says_so",
        a_device_mounts_things_if_its_file_says_so,
    ),
    (
        "the_caller_s_descriptors_and_terminal_stay_the_caller_s",
        the_caller_s_descriptors_and_terminal,
    ),
];

fn a_device_is_nobody_on_the_host() {
    let bench = Bench::new();
    let word = marker(&bench.folder);
    let text = "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up; test $(id -u) = 0\"\n\
        [[run]]\ndaemon = [\"sh\", \"-c\", \"while :; do sleep 1; done\", \"@marker@\"]\n";
    let job = bench.job(&bench.device(text));
    let mut owners = Vec::new();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| job.run().unwrap());
        while !run.is_finished() {
            for pid in processes_with(&word) {
                let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
                let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
                owners.extend(
                    uid.and_then(|uids| uids.split_whitespace().next()?.parse::<u32>().ok()),
                );
            }
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
        assert_eq!(run.join().unwrap().ending, Ending::Complete);
    });
    assert!(!owners.is_empty(), "it was never seen");
    let own = getuid().as_raw();
    assert!(owners.iter().all(|owner| *owner != 0), "{owners:?}");
    assert!(
        own == 0 || owners.iter().all(|owner| *owner == own),
        "{owners:?}"
    );
}

fn a_link_laid_before_a_power_cut() {
    let bench = Bench::new();
    let target = bench.folder.join("target");
    fs::write(&target, "as it was").unwrap();
    let text = format!(
        "[[file]]\npath = \"/tmp/settings\"\ntext = \"planted\"\n\
        [[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up; test -f /tmp/settings && \
        rm /tmp/settings; ln -sf {0} /tmp/settings; ln -sf /proc/1/fd/1 /run/ngnlab/config.json\"\n",
        target.display()
    );
    let ending = with_a_power_cut(&bench, &text);
    // A link to nowhere cannot be written through: the device did that to itself.
    let Ending::DeviceFailed(failure) = ending else {
        panic!("{ending:?}");
    };
    assert_eq!(failure.how, Failure::NeverStarted, "{}", failure.message);
    assert!(
        failure.message.contains("after the power cut"),
        "{}",
        failure.message
    );
    assert_eq!(fs::read_to_string(&target).unwrap(), "as it was");
}

fn with_a_power_cut(bench: &Bench, text: &str) -> Ending {
    let job = bench.job(&bench.device(text));
    fs::write(&job.scenario, POWER_CUT).unwrap();
    job.run().unwrap().ending
}

fn a_device_sees_what_its_file_names() {
    let bench = Bench::new();
    let folder = bench.folder.join("shown");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("file"), "hello").unwrap();
    fs::write(bench.folder.join("hidden"), "hello").unwrap();
    let text = format!(
        "sees = [\"shown/file\", \"shown\", \"/var/log\"]\n[[run]]\nsetup = \"\"\"\nip link set wan0 up; ip link set lan0 up\n\
        test $(cat {0}/shown/file) = hello\nif cat {0}/hidden; then exit 1; fi\n\
        if touch {0}/shown/new; then exit 2; fi\nif echo x > {0}/shown/file; then exit 3; fi\n\
        if mount -o remount,bind,rw {0}/shown; then exit 4; fi\n\"\"\"\n",
        bench.folder.display()
    );
    assert_eq!(bench.run(&text).unwrap().ending, Ending::Complete);
    let missing = bench.run("sees = [\"nothing\"]\n").unwrap_err();
    assert!(
        missing.to_string().contains("no file or folder"),
        "{missing}"
    );
    let top = bench.run("sees = [\"/\"]\n").unwrap_err();
    assert!(top.to_string().contains("below `/`"), "{top}");
}

/// Makes a root of busybox alone.
fn busybox(bench: &Bench) -> PathBuf {
    let tree = bench.folder.join("rootfs");
    for folder in ["bin", "etc"] {
        fs::create_dir_all(tree.join(folder)).unwrap();
    }
    fs::copy("/bin/busybox", tree.join("bin/busybox")).unwrap();
    for applet in [
        "sh", "ip", "cat", "test", "touch", "sleep", "mkdir", "rm", "ls",
    ] {
        symlink("busybox", tree.join("bin").join(applet)).unwrap();
    }
    tree
}

/// Nothing of it but the kernel is the host's.
fn a_firmware_brings_a_root_of_its_own() {
    let bench = Bench::new();
    let tree = busybox(&bench);
    fs::write(tree.join("etc/version"), "7\n").unwrap();
    let text = "root = \"rootfs\"\n[[file]]\npath = \"/etc/settings\"\ntext = \"{{ area }}\"\n\
        [[run]]\nsetup = \"\"\"\nip link set wan0 up; ip link set lan0 up\n\
        test $(cat /etc/version) -ge 7; test $(cat /etc/settings) = east\n\
        test ! -e /usr; test -e /proc/self/stat; test -e /sys/class/net/wan0; test -c /dev/null\n\
        if test -e /flash; then touch /etc/second; fi\n\
        touch /flash /etc/new; echo 8 > /etc/version; rm -f /bin/ls; mkdir -p /data\n\"\"\"\n";
    let ending = with_a_power_cut(&bench, text);
    assert_eq!(ending, Ending::Complete);
    // Of all that was written there is nothing on the host.
    assert_eq!(fs::read_to_string(tree.join("etc/version")).unwrap(), "7\n");
    let names: Vec<_> = fs::read_dir(&tree)
        .unwrap()
        .flatten()
        .map(|name| name.file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(tree.join("bin/ls").is_symlink());
}

fn links_in_a_root_lead_nowhere() {
    let bench = Bench::new();
    let outside = bench.folder.join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(bench.folder.join("secret"), "net:x:7:7::/:/bin/sh\n").unwrap();
    let tree = busybox(&bench);
    for name in ["run", "var", "dev", "srv"] {
        symlink(&outside, tree.join(name)).unwrap();
    }
    symlink("../../../outside", tree.join("mnt")).unwrap();
    symlink(bench.folder.join("secret"), tree.join("etc/passwd")).unwrap();
    let text = "root = \"rootfs\"\nprivate = [\"/var/lib\", \"/mnt/place\"]\n\
        [[file]]\npath = \"/srv/planted\"\ntext = \"planted\"\n\
        [[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up; touch /run/y\"\n";
    assert_eq!(bench.run(text).unwrap().ending, Ending::Complete);
    let names: Vec<_> = fs::read_dir(&outside).unwrap().flatten().collect();
    assert!(names.is_empty(), "{names:?}");
    // A root that is a link could be any folder of the caller's.
    symlink(&tree, bench.folder.join("link")).unwrap();
    let error = bench.run("root = \"link/\"\n").unwrap_err();
    assert!(error.to_string().contains("is a link"), "{error}");
    // Tables of users are its own, too.
    let error = bench.run(&format!("root-users = [\"net\"]\n{text}"));
    assert!(error.is_err(), "it read a file of the host");
}

/// A program that the device cannot keep from ending it, whatever it does to the processors.
fn pid_1_keeps_its_turn() {
    let bench = Bench::new();
    let text = "[[run]]\nsetup = \"\"\"\nip link set wan0 up; ip link set lan0 up\n\
        if chrt --idle --pid 0 1; then exit 1; fi\nif taskset --pid 1 1; then exit 2; fi\n\
        if renice -n 19 -p 1; then exit 3; fi\nif renice -n 19 -u 0; then exit 4; fi\n\
        if ionice -c 3 -p 1; then exit 5; fi\nif prlimit --pid 1 --nofile=9:9; then exit 6; fi\n\
        if echo 19 > /proc/1/autogroup; then echo it is its own; fi\n\"\"\"\n";
    assert_eq!(bench.run(text).unwrap().ending, Ending::Complete);
}

fn a_private_place_is_inside() {
    let bench = Bench::new();
    let made = bench.folder.join("made");
    let text = format!(
        "private = [\"/run/../../.host{}\"]\n\
        [[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n",
        made.display()
    );
    assert_eq!(bench.run(&text).unwrap().ending, Ending::Complete);
    assert!(!made.exists());
}

fn an_interface_under_another_s_name_is_noticed() {
    let bench = Bench::new();
    let text = "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n\
        [[run]]\ndaemon = [\"sh\", \"-c\", \"sleep 1; printf 'link set wan0 down\\nlink set wan0 name \
        old\\nlink add wan0 type bridge\\n' | ip -batch -; sleep 60\"]\n";
    let ending = bench.run(text).unwrap().ending;
    let Ending::DeviceFailed(failure) = ending else {
        panic!("{ending:?}");
    };
    assert_eq!(failure.how, Failure::Unplugged, "{}", failure.message);
}

fn a_device_mounts_things_if_its_file_says_so() {
    let bench = Bench::new();
    let text = |keys: &str, not: &str| {
        format!(
            "{keys}[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up; mkdir -p /run/own; \
            {not} mount -t tmpfs own /run/own\"\n"
        )
    };
    let run = bench.run(&text("mounts = true\n", "")).unwrap();
    assert_eq!(run.ending, Ending::Complete);
    if landlock_is_there() {
        let run = bench.run(&text("", "!")).unwrap();
        assert_eq!(run.ending, Ending::Complete);
    }
}

fn landlock_is_there() -> bool {
    let output = Command::new(NGNLAB)
        .arg("doctor")
        .current_dir(root())
        .output()
        .unwrap();
    !String::from_utf8_lossy(&output.stdout).contains("no Landlock")
}

fn the_caller_s_descriptors_and_terminal() {
    let bench = Bench::new();
    let scene = Scene {
        folder: bench.folder.clone(),
        victim: 1,
    };
    let _bait = Bait::lay(&scene);
    bench.write_device(&bench.device(&device(super::HOSTILE, &bench)));
    let out = bench.folder.join("out");
    // The caller has a file open, and a terminal.
    let line = format!(
        "exec 7<>{}; exec {} run --device {} --scenarios {} --scenario test/short --area east --out {}",
        scene.secret().display(),
        NGNLAB,
        bench.folder.join("device.toml").display(),
        bench.folder.display(),
        out.display()
    );
    let status = Command::new("script")
        .args(["-qec", &line])
        .arg("/dev/null")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.code().is_some());
    let log = fs::read_to_string(out.join("test/short-east/logs/hostile.log")).unwrap();
    for name in [
        "find-a-descriptor-that-was-left-open",
        "type-on-the-user-s-terminal",
    ] {
        assert!(log.contains(&format!("{name}: withstood")), "{log}");
    }
    assert!(!log.contains(super::SUCCEEDED), "{log}");
}

const NGNLAB: &str = env!("CARGO_BIN_EXE_ngnlab");
const POWER_CUT: &str = "about = { en = \"A power cut.\", ja = \"停電。\" }\nsource = \"none\"\n\
    line = { preset = \"next-pd\" }\nuntil = \"6s\"\n\
    [[step]]\nat = \"2s\"\ndo.power-cycle = {}\n";
