//! JSON → protobuf: a codec server's body, and the single payloads of histories, failures and messages. The bytes come from anywhere: nothing
//! panics on them, and memory stays a small factor of the input, because each payload is serialised before the next is read.
//!
//! What the JSON readers of Go's, Python's and Java's SDKs accept is accepted (`docs/FORMAT.md`, "Payloads as JSON"): of members that are there
//! twice the last counts, and unknown ones are left out.

use std::cell::Cell;

use prost::Message;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess};
use serde_json::error::Category;
use tdc_formats::base64;

use crate::error::{Code, Error};
use crate::json::without_mark;
use crate::mended::read_mended;
use crate::payload::too_many;
use crate::protobuf_json::{integer, number_len};

use super::json::{At, Expected, fields, quoted};
use super::{ExternalPayloadDetails, Payload, Payloads};

/// Reads a body into a serialised `Payloads`.
///
/// # Errors
/// [`Code::Json`], with line and column; nothing of the input's values is in it.
pub fn parse(body: &[u8]) -> Result<Vec<u8>, Error> {
    parse_at_most(body, usize::MAX)
}

/// The same for a list that may have `max_payloads`: the first one past them ends the reading, whatever comes behind it.
///
/// # Errors
/// As [`parse`], and [`Code::Limit`].
pub fn parse_at_most(body: &[u8], max_payloads: usize) -> Result<Vec<u8>, Error> {
    read(body, max_payloads, |list, reader| At(Body(list)).deserialize(reader))
}

/// Reads an array of payloads, without an object around it, into a serialised `Payloads`.
///
/// # Errors
/// As [`parse`].
pub fn parse_list(list: &[u8]) -> Result<Vec<u8>, Error> {
    read(list, usize::MAX, |list, reader| At(list).deserialize(reader))
}

/// Reads one payload, without a list around it, into a serialised `Payloads` that has it alone.
///
/// # Errors
/// As [`parse`].
pub fn parse_single(payload: &[u8]) -> Result<Vec<u8>, Error> {
    read(payload, 1, |mut list, reader| At(OnePayload).deserialize(reader).map(|payload| list.push(&payload)))
}

/// The reader of JSON text.
type Reader<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

/// Reads a text into the list that `payloads` fills.
fn read(
    text: &[u8],
    max_payloads: usize,
    payloads: impl Fn(List<'_>, &mut Reader<'_>) -> Result<(), serde_json::Error>,
) -> Result<Vec<u8>, Error> {
    let text = without_mark(text)?;
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::new(Code::Json, "the input is empty, expected {\"payloads\":[…]}"));
    }
    let text = core::str::from_utf8(text).map_err(|cause| {
        Error::new(Code::Json, format!("byte {} of the input is not UTF-8", cause.valid_up_to()))
    })?;
    let index = Cell::new(None);
    let is_over = Cell::new(false);
    let mut bytes = Vec::new();
    let read = read_mended(text, |text| {
        bytes.clear();
        index.set(None);
        let mut reader = serde_json::Deserializer::from_str(text);
        payloads(List { max: max_payloads, index: &index, is_over: &is_over, out: &mut bytes }, &mut reader)?;
        reader.end()
    });
    match read {
        Ok(()) => Ok(bytes),
        Err(_) if is_over.get() => Err(too_many(max_payloads)),
        Err(cause) => {
            let (line, column, text) = explained(&cause);
            let error = Error::new(Code::Json, format!("line {line}, column {column}: {text}"));
            Err(match index.get() {
                Some(index) => error.at_payload(index),
                None => error,
            })
        }
    }
}

/// Reads one payload into its protobuf, without a list around it.
///
/// # Errors
/// As [`parse`].
pub fn parse_payload(json: &str) -> Result<Vec<u8>, Error> {
    let read = read_mended(json, |json| {
        let mut reader = serde_json::Deserializer::from_str(json);
        let payload = At(OnePayload).deserialize(&mut reader)?;
        reader.end().map(|()| payload.encode_to_vec())
    });
    read.map_err(|cause| {
        let (line, column, text) = explained(&cause);
        Error::new(Code::Json, format!("{text} (line {line}, column {column} of the payload)"))
    })
}

