//! What is said, in the reader's language: English as the code has it, or Japanese by a table.
//!
//! A report keeps its sentences in English, as data. Whoever shows one asks for it in Japanese, and
//! it is looked up in `words/*.txt`, by its pattern: a plain table that an editor of Japanese can
//! work on, in which no check has to be touched, and which old and foreign reports profit from. What
//! stands in no table is shown in English as it is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Text;

mod pattern;

use pattern::Pattern;
pub use pattern::is_the_same;

/// A language that people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Lang {
    /// Returns the language that a locale names, as `ja_JP.UTF-8`; `C` and `POSIX` name none.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let word = locale.split(['_', '.', '@', '-']).next();
        match word.unwrap_or_default() {
            "" | "C" | "POSIX" => None,
            "ja" | "japanese" => Some(Self::Ja),
            _ => Some(Self::En),
        }
    }

    /// Says a sentence of ours in this language, as far as its words are known.
    pub fn say<'a>(self, english: &'a str) -> Cow<'a, str> {
        match self {
            Self::En => Cow::Borrowed(english),
            Self::Ja => japanese(english).map_or(Cow::Borrowed(english), Cow::Owned),
        }
    }

    /// Returns what stands between a word and what explains it.
    pub fn colon(self) -> &'static str {
        match self {
            Self::En => ": ",
            Self::Ja => "：",
        }
    }

    /// Returns what stands between two things that are said beside each other.
    pub fn semicolon(self) -> &'static str {
        match self {
            Self::En => "; ",
            Self::Ja => "；",
        }
    }

    /// Returns the text in this language.
    pub fn of(self, text: &Text) -> &str {
        match self {
            Self::En => &text.en,
            Self::Ja => &text.ja,
        }
    }
}

/// Returns a sentence in Japanese, if it stands in the table with all its parts.
pub fn japanese(english: &str) -> Option<String> {
    // No sentence of ours is as long; what a device said at length is not searched through.
    if english.len() > LONGEST {
        return None;
    }
    TABLE.find(english, DEEPEST, &mut { MOST_TRIES })
}

/// Returns every pattern with its Japanese, and the file it stands in.
pub fn entries() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    FILES.iter().flat_map(|(file, text)| {
        pairs(text).map(move |pair| match pair {
            Ok((english, japanese)) => (*file, english, japanese),
            Err(line) => panic!("{file}: `{line}` stands alone"),
        })
    })
}

/// The files of the table, by what is spoken of.
const FILES: [(&str, &str); 20] = [
    ("report.txt", include_str!("words/report.txt")),
    ("benchmark.txt", include_str!("words/benchmark.txt")),
    ("bundles.txt", include_str!("words/bundles.txt")),
    ("captures.txt", include_str!("words/captures.txt")),
    ("changes.txt", include_str!("words/changes.txt")),
    ("checks.txt", include_str!("words/checks.txt")),
    ("dhcpv6.txt", include_str!("words/dhcpv6.txt")),
    ("dns.txt", include_str!("words/dns.txt")),
    ("addresses.txt", include_str!("words/addresses.txt")),
    ("packets.txt", include_str!("words/packets.txt")),
    ("forms.txt", include_str!("words/forms.txt")),
    ("ipv4.txt", include_str!("words/ipv4.txt")),
    ("pppoe.txt", include_str!("words/pppoe.txt")),
    ("sites.txt", include_str!("words/sites.txt")),
    ("evidence.txt", include_str!("words/evidence.txt")),
    ("program.txt", include_str!("words/program.txt")),
    ("explore.txt", include_str!("words/explore.txt")),
    ("errors.txt", include_str!("words/errors.txt")),
    ("files.txt", include_str!("words/files.txt")),
    ("help.txt", include_str!("words/help.txt")),
];

static TABLE: LazyLock<Table> = LazyLock::new(Table::read);

/// Every pattern, found by how it begins.
struct Table {
    /// What has no holes.
    plain: HashMap<&'static str, &'static str>,
    /// What begins with these letters, the most telling first.
    by_start: HashMap<&'static str, Vec<Pattern>>,
    /// What begins with a hole, the most telling first.
    others: Vec<Pattern>,
}

