//! Payload converters: one file for each, one small trait, and the chain that tries them.
//!
//! A value arrives in one of four raw forms, each a payload that every SDK can create:
//! `binary/null`, `binary/plain`, `json/plain`, and `binary/protobuf` with its `messageType`. The
//! chain returns a payload in the form that the config selects. The first converter that accepts a
//! value converts it. The reverse direction depends only on the payload's `encoding`, not on the
//! list (`docs/FORMAT.md`).

mod binary_protobuf;
mod bytes;
mod json;
mod json_protobuf;
mod msgpack;
mod null;

pub(crate) use binary_protobuf::BinaryProtobuf;
pub(crate) use bytes::Bytes;
pub(crate) use json::Json;
pub(crate) use json_protobuf::JsonProtobuf;
pub(crate) use msgpack::Msgpack;
pub(crate) use null::Null;

use std::borrow::Cow;
use std::sync::Arc;

use tdc_formats::protobuf_json::Options;

use crate::descriptors::Descriptors;
use crate::error::{Code, Error, text};
use crate::payload::{Parts, Rewritten};

/// What converters see of a payload, or of a value in a raw form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    pub(crate) encoding: &'a [u8],
    pub(crate) message_type: Option<&'a [u8]>,
    pub(crate) data: &'a [u8],
}

/// What converters may use beside the value.
pub(crate) struct Environment<'a> {
    /// The known message types; linked when the first message arrives.
    pub(crate) descriptors: &'a dyn Fn() -> Result<Arc<Descriptors>, Error>,
    /// How JSON is parsed into a message.
    pub(crate) protobuf_json: Options,
    /// The most bytes that the result may have.
    pub(crate) limit: usize,
}

/// What a converter made.
#[derive(Debug)]
pub(crate) struct Converted<'a> {
    pub(crate) encoding: &'static str,
    pub(crate) data: Cow<'a, [u8]>,
}

impl<'a> Converted<'a> {
    fn borrowed(encoding: &'static str, data: &'a [u8]) -> Self {
        Self { encoding, data: Cow::Borrowed(data) }
    }

    fn owned(encoding: &'static str, data: Vec<u8>) -> Self {
        Self { encoding, data: Cow::Owned(data) }
    }
}

/// One way of turning values into payloads, with the options of its entry in the config.
///
/// (The reverse direction needs no options: it follows the payload, see [`from_payload`].)
pub(crate) trait Converter: Send + Sync {
    /// Its name in the config.
    fn name(&self) -> &'static str;

    /// Converts a value to a payload; `None` if the converter does not handle values of this form.
    /// An error of [`Code::Value`] means that this value does not fit, and the next converter may
    /// accept it.
    fn to_payload<'a>(
        &self,
        value: Form<'a>,
        environment: &Environment<'_>,
    ) -> Result<Option<Converted<'a>>, Error>;
}

/// The converters of a config, in order.
#[derive(Clone)]
pub(crate) struct Converters {
    list: Arc<[Box<dyn Converter>]>,
    /// How the JSON of messages is parsed.
    pub(crate) protobuf_json: Options,
}

impl Converters {
    pub(crate) fn new(list: Vec<Box<dyn Converter>>, protobuf_json: Options) -> Self {
        Self { list: list.into(), protobuf_json }
    }

    /// The payload of a value in a raw form.
    pub(crate) fn to_payload<'a>(
        &self,
        value: &'a [u8],
        environment: &Environment<'_>,
    ) -> Result<Rewritten<'a>, Error> {
        let parts = Parts::parse(value)?;
        let form = Form {
            encoding: parts.encoding().ok_or_else(|| {
                Error::new(Code::Value, "the value has no encoding, which says its raw form")
            })?,
            message_type: parts.message_type(),
            data: parts.data(),
        };
        let mut unfit = None;
        for converter in self.list.iter() {
            match converter.to_payload(form, environment) {
                Ok(Some(made)) => return Ok(parts.rewrite(made.encoding.as_bytes(), made.data)),
                Ok(None) => {}
                Err(error) if error.code() == Code::Value => {
                    unfit.get_or_insert_with(|| (converter.name(), error));
                }
                Err(error) => return Err(error),
            }
        }
        Err(self.refused(form, unfit))
    }

    /// The error for a value that no converter accepts.
    #[cold]
    fn refused(&self, form: Form<'_>, unfit: Option<(&'static str, Error)>) -> Error {
        let tried: Vec<_> = self.list.iter().map(|converter| converter.name()).collect();
        let why = match unfit {
            Some((name, error)) => format!(": {name}: {}", error.message()),
            None => String::new(),
        };
        Error::new(
            Code::Value,
            format!(
                "no converter accepts this value with the encoding {} (tried {}){why}",
                text::quoted_bytes(form.encoding),
                tried.join(", ")
            ),
        )
    }
}

/// The value of a payload, in its raw form; `None` if the payload is already in that form.
pub(crate) fn from_payload<'a>(
    payload: &'a [u8],
    environment: &Environment<'_>,
) -> Result<Option<Rewritten<'a>>, Error> {
    let parts = Parts::parse(payload)?;
    let Some(encoding) = parts.encoding() else {
        return Err(Error::new(Code::Encoding, "the payload has no encoding"));
    };
    let form = Form { encoding, message_type: parts.message_type(), data: parts.data() };
    let made = match encoding {
        null::ENCODING => null::from_payload(form),
        bytes::ENCODING | json::ENCODING | binary_protobuf::ENCODING => None,
        json_protobuf::ENCODING => Some(json_protobuf::from_payload(form, environment)?),
        msgpack::ENCODING => Some(msgpack::from_payload(form, environment.limit)?),
        _ => {
            return Err(Error::new(
                Code::Encoding,
                format!("no converter knows the encoding {}", text::quoted_bytes(encoding)),
            ));
        }
    };
    Ok(made.map(|made| parts.rewrite(made.encoding.as_bytes(), made.data)))
}

#[cfg(test)]
mod tests;
