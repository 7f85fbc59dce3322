//! Calls a target with mutations of its corpus, without coverage to guide it: for stable Rust.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::link::clock::Clock;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::Target;
use crate::mutation::mutate;

/// What went wrong, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The target.
    pub target: &'static str,
    /// The seed that inputs were drawn from.
    pub seed: u64,
    /// How many inputs went well before.
    pub before: u64,
    /// What happened.
    pub what: String,
    /// The input.
    pub input: Vec<u8>,
}

/// Calls a target until the time is over; returns how often it was called.
///
/// Every input of the corpus comes first, as it is.
pub fn drive(
    target: &Target,
    corpus: &[Vec<u8>],
    seed: u64,
    time: Duration,
) -> Result<u64, Box<Failure>> {
    let clock = Clock::starting_at(Time::ZERO);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut count = 0;
    loop {
        let began = clock.now();
        let asis = usize::try_from(count)
            .ok()
            .and_then(|index| corpus.get(index));
        if began >= Time::ZERO + time && asis.is_none() {
            return Ok(count);
        }
        let input = asis.cloned().unwrap_or_else(|| {
            let mut pick = || match corpus.len() {
                0 => &[][..],
                length => &corpus[rng.random_range(0..length)],
            };
            let (mut input, other) = (pick().to_vec(), pick());
            mutate(&mut input, other, &mut rng);
            input
        });
        let ended = catch_unwind(AssertUnwindSafe(|| (target.take_in)(&input)));
        let took = clock.now().since(began);
        let what = match ended {
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                format!("it panicked: {}", text.unwrap_or("without a word"))
            }
            Ok(()) if took > PATIENCE => format!("it took {took:.1?}"),
            Ok(()) => {
                count += 1;
                continue;
            }
        };
        return Err(Box::new(Failure {
            target: target.name,
            seed,
            before: count,
            what,
            input,
        }));
    }
}

impl Failure {
    /// Keeps the input as a file, and says everything that is needed to try it again.
    pub fn keep(&self, folder: &Path) -> String {
        let Self {
            target,
            seed,
            before,
            what,
            input,
        } = self;
        let path = folder.join(format!("{target}-{seed}-{before}"));
        let kept = match fs::create_dir_all(folder).and_then(|()| fs::write(&path, input)) {
            Ok(()) => format!("the input is in {}", path.display()),
            Err(error) => format!("the input could not be kept: {error}"),
        };
        let hex: String = input
            .iter()
            .take(SHOWN)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let length = input.len();
        format!(
            "{target}: {what}\nafter {before} inputs from seed {seed}; {kept}\n\
             {length} bytes, beginning with {hex}"
        )
    }
}

/// Reads the corpus of a target, in the order of its names.
pub fn corpus(name: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<io::Result<Vec<PathBuf>>>()?;
    files.sort();
    files.into_iter().map(fs::read).collect()
}

/// Serves a target's own program: the first argument is the time in seconds, the second a seed;
/// a file instead of a number is taken in once.
#[expect(clippy::print_stdout, reason = "a program's own output")]
pub fn main(target: &Target) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_else(|| "60".to_owned());
    let Ok(seconds) = first.parse() else {
        match fs::read(&first) {
            Ok(input) => (target.take_in)(&input),
            Err(error) => {
                println!("{first}: {error}");
                return ExitCode::from(2);
            }
        }
        return ExitCode::SUCCESS;
    };
    let seed = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let inputs = match corpus(target.name) {
        Ok(inputs) => inputs,
        Err(error) => {
            println!("the corpus of {}: {error}", target.name);
            return ExitCode::from(2);
        }
    };
    match drive(target, &inputs, seed, Duration::from_secs(seconds)) {
        Ok(count) => {
            println!("{}: {count} inputs from seed {seed}", target.name);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("{}", failure.keep(&std::env::temp_dir()));
            ExitCode::FAILURE
        }
    }
}

/// No input needs so long, even in a build that is not optimised.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of an input is shown; the file has all of it.
const SHOWN: usize = 256;
