//! `binary/protobuf`: a message as it is, with its type in `messageType`.

use super::json_protobuf::message_type;
use super::{Converted, Converter, Environment, Form};
use crate::error::Error;

pub(super) const ENCODING: &[u8] = b"binary/protobuf";

pub(crate) struct BinaryProtobuf;

impl Converter for BinaryProtobuf {
    fn name(&self) -> &'static str {
        "binary-protobuf"
    }

    fn to_payload<'a>(&self, value: Form<'a>, _: &Environment<'_>) -> Result<Option<Converted<'a>>, Error> {
        if value.encoding != ENCODING {
            return Ok(None);
        }
        // Python, TypeScript and .NET cannot read a message without its type.
        message_type(value)?;
        Ok(Some(Converted::borrowed("binary/protobuf", value.data)))
    }
}
