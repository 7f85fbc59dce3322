//! Has what the program holds packed anew when a file of it comes or goes, and the program need
//! glibc alone.

use std::env;
use std::fs;
use std::path::Path;

fn main() {
    // A file that is there is watched by what packs it; of a new one only its folder knows.
    for folder in ["../scenarios", "devices"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu") {
        unwind_by_ourselves();
    }
}

/// Has the linker take what unwinds the stack from GCC's static library.
///
/// The standard library asks for `-lgcc_s`, which is there on every Debian, and not in every
/// container. Where it looks first, it finds that the static one will do.
fn unwind_by_ourselves() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let script = "GROUP ( libgcc_eh.a libgcc.a )\n";
    fs::write(Path::new(&out).join("libgcc_s.so"), script).expect("cargo made the folder");
    println!("cargo:rustc-link-search=native={out}");
}
