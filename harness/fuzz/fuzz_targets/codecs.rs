//! Hostile bytes for parsers: under `cargo fuzz` its libFuzzer makes them, else the driver.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ngnlab_fuzz::codecs::take_in(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    ngnlab_fuzz::driver::main(&ngnlab_fuzz::TARGETS[0])
}