/// Line, column and sentence of an error. What `serde_json` says itself is one of a few fixed texts; what stands in front of its position is ours.
fn explained(cause: &serde_json::Error) -> (usize, usize, String) {
    let (line, column) = (cause.line(), cause.column());
    let text = cause.to_string();
    let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    let text = match cause.classify() {
        Category::Eof => format!("the input ends before the JSON is complete ({text})"),
        Category::Syntax => format!("this is not JSON: {text}"),
        Category::Data | Category::Io => text.to_owned(),
    };
    (line, column, text)
}

/// `{"payloads": …}`
struct Body<'a>(List<'a>);

impl<'de> Expected<'de> for Body<'_> {
    type Value = ();
    const EXPECTED: &'static str = "an object {\"payloads\":[…]}";

    fn place(&self) -> String {
        "the body".to_owned()
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        let List { max, index, is_over, out } = self.0;
        let met = fields(object, &[&["payloads"]], |_, object| {
            out.clear();
            object.next_value_seed(At(List { max, index, is_over, out }))
        })?;
        if met.unknown && !met.known {
            return Err(A::Error::custom("the body: expected the member \"payloads\", found others only"));
        }
        Ok(())
    }
}

/// `[payload, …]` or null
struct List<'a> {
    max: usize,
    /// The payload that is being read, for errors.
    index: &'a Cell<Option<usize>>,
    /// Whether there was one more than `max`.
    is_over: &'a Cell<bool>,
    out: &'a mut Vec<u8>,
}

impl List<'_> {
    /// A message appended to another is merged into it: this adds one payload to the list.
    fn push(&mut self, payload: &Payload) {
        let one = Payloads { payloads: vec![payload.encode_to_vec().into()] };
        one.encode_raw(self.out);
    }
}

impl<'de> Expected<'de> for List<'_> {
    type Value = ();
    const EXPECTED: &'static str = "a list of payloads";

    fn place(&self) -> String {
        "payloads".to_owned()
    }

    fn null<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn list<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for index in 0..self.max {
            self.index.set(Some(index));
            let Some(payload) = list.next_element_seed(At(OnePayload))? else {
                self.index.set(None);
                return Ok(());
            };
            self.push(&payload);
        }
        self.index.set(None);
        list.next_element_seed(OneTooMany(self.is_over)).map(drop)
    }
}

/// Stands where no payload may be any more, and reads nothing of one.
struct OneTooMany<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for OneTooMany<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        self.0.set(true);
        Err(D::Error::custom("one payload too many"))
    }
}

/// `{"metadata": …, "data": …, "externalPayloads": …}`
struct OnePayload;

impl<'de> Expected<'de> for OnePayload {
    type Value = Payload;
    const EXPECTED: &'static str = "an object with metadata and data";

    fn place(&self) -> String {
        "the payload".to_owned()
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Payload, A::Error> {
        let names: &[&[&str]] = &[&["metadata"], &["data"], &["externalPayloads", "external_payloads"]];
        let mut payload = Payload::default();
        let met = fields(object, names, |field, object| {
            match field {
                0 => object.next_value_seed(At(Metadata(&mut payload)))?,
                1 => payload.data = object.next_value_seed(At(Base64 { metadata: None }))?.into(),
                _ => object.next_value_seed(At(Details(&mut payload)))?,
            }
            Ok(())
        })?;
        if met.unknown && !met.known {
            return Err(self.refused("an object with neither"));
        }
        Ok(payload)
    }
}

/// `{"encoding": base64, …}` or null
struct Metadata<'a>(&'a mut Payload);

