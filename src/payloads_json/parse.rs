//! Body → protobuf. The bytes come from anywhere: nothing panics on them, and memory stays a small factor of the input, because each payload is
//! serialised before the next is read.

use std::cell::Cell;

use prost::Message;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess};
use serde_json::error::Category;

use crate::error::{Code, Error};
use crate::payload::too_many;

use super::json::{At, Expected, fields, quoted};
use super::{ExternalPayloadDetails, Payload, Payloads, base64};

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
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::new(Code::Json, "the input is empty, expected {\"payloads\":[…]}"));
    }
    let (index, is_over) = (Cell::new(None), Cell::new(false));
    let mut reader = serde_json::Deserializer::from_slice(body);
    let mut bytes = Vec::new();
    At(Body(List { max: max_payloads, index: &index, is_over: &is_over, out: &mut bytes }))
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(
            |cause| if is_over.get() { too_many(max_payloads) } else { explained(&cause, index.get()) },
        )?;
    Ok(bytes)
}

/// An error for `cause`, which happened inside the payload at `index`. What `serde_json` says itself is one of a few fixed texts; what stands in front
/// of its position is ours.
fn explained(cause: &serde_json::Error, index: Option<usize>) -> Error {
    let (line, column) = (cause.line(), cause.column());
    let text = cause.to_string();
    let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    let message = match cause.classify() {
        Category::Eof => {
            format!("line {line}, column {column}: the input ends before the JSON is complete ({text})")
        }
        Category::Syntax => format!("line {line}, column {column}: this is not JSON: {text}"),
        Category::Data | Category::Io => format!("line {line}, column {column}: {text}"),
    };
    let error = Error::new(Code::Json, message);
    match index {
        Some(index) => error.at_payload(index),
        None => error,
    }
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
        fields("the body", object, &[&["payloads"]], |_, object| {
            object.next_value_seed(At(List { max, index, is_over, out }))
        })
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

impl<'de> Expected<'de> for List<'_> {
    type Value = ();
    const EXPECTED: &'static str = "a list of payloads";

    fn place(&self) -> String {
        "payloads".to_owned()
    }

    fn null<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0..self.max {
            self.index.set(Some(index));
            let Some(payload) = list.next_element_seed(At(OnePayload))? else {
                self.index.set(None);
                return Ok(());
            };
            // A message appended to another is merged into it: this adds one payload to the list.
            let one = Payloads { payloads: vec![payload.encode_to_vec().into()] };
            one.encode_raw(self.out);
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
        fields("the payload", object, names, |field, object| {
            match field {
                0 => object.next_value_seed(At(Metadata(&mut payload)))?,
                1 => payload.data = object.next_value_seed(At(Base64 { metadata: None }))?.into(),
                _ => object.next_value_seed(At(Details(&mut payload)))?,
            }
            Ok(())
        })?;
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
        Ok(())
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<String>()? {
            let value = object.next_value_seed(At(Base64 { metadata: Some(&key) }))?;
            if self.0.metadata.contains_key(&key) {
                let twice = format!("metadata: the key {} stands here twice", quoted(&key));
                return Err(A::Error::custom(twice));
            }
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
        // The cause would quote a byte of the text.
        base64::decode(text).ok_or_else(|| self.refused("text that is not base64"))
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
        Ok(())
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
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
        fields("externalPayloads", object, &[&["sizeBytes", "size_bytes"]], |_, object| {
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

    /// Protobuf's JSON takes exponents too.
    fn text<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
        let exactly = text.parse().ok();
        let number = exactly.or_else(|| whole(text.parse().ok()?));
        number.ok_or_else(|| self.refused("text that is no such number"))
    }
}

/// The integer that a float is.
fn whole(value: f64) -> Option<i64> {
    if value.fract() == 0.0 { format!("{value:.0}").parse().ok() } else { None }
}
