//! `converters`: turns names into converters.

use tdc_formats::protobuf_json::Options;

use super::document::Problem;
use super::schema::{ConverterEntry, JsonOptions, JsonProtobufOptions};
use crate::converter::{BinaryProtobuf, Bytes, Converter, Converters, Json, JsonProtobuf, Msgpack, Null};

/// The converters of the list, by default null, bytes, json-protobuf, json.
pub(super) fn converters(list: Option<&[ConverterEntry]>) -> Result<Converters, Problem> {
    let Some(list) = list else { return converters(Some(&DEFAULT)) };
    if list.is_empty() {
        return Err(Problem::new(
            "the list is empty: add a converter, or remove converters to use the default list",
        ));
    }
    let mut converters: Vec<Box<dyn Converter>> = Vec::new();
    let mut protobuf_json = Options::default();
    for (index, entry) in list.iter().enumerate() {
        let converter: Box<dyn Converter> = match entry {
            ConverterEntry::Null => Box::new(Null),
            ConverterEntry::Bytes => Box::new(Bytes),
            ConverterEntry::JsonProtobuf(options) => {
                protobuf_json.ignore_unknown_fields = options.ignore_unknown_fields;
                Box::new(JsonProtobuf)
            }
            ConverterEntry::BinaryProtobuf => Box::new(BinaryProtobuf),
            ConverterEntry::Json(options) => Box::new(Json { canonical: options.canonical }),
            ConverterEntry::Msgpack => Box::new(Msgpack),
        };
        if converters.iter().any(|other| other.name() == converter.name()) {
            let name = converter.name();
            return Err(Problem::new(format!("{name} is listed twice; remove one")).inside(index));
        }
        converters.push(converter);
    }
    Ok(Converters::new(converters, protobuf_json))
}

/// Whether the list has the order of every SDK's default converter.
pub(super) fn is_default(list: Option<&[ConverterEntry]>) -> bool {
    list.is_none_or(|list| *list == DEFAULT)
}

const DEFAULT: [ConverterEntry; 4] = [
    ConverterEntry::Null,
    ConverterEntry::Bytes,
    ConverterEntry::JsonProtobuf(JsonProtobufOptions { ignore_unknown_fields: false }),
    ConverterEntry::Json(JsonOptions { canonical: false }),
];
