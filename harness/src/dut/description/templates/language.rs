//! The part of the template language that device files have: variables, conditions, loops, filters,
//! and sums of what is written at once.
//!
//! What keeps values that were built out of others is not in it, since a few words of it fill any
//! memory: `{% set x = x ~ x %}` doubles a text each time, and so do macros, captures and lists of
//! lists.

use minijinja::machinery::{Instruction, Token, WhitespaceConfig, get_compiled_template, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind, Template};

/// Returns the first operator that computes where that is kept or can have any size, with its line.
pub(super) fn stranger(source: &str) -> Option<(u16, &'static str)> {
    let tokens = tokenize(source, false, SyntaxConfig, WhitespaceConfig::default());
    let (mut keeps, mut begins) = (false, false);
    // What is no token at all is told by the compiler.
    tokens.map_while(Result::ok).find_map(|(token, span)| {
        let what = match token {
            Token::VariableStart => {
                keeps = false;
                return None;
            }
            Token::BlockStart => {
                (keeps, begins) = (true, true);
                return None;
            }
            Token::Ident(name) if begins => {
                begins = false;
                // A condition is only looked at.
                keeps = !["if", "elif"].contains(&name);
                return None;
            }
            Token::Tilde if keeps => "`~` for a value that is kept",
            Token::Plus if keeps => "`+` for a value that is kept",
            Token::Mul => "`*`",
            Token::Pow => "`**`",
            _ => return None,
        };
        Some((span.start_line, what))
    })
}

/// Refuses a template with an instruction that is not known to be harmless.
pub(super) fn check(template: &Template<'_, '_>) -> Result<(), Error> {
    let compiled = get_compiled_template(template);
    let instructions = &compiled.instructions;
    let count = u32::try_from(instructions.len()).unwrap_or(u32::MAX);
    for index in 0..count {
        let Some(instruction) = instructions.get(index) else {
            break;
        };
        if !is_harmless(instruction) {
            let line = instructions.get_line(index).unwrap_or_default();
            let what = format!("line {line} uses {}", named(instruction));
            return Err(Error::new(ErrorKind::InvalidOperation, what));
        }
    }
    Ok(())
}

fn is_harmless(instruction: &Instruction<'_>) -> bool {
    match instruction {
        Instruction::PushLoop(flags) => flags & RECURSIVE == 0,
        Instruction::CallFunction(name, _) => *name == "range",
        Instruction::EmitRaw(_)
        | Instruction::Emit
        | Instruction::StoreLocal(_)
        | Instruction::Lookup(_)
        | Instruction::GetAttr(_)
        | Instruction::GetItem
        | Instruction::Slice
        | Instruction::LoadConst(_)
        | Instruction::UnpackList(_)
        | Instruction::Add
        | Instruction::Sub
        | Instruction::Div
        | Instruction::IntDiv
        | Instruction::Rem
        | Instruction::StringConcat
        | Instruction::Neg
        | Instruction::Eq
        | Instruction::Ne
        | Instruction::Gt
        | Instruction::Gte
        | Instruction::Lt
        | Instruction::Lte
        | Instruction::Not
        | Instruction::In
        | Instruction::CompareAndPreserve(_)
        | Instruction::ApplyFilter(..)
        | Instruction::PerformTest(..)
        | Instruction::PushWith
        | Instruction::Iterate(_)
        | Instruction::PushDidNotIterate
        | Instruction::PopFrame
        | Instruction::PopLoopFrame
        | Instruction::Jump(_)
        | Instruction::JumpIfFalse(_)
        | Instruction::JumpIfFalseOrPop(_)
        | Instruction::JumpIfTrueOrPop(_)
        | Instruction::DupTop
        | Instruction::DiscardTop
        | Instruction::Swap => true,
        // A loop with a condition builds the list of what it keeps.
        Instruction::BuildList(None) => true,
        _ => false,
    }
}

/// Returns what an author would call it.
fn named(instruction: &Instruction<'_>) -> String {
    match instruction {
        Instruction::CallFunction(name, _) => format!("the function `{name}`"),
        Instruction::CallMethod(name, _) => format!("the method `{name}`"),
        Instruction::PushLoop(_) => "a loop that calls itself".to_owned(),
        Instruction::BeginCapture(_) | Instruction::EndCapture => "a block as a value".to_owned(),
        Instruction::BuildList(_) | Instruction::BuildMap(_) => {
            "a list or map of values".to_owned()
        }
        _ => "what templates do not have".to_owned(),
    }
}

pub(super) const HELP: &str = "templates have variables, `if`, `for`, `set`, comparisons, `range`, `~` \
    and `+` in what is written at once, and the filters default, first, indent, int, join, \
    last, length, list, lower, replace, reverse, sort, split, title, trim, unique and upper; what has \
    to be computed is for a `setup` command";
/// The flag of a loop that can call itself.
const RECURSIVE: u8 = 2;
