//! Runs scenarios against a router and judges what it did.
//!
//! One way: a scenario, a device and a seed give a trace ([`play`]), checks turn a trace into
//! verdicts ([`report`]), and nothing goes back.
//!
//! The layers, from the top down. Each uses what stands below it, never what stands above or
//! beside it; `tests/layers/` reads this list and holds every file to it.
//!
//! 1. [`cli`]: what can be asked on the command line, and what is said to that
//! 2. [`explore`]: scenarios made up at random, and what is wrong in them
//! 3. [`bench_lines`], [`bench_ping`], [`doctor`], [`schema`], [`selftest`]: what many lines cost, and
//!    how much later answers come through a world; whether this machine, and the checks, are fit for
//!    it; what files may have, for editors and other programs
//! 4. `bench`, [`bundle`]: how fast devices forward DNS, searched for; a report with all that it was
//!    made of, packed, and checked by who gets it
//! 5. [`campaign`]: many jobs at the same time
//! 6. [`launch`], [`report`], [`scene`]: running one job, in a worker if need be; judging what it
//!    gave, and laying it out for who draws it
//! 7. [`job`], [`tester`]: one scenario in one area with one device, as data; who asks and answers DNS
//!    on both sides of a device
//! 8. [`play`]: a scenario is played on the testbed with a device; what each step makes happen
//! 9. [`dut`], [`terminal`]: what is plugged in: a device of any kind, and real terminals
//! 10. [`promises`], [`wireshark`]: what a scenario promises, held against what there is; a trace as
//!     Wireshark shows it
//! 11. [`checks`], [`diagnosis`]: what has to hold in a trace, and why authentication failed in it
//! 12. [`capture`]: a capture from a real line becomes a trace
//! 13. [`dissection`]: a trace, taken apart once for all of them
//! 14. [`decode`], [`redact`]: a frame, taken apart byte by byte for people; what gives people away
//!     in a trace, mapped to something else
//! 15. [`scenario`]: what a scenario's file can say: line, terminals, steps, expectations
//! 16. [`input`], [`installed`], [`journal`], `namespaces`, `scratch`: what this machine has
//! 17. `caught`, [`error`], [`stages`]: how a run breaks off, and how far a device has come
//! 18. [`built_in`], [`guide`], [`mistake`], `named`, [`period`]: what the program has inside, what
//!     stands in the guide, what is wrong in a file, and names and spans of time in it

pub mod bench;
pub mod bench_lines;
pub mod bench_ping;
pub mod built_in;
pub mod bundle;
pub mod campaign;
pub mod capture;
mod caught;
pub mod checks;
pub mod cli;
pub mod decode;
pub mod diagnosis;
pub mod dissection;
pub mod doctor;
pub mod dut;
pub mod error;
pub mod explore;
pub mod guide;
pub mod input;
pub mod installed;
pub mod job;
pub mod journal;
pub mod launch;
pub mod mistake;
mod named;
mod namespaces;
pub mod period;
pub mod play;
pub mod promises;
pub mod redact;
pub mod report;
pub mod scenario;
pub mod scene;
pub mod schema;
mod scratch;
pub mod selftest;
pub mod stages;
pub mod terminal;
pub mod tester;
pub mod wireshark;
