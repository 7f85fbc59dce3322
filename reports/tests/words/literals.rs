//! The sentences that stand in the code: its literals, without those for tests and without those
//! that stand there in both languages.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A literal of the code.
pub(crate) struct Literal {
    /// The file, from the folder of the sources on.
    pub(crate) file: String,
    /// What it says, with the holes of `format!`.
    pub(crate) text: String,
    /// The longest piece of it without holes.
    pub(crate) said: String,
}

/// Returns the literals of these folders and files, named from this crate's folder on.
pub(crate) fn of(places: &[&str]) -> Vec<Literal> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for place in places {
        collect(&root.join(place), &mut files);
    }
    let mut found = Vec::new();
    for path in files {
        let source = fs::read_to_string(&path).expect("a source can be read");
        let tokens: TokenStream = source.parse().expect("a source is Rust");
        let file = path.strip_prefix(root).unwrap_or(&path);
        literals(tokens, &file.display().to_string(), &mut found);
    }
    found
}

/// Returns what the help says of these folders and files: the doc comments, and the examples of each
/// command, on one line.
pub(crate) fn help(places: &[&str]) -> Vec<Literal> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for place in places {
        collect(&root.join(place), &mut files);
    }
    let mut found = Vec::new();
    for path in files {
        let source = fs::read_to_string(&path).expect("a source can be read");
        let file = path.display().to_string();
        let mut comment = String::new();
        for line in source.lines() {
            match line.trim().strip_prefix("///") {
                Some(more) => comment = format!("{comment} {}", more.trim()),
                None => found.extend(literal(&file, std::mem::take(&mut comment).trim())),
            }
        }
    }
    let examples = of(places);
    let on_one_line = examples.iter().filter(|one| one.text.contains('\n'));
    let on_one_line = on_one_line.filter_map(|one| {
        let words: Vec<&str> = one.text.split_whitespace().collect();
        literal(&one.file, &words.join(" "))
    });
    found.extend(on_one_line);
    found
}

fn literal(file: &str, text: &str) -> Option<Literal> {
    (!text.is_empty()).then(|| Literal {
        file: file.to_owned(),
        text: text.to_owned(),
        said: text.to_owned(),
    })
}

/// Returns a sentence with something in each hole.
pub(crate) fn probe(text: &str) -> String {
    pieces(text).join(FILLING)
}

/// Returns whether a sentence is what a literal becomes with something in its holes.
pub(crate) fn fits(literal: &str, sentence: &str) -> bool {
    let pieces = pieces(literal);
    let Some((first, rest)) = pieces.split_first() else {
        return false;
    };
    let Some(mut left) = sentence.strip_prefix(&**first) else {
        return false;
    };
    let Some((last, between)) = rest.split_last() else {
        return left.is_empty();
    };
    for piece in between {
        match left.find(&**piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.len() >= last.len() && left.ends_with(&**last)
}

/// Returns what stands between the holes.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = match letter {
            '{' if letters.peek() == Some(&'{') => None,
            '{' => Some('}'),
            '[' if letters.peek().is_some_and(char::is_ascii_digit) => Some(']'),
            '}' if letters.peek() == Some(&'}') => None,
            _ => None,
        };
        match last {
            Some(last) => {
                letters.by_ref().find(|letter| *letter == last);
                pieces.push(String::new());
            }
            None => {
                if matches!(letter, '{' | '}') && letters.peek() == Some(&letter) {
                    letters.next();
                }
                if let Some(piece) = pieces.last_mut() {
                    piece.push(letter);
                }
            }
        }
    }
    pieces
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_owned());
        return;
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for entry in entries {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_test = name.starts_with("tests") || name.starts_with("test_");
        if !is_test && (path.is_dir() || name.ends_with(".rs")) {
            collect(&path, files);
        }
    }
}

/// Collects the literals, without what stands in attributes, in `Text::new`, in `expect` and in
/// modules for tests.
fn literals(tokens: TokenStream, file: &str, found: &mut Vec<Literal>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    let mut is_for_tests = false;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                // An attribute, be it of what follows or of all around it.
                while let Some(TokenTree::Punct(_)) = tokens.get(at) {
                    at += 1;
                }
                if let Some(TokenTree::Group(group)) = tokens.get(at) {
                    let said = group.stream().to_string().replace(' ', "");
                    is_for_tests |= said == "cfg(test)";
                    at += 1;
                }
            }
            TokenTree::Ident(ident)
                if is_silent(ident, at.checked_sub(2).map(|at| &tokens[at])) =>
            {
                // What comes by `Text::new`, or is for ourselves.
                let begins = tokens[at..].iter().take(4);
                let group = begins.clone().position(
                    |token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis),
                );
                if let Some(group) = group {
                    at += group + 1;
                }
            }
            TokenTree::Ident(ident) if ["id", "source"].contains(&&*ident.to_string()) => {
                if let (Some(TokenTree::Punct(punct)), Some(TokenTree::Literal(_))) =
                    (tokens.get(at), tokens.get(at + 1))
                    && punct.as_char() == ':'
                {
                    at += 2;
                }
            }
            TokenTree::Group(group) => {
                if !(is_for_tests && group.delimiter() == Delimiter::Brace) {
                    literals(group.stream(), file, found);
                }
                if group.delimiter() == Delimiter::Brace {
                    is_for_tests = false;
                }
            }
            TokenTree::Punct(punct) => {
                if punct.as_char() == ';' {
                    is_for_tests = false;
                }
            }
            TokenTree::Literal(literal) => {
                let parsed: Result<syn::LitStr, _> = syn::parse_str(&literal.to_string());
                let text = parsed.map(|text| text.value()).unwrap_or_default();
                if !is_japanese(&text) && text.contains(char::is_alphabetic) {
                    let mut pieces = pieces(&text);
                    pieces.sort_by_key(String::len);
                    found.push(Literal {
                        file: file.to_owned(),
                        said: pieces.pop().unwrap_or_default().trim().to_owned(),
                        text,
                    });
                }
            }
            TokenTree::Ident(_) => {}
        }
    }
}

/// Returns whether what follows is in both languages, or for ourselves.
fn is_silent(ident: &proc_macro2::Ident, before: Option<&TokenTree>) -> bool {
    let is_call = matches!(before, Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
    *ident == "Text" || *ident == "panic" || *ident == "expect" && is_call
}

fn is_japanese(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}

/// What a hole is filled with: a number, since that fits everywhere.
const FILLING: &str = "7";
