//! The layers that decode opens, by the payload's `encoding`, and how to tell them from what another codec
//! wrote under the same name.
//!
//! Names such as `binary/zlib` are common, and other codecs put other things under them: text without a
//! header, or a valid stream with the `data` alone instead of the whole payload. Both can be seen:
//!
//! ```text
//! bytes that cannot begin such a layer (`misfit`) ──┐   the chain lists the codec: an error that says so
//! what was opened is not a payload ─────────────────┴─> otherwise: the payload is left as it is
//! ```
//! A layer that begins as it should and then breaks was ours, and is an error in any case.

use super::{encrypt, gzip, snappy, zlib, zstd};
use crate::error::{Code, Error};
use crate::payload::View;

/// A layer of one of our codecs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Encrypt,
    Zlib,
    Zstd,
    Snappy,
    Gzip,
    Msgpack,
}

/// Decompresses all of the data, to at most so many bytes.
type Decompress = fn(&[u8], usize, &mut Vec<u8>) -> Result<(), Error>;

impl Layer {
    const ALL: [Self; 6] = [Self::Encrypt, Self::Zlib, Self::Zstd, Self::Snappy, Self::Gzip, Self::Msgpack];

    /// The layer that `encoding` names.
    pub(crate) fn of(encoding: &[u8]) -> Option<Self> {
        // Every one of them begins so, and most other encodings do not.
        if !encoding.starts_with(b"binary/") {
            return None;
        }
        Self::ALL.into_iter().find(|layer| layer.encoding().as_bytes() == encoding)
    }

    /// The `encoding` of its payloads.
    pub(crate) const fn encoding(self) -> &'static str {
        match self {
            Self::Encrypt => "binary/encrypted",
            Self::Zlib => "binary/zlib",
            Self::Zstd => "binary/zstd",
            Self::Snappy => "binary/snappy",
            Self::Gzip => "binary/gzip",
            Self::Msgpack => "binary/msgpack",
        }
    }

    /// The name of its codec in the configuration.
    pub(crate) const fn codec(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
            Self::Gzip => "gzip",
            Self::Msgpack => "msgpack",
        }
    }

    /// How its data is decompressed, where it is compressed.
    pub(super) fn decompress(self) -> Option<Decompress> {
        match self {
            Self::Zlib => Some(zlib::decode),
            Self::Zstd => Some(zstd::decode),
            Self::Snappy => Some(snappy::decode),
            Self::Gzip => Some(gzip::decode),
            Self::Encrypt | Self::Msgpack => None,
        }
    }

    /// Why a payload of this `encoding` cannot be such a layer, as far as its first bytes and its metadata show.
    /// Never said of one that could be opened.
    pub(super) fn misfit(self, view: &View<'_>) -> Option<&'static str> {
        let data = view.data;
        match self {
            Self::Encrypt => encrypt::misfit(view),
            Self::Zlib if !zlib::begins(data) => Some("its data does not begin with a zlib header"),
            Self::Zstd if !zstd::begins(data) => Some("its data does not begin with a zstd frame"),
            Self::Snappy if !snappy::begins(data) => Some("its data does not begin with a snappy block"),
            Self::Gzip if !gzip::begins(data) => Some("its data does not begin with a gzip header"),
            Self::Msgpack if data.is_empty() => Some("it has no data"),
            _ => None,
        }
    }

    /// The code for bytes that are not such a layer.
    fn code(self) -> Code {
        match self {
            Self::Encrypt => Code::Ciphertext,
            Self::Zlib | Self::Zstd | Self::Snappy | Self::Gzip => Code::Compressed,
            Self::Msgpack => Code::MessagePack,
        }
    }

    /// The error of decode for bytes that cannot be such a layer, where the chain lists the codec.
    #[cold]
    pub(super) fn foreign_bytes(self, why: &str) -> Error {
        Error::new(self.code(), format!("{why}: {}", self.foreign()))
    }

    /// The error of decode for a layer that opens to something else than a payload, where the chain lists the
    /// codec.
    #[cold]
    pub(super) fn foreign_contents(self) -> Error {
        let text = format!(
            "the {} layer opens to something that is not a payload: {}",
            self.codec(),
            self.foreign()
        );
        Error::new(Code::Protobuf, text)
    }

    fn foreign(self) -> String {
        format!(
            "it was written by another codec under the encoding {}; give that codec an encoding of its own, or remove {} from codecs",
            self.encoding(),
            self.codec()
        )
    }

    /// The error of encode for a value that decode could never open.
    #[cold]
    pub(super) fn refused_value(self, why: &str) -> Error {
        Error::new(
            Code::Value,
            format!(
                "the value has the encoding {}, but {why}, so it could not be decoded again: write it with an encoding that docs/FORMAT.md does not list",
                self.encoding()
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_found_by_its_encoding_alone() {
        for layer in Layer::ALL {
            assert_eq!(Layer::of(layer.encoding().as_bytes()), Some(layer));
            assert_eq!(Layer::of(layer.encoding().to_uppercase().as_bytes()), None);
        }
        assert_eq!(Layer::of(b"binary/plain"), None);
        assert_eq!(Layer::of(b""), None);
    }
}
