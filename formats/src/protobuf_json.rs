//! proto3 JSON: a serialised message to JSON text and back, by descriptors, without building the
//! message.
//!
//! The output has exactly one form, the same in every language and forever: no spaces, fields in
//! declaration order followed by extensions sorted by full name, map entries sorted by key, only
//! mandatory escapes, default values left out unless the field tracks presence. The parser accepts
//! everything that the official parsers accept: `docs/FORMAT.md` has the rules, and protobuf's own
//! conformance suite runs through the C ABI (`conformance/protobuf`).
//!
//! Both inputs are untrusted: nothing here panics, messages nest at most 100 levels, and errors
//! name fields, never values.

mod any;
mod number;
mod parse;
mod parse_value;
mod parse_well_known;
mod print;
mod print_map;
mod print_well_known;
mod problem;
mod time;

use crate::Error;
use crate::descriptors::{Descriptors, MessageId};
use problem::Problem;

/// How deep messages may nest, as in the official parsers.
const MAX_DEPTH: u32 = 100;

/// How JSON is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Fields and enum names that the type does not have are ignored instead of being an error.
    pub ignore_unknown_fields: bool,
}

/// Appends the JSON of `wire`, a message of the type `name`, to `out`, which may grow by `max_len`
/// bytes.
///
/// # Errors
/// [`ErrorKind::UnknownType`](crate::ErrorKind::UnknownType) with the name of a type without a
/// descriptor, [`ErrorKind::Protobuf`](crate::ErrorKind::Protobuf) if the bytes are not such a
/// message or have no form in JSON, and [`ErrorKind::Length`](crate::ErrorKind::Length). Then `out`
/// is unchanged.
pub fn print(
    descriptors: &Descriptors,
    name: &str,
    wire: &[u8],
    max_len: usize,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let len = out.len();
    let printed = find(descriptors, name)
        .and_then(|id| print::Printer::new(descriptors, out, max_len).message(id, wire, MAX_DEPTH));
    printed.map_err(|problem| {
        out.truncate(len);
        problem.into_error(name)
    })
}

/// Appends the message of the type `name` that `json` describes to `out`.
///
/// # Errors
/// [`ErrorKind::UnknownType`](crate::ErrorKind::UnknownType) with the name of a type without a
/// descriptor, [`ErrorKind::Json`](crate::ErrorKind::Json) if the text is not JSON or not such a
/// message, and [`ErrorKind::Depth`](crate::ErrorKind::Depth). Then `out` is unchanged.
pub fn parse(
    descriptors: &Descriptors,
    name: &str,
    json: &[u8],
    options: Options,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let len = out.len();
    let parsed = find(descriptors, name).and_then(|id| {
        let mut parser = parse::Parser::new(descriptors, json, options, out)?;
        parser.message(id, MAX_DEPTH)?;
        parser.end()
    });
    parsed.map_err(|problem| {
        out.truncate(len);
        problem.into_error(name)
    })
}

fn find(descriptors: &Descriptors, name: &str) -> Result<MessageId, Problem> {
    descriptors.id(name).ok_or_else(|| Problem::type_needed(name))
}
