//! `docs/tdc.schema.json`, from the types that serde reads.
//!
//! What a derive cannot know (a name that may carry options, bytes with units, the bare `null`) is
//! said here.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::document::{ByteSize, Span};
use super::super::pattern::Pattern;
use super::super::schema::{ConverterEntry, Document, JsonOptions, JsonProtobufOptions};
use crate::codec::remote::options::{HeaderSecret, HeaderValue};
use crate::codec::{Entry, schemas};

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of bytes: a number, or text with B, KiB, MiB or GiB.",
            "oneOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)?$" },
            ],
        })
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time: text with ms, s, min or h.",
            "type": "string",
            "pattern": "^[0-9]+ *(ms|s|min|h)$",
        })
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The whole name; * stands for any run of characters.",
            "type": "string",
        })
    }
}

impl JsonSchema for HeaderValue {
    fn schema_name() -> Cow<'static, str> {
        "HeaderValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let secret = generator.subschema_for::<HeaderSecret>();
        json_schema!({
            "description": "The value of a header: text, or where a credential is found.",
            "oneOf": [{ "type": "string" }, secret],
        })
    }
}

impl JsonSchema for ConverterEntry {
    fn schema_name() -> Cow<'static, str> {
        "Converter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A payload converter: its name, or its name with options. YAML's bare null is the converter of that name.",
            "oneOf": [
                { "enum": [null, "null", "bytes", "json-protobuf", "binary-protobuf", "json", "msgpack"] },
                with_options(
                    "json-protobuf",
                    "json/protobuf.",
                    &generator.subschema_for::<JsonProtobufOptions>(),
                ),
                with_options("json", "json/plain.", &generator.subschema_for::<JsonOptions>()),
            ],
        })
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "Codec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut names = Vec::new();
        let mut entries = Vec::new();
        for (codec, options, refer) in schemas(generator) {
            let (name, about) = (codec.name, codec.about);
            // Without its options where they may be left out, and with them where there are any.
            if options.get("required").is_some() {
                entries.push(json_schema!({
                    "type": "object",
                    "description": about,
                    "properties": { name: refer(generator) },
                    "required": [name],
                    "additionalProperties": false,
                }));
                continue;
            }
            names.push(name);
            if options.get("properties").is_some() {
                entries.push(with_options(name, about, &refer(generator)));
            }
        }
        json_schema!({
            "description": "A payload codec: its name, or its name with options.",
            "oneOf": [{ "enum": names }, { "oneOf": entries }],
        })
    }
}

/// An entry that is a name with its options.
fn with_options(name: &str, description: &str, options: &Schema) -> Schema {
    json_schema!({
        "type": "object",
        "description": description,
        "properties": { name: { "anyOf": [options, { "type": "null" }] } },
        "required": [name],
        "additionalProperties": false,
    })
}

#[test]
fn published_schema_is_what_serde_reads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tdc.schema.json");
    let published = std::fs::read_to_string(path).unwrap_or_default();
    let mut schema = schemars::schema_for!(Document);
    schema.insert("$id".to_owned(), "tdc.schema.json".into());
    // The section of the codec server is what the command line's own test says.
    let theirs: serde_json::Value = serde_json::from_str(&published).unwrap();
    let section = theirs["properties"]["server"].clone();
    let mut left = references(&section);
    schema.get_mut("properties").unwrap()["server"] = section;
    let definitions = schema.get_mut("$defs").unwrap().as_object_mut().unwrap();
    while let Some(name) = left.pop() {
        let definition = &theirs["$defs"][&name];
        if definitions.get(&name).is_none() {
            left.extend(references(definition));
            definitions.insert(name, definition.clone());
        }
    }
    definitions.sort_keys();
    let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert_eq!(published, expected, "run `make generated`");
}

/// The names of the definitions that a schema refers to.
fn references(schema: &serde_json::Value) -> Vec<String> {
    let text = schema.to_string();
    let parts = text.split("\"#/$defs/").skip(1);
    parts.filter_map(|part| part.split('"').next()).map(str::to_owned).collect()
}
