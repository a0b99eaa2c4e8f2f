//! What a command does to each payload, wherever it is found.

use tdc::References;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Encode,
    /// What is in a history already is encoded: references to stored objects stay.
    EncodeStored,
    Decode,
    /// The same, and stored objects take the places of their references.
    DecodeStored,
    /// Data keys are wrapped by the key that encrypts now, and no payload is decrypted.
    Rewrap,
}

impl Task {
    /// Decoding, with stored objects or without.
    pub(crate) fn decode(with_objects: bool) -> Self {
        if with_objects { Self::DecodeStored } else { Self::Decode }
    }

    /// What happens to references to stored objects.
    pub(crate) fn references(self) -> References {
        match self {
            Self::DecodeStored => References::Fetch(usize::MAX),
            Self::EncodeStored => References::Leave,
            Self::Encode | Self::Decode | Self::Rewrap => References::Keep,
        }
    }
}
