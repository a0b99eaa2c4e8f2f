//! `binary/msgpack` in the codec chain: JSON as MessagePack.

use std::path::Path;

use serde::Deserialize;
use serde::de::VariantAccess;
use tdc_formats::{ErrorKind, msgpack};

use super::convert::{Convert, JSON};
use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use crate::config::document::Problem;
use crate::error::{Code, Error};
use crate::payload::{Parts, Slices};
use crate::scratch;

const NAME: &str = "msgpack";

pub(super) const CODEC: Codec =
    Codec { name: NAME, about: "JSON as MessagePack.", stage: Stage::Convert, layers: &[&LAYER] };

static LAYER: Layer = Layer {
    encoding: "binary/msgpack",
    codec: NAME,
    code: Code::MessagePack,
    misfit: |view| view.data.is_empty().then_some("it has no data"),
    open: Open::Convert(decode),
};

/// It has no options.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "MsgpackOptions"))]
pub(super) struct Options;

impl AddToChain for Options {
    fn read<'de, A: VariantAccess<'de>>(entry: A) -> Result<Self, A::Error> {
        entry.unit_variant().map(|()| Self)
    }

    fn add(&self, chain: &mut Draft, _: &Path) -> Result<(), Problem> {
        chain.push(Convert {
            layer: Some(&LAYER),
            encoding: LAYER.encoding,
            convert: |json| msgpack::from_json(json, scratch::take()).ok(),
        });
        Ok(())
    }
}

/// The payload with JSON instead of MessagePack, of at most `limit` bytes of data; `None` where
/// JSON has no such value, so that no codec made it.
fn decode(payload: Slices<'_>, data: &[u8], limit: usize) -> Result<Option<Vec<u8>>, Error> {
    let mut text = scratch::take();
    text.clear();
    match msgpack::to_json(data, limit, &mut text) {
        Ok(()) => {
            let joined = payload.joined();
            let made = Parts::parse(&joined)?.rewrite(JSON, text.into());
            let payload = made.slices().collect::<Vec<_>>().concat();
            made.recycle();
            Ok(Some(payload))
        }
        Err(error) if error.kind() == ErrorKind::Value => Ok(None),
        Err(error) => Err(error.into()),
    }
}
