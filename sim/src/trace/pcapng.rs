//! Traces as pcapng files.
