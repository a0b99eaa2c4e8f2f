//! What a payload shows without being decoded.

use crate::codec::Layer;
use crate::error::Error;
use crate::keys::shown_id;
use crate::payload::{Slices, View, malformed};

/// The visible parts of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// `metadata["encoding"]`, if it is text of a sensible length.
    pub encoding: Option<String>,
    /// The name of the codec of the outermost layer; `None` if it is none of ours.
    pub codec: Option<&'static str>,
    /// `metadata["encryption-key-id"]`, if it is an id. In the Java sample's form, and with
    /// Temporal Proxy's test keys, it is the key itself and is left out.
    pub key_id: Option<String>,
    /// Size of the serialised payload, in bytes.
    pub payload_len: usize,
    /// Bytes of its `data`.
    pub data_len: usize,
}

/// Inspects a serialised payload.
///
/// # Errors
/// [`Code::Protobuf`](crate::Code::Protobuf).
pub fn inspect(payload: &[u8]) -> Result<Inspection, Error> {
    let view = View::parse(Slices::one(payload)).map_err(malformed)?;
    let encoding = view.encoding.filter(|encoding| encoding.len() <= 128);
    Ok(Inspection {
        encoding: encoding
            .and_then(|encoding| core::str::from_utf8(encoding).ok())
            .filter(|encoding| !encoding.contains(char::is_control))
            .map(str::to_owned),
        codec: view.encoding.and_then(Layer::of).map(|layer| layer.codec),
        key_id: view.key_id.filter(|_| view.cipher.is_none()).and_then(shown_id).map(str::to_owned),
        payload_len: payload.len(),
        data_len: view.data.len(),
    })
}
