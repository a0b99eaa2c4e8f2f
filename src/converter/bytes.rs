//! `binary/plain`: bytes as they are.

use super::{Converted, Converter, Environment, Form};
use crate::error::Error;

pub(super) const ENCODING: &[u8] = b"binary/plain";

pub(crate) struct Bytes;

impl Converter for Bytes {
    fn name(&self) -> &'static str {
        "bytes"
    }

    fn to_payload<'a>(&self, value: Form<'a>, _: &Environment<'_>) -> Result<Option<Converted<'a>>, Error> {
        Ok((value.encoding == ENCODING).then(|| Converted::borrowed("binary/plain", value.data)))
    }
}
