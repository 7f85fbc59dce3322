//! Hostile input for everything that reads bytes of a device: a device under test is somebody
//! else's firmware.
//!
//! Each target is one function of bytes that must not panic, hang or grow. `cargo fuzz` (nightly)
//! calls it with what libFuzzer makes; [`driver`] calls it on stable with mutations of the corpus,
//! briefly in the tests, and for as long as wished with
//! `cargo run --release -p ngnlab-fuzz --bin world -- 300` (seconds, and then a seed).

pub mod codecs;
pub mod driver;
pub mod judge;
pub mod mutation;
pub mod packed;
pub mod world;

/// A function that takes any bytes, and the corpus it starts from.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the target and of its folder in the corpus.
    pub name: &'static str,
    /// Takes bytes in; whatever they are, it comes back.
    pub take_in: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "codecs",
        take_in: codecs::take_in,
    },
    Target {
        name: "world",
        take_in: world::take_in,
    },
    Target {
        name: "judge",
        take_in: judge::take_in,
    },
];
