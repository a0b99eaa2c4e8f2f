//! The outcome of one payload in a chain.

use crate::payload::Location;

/// What encode or decode did with one payload, and where the result is.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The payload stays as it is: nothing was written.
    Unchanged,
    /// The new payload is at the start of the caller's buffer.
    Written {
        /// Bytes of the payload.
        len: usize,
        /// Where its `data` is.
        data: Location,
    },
    /// The new payload is in separate memory: it did not fit into the caller's buffer, or its size
    /// was not known beforehand.
    Owned {
        /// The payload.
        bytes: Vec<u8>,
        /// Where its `data` is.
        data: Location,
    },
}

impl Outcome {
    /// A payload in separate memory, for callers that do not need the position of its `data`.
    pub(crate) fn owned(bytes: Vec<u8>) -> Self {
        let data = Location { offset: 0, len: 0 };
        Self::Owned { bytes, data }
    }

    /// The same outcome, moved into `out` if it fits.
    pub(crate) fn placed(self, out: &mut [u8]) -> Self {
        match self {
            Self::Owned { bytes, data } => match out.get_mut(..bytes.len()) {
                Some(room) => {
                    room.copy_from_slice(&bytes);
                    Self::Written { len: bytes.len(), data }
                }
                None => Self::Owned { bytes, data },
            },
            outcome => outcome,
        }
    }
}
