//! Converters in the codec chain: they convert the data of a `json/plain` payload. Every other
//! payload, and data that does not fit their format, stays as it is.

use super::layer::Layer;
use super::{Encoder, Environment, Written};
use crate::error::Error;
use crate::payload::{Parts, Slices, View, malformed};
use crate::scratch;

pub(super) const JSON: &[u8] = b"json/plain";

/// A payload that would grow by more stays as it is.
pub(super) const MAX_GROWTH: usize = 32;

/// A converter.
pub(super) struct Convert {
    pub(super) layer: Option<&'static Layer>,
    /// The encoding of its output.
    pub(super) encoding: &'static str,
    /// Converts JSON, if the value fits the format.
    pub(super) convert: fn(&[u8]) -> Option<Vec<u8>>,
}

impl Encoder for Convert {
    fn layer(&self) -> Option<&'static Layer> {
        self.layer
    }

    fn overhead(&self, _: &Environment<'_>) -> usize {
        MAX_GROWTH
    }

    fn encode(
        &self,
        payload: Slices<'_>,
        // The codec keeps every field of the payload itself.
        _: &[u8],
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error> {
        let view = View::parse(payload).map_err(malformed)?;
        if view.encoding != Some(JSON) {
            return Ok(None);
        }
        // Not JSON, or a value that does not fit: no reason to fail a workflow.
        let Some(data) = (self.convert)(view.data) else { return Ok(None) };
        let head = Parts::parse(&payload.joined())?.head_of_last(self.encoding.as_bytes(), data.len());
        let len = head.len() + data.len();
        if len > payload.len() + MAX_GROWTH {
            return Ok(None);
        }
        let capacity = out.len();
        let (head_room, data_room) = out
            .get_mut(..len)
            .and_then(|room| room.split_at_mut_checked(head.len()))
            .ok_or_else(|| Error::buffer_too_small(environment.encode_bound(payload.len()), capacity))?;
        head_room.copy_from_slice(&head);
        data_room.copy_from_slice(&data);
        scratch::give(data);
        Ok(Some(Written { len, data_offset: head.len() }))
    }
}
