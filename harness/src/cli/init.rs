//! `ngnlab init`: the scenarios and device examples as files that can be changed.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ngnlab_reports::words::Lang;

use super::schema;
use super::{Answer, Init, Place, file};
use crate::built_in::{self, Inside};
use crate::error::Error;

pub(super) fn answer(args: &Init, place: Place) -> Result<Answer, Error> {
    let mut files = built_in::written_out();
    files.extend(for_editors());
    // Of files that are mixed with others nobody knows which are whose.
    let first = |one: &Inside| one.path.iter().next().map(PathBuf::from);
    let there = files
        .iter()
        .filter_map(first)
        .map(|folder| args.folder.join(folder));
    if let Some(there) = there
        .into_iter()
        .find(|folder| folder.symlink_metadata().is_ok())
    {
        return Err(Error::Usage {
            what: format!(
                "there is a {} already, and it stays as it is",
                there.display()
            ),
            help: Some("name another folder, or move that one away".to_owned()),
        });
    }
    for one in &files {
        write(&args.folder.join(&one.path), one)?;
    }
    let count = |folder: &str| {
        let inside = files.iter().filter(|one| one.path.starts_with(folder));
        let files = inside.filter(|one| one.path.extension() == Some(OsStr::new("toml")));
        files.count()
    };
    let (scenarios, devices) = (count("scenarios"), count("devices"));
    let folder = args.folder.display().to_string();
    let lang = place.lang();
    let made = format!(
        "{folder} has {scenarios} scenarios and {devices} device examples, each with a README.md"
    );
    let next = match lang {
        Lang::En => NEXT,
        Lang::Ja => NEXT_JA,
    };
    Ok(Answer::text(format!(
        "{}\n\n{}",
        lang.say(&made),
        next.replace("DIR", &folder)
    )))
}

/// Returns what has an editor complete the files, and say what is wrong in them.
fn for_editors() -> [Inside; 3] {
    let inside = |path: &str, content: Cow<'static, str>| Inside {
        path: path.into(),
        content: match content {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
    };
    [
        inside("schema/scenario.json", schema::SCENARIO.into()),
        inside("schema/device.json", schema::DEVICE.into()),
        inside(".taplo.toml", TAPLO.into()),
    ]
}

fn write(path: &Path, inside: &Inside) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        file::make_folder_at(folder)?;
    }
    let is_script = path.extension() == Some(OsStr::new("sh"));
    let written = fs::write(path, &inside.content).and_then(|()| match is_script {
        true => fs::set_permissions(path, Permissions::from_mode(0o755)),
        false => Ok(()),
    });
    written.map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

/// What taplo, which is inside Even Better TOML, reads in the folder that is opened.
const TAPLO: &str = r#"# Which schema is for which file, for editors: Even Better TOML, taplo.
[[rule]]
include = ["scenarios/*/*.toml"]
schema = { path = "schema/scenario.json" }

[[rule]]
include = ["devices/*.toml", "my-router.toml"]
schema = { path = "schema/device.json" }
"#;

const NEXT: &str = "\
What to do next:
  cd DIR
  ngnlab run                                      every scenario, as scenarios/ has it
  ngnlab run --scenario 'line-auth/*'             some of them
  ngnlab lint                                     whether a changed scenario is right
  cp devices/dnsmasq-dhcpcd.toml my-router.toml   a device file to start from
  ngnlab device check my-router.toml              how far the router comes
  ngnlab run --device my-router.toml --out out    the router judged, with traces and captures
";
const NEXT_JA: &str = "\
次に行うこと：
  cd DIR
  ngnlab run                                      scenarios/ のすべてのシナリオ
  ngnlab run --scenario 'line-auth/*'             一部のシナリオ
  ngnlab lint                                     変更したシナリオに誤りがないか
  cp devices/dnsmasq-dhcpcd.toml my-router.toml   装置ファイルのひな形
  ngnlab device check my-router.toml              ルータがどこまで動作するか
  ngnlab run --device my-router.toml --out out    ルータの判定と、記録・キャプチャの保存
";
