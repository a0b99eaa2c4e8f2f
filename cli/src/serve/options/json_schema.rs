//! The part of `docs/tdc.schema.json` that is the codec server's.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::{AuditOutput, ClaimPatterns, JwksSource, ServerOptions};

/// Types of the library, which describes them in its part of the same file.
macro_rules! of_the_library {
    ($($schema:ident: $name:literal),+) => {
        const OF_THE_LIBRARY: &[&str] = &[$($name),+];

        $(
            pub(super) struct $schema;

            impl JsonSchema for $schema {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!({ "$ref": concat!("#/$defs/", $name) })
                }
            }
        )+
    };
}

of_the_library!(ByteSizeSchema: "ByteSize", PatternSchema: "Pattern", SpanSchema: "Span");

impl JsonSchema for ClaimPatterns {
    fn schema_name() -> Cow<'static, str> {
        "ClaimPatterns".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pattern = generator.subschema_for::<PatternSchema>();
        json_schema!({
            "description": "A pattern, or a list of patterns one of which must match.",
            "oneOf": [pattern, { "type": "array", "items": pattern }],
        })
    }
}

impl JsonSchema for JwksSource {
    fn schema_name() -> Cow<'static, str> {
        "JwksSource".into()
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

impl JsonSchema for AuditOutput {
    fn schema_name() -> Cow<'static, str> {
        "AuditOutput".into()
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
    assert!(OF_THE_LIBRARY.iter().all(|name| definitions.contains_key(*name)));
    definitions.extend(generator.take_definitions(true));
    definitions.sort_keys();
    let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert_eq!(published, expected, "run `make generated`");
}
