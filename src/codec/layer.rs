//! The layers that decode opens, by the payload's `encoding`, and how to tell them from what
//! another codec wrote under the same name.
//!
//! Names such as `binary/zlib` are common, and other codecs use them for something else: text
//! without a header, or a valid stream that contains only the `data` instead of the whole payload.
//! Both can be detected:
//!
//! ```text
//! bytes that cannot begin such a layer (`misfit`) ──┐   the chain lists the codec: an error that says so
//! what was opened is not a payload ─────────────────┴─> otherwise: the payload is left as it is
//! ```
//! A layer that begins correctly and is broken later was ours, and is always an error.

use core::fmt;

use super::list::CODECS;
use crate::error::{Code, Error};
use crate::payload::{Slices, View};

/// A layer of one of our codecs.
pub(crate) struct Layer {
    /// The `encoding` of its payloads.
    pub(super) encoding: &'static str,
    /// The name of its codec in the configuration.
    pub(crate) codec: &'static str,
    /// The code for bytes that are not such a layer.
    pub(super) code: Code,
    /// Why a payload of this `encoding` cannot be such a layer, as far as its first bytes and its
    /// metadata show. Never given for one that could be opened.
    pub(super) misfit: fn(&View<'_>) -> Option<&'static str>,
    pub(super) open: Open,
}

/// How a layer is opened.
pub(super) enum Open {
    Decompress(Decompress),
    Decrypt,
    Convert(ConvertFn),
}

/// Decompresses all of the data, to at most this many bytes.
type Decompress = fn(&[u8], usize, &mut Vec<u8>) -> Result<(), Error>;

/// The payload with converted data of at most this many bytes; `None` if no codec of ours wrote it.
type ConvertFn = fn(Slices<'_>, &[u8], usize) -> Result<Option<Vec<u8>>, Error>;

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encoding)
    }
}

impl PartialEq for Layer {
    fn eq(&self, other: &Self) -> bool {
        self.encoding == other.encoding
    }
}

impl Layer {
    /// The layer that `encoding` names.
    pub(crate) fn of(encoding: &[u8]) -> Option<&'static Self> {
        // All of ours begin like this, and most other encodings do not.
        if !encoding.starts_with(b"binary/") {
            return None;
        }
        CODECS
            .iter()
            .flat_map(|codec| codec.layers)
            .copied()
            .find(|layer| layer.encoding.as_bytes() == encoding)
    }

    /// The error of decode for bytes that cannot be such a layer, if the chain lists the codec.
    #[cold]
    pub(super) fn foreign_bytes(&self, why: &str) -> Error {
        Error::new(self.code, format!("{why}: {}", self.foreign()))
    }

    /// The error of decode for a layer that does not contain a payload, if the chain lists the
    /// codec.
    #[cold]
    pub(super) fn foreign_contents(&self) -> Error {
        let text =
            format!("the {} layer opens to something that is not a payload: {}", self.codec, self.foreign());
        Error::new(Code::Protobuf, text)
    }

    fn foreign(&self) -> String {
        format!(
            "it was written by another codec under the encoding {}; give that codec an encoding of its own, or remove {} from codecs",
            self.encoding, self.codec
        )
    }

    /// The error of encode for a value that decode could never open.
    #[cold]
    pub(super) fn refused_value(&self, why: &str) -> Error {
        Error::new(
            Code::Value,
            format!(
                "the value has the encoding {}, but {why}, so it could not be decoded again: write it with an encoding that docs/FORMAT.md does not list",
                self.encoding
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_found_by_its_encoding_alone() {
        for codec in CODECS {
            for layer in codec.layers {
                assert_eq!(layer.codec, codec.name);
                assert_eq!(Layer::of(layer.encoding.as_bytes()).unwrap().codec, codec.name);
                assert!(Layer::of(layer.encoding.to_uppercase().as_bytes()).is_none());
            }
        }
        assert!(Layer::of(b"binary/plain").is_none());
        assert!(Layer::of(b"").is_none());
    }
}
