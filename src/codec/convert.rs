//! Converters in the codec chain: `msgpack` and `json: { canonical: true }`. They change the data of a
//! `json/plain` payload, and leave every other payload, and what does not fit their format, as it is.

use super::{Encoder, Environment, Written, encode_bound};
use crate::error::{Code, Error};
use crate::payload::{Parts, Pieces, View, malformed};
use crate::{json, msgpack};

const JSON: &[u8] = b"json/plain";

/// The payload's encoding under `msgpack`.
pub(super) const MSGPACK: &[u8] = b"binary/msgpack";

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
    fn overhead(&self) -> usize {
        MAX_GROWTH
    }

    fn encode(
        &self,
        payload: Pieces<'_>,
        _: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error> {
        let view = View::parse(payload).map_err(malformed)?;
        if view.encoding != Some(JSON) {
            return Ok(None);
        }
        let (encoding, made) = match self {
            Self::Msgpack => (MSGPACK, msgpack::from_json(view.data)),
            Self::CanonicalJson => (JSON, json::canonical(view.data)),
        };
        // Not JSON, or not of a kind that fits: no reason to fail a workflow.
        let Ok(data) = made else { return Ok(None) };
        let encoded = Parts::parse(&payload.to_vec())?.write_data_last(encoding, &data);
        if encoded.len() > payload.len() + MAX_GROWTH {
            return Ok(None);
        }
        let capacity = out.len();
        let room = out
            .get_mut(..encoded.len())
            .ok_or_else(|| Error::buffer_too_small(encode_bound(payload.len()), capacity))?;
        room.copy_from_slice(&encoded);
        Ok(Some(Written { len: encoded.len(), data_offset: encoded.len() - data.len() }))
    }
}

/// The payload with JSON instead of MessagePack, of at most `limit` bytes of data; `None` where JSON has
/// no such value: then no codec made it.
pub(super) fn decode_msgpack(
    payload: Pieces<'_>,
    data: &[u8],
    limit: usize,
) -> Result<Option<Vec<u8>>, Error> {
    let mut text = Vec::new();
    match msgpack::to_json(data, limit, &mut text) {
        Ok(()) => Ok(Some(Parts::parse(&payload.to_vec())?.write(JSON, &text))),
        Err(error) if error.code() == Code::Value => Ok(None),
        Err(error) => Err(error),
    }
}