impl Table {
    fn read() -> Self {
        let mut table = Self {
            plain: HashMap::new(),
            by_start: HashMap::new(),
            others: Vec::new(),
        };
        for (_, english, japanese) in entries() {
            let pattern = Pattern::of(english, japanese);
            if pattern.is_plain() {
                table.plain.insert(english, japanese);
                continue;
            }
            match pattern.start().and_then(|start| start.get(..STEM)) {
                Some(stem) => table.by_start.entry(stem).or_default().push(pattern),
                None => table.others.push(pattern),
            }
        }
        for patterns in table.by_start.values_mut().chain([&mut table.others]) {
            patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.tells()));
        }
        table
    }

    fn find(&self, english: &str, depth: usize, tries: &mut u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        if let Some(japanese) = self.plain.get(english) {
            return Some((*japanese).to_owned());
        }
        let stem = english.get(..STEM).and_then(|stem| self.by_start.get(stem));
        // What says more of itself comes first, whichever way it begins.
        let mut candidates: Vec<&Pattern> = stem
            .into_iter()
            .flatten()
            .chain(&self.others)
            .filter(|pattern| pattern.may_fit(english))
            .collect();
        candidates.sort_by_key(|pattern| std::cmp::Reverse(pattern.tells()));
        let found = candidates.into_iter().find_map(|pattern| {
            pattern.said(english, tries, &mut |words, tries| {
                let found = self.find(words, depth, tries);
                found.or_else(|| is_the_same(words).then(|| words.to_owned()))
            })
        });
        // Japanese has no articles.
        found.or_else(|| {
            let mut articles = ["a ", "an ", "the "].iter();
            let bare = articles.find_map(|article| english.strip_prefix(article))?;
            self.find(bare, depth, tries)
        })
    }
}

/// Returns the pairs of lines of a file; a line that stands alone is an error.
fn pairs(
    text: &'static str,
) -> impl Iterator<Item = Result<(&'static str, &'static str), &'static str>> {
    let mut lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    std::iter::from_fn(move || {
        let english = lines.next()?;
        Some(
            lines
                .next()
                .map(|japanese| (english, japanese))
                .ok_or(english),
        )
    })
}

/// So many bytes tell most patterns apart.
const STEM: usize = 3;
/// Sentences within sentences.
const DEEPEST: usize = 8;
const LONGEST: usize = 4000;
/// A sentence of ours takes a few hundred; whoever wrote another document gets no further.
const MOST_TRIES: u32 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_a_language_or_none() {
        assert_eq!(Lang::of_locale("ja_JP.UTF-8"), Some(Lang::Ja));
        assert_eq!(Lang::of_locale("ja"), Some(Lang::Ja));
        assert_eq!(Lang::of_locale("en_US.UTF-8"), Some(Lang::En));
        assert_eq!(Lang::of_locale("de_DE@euro"), Some(Lang::En));
        for nothing in ["", "C", "C.UTF-8", "POSIX"] {
            assert_eq!(Lang::of_locale(nothing), None);
        }
    }

    #[test]
    fn the_table_is_in_pairs_with_the_same_holes_and_no_pattern_stands_twice() {
        let mut seen = HashMap::new();
        let mut wrong = Vec::new();
        for (file, english, japanese) in entries() {
            let what = Pattern::of(english, japanese).what_is_wrong();
            wrong.extend(what.map(|what| format!("{file}: {english}: {what}")));
            let other = seen.insert(english, file);
            wrong.extend(other.map(|other| format!("{file}: {english} stands in {other}, too")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_sentence_is_said_in_japanese_with_its_values_and_parts() {
        for (english, expected) in [
            (
                "no Router Advertisement on the WAN",
                "WANにRouter Advertisementを送信しない",
            ),
            (
                "a.toml:1:9: `about`: the number `3` stands where a list `[ … ]` belongs",
                "a.toml:1:9：「about」：リスト`[ … ]`を書く場所に数値「3」があります",
            ),
            (
                "there was no forwarded packet",
                "転送されたパケットがなかった",
            ),
            (
                "because lan.ra.rio failed: there was no advertisement with a route",
                "lan.ra.rioが不合格のため：経路を含む広告がなかった",
            ),
        ] {
            assert_eq!(Lang::Ja.say(english), expected);
            assert_eq!(Lang::En.say(english), english);
        }
    }

    #[test]
    fn words_that_are_not_known_stay_as_they_are() {
        for english in [
            "somebody else's words",
            "there was no such animal",
            "ひかり電話",
            "",
            "é",
        ] {
            assert_eq!(Lang::Ja.say(english), english);
        }
        let long = "because a failed: ".repeat(20_000);
        assert_eq!(Lang::Ja.say(&long), long);
        let deep = "because a failed: ".repeat(150);
        assert_eq!(Lang::Ja.say(&deep), deep);
    }
}
