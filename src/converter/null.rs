//! `binary/null`: no value. It has no data; any data is ignored, as in Go, Java and TypeScript.

use super::{Converted, Converter, Environment, Form};
use crate::error::Error;

pub(super) const ENCODING: &[u8] = b"binary/null";

pub(crate) struct Null;

impl Converter for Null {
    fn name(&self) -> &'static str {
        "null"
    }

    fn to_payload<'a>(&self, value: Form<'a>, _: &Environment<'_>) -> Result<Option<Converted<'a>>, Error> {
        Ok((value.encoding == ENCODING).then(nothing))
    }
}

/// Nothing to do unless there is data.
pub(super) fn from_payload(payload: Form<'_>) -> Option<Converted<'_>> {
    (!payload.data.is_empty()).then(nothing)
}

fn nothing<'a>() -> Converted<'a> {
    Converted::borrowed("binary/null", &[])
}
