//! The network's own book: which prefixes belong to the line, and which are authenticated.
//!
//! State is keyed on what the edge assigned (ngn-facts §5.9), never on a gateway's /60. The edge
//! writes assignments; line authentication and the portals look them up by source address.

use std::cell::{Ref, RefCell, RefMut};
use std::net::Ipv6Addr;
use std::rc::Rc;

use ipnet::Ipv6Net;

use crate::line::LineState;

/// A shared handle on the book; clones see the same book.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    book: Rc<RefCell<Book>>,
}

/// The book itself.
#[derive(Debug, Default)]
pub struct Book {
    entries: Vec<Entry>,
}

/// One assigned prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The whole assignment: /64 on RA lines, /56 on PD lines.
    pub prefix: Ipv6Net,
    /// Its line-authentication state.
    pub state: LineState,
}

impl Registry {
    /// Opens the book for reading.
    pub fn read(&self) -> Ref<'_, Book> {
        self.book.borrow()
    }

    /// Opens the book for writing.
    pub fn write(&self) -> RefMut<'_, Book> {
        self.book.borrow_mut()
    }
}

impl Book {
    /// Notes an assignment; a prefix that was known keeps its state.
    pub fn assign(&mut self, prefix: Ipv6Net, state: LineState) {
        if self.entries.iter().all(|entry| entry.prefix != prefix) {
            self.entries.push(Entry { prefix, state });
        }
    }

    /// Strikes an assignment out, and its authentication with it (guide p.16, Q17).
    pub fn withdraw(&mut self, prefix: Ipv6Net) {
        self.entries.retain(|entry| entry.prefix != prefix);
    }

    /// Returns the assignment an address belongs to.
    pub fn entry_of(&self, address: Ipv6Addr) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.prefix.contains(&address))
    }

    /// Changes the state of the assignment an address belongs to, and returns its prefix.
    pub fn set_state(&mut self, address: Ipv6Addr, state: LineState) -> Option<Ipv6Net> {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.prefix.contains(&address))?;
        entry.state = state;
        Some(entry.prefix)
    }

    /// Returns every assignment.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
