//! `binary/msgpack`: the language's JSON as MessagePack.

use tdc_formats::msgpack::{from_json, to_json};

use super::{Converted, Converter, Environment, Form, json};
use crate::error::Error;
use crate::scratch;

pub(crate) const ENCODING: &[u8] = b"binary/msgpack";

pub(crate) struct Msgpack;

impl Converter for Msgpack {
    fn name(&self) -> &'static str {
        "msgpack"
    }

    fn to_payload<'a>(&self, value: Form<'a>, _: &Environment<'_>) -> Result<Option<Converted<'a>>, Error> {
        match value.encoding {
            json::ENCODING => {
                Ok(Some(Converted::owned("binary/msgpack", from_json(value.data, scratch::take())?)))
            }
            // The host built the payload itself: it must be possible to read it back.
            ENCODING => {
                to_json(value.data, usize::MAX, &mut Vec::new())?;
                Ok(Some(Converted::borrowed("binary/msgpack", value.data)))
            }
            _ => Ok(None),
        }
    }
}

pub(super) fn from_payload(payload: Form<'_>, limit: usize) -> Result<Converted<'_>, Error> {
    let mut text = scratch::take();
    text.clear();
    to_json(payload.data, limit, &mut text)?;
    Ok(Converted::owned("json/plain", text))
}
