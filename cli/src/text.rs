//! `tdc decode --text`: values as a person reads them.
//!
//! | encoding | shown as |
//! |---|---|
//! | `json/…`, `binary/msgpack` | its JSON, with characters in the place of `\u` escapes |
//! | `binary/protobuf` of a known type | its JSON |
//! | `binary/null` | `null` |
//! | anything else | what it is, and how long |
//!
//! Values are untrusted and go to a terminal: control characters are escaped.

use prost::bytes::Bytes;
use tdc::{DataConverter, Error};

use crate::body;
use crate::terminal::{printable, readable, steers};
use crate::tree::{self, Tree};

/// Longest value that is shown in full, in bytes.
const MAX_SHOWN: usize = 64;

pub(crate) struct Reader<'c> {
    converter: &'c DataConverter,
}

/// A value for a person.
enum Value {
    Json(String),
    /// It cannot be shown as JSON: a description of it.
    Described(String),
}

impl<'c> Reader<'c> {
    pub(crate) fn new(converter: &'c DataConverter) -> Self {
        Self { converter }
    }

    /// A line for each payload of a list.
    pub(crate) fn lines(&self, list: Vec<u8>) -> Result<String, Error> {
        let mut lines = String::new();
        for payload in body::find(list)? {
            let text = match self.value(&payload)? {
                Value::Json(text) => text,
                Value::Described(text) => format!("({text})"),
            };
            lines.push_str(&text);
            lines.push('\n');
        }
        Ok(lines)
    }

    /// A decoded history or failure with values instead of payloads.
    pub(crate) fn document(&self, text: &[u8]) -> Result<String, Error> {
        let mut out = String::new();
        self.print(&Tree::parse(text)?, 0, &mut out)?;
        out.push('\n');
        Ok(out)
    }

    fn print(&self, tree: &Tree, depth: usize, out: &mut String) -> Result<(), Error> {
        if let Some(payload) = tree.payload() {
            out.push_str(&match self.value(&Bytes::from(payload?))? {
                Value::Json(text) => text,
                Value::Described(text) => tree::quoted(&format!("({text})")),
            });
            return Ok(());
        }
        match tree {
            Tree::Scalar(text) => out.push_str(&readable(text)),
            Tree::List(items) if items.is_empty() => out.push_str("[]"),
            Tree::Object(members) if members.is_empty() => out.push_str("{}"),
            Tree::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    next_line(index, depth + 1, out);
                    self.print(item, depth + 1, out)?;
                }
                end(']', depth, out);
            }
            Tree::Object(members) => {
                out.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    next_line(index, depth + 1, out);
                    out.push_str(&readable(&tree::quoted(name)));
                    out.push_str(": ");
                    self.print(member, depth + 1, out)?;
                }
                end('}', depth, out);
            }
        }
        Ok(())
    }

    fn value(&self, payload: &Bytes) -> Result<Value, Error> {
        let seen = body::Payload::read(payload)?;
        let encoding = seen.encoding();
        let encoding = encoding.as_ref();
        let len = seen.data.len();
        Ok(match encoding {
            "binary/null" => Value::Json("null".to_owned()),
            "binary/plain" => Value::Described(bytes(&seen.data)),
            "binary/protobuf" => match body::protobuf_as_json(self.converter, payload) {
                Some(text) => Value::Json(readable(&String::from_utf8_lossy(&text))),
                // Its type belongs to the program, and no descriptor of it is available.
                None => Value::Described(format!(
                    "protobuf {} of {len} bytes; to show it, add its descriptors to `descriptors`",
                    printable(&seen.message_type())
                )),
            },
            "binary/msgpack" => json_of(self.converter.from_payload(&[], &body::list_of(payload))?)?,
            _ if encoding.starts_with("json/") => match core::str::from_utf8(&seen.data) {
                Ok(text) => Value::Json(readable(text)),
                Err(_) => Value::Described(format!("{encoding} of {len} bytes that are not UTF-8")),
            },
            "" => Value::Described(format!("no encoding, {len} bytes")),
            _ if tdc::inspect(payload)?.codec.is_some() => {
                Value::Described(format!("still encoded: {}, {len} bytes", printable(encoding)))
            }
            _ => Value::Described(format!("{}, {len} bytes", printable(encoding))),
        })
    }
}

/// The JSON of a list of one payload, if it has one.
fn json_of(list: Vec<u8>) -> Result<Value, Error> {
    let payload = body::find(list)?.pop().unwrap_or_default();
    let seen = body::Payload::read(&payload)?;
    Ok(Value::Json(readable(&String::from_utf8_lossy(&seen.data))))
}

fn next_line(index: usize, depth: usize, out: &mut String) {
    out.push_str(if index == 0 { "\n" } else { ",\n" });
    out.extend(core::iter::repeat_n("  ", depth));
}

fn end(bracket: char, depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(core::iter::repeat_n("  ", depth));
    out.push(bracket);
}

/// Bytes that are the value themselves.
fn bytes(data: &[u8]) -> String {
    let len = data.len();
    match core::str::from_utf8(data) {
        Ok(text) if !text.chars().any(|c| steers(c) && !"\t\n\r".contains(c)) => {
            format!("{len} bytes: {}", readable(&tree::quoted(text)))
        }
        _ if len <= MAX_SHOWN => format!("{len} bytes: {}", hexadecimal(data)),
        _ => format!("{len} bytes: {}…", hexadecimal(data.get(..MAX_SHOWN).unwrap_or_default())),
    }
}

fn hexadecimal(data: &[u8]) -> String {
    let bytes: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_where_they_can_be() {
        assert_eq!(bytes(b"two\nlines"), r#"9 bytes: "two\nlines""#);
        assert_eq!(bytes(&[0, 255]), "2 bytes: 00ff");
        assert_eq!(bytes(b"\x1b[31m"), "5 bytes: 1b5b33316d");
        assert_eq!(bytes(&[255; 65]), format!("65 bytes: {}…", "ff".repeat(64)));
    }
}
