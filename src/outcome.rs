//! What became of one payload on its way through a chain.

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
    /// The new payload is in memory of its own: it did not fit the caller's buffer, or nobody could
    /// know its size before.
    Owned {
        /// The payload.
        bytes: Vec<u8>,
        /// Where its `data` is.
        data: Location,
    },
}

impl Outcome {
    /// A payload in memory of its own, for those who do not ask where its `data` is.
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        let data = Location { offset: 0, len: 0 };
        Self::Owned { bytes, data }
    }

    /// The same outcome, moved into `out` where it fits.
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
