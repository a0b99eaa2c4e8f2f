//! What a `.proto` file of this repository says: a small reader of the little that they use.

use std::collections::BTreeMap;
use std::path::Path;

use tdc_formats::wire::{Cursor, Value, push_bytes, push_varint};

pub(crate) struct Field {
    pub(crate) number: u8,
    pub(crate) name: String,
    kind: String,
}

/// The messages of a file by their names.
pub(crate) struct Proto(BTreeMap<String, Vec<Field>>);

/// The value of a field that a test writes.
pub(crate) enum Given<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Proto {
    pub(crate) fn read(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/tdc").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let (mut messages, mut open) = (BTreeMap::<String, Vec<Field>>::new(), Vec::new());
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or_default().trim();
            let words: Vec<&str> = line.trim_end_matches(';').split_whitespace().collect();
            match &*words {
                ["message", name, rest @ ..] => {
                    messages.entry((*name).to_owned()).or_default();
                    if rest != ["{}"] {
                        open.push(("message", (*name).to_owned()));
                    }
                }
                ["oneof" | "enum", name, "{"] => open.push((words[0], (*name).to_owned())),
                ["}"] => drop(open.pop()),
                ["repeated", kind, name, "=", number] | [kind, name, "=", number] => {
                    if open.last().unwrap().0 == "enum" {
                        continue;
                    }
                    let (_, message) = open.iter().rev().find(|(what, _)| *what == "message").unwrap();
                    let (name, kind) = ((*name).to_owned(), (*kind).to_owned());
                    let field = Field { number: number.parse().unwrap(), name, kind };
                    messages.get_mut(message).unwrap().push(field);
                }
                _ => {}
            }
        }
        Self(messages)
    }

    pub(crate) fn fields(&self, message: &str) -> &[Field] {
        &self.0[message]
    }

    /// A message's values with the path of their names. Panics where the description knows a field
    /// not at all, or with another wire type.
    pub(crate) fn values(&self, message: &str, bytes: &[u8]) -> Vec<(String, String)> {
        let (mut values, mut cursor) = (Vec::new(), Cursor::new(bytes));
        while let Some(found) = cursor.field().unwrap() {
            let field = self.fields(message).iter().find(|field| u32::from(field.number) == found.number);
            let field = field.unwrap_or_else(|| panic!("{message} has no field {}", found.number));
            match (&*field.kind, found.value) {
                ("uint64" | "uint32", Value::Varint(value)) => {
                    values.push((field.name.clone(), value.to_string()));
                }
                ("string" | "bytes", Value::Bytes(text)) => {
                    values.push((field.name.clone(), String::from_utf8_lossy(text).into_owned()));
                }
                (kind, Value::Bytes(inner)) if self.0.contains_key(kind) => {
                    let inner = self.values(kind, inner);
                    if inner.is_empty() {
                        values.push((field.name.clone(), String::new()));
                    }
                    let below = |(name, value)| (format!("{}.{name}", field.name), value);
                    values.extend(inner.into_iter().map(below));
                }
                (kind, _) => panic!("{message}.{} is not written as {kind}", field.name),
            }
        }
        values
    }

    /// A message of these fields.
    pub(crate) fn write(&self, message: &str, fields: &[(&str, Given<'_>)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, given) in fields {
            let field = self.fields(message).iter().find(|field| field.name == *name).unwrap();
            match (given, &*field.kind) {
                (Given::Number(value), "uint32" | "uint64" | "bool" | "Kind") => {
                    out.push(field.number << 3);
                    push_varint(&mut out, *value);
                }
                (Given::Bytes(bytes), kind)
                    if ["string", "bytes"].contains(&kind) || self.0.contains_key(kind) =>
                {
                    push_bytes(&mut out, field.number, bytes);
                }
                (_, kind) => panic!("{message}.{name} is {kind}"),
            }
        }
        out
    }
}
