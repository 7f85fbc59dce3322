//! A panic that is caught: what it said and where, and no lines of its own on the terminal.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is to be caught.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// What the last panic that was caught said.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does some work, and returns what a panic in this thread said, and where, if there was one.
///
/// What the work has touched must not be used after a panic.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| match CATCHING.get() {
            true => SAID.set(Some(words(info))),
            false => others(info),
        }));
    });
    let outer = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|_| SAID.take().unwrap_or_else(|| SILENT.to_owned()))
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or(SILENT);
    match info.location() {
        Some(place) => format!("{said} (at {place})"),
        None => said.to_owned(),
    }
}

const SILENT: &str = "it panicked without a word";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place_and_work_goes_on() {
        assert_eq!(caught(|| 1), Ok(1));
        let number = 7;
        let said = caught(|| assert_eq!(number, 8, "no {number}")).unwrap_err();
        assert!(said.contains("no 7"), "{said}");
        assert!(said.contains("src/caught.rs:"), "{said}");
        assert_eq!(caught(|| 2), Ok(2));
    }

    #[test]
    fn of_two_panics_within_each_other_each_catches_its_own() {
        let inner = caught(|| {
            let inner = caught(|| panic!("inner"));
            assert!(inner.is_err_and(|said| said.contains("inner")));
            panic!("outer");
        });
        assert!(inner.is_err_and(|said| said.contains("outer")));
    }
}