impl<'de> Expected<'de> for Metadata<'_> {
    type Value = ();
    const EXPECTED: &'static str = "an object of base64 texts";

    fn place(&self) -> String {
        "metadata".to_owned()
    }

    fn null<E>(self) -> Result<(), E> {
        self.0.metadata.clear();
        Ok(())
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        self.0.metadata.clear();
        while let Some(key) = object.next_key::<String>()? {
            let value = object.next_value_seed(At(Base64 { metadata: Some(&key) }))?;
            self.0.metadata.insert(key, value);
        }
        Ok(())
    }
}

/// Bytes as base64, of either alphabet; null, which the `temporal` command writes for a value that Go left nil, is empty.
struct Base64<'a> {
    /// The metadata key whose value it is; otherwise it is `data`.
    metadata: Option<&'a str>,
}

impl Expected<'_> for Base64<'_> {
    type Value = Vec<u8>;
    const EXPECTED: &'static str = "base64 text";

    fn place(&self) -> String {
        self.metadata.map_or_else(|| "data".to_owned(), |key| format!("metadata[{}]", quoted(key)))
    }

    fn null<E>(self) -> Result<Vec<u8>, E> {
        Ok(Vec::new())
    }

    fn text<E: serde::de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        // The name of an encoding happens to be base64, too, of bytes that name none.
        if self.metadata == Some("encoding") && (text.starts_with("json/") || text.starts_with("binary/")) {
            return Err(self.refused("an encoding in plain text"));
        }
        let mut bytes = Vec::new();
        match base64::decode(text.as_bytes(), &mut bytes) {
            true => Ok(bytes),
            false => Err(self.refused("text that is not base64")),
        }
    }
}

/// `[{"sizeBytes": …}, …]` or null
struct Details<'a>(&'a mut Payload);

impl<'de> Expected<'de> for Details<'_> {
    type Value = ();
    const EXPECTED: &'static str = "a list of objects with sizeBytes";

    fn place(&self) -> String {
        "externalPayloads".to_owned()
    }

    fn null<E>(self) -> Result<(), E> {
        self.0.external_payloads.clear();
        Ok(())
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.external_payloads.clear();
        while let Some(details) = list.next_element_seed(At(OneDetails))? {
            self.0.external_payloads.push(details);
        }
        Ok(())
    }
}

/// `{"sizeBytes": …}`
struct OneDetails;

impl<'de> Expected<'de> for OneDetails {
    type Value = ExternalPayloadDetails;
    const EXPECTED: &'static str = "an object with sizeBytes";

    fn place(&self) -> String {
        "externalPayloads".to_owned()
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<ExternalPayloadDetails, A::Error> {
        let mut details = ExternalPayloadDetails::default();
        fields(object, &[&["sizeBytes", "size_bytes"]], |_, object| {
            details.size_bytes = object.next_value_seed(At(Int64))?;
            Ok(())
        })?;
        Ok(details)
    }
}

/// A number, or its digits as text; null is 0.
struct Int64;

impl Expected<'_> for Int64 {
    type Value = i64;
    const EXPECTED: &'static str = "an integer of 64 bits";

    fn place(&self) -> String {
        "externalPayloads.sizeBytes".to_owned()
    }

    fn null<E>(self) -> Result<i64, E> {
        Ok(0)
    }

    fn integer<E>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn float<E: serde::de::Error>(self, value: f64) -> Result<i64, E> {
        whole(value).ok_or_else(|| self.refused("a number that is not an integer of 64 bits"))
    }

    /// Protobuf's JSON takes exponents too, and Java and Python a plus sign.
    fn text<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
        let digits = text.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(text);
        let integer = (number_len(digits) == Some(digits.len())).then(|| integer(digits)).flatten();
        let integer = integer.and_then(|integer| i64::try_from(integer).ok());
        integer.ok_or_else(|| self.refused("text that is no such number"))
    }
}

/// The integer that a float is. At 2^63 and beyond it may be a neighbour that was rounded.
fn whole(value: f64) -> Option<i64> {
    let is_exact = value.fract() == 0.0 && value.abs() < 9_223_372_036_854_775_808.0;
    if is_exact { format!("{value:.0}").parse().ok() } else { None }
}
