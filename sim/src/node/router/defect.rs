//! What a defect of the reference router is, and how a part of the router declares its own beside
//! the code that it bends.
//!
//! A device under test is judged by checks; checks are judged by these.

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use serde::{Serialize, Serializer};

/// One thing the reference router does wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Defect {
    name: &'static str,
    ja: &'static str,
    en: &'static str,
}

/// The defects of one router, shared by its parts.
#[derive(Clone, Debug, Default)]
pub struct Defects(Rc<BTreeSet<Defect>>);

/// Declares the defects of one part of the router: each as a constant, and all of them as
/// `DEFECTS`.
///
/// The doc comment says in English what goes wrong; then come the name that scenarios and the
/// command line use, and the sentence in Japanese. Each table is a row in `all_defects.rs`.
macro_rules! defects {
    ($($(#[doc = $en:literal])+ $constant:ident = $name:literal, $ja:literal;)+) => {
        $(
            $(#[doc = $en])+
            pub(in crate::node) const $constant: $crate::node::router::defect::Defect =
                $crate::node::router::defect::Defect::new($name, $ja, concat!($($en),+));
        )+

        /// What this part can do wrong.
        pub(in crate::node) const DEFECTS: &[$crate::node::router::defect::Defect] =
            &[$($constant),+];
    };
}

pub(in crate::node) use defects;

impl Defect {
    /// Makes a defect; `defects!` calls it.
    pub(in crate::node) const fn new(
        name: &'static str,
        ja: &'static str,
        en: &'static str,
    ) -> Self {
        // A line of a doc comment begins with a blank.
        let en = en.trim_ascii();
        Self { name, ja, en }
    }

    /// Returns the name that scenarios and the command line use.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Returns what the router does wrong, in one Japanese sentence.
    pub const fn ja(self) -> &'static str {
        self.ja
    }

    /// Returns what the router does wrong, in one English sentence.
    pub const fn en(self) -> &'static str {
        self.en
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Defect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl Defects {
    /// Makes the defects of one router.
    pub fn new(defects: BTreeSet<Defect>) -> Self {
        Self(Rc::new(defects))
    }

    pub(in crate::node) fn has(&self, defect: Defect) -> bool {
        self.0.contains(&defect)
    }

    /// Returns those of a part, in the order in which the part declares them.
    pub(super) fn among(&self, part: &'static [Defect]) -> impl Iterator<Item = Defect> {
        part.iter().copied().filter(|defect| self.has(*defect))
    }
}
