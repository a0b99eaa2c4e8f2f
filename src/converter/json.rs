//! `json/plain`: the language's own JSON text, or its canonical form.

use tdc_formats::json;

use super::{Converted, Converter, Environment, Form};
use crate::error::Error;

pub(crate) const ENCODING: &[u8] = b"json/plain";

pub(crate) struct Json {
    /// Canonical form: equal values give equal text. Otherwise the text is kept as it came.
    pub(crate) canonical: bool,
}

impl Converter for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn to_payload<'a>(&self, value: Form<'a>, _: &Environment<'_>) -> Result<Option<Converted<'a>>, Error> {
        if value.encoding != ENCODING {
            return Ok(None);
        }
        if self.canonical {
            return Ok(Some(Converted::owned("json/plain", json::canonical(value.data)?)));
        }
        json::check(value.data)?;
        Ok(Some(Converted::borrowed("json/plain", value.data)))
    }
}
