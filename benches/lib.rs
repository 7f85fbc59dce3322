//! The benches stand beside this file; it holds nothing itself.
