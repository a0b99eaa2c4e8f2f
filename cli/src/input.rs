//! The forms of input: the JSON body of a codec server, one payload, an array of payloads, a
//! failure, or an exported history.
//!
//! The input may be hostile. Only the member names of the outermost object, or of an array's first
//! object, are inspected here; the reader of each form validates the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tdc::Error;
use tdc::payload::json;

/// The form of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{"payloads":[…]}`, and anything that is none of the other forms.
    Body,
    /// One payload.
    Payload,
    /// An array of payloads.
    List,
    Failure,
    History,
}

impl Form {
    pub(crate) fn of(input: &[u8]) -> Self {
        if is_binary(input) {
            return Self::History;
        }
        let mut found = None;
        let mut reader = serde_json::Deserializer::from_slice(without_mark(input));
        // It stops with an error as soon as the form is known, so that a long history is not read
        // twice.
        let _ = reader.deserialize_any(Outermost { inside_list: false, found: &mut found });
        found.unwrap_or(Self::Body)
    }
}

/// Payloads, and the form in which to print them.
pub(crate) struct Payloads {
    pub(crate) list: Vec<u8>,
    form: Form,
}

impl Payloads {
    /// Reads payloads of the form [`Form::Body`], [`Form::Payload`] or [`Form::List`].
    pub(crate) fn read(form: Form, input: &[u8]) -> Result<Self, Error> {
        let input = without_mark(input);
        let list = match form {
            Form::Payload => json::parse_single(input)?,
            Form::List => json::parse_list(input)?,
            Form::Body | Form::Failure | Form::History => json::parse(input)?,
        };
        Ok(Self { list, form })
    }

    /// Prints a list in the form of the input.
    pub(crate) fn print(&self, list: &[u8]) -> Result<Vec<u8>, Error> {
        let text = json::print(list)?;
        let inner = text.strip_prefix(b"{\"payloads\":").and_then(|text| text.strip_suffix(b"}\n"));
        let one = || inner.and_then(|list| list.strip_prefix(b"[")?.strip_suffix(b"]"));
        let bare = match self.form {
            Form::Payload => one(),
            Form::List => inner,
            Form::Body | Form::Failure | Form::History => None,
        };
        Ok(bare.map(|bare| [bare, b"\n"].concat()).unwrap_or(text))
    }
}

/// What some editors write in front of a text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn without_mark(input: &[u8]) -> &[u8] {
    input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input)
}

/// Whether the bytes look like protobuf: an exported history begins with the tag of a field, which
/// is a line feed as text, and control characters follow.
fn is_binary(input: &[u8]) -> bool {
    const LOOKED_AT: usize = 64;
    let control = |byte: &u8| byte.is_ascii_control() && !b"\t\n\r".contains(byte);
    input.first() == Some(&0x0a) && input.iter().take(LOOKED_AT).any(control)
}

/// Recognises the form by member names that only this form has.
struct Outermost<'f> {
    inside_list: bool,
    found: &'f mut Option<Form>,
}

impl Outermost<'_> {
    fn named(&self, name: &str) -> Option<Form> {
        Some(match (name, self.inside_list) {
            ("payloads", false) => Form::Body,
            ("metadata" | "data" | "externalPayloads" | "external_payloads", false) => Form::Payload,
            ("metadata" | "data" | "externalPayloads" | "external_payloads", true) => Form::List,
            ("events" | "items" | "history", false) => Form::History,
            ("eventId" | "event_id" | "eventType" | "event_type" | "eventTime" | "event_time", true) => {
                Form::History
            }
            (
                "message" | "encodedAttributes" | "encoded_attributes" | "stackTrace" | "stack_trace",
                false,
            ) => Form::Failure,
            (name, false) if name.ends_with("FailureInfo") || name.ends_with("_failure_info") => {
                Form::Failure
            }
            _ => return None,
        })
    }
}

impl<'de> Visitor<'de> for Outermost<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if let Some(form) = self.named(&name) {
                *self.found = Some(form);
                return Err(A::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        struct First<'f>(&'f mut Option<Form>);
        impl<'de> serde::de::DeserializeSeed<'de> for First<'_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_any(Outermost { inside_list: true, found: self.0 })
            }
        }
        if self.inside_list {
            return Err(A::Error::custom("an array in an array"));
        }
        list.next_element_seed(First(self.found))?;
        Err(A::Error::custom("the first is enough"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_known_by_its_names() {
        for (input, expected) in [
            (r#"{"payloads":[]}"#, Form::Body),
            ("{}", Form::Body),
            ("[]", Form::Body),
            ("[[[", Form::Body),
            ("text", Form::Body),
            ("", Form::Body),
            (r#"{"newer":{"data":1},"payloads":[]}"#, Form::Body),
            (r#"{"metadata":{},"data":""}"#, Form::Payload),
            (r#"{"data":"broken"#, Form::Payload),
            ("\u{feff}{\"data\":\"\"}", Form::Payload),
            (r#"{"external_payloads":[]}"#, Form::Payload),
            (r#"[{"metadata":{}}]"#, Form::List),
            (r#"{"events":[]}"#, Form::History),
            (r#"{"items":[]}"#, Form::History),
            (r#"[{"eventId":"1"}]"#, Form::History),
            (r#"[{"taskId":"1","event_type":1}]"#, Form::History),
            (r#"{"message":"no stock"}"#, Form::Failure),
            (r#"{"source":"GoSDK","applicationFailureInfo":{}}"#, Form::Failure),
            ("\n\u{10}\u{8}\u{1}", Form::History),
            ("\n\n{}", Form::Body),
        ] {
            assert_eq!(Form::of(input.as_bytes()), expected, "{input:?}");
        }
    }

    #[test]
    fn payloads_are_printed_as_they_came() {
        for (form, text) in [
            (Form::Body, "{\"payloads\":[{\"metadata\":{},\"data\":\"AA==\"}]}\n"),
            (Form::List, "[{\"metadata\":{},\"data\":\"AA==\"}]\n"),
            (Form::Payload, "{\"metadata\":{},\"data\":\"AA==\"}\n"),
        ] {
            let read = Payloads::read(form, text.as_bytes()).unwrap();
            let printed = read.print(&read.list).unwrap();
            assert_eq!(String::from_utf8(printed).unwrap(), text);
        }
    }
}
