//! `json: { canonical: true }` in the codec chain: every JSON value gets one text.

use std::path::Path;

use serde::Deserialize;
use tdc_formats::json;

use super::convert::Convert;
use super::draft::Draft;
use super::list::{AddToChain, Codec, Stage};
use crate::config::document::Problem;

pub(super) const CODEC: Codec =
    Codec { name: "json", about: "JSON in its canonical form.", stage: Stage::Json, layers: &[] };

/// Options of `json`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "JsonCodecOptions"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// Whether every value gets one text: sorted members, no whitespace, documented numbers.
    canonical: bool,
}

impl AddToChain for Options {
    fn add(&self, chain: &mut Draft, _: &Path) -> Result<(), Problem> {
        if !self.canonical {
            return Err(Problem::new(
                "json has no effect as a codec without canonical: true; set that, or remove it",
            ));
        }
        chain.push(Convert {
            layer: None,
            encoding: "json/plain",
            convert: |data| json::canonical(data).ok(),
        });
        Ok(())
    }
}
