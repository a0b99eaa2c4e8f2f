//! `converters`: names → what makes payloads.

use super::problem::Problem;
use super::schema::{Converter as Entry, JsonOptions};
use crate::converter::{BinaryProtobuf, Bytes, Converter, Converters, Json, Msgpack, Null};

/// The converters of the list, by default null, bytes, json-protobuf, json.
pub(super) fn converters(list: Option<&[Entry]>) -> Result<Converters, Problem> {
    let Some(list) = list else { return converters(Some(&DEFAULT)) };
    if list.is_empty() {
        return Err(Problem::new("expected at least one converter: leave the list out for the default"));
    }
    let mut converters: Vec<Box<dyn Converter>> = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let converter: Box<dyn Converter> = match entry {
            Entry::Null => Box::new(Null),
            Entry::Bytes => Box::new(Bytes),
            Entry::JsonProtobuf => continue,
            Entry::BinaryProtobuf => Box::new(BinaryProtobuf),
            Entry::Json(options) => Box::new(Json { canonical: options.canonical }),
            Entry::Msgpack => Box::new(Msgpack),
        };
        if converters.iter().any(|other| other.name() == converter.name()) {
            let name = converter.name();
            return Err(Problem::new(format!(
                "{name} stands here a second time: the first takes every value"
            ))
            .inside(index));
        }
        converters.push(converter);
    }
    Ok(Converters::new(converters))
}

const DEFAULT: [Entry; 4] =
    [Entry::Null, Entry::Bytes, Entry::JsonProtobuf, Entry::Json(JsonOptions { canonical: false })];
