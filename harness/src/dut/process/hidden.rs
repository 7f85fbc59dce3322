//! What a device asked for and did not find, so that "no such file" is not the whole story: files of
//! this machine that its sandbox hides, and programs that the machine lacks.

use std::path::{Path, PathBuf};

use super::{own_programs, root};
use crate::dut::DeviceFailure;
use crate::dut::description::programs::{Programs, RUN_DIR};
use crate::installed;

/// Adds to a failure which of the files that its message names are there, but not for a device, and
/// where to get a program that is not there at all.
pub(crate) fn explain(failure: &mut DeviceFailure, needs: &[String], programs: &Programs) {
    if programs.root.is_some() {
        // All that it can mean is in its own root.
        return;
    }
    let shown = programs.sees.iter().map(|path| path.get_ref().clone());
    let shown: Vec<PathBuf> = shown.chain(own_programs(programs, needs)).collect();
    let own = programs
        .file
        .iter()
        .map(|file| file.path.get_ref().as_str());
    let own: Vec<&str> = own.collect();
    let mut named = failure.message.split(|letter| !is_of_a_path(letter));
    let hidden = named.find_map(|word| {
        let word = word.trim_end_matches(['.', ':']);
        let path = Path::new(word);
        let is_hidden = path.is_absolute()
            && !root::is_seen(path)
            && !HAS_ITS_OWN.iter().any(|top| path.starts_with(top))
            && !shown.iter().any(|shown| path.starts_with(shown))
            && !own.contains(&word)
            && path.is_file();
        is_hidden.then(|| path.to_owned())
    });
    if let Some(path) = hidden {
        failure.message.push_str(&format!(
            "\n{} is there on this machine, but hidden from a device; `sees = [\"{}\"]` in the device \
             file shows it",
            path.display(),
            path.parent().unwrap_or(&path).display(),
        ));
    }
    let told = lacking(&failure.message)
        .map(|(name, how)| format!("\n{name} is not on this machine; {how}"));
    failure.message.push_str(&told.unwrap_or_default());
}

/// Returns a program that a shell did not find, as `sh: 1: NAME: not found` says, or `bash: line 1:
/// NAME: command not found`, if this machine lacks it and a package has it.
fn lacking(message: &str) -> Option<(&str, String)> {
    let mut lines = message.lines().filter_map(|line| {
        let (said, _) = line
            .split_once(": not found")
            .or(line.split_once(": command not found"))?;
        said.rsplit(": ").next()
    });
    lines.find_map(|name| Some((name, installed::package_of(name)?)))
}

fn is_of_a_path(letter: char) -> bool {
    letter.is_alphanumeric() || "/._-+~".contains(letter) || letter == ':'
}

/// Where a device has other files than this machine.
const HAS_ITS_OWN: [&str; 4] = ["/dev", "/proc", "/sys", RUN_DIR];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dut::Failure;
    use crate::dut::description::{Description, Driver};

    #[test]
    fn a_program_that_a_shell_did_not_find_is_named_with_its_package() {
        let how = installed::install(&["dhcp6relay"]);
        for (said, name) in [
            (
                "ended with 127; its last words:\n/bin/sh: 1: dhcp6relay: not found",
                "dhcp6relay",
            ),
            ("bash: line 3: dhcp6relay: command not found", "dhcp6relay"),
        ] {
            let is_there = installed::find(name).is_some();
            let expected = (!is_there).then(|| (name, how.clone()));
            assert_eq!(lacking(said), expected, "{said}");
        }
        assert_eq!(lacking("sh: 1: no-such-program: not found"), None);
        assert_eq!(lacking("sh: 1: ip: not found"), None, "it is there");
        assert_eq!(lacking("host.example: not found: 3(NXDOMAIN)"), None);
    }

    #[test]
    fn what_is_there_but_hidden_is_named_as_that() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let program = folder.path().join("prog.sh");
        std::fs::write(&program, "").unwrap();
        let program = program.to_str().unwrap();
        let told = |keys: &str, message: &str| {
            let text = format!(
                "driver = \"process\"\nname = \"one\"\noffers = {{ modes = [\"pd\"] }}\n{keys}\n"
            );
            let device = Description::parse(Path::new("d.toml"), &text).unwrap();
            let Driver::Process(programs) = &device.driver else {
                panic!("it is of programs");
            };
            let mut failure = DeviceFailure {
                how: Failure::NeverStarted,
                message: message.to_owned(),
                log: None,
            };
            explain(&mut failure, &device.needs, programs);
            failure.message.contains("hidden from a device")
        };
        let message = format!("setup ended with 127; its last words:\nsh: 1: {program}: not found");
        assert!(told("", &message));
        assert!(told("", &format!("cannot start {program}: No such file")));
        assert!(!told(&format!("sees = [\"{program}\"]"), &message));
        assert!(!told(&format!("needs = [\"{program}\"]"), &message));
        let file = format!("[[file]]\npath = \"{program}\"\ntext = \"\"");
        assert!(!told(&file, &message));
        assert!(!told("", "sh: 1: /usr/bin/env: not found"));
        assert!(!told("", &message.replace("prog.sh", "gone.sh")));
    }
}
