//! Builds messages whose payloads the codecs write in place: a `Payloads`, or anything that
//! contains payloads.

use crate::error::Error;
use tdc_formats::wire;

use crate::outcome::Outcome;
use crate::scratch;

/// The size of a payload of `len` bytes as a field of `Payloads`.
pub(crate) fn framed_len(len: usize) -> usize {
    len.saturating_add(1 + wire::varint_len(len))
}

/// A message under construction, in zeroed memory that fills up: a large fresh allocation costs
/// nothing until it is written.
pub(crate) struct Framed {
    bytes: Vec<u8>,
    filled: usize,
}

/// A nested message whose length is not known yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// Where its length begins.
    at: usize,
    /// Bytes reserved for the length.
    reserved: usize,
}

/// The field of a `Payloads` that contains its payloads.
pub(crate) const PAYLOADS: u32 = 1;

impl Framed {
    pub(crate) fn with_room(len: usize) -> Self {
        Self { bytes: vec![0; len], filled: 0 }
    }

    /// Adds the result for `payload` as field `number`: `write` gets room for `expected` bytes and
    /// returns what it did.
    pub(crate) fn payload(
        &mut self,
        number: u32,
        payload: &[u8],
        expected: usize,
        write: impl FnOnce(&mut [u8]) -> Result<Outcome, Error>,
    ) -> Result<(), Error> {
        let reserved = wire::varint_len(tag(number)) + wire::varint_len(expected);
        let start = self.filled + reserved;
        self.make_room(start + expected);
        match write(self.bytes.get_mut(start..start + expected).unwrap_or_default())? {
            Outcome::Written { len, .. } => {
                let used = self.head(number, len);
                if used < reserved {
                    self.bytes.copy_within(start..start + len, self.filled + used);
                }
                self.filled += used + len;
            }
            Outcome::Owned { bytes, .. } => {
                self.field(number, &[&bytes]);
                scratch::give(bytes);
            }
            Outcome::Unchanged => self.field(number, &[payload]),
        }
        Ok(())
    }

    /// Adds a field of bytes, which come in slices.
    pub(crate) fn field(&mut self, number: u32, slices: &[&[u8]]) {
        let len = slices.iter().map(|slice| slice.len()).sum();
        self.make_room(self.filled + wire::varint_len(tag(number)) + wire::varint_len(len) + len);
        self.filled += self.head(number, len);
        for slice in slices {
            self.raw(slice);
        }
    }

    /// Starts a nested message as field `number`, expected to have about `expected` bytes.
    pub(crate) fn open(&mut self, number: u32, expected: usize) -> Opened {
        let reserved = wire::varint_len(expected);
        self.make_room(self.filled + wire::varint_len(tag(number)) + reserved);
        let room = self.bytes.get_mut(self.filled..).unwrap_or_default();
        self.filled += wire::put_varint(room, tag(number)).unwrap_or_default();
        let opened = Opened { at: self.filled, reserved };
        self.filled += reserved;
        opened
    }

    /// Ends the message that was opened last.
    pub(crate) fn close(&mut self, opened: Opened) {
        let start = opened.at + opened.reserved;
        let len = self.filled - start;
        let needed = wire::varint_len(len);
        let end = opened.at + needed + len;
        self.make_room(end);
        if needed != opened.reserved {
            self.bytes.copy_within(start..self.filled, opened.at + needed);
        }
        self.filled = end;
        wire::put_varint(self.bytes.get_mut(opened.at..).unwrap_or_default(), len);
    }

    /// Writes tag and length; returns their size.
    fn head(&mut self, number: u32, len: usize) -> usize {
        let room = self.bytes.get_mut(self.filled..).unwrap_or_default();
        let used = wire::put_varint(room, tag(number)).unwrap_or_default();
        used + wire::put_varint(room.get_mut(used..).unwrap_or_default(), len).unwrap_or_default()
    }

    /// Adds complete fields as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
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

/// The tag of a length-delimited field.
fn tag(number: u32) -> usize {
    number as usize * 8 + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Location;

    #[test]
    fn frames_are_tight_whatever_was_expected() {
        let mut framed = Framed::with_room(4);
        let data = Location { offset: 0, len: 0 };
        let short = |room: &mut [u8]| {
            room[..2].copy_from_slice(b"ab");
            Ok(Outcome::Written { len: 2, data })
        };
        framed.payload(PAYLOADS, b"", 200, short).unwrap();
        framed.payload(PAYLOADS, b"same", 0, |_| Ok(Outcome::Unchanged)).unwrap();
        framed.payload(PAYLOADS, b"", 1, |_| Ok(Outcome::Owned { bytes: vec![7; 130], data })).unwrap();
        let expected = [b"\x0a\x02ab\x0a\x04same\x0a\x82\x01", &[7; 130][..], b"\x18\x05"].concat();
        assert_eq!(framed.finish(&[b"\x18\x05"]), expected);
    }

    #[test]
    fn nested_messages_get_the_length_that_they_turn_out_to_have() {
        for (expected, len) in [(0, 0), (300, 5), (5, 300), (5, 5), (70_000, 3)] {
            let mut framed = Framed::with_room(0);
            let outer = framed.open(300, expected);
            let inner = framed.open(1, expected);
            framed.raw(&vec![7; len]);
            framed.close(inner);
            framed.close(outer);
            let mut plain = Framed::with_room(0);
            plain.field(1, &[&vec![7; len]]);
            let plain = plain.finish(&[]);
            let mut whole = Framed::with_room(0);
            whole.field(300, &[&plain]);
            assert_eq!(framed.finish(&[]), whole.finish(&[]), "{expected} {len}");
        }
    }

    #[test]
    fn a_failure_leaves_no_frame() {
        let mut framed = Framed::with_room(0);
        let failure = Error::new(crate::Code::Limit, "no");
        assert!(framed.payload(PAYLOADS, b"", 10, |_| Err(failure)).is_err());
        assert_eq!(framed.finish(&[]), b"");
    }
}
