//! A JSON document with its members in their order, in which payloads are found by what they look
//! like: a history or a failure.
//!
//! Only for showing it to a person. Its depth is what `serde_json` reads, 128.

use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use tdc::payload::json;
use tdc::{Code, Error};

use crate::terminal::printable;

/// A JSON value.
#[derive(Debug, PartialEq)]
pub(crate) enum Tree {
    /// A string, number or literal, as JSON.
    Scalar(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Tree {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Error> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        serde_json::from_slice(text).map_err(|cause| {
            let (line, column) = (cause.line(), cause.column());
            Error::new(Code::Json, format!("line {line}, column {column}: this is not JSON"))
        })
    }

    /// The serialised payload, if this looks like one: an object with only a payload's members,
    /// whose metadata name an encoding.
    pub(crate) fn payload(&self) -> Option<Result<Vec<u8>, Error>> {
        let Self::Object(members) = self else { return None };
        let known =
            |name: &str| ["metadata", "data", "externalPayloads", "external_payloads"].contains(&name);
        let names_encoding = |member: &Self| match member {
            Self::Object(metadata) => metadata.iter().any(|(key, _)| key == "encoding"),
            _ => false,
        };
        let is_payload = members.iter().all(|(name, _)| known(name))
            && members.iter().any(|(name, member)| name == "metadata" && names_encoding(member));
        is_payload.then(|| {
            let mut text = String::new();
            self.print_compact(&mut text);
            json::parse_payload(&text)
        })
    }

    /// Every payload with its path, such as
    /// `events[0].workflowExecutionStartedEventAttributes.input.payloads[0]`.
    pub(crate) fn payloads(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut found = Vec::new();
        self.gather(&mut String::new(), &mut found)?;
        Ok(found)
    }

    fn gather(&self, path: &mut String, found: &mut Vec<(String, Vec<u8>)>) -> Result<(), Error> {
        if let Some(payload) = self.payload() {
            found.push((path.clone(), payload.map_err(|error| at(path, &error))?));
            return Ok(());
        }
        let len = path.len();
        match self {
            Self::Scalar(_) => {}
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "[{index}]");
                    item.gather(path, found)?;
                    path.truncate(len);
                }
            }
            Self::Object(members) => {
                for (name, member) in members {
                    path.push_str(if len == 0 { "" } else { "." });
                    path.push_str(&printable(name));
                    member.gather(path, found)?;
                    path.truncate(len);
                }
            }
        }
        Ok(())
    }

    fn print_compact(&self, out: &mut String) {
        match self {
            Self::Scalar(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    item.print_compact(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    out.push_str(&quoted(name));
                    out.push(':');
                    member.print_compact(out);
                }
                out.push('}');
            }
        }
    }
}

/// An error of the payload at `path`.
pub(crate) fn at(path: &str, error: &Error) -> Error {
    Error::new(error.code(), format!("{path}: {}", error.message()))
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Scalar("null".to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Scalar(serde_json::Value::from(value).to_string()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Scalar(quoted(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_found_by_their_looks_and_named_by_their_path() {
        let text = r#"{"events":[{"a":{"payloads":[{"metadata":{"encoding":"YQ=="},"data":"AA=="},{"data":""}]}},
            {"fields":{"k":{"metadata":{"encoding":""}}},"metadata":{"encoding":"text"},"data":1,"more":2}]}"#;
        let found = Tree::parse(text.as_bytes()).unwrap().payloads().unwrap();
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["events[0].a.payloads[0]", "events[1].fields.k"]);
    }

    #[test]
    fn a_payload_that_is_broken_is_named() {
        let text = r#"{"events":[{"metadata":{"encoding":"SECRET!"}}]}"#;
        let error = Tree::parse(text.as_bytes()).unwrap().payloads().unwrap_err();
        assert_eq!(error.code(), Code::Json);
        assert!(error.message().starts_with("events[0]: ") && !error.message().contains("SECRET"), "{error}");
    }

    #[test]
    fn members_keep_their_order_and_values_their_text() {
        let text = r#"{"b":1,"a":[true,null,-1.5,"é\n"]}"#;
        let mut out = String::new();
        Tree::parse(text.as_bytes()).unwrap().print_compact(&mut out);
        assert_eq!(out, text);
    }
}
