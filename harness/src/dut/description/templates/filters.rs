//! What values of templates can be put through; none comes to more than a bound.

use std::sync::Arc;

use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{Environment, Error, ErrorKind, State, filters, tests};

/// Makes the filters, tests and functions known.
pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter("join", join);
    environment.add_filter("replace", replace);
    environment.add_filter("upper", |text: &Value| word(text).map(str::to_uppercase));
    environment.add_filter("lower", |text: &Value| word(text).map(str::to_lowercase));
    environment.add_filter("trim", |text: &Value| {
        word(text).map(|text| text.trim().to_owned())
    });
    environment.add_filter("default", default);
    environment.add_filter("d", default);
    environment.add_filter("first", |values: &Value| filters::first(there(values)?));
    environment.add_filter("last", |values: &Value| {
        filters::last(there(values)?.clone())
    });
    environment.add_filter("length", |values: &Value| filters::length(there(values)?));
    environment.add_filter("count", |values: &Value| filters::length(there(values)?));
    environment.add_filter("title", |text: &Value| {
        word(text).map(|text| filters::title(text.into()))
    });
    environment.add_filter("indent", indent);
    environment.add_filter("int", |state: &State<'_, '_>, value: &Value| {
        filters::int(state, there(value)?)
    });
    environment.add_filter("list", |state: &State<'_, '_>, values: &Value| {
        filters::list(state, there(values)?.clone())
    });
    environment.add_filter("reverse", |values: &Value| filters::reverse(there(values)?));
    environment.add_filter(
        "sort",
        |state: &State<'_, '_>, values: &Value, how: Kwargs| {
            filters::sort(state, there(values)?.clone(), how)
        },
    );
    environment.add_filter("split", split);
    environment.add_filter(
        "unique",
        |state: &State<'_, '_>, values: &Value, how: Kwargs| {
            filters::unique(state, there(values)?.clone(), how)
        },
    );
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_function("range", range);
}

fn join(values: &Value, between: Option<&str>) -> Result<String, Error> {
    let mut text = String::new();
    for (index, value) in there(values)?.try_iter()?.enumerate() {
        if index > 0 {
            text.push_str(between.unwrap_or_default());
        }
        match value.as_str() {
            Some(value) => text.push_str(value),
            None if value.as_object().is_some() => return Err(fault("`join` joins words".into())),
            None => text.push_str(&value.to_string()),
        }
        short(&text)?;
    }
    Ok(text)
}

fn replace(text: &Value, from: &str, to: &str) -> Result<String, Error> {
    replaced(word(text)?, from, to)
}

fn replaced(text: &str, from: &str, to: &str) -> Result<String, Error> {
    short(from)?;
    let growth = text.matches(from).count().saturating_mul(to.len());
    match growth <= LONGEST_VALUE {
        true => Ok(text.replace(from, to)),
        false => Err(too_long()),
    }
}

fn indent(text: &Value, width: usize) -> Result<String, Error> {
    let between = format!("\n{:width$}", "", width = width.min(LONGEST_INDENT));
    replaced(word(text)?, "\n", &between)
}

fn split(text: &Value, at: Option<Arc<str>>, most: Option<i64>) -> Result<Value, Error> {
    filters::split(there(text)?, at, most)
}

fn default(state: &State<'_, '_>, value: &Value, others: Rest<Value>) -> Result<Value, Error> {
    filters::default(state, value, others)
}

fn range(first: u32, end: Option<u32>) -> Result<Vec<u32>, Error> {
    let (first, end) = end.map_or((0, first), |end| (first, end));
    match end.saturating_sub(first) <= LONGEST_RANGE {
        true => Ok((first..end).collect()),
        false => Err(fault(format!(
            "`range` has {LONGEST_RANGE} numbers at most"
        ))),
    }
}

/// Returns a text to put through a filter.
fn word(value: &Value) -> Result<&str, Error> {
    let text = there(value)?.as_str();
    short(text.ok_or_else(|| fault("it takes a text".to_owned()))?)
}

/// Refuses a variable that does not exist, which filters would take for nothing.
fn there(value: &Value) -> Result<&Value, Error> {
    match value.is_undefined() {
        true => Err(ErrorKind::UndefinedError.into()),
        false => Ok(value),
    }
}

fn short(text: &str) -> Result<&str, Error> {
    match text.len() <= LONGEST_VALUE {
        true => Ok(text),
        false => Err(too_long()),
    }
}

fn too_long() -> Error {
    fault(format!("a filter's text has {LONGEST_VALUE} bytes at most"))
}

fn fault(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

const LONGEST_VALUE: usize = 4096;
const LONGEST_INDENT: usize = 64;
const LONGEST_RANGE: u32 = 256;
