//! What a payload says of itself, without opening it.

use crate::codec::Layer;
use crate::error::Error;
use crate::keys::shown_id;
use crate::payload::{Pieces, View, malformed};

/// What the outside of a payload shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// `metadata["encoding"]`, where it is text of a sensible length.
    pub encoding: Option<String>,
    /// The name of the codec that opens the outermost layer; `None` where no codec of ours does.
    pub codec: Option<&'static str>,
    /// `metadata["encryption-key-id"]`, where it is an id. In the Java sample's form and of
    /// Temporal Proxy's test keys it is the key, and not given.
    pub key_id: Option<String>,
    /// Bytes of the serialised payload.
    pub payload_len: usize,
    /// Bytes of its `data`.
    pub data_len: usize,
}

/// Looks at a serialised payload.
///
/// # Errors
/// [`Code::Protobuf`](crate::Code::Protobuf).
pub fn inspect(payload: &[u8]) -> Result<Inspection, Error> {
    let view = View::parse(Pieces::whole(payload)).map_err(malformed)?;
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
