//! The exit code that says what the cases of all devices come to.

use ngnlab_reports::Report;
use ngnlab_reports::conclusion::{Conclusion, of_all};

use crate::error;

/// Returns the exit code that says what the reports of all devices come to.
pub(in crate::cli) fn exit_code_of_all(reports: &[Report]) -> u8 {
    match of_all(reports) {
        Conclusion::Conformant | Conclusion::NoFailureSeen(_) => error::CONFORMANT,
        Conclusion::NotConformant(_) => error::NOT_CONFORMANT,
        Conclusion::Undetermined(_) => error::UNDETERMINED,
    }
}

#[cfg(test)]
mod tests;
