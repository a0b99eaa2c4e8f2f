//! Converters in the codec chain: `msgpack` and `json: { canonical: true }`. They change the data of a
//! `json/plain` payload, and leave every other payload, and what does not fit their format, as it is.

use tdc_formats::{ErrorKind, json, msgpack};

use super::layer::Layer;
use super::{Encoder, Environment, Written, encode_bound};
use crate::error::Error;
use crate::payload::{Parts, Pieces, View, malformed};
use crate::scratch;

const JSON: &[u8] = b"json/plain";

/// The payload's encoding under `msgpack`.
const MSGPACK: &[u8] = Layer::Msgpack.encoding().as_bytes();

/// A payload that would grow by more stays as it is. Together with what encryption adds it is within the
/// bound of the chain: `encrypt` counts 34 bytes more than it ever needs.
const MAX_GROWTH: usize = 32;

/// What becomes of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convert {
    /// `binary/msgpack`.
    Msgpack,
    /// The canonical form.
    CanonicalJson,
}

impl Encoder for Convert {
    fn layer(&self) -> Option<Layer> {
        match self {
            Self::Msgpack => Some(Layer::Msgpack),
            Self::CanonicalJson => None,
        }
    }

    fn overhead(&self) -> usize {
        MAX_GROWTH
    }

    fn encode(
        &self,
        payload: Pieces<'_>,
        // It keeps every field of the payload itself.
        _: &[u8],
        _: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error> {
        let view = View::parse(payload).map_err(malformed)?;
        if view.encoding != Some(JSON) {
            return Ok(None);
        }
        let (encoding, made) = match self {
            Self::Msgpack => (MSGPACK, msgpack::from_json(view.data, scratch::take())),
            Self::CanonicalJson => (JSON, json::canonical(view.data)),
        };
        // Not JSON, or not of a kind that fits: no reason to fail a workflow.
        let Ok(data) = made else { return Ok(None) };
        let head = Parts::parse(&payload.joined())?.head_of_last(encoding, data.len());
        let len = head.len() + data.len();
        if len > payload.len() + MAX_GROWTH {
            return Ok(None);
        }
        let capacity = out.len();
        let (head_room, data_room) = out
            .get_mut(..len)
            .and_then(|room| room.split_at_mut_checked(head.len()))
            .ok_or_else(|| Error::buffer_too_small(encode_bound(payload.len()), capacity))?;
        head_room.copy_from_slice(&head);
        data_room.copy_from_slice(&data);
        scratch::give(data);
        Ok(Some(Written { len, data_offset: head.len() }))
    }
}

/// The payload with JSON instead of MessagePack, of at most `limit` bytes of data; `None` where JSON has
/// no such value, so that no codec made it.
pub(super) fn decode_msgpack(
    payload: Pieces<'_>,
    data: &[u8],
    limit: usize,
) -> Result<Option<Vec<u8>>, Error> {
    let mut text = scratch::take();
    text.clear();
    match msgpack::to_json(data, limit, &mut text) {
        Ok(()) => {
            let joined = payload.joined();
            let made = Parts::parse(&joined)?.rewrite(JSON, text.into());
            let payload = made.pieces().collect::<Vec<_>>().concat();
            made.recycle();
            Ok(Some(payload))
        }
        Err(error) if error.kind() == ErrorKind::Value => Ok(None),
        Err(error) => Err(error.into()),
    }
}
