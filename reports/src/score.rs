//! What the verdicts of a run add up to.
