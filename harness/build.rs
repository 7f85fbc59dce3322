//! Has what the program holds packed anew when a file of it comes or goes.

fn main() {
    // A file that is there is watched by what packs it; of a new one only its folder knows.
    for folder in ["../scenarios", "devices"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
