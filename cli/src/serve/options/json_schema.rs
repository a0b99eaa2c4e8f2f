//! The part of `docs/tdc.schema.json` that is the codec server's.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::{Audit, Claim, Jwks, ServerOptions};

/// As the library describes its patterns.
pub(super) struct PatternSchema;

impl JsonSchema for PatternSchema {
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

/// As the library describes sizes.
pub(super) struct ByteSizeSchema;

impl JsonSchema for ByteSizeSchema {
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

/// As the library describes spans of time.
pub(super) struct SpanSchema;

impl JsonSchema for SpanSchema {
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

impl JsonSchema for Claim {
    fn schema_name() -> Cow<'static, str> {
        "Claim".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pattern = generator.subschema_for::<PatternSchema>();
        json_schema!({
            "description": "A pattern, or a list of patterns one of which must match.",
            "oneOf": [pattern, { "type": "array", "items": pattern }],
        })
    }
}

impl JsonSchema for Jwks {
    fn schema_name() -> Cow<'static, str> {
        "Jwks".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where the keys of an issuer are.",
            "oneOf": [
                { "type": "string", "description": "A URL: https, or http on loopback." },
                {
                    "type": "object",
                    "properties": { "file": { "type": "string" } },
                    "required": ["file"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

impl JsonSchema for Audit {
    fn schema_name() -> Cow<'static, str> {
        "Audit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where the line for each request goes.",
            "oneOf": [
                { "const": "stderr" },
                {
                    "type": "object",
                    "properties": { "file": { "type": "string" } },
                    "required": ["file"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[test]
fn published_schema_is_what_serde_reads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tdc.schema.json");
    let published = std::fs::read_to_string(path).unwrap();
    let mut schema = Schema::try_from(serde_json::from_str::<Value>(&published).unwrap()).unwrap();
    let mut generator = SchemaGenerator::default();
    let options = generator.subschema_for::<ServerOptions>();
    schema.get_mut("properties").unwrap()["server"] = json_schema!({
        "description": "The codec server, `tdc serve`.",
        "anyOf": [options, { "type": "null" }],
    })
    .to_value();
    let definitions = schema.get_mut("$defs").unwrap().as_object_mut().unwrap();
    definitions.extend(generator.take_definitions(true));
    definitions.sort_keys();
    let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert_eq!(published, expected, "run `make generated`");
}
