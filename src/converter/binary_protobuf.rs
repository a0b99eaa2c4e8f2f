//! `binary/protobuf`: a message as it is, with its type in `messageType`.

use super::{Converted, Converter, Form};
use crate::error::{Code, Error};

pub(super) const ENCODING: &[u8] = b"binary/protobuf";

pub(crate) struct BinaryProtobuf;

impl Converter for BinaryProtobuf {
    fn name(&self) -> &'static str {
        "binary-protobuf"
    }

    fn to_payload<'a>(&self, value: Form<'a>) -> Result<Option<Converted<'a>>, Error> {
        if value.encoding != ENCODING {
            return Ok(None);
        }
        // Python, TypeScript and .NET cannot read a message that does not say what it is.
        match value.message_type {
            Some(name) if !name.is_empty() => Ok(Some(Converted::borrowed("binary/protobuf", value.data))),
            _ => Err(Error::new(Code::Value, "a message does not say its type: it has no messageType")),
        }
    }
}
