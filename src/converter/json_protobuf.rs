//! `json/protobuf`: a message as proto3 JSON, with its type in `messageType`.

use tdc_formats::protobuf_json::{parse, print};

use super::{Converted, Converter, Environment, Form, binary_protobuf};
use crate::error::{Code, Error};
use crate::scratch;

pub(super) const ENCODING: &[u8] = b"json/protobuf";

pub(crate) struct JsonProtobuf;

impl Converter for JsonProtobuf {
    fn name(&self) -> &'static str {
        "json-protobuf"
    }

    fn to_payload<'a>(
        &self,
        value: Form<'a>,
        environment: &Environment<'_>,
    ) -> Result<Option<Converted<'a>>, Error> {
        if value.encoding != binary_protobuf::ENCODING {
            return Ok(None);
        }
        let name = message_type(value)?;
        let descriptors = (environment.descriptors)()?;
        let mut text = scratch::take();
        text.clear();
        print(&descriptors, name, value.data, environment.limit, &mut text)?;
        Ok(Some(Converted::owned("json/protobuf", text)))
    }
}

pub(super) fn from_payload<'a>(
    payload: Form<'a>,
    environment: &Environment<'_>,
) -> Result<Converted<'a>, Error> {
    let name = message_type(payload)?;
    let descriptors = (environment.descriptors)()?;
    let mut wire = scratch::take();
    wire.clear();
    parse(&descriptors, name, payload.data, environment.protobuf_json, &mut wire)?;
    Ok(Converted::owned("binary/protobuf", wire))
}

/// The full name of the message's type.
pub(super) fn message_type<'a>(form: Form<'a>) -> Result<&'a str, Error> {
    form.message_type
        .and_then(|name| core::str::from_utf8(name).ok())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Error::new(Code::Value, "the message has no messageType"))
}
