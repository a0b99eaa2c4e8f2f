//! Puts payloads together to a `Payloads` message, each written in place by the codec that makes it.

use crate::error::Error;
use crate::wire;

/// Bytes of a payload of `len` bytes as a field of `Payloads`.
pub(crate) fn framed_len(len: usize) -> usize {
    1 + wire::varint_len(len) + len
}

/// What goes into a frame.
pub(crate) enum Frame<'a> {
    /// This many bytes, which stand in the room already.
    Written(usize),
    Owned(Vec<u8>),
    Same(&'a [u8]),
}

/// A `Payloads` message in the making. It is zeroed memory that fills up: large and fresh, it costs
/// nothing until it is written.
pub(crate) struct Framed {
    bytes: Vec<u8>,
    filled: usize,
}

impl Framed {
    pub(crate) fn with_room(len: usize) -> Self {
        Self { bytes: vec![0; len], filled: 0 }
    }

    /// Adds a payload: `write` gets room for `expected` bytes and says what it did.
    pub(crate) fn frame<'a>(
        &mut self,
        expected: usize,
        write: impl FnOnce(&mut [u8]) -> Result<Frame<'a>, Error>,
    ) -> Result<(), Error> {
        let reserved = 1 + wire::varint_len(expected);
        let start = self.filled + reserved;
        self.make_room(start + expected);
        match write(self.bytes.get_mut(start..start + expected).unwrap_or_default())? {
            Frame::Written(len) => {
                let used = self.head(len);
                if used < reserved {
                    self.bytes.copy_within(start..start + len, self.filled + used);
                }
                self.filled += used + len;
            }
            Frame::Owned(bytes) => self.copy(&bytes),
            Frame::Same(bytes) => self.copy(bytes),
        }
        Ok(())
    }

    /// Writes tag and length; gives back how many bytes they take.
    fn head(&mut self, len: usize) -> usize {
        let room = self.bytes.get_mut(self.filled..).unwrap_or_default();
        match room.split_first_mut() {
            Some((tag, room)) => {
                *tag = 0x0a;
                1 + wire::put_varint(room, len).unwrap_or_default()
            }
            None => 0,
        }
    }

    fn copy(&mut self, payload: &[u8]) {
        self.make_room(self.filled + framed_len(payload.len()));
        self.filled += self.head(payload.len());
        self.raw(payload);
    }

    fn raw(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        self.make_room(end);
        if let Some(room) = self.bytes.get_mut(self.filled..end) {
            room.copy_from_slice(bytes);
        }
        self.filled = end;
    }

    fn make_room(&mut self, len: usize) {
        if self.bytes.len() < len {
            self.bytes.resize(len.max(self.bytes.len() + self.bytes.len() / 2), 0);
        }
    }

    pub(crate) fn finish(mut self, unknown: &[&[u8]]) -> Vec<u8> {
        for field in unknown {
            self.raw(field);
        }
        self.bytes.truncate(self.filled);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_tight_whatever_was_expected() {
        let mut framed = Framed::with_room(4);
        let short = |room: &mut [u8]| {
            room[..2].copy_from_slice(b"ab");
            Ok(Frame::Written(2))
        };
        framed.frame(200, short).unwrap();
        framed.frame(0, |_| Ok(Frame::Same(b"same"))).unwrap();
        framed.frame(1, |_| Ok(Frame::Owned(vec![7; 130]))).unwrap();
        let expected = [b"\x0a\x02ab\x0a\x04same\x0a\x82\x01", &[7; 130][..], b"\x18\x05"].concat();
        assert_eq!(framed.finish(&[b"\x18\x05"]), expected);
    }

    #[test]
    fn a_failure_leaves_no_frame() {
        let mut framed = Framed::with_room(0);
        let failure = Error::new(crate::Code::Limit, "no");
        assert!(framed.frame(10, |_| Err(failure)).is_err());
        assert_eq!(framed.finish(&[]), b"");
    }
}
