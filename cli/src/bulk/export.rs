//! Reads an export of Temporal Cloud, `temporal.api.export.v1.WorkflowExecutions`, one history
//! after the other: an export may be larger than memory.
//!
//! ```text
//! WorkflowExecutions  1 items (repeated WorkflowExecution { 1 history })
//! ```
//! The file may be hostile or cut off: no length that it claims is allocated before that many bytes
//! are known to be there. Fields that are newer than this program are kept as they are.

use std::io::{BufRead, Read};

use tdc::{Code, Error};

/// Tag of `items`, and of the `history` of an item: field 1, length-delimited.
const TAG: u8 = 0x0a;
/// Longest varint.
const MAX_VARINT: usize = 10;

/// A field of an export, as it is in the file, with its tag and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// An item: alone, it is an export with one history.
    Item,
    /// An item without anything in it.
    Empty,
    /// A field that this program does not know, such as the `activities` of
    /// `temporal.api.export.v1.ExportedExecutions`, whose field 1 has the same items.
    Newer,
}

/// Whether a file that begins with `head` is an export in binary.
pub(super) fn is_export(head: &[u8]) -> bool {
    if tdc::is_json_history(head) {
        return false;
    }
    let mut rest = head;
    while let [TAG, 0, after @ ..] = rest {
        rest = after;
    }
    let [TAG, rest @ ..] = rest else { return false };
    let len = rest.iter().take(MAX_VARINT).take_while(|byte| **byte >= 0x80).count() + 1;
    // An event would begin with its number, which is not length-delimited.
    rest.get(len) == Some(&TAG)
}

/// The fields of an export, in order.
pub(super) struct Export<R> {
    input: R,
    /// How many bytes the file has, and how many were read.
    len: u64,
    offset: u64,
    /// Most bytes of one field.
    max: usize,
    /// How many items were read.
    items: usize,
}

impl<R: BufRead> Export<R> {
    pub(super) fn new(input: R, len: u64, max: usize) -> Self {
        Self { input, len, offset: 0, max, items: 0 }
    }

    /// The number of the next item, from 0.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// Reads the next field into `field`; `None` at the end.
    ///
    /// # Errors
    /// [`Code::Protobuf`] if the file is cut off or malformed, [`Code::Limit`], [`Code::Io`].
    pub(super) fn next(&mut self, field: &mut Vec<u8>) -> Result<Option<Field>, Error> {
        field.clear();
        match self.input.fill_buf() {
            Ok([]) => return Ok(None),
            Ok(_) => {}
            Err(cause) => return Err(self.unreadable(&cause)),
        }
        let start = self.offset;
        let tag = self.varint(field, start)?;
        let contents = match tag & 7 {
            0 => {
                self.varint(field, start)?;
                0
            }
            1 => 8,
            2 => self.varint(field, start)?,
            5 => 4,
            _ => return Err(self.malformed("has a field with an unknown wire type", start)),
        };
        if tag >> 3 == 0 {
            return Err(self.malformed("has a field with the number 0", start));
        }
        if contents > self.len.saturating_sub(self.offset) {
            return Err(self.cut_off(start));
        }
        let contents = usize::try_from(contents).ok().filter(|len| *len <= self.max).ok_or_else(|| {
            Error::new(
                Code::Limit,
                format!(
                    "items[{}] has {contents} bytes, limits.max_input_bytes allows {}: raise the limit",
                    self.items, self.max
                ),
            )
        })?;
        self.take(contents, field, start)?;
        if tag != u64::from(TAG) {
            return Ok(Some(Field::Newer));
        }
        self.items += 1;
        Ok(Some(if contents == 0 { Field::Empty } else { Field::Item }))
    }

    fn varint(&mut self, field: &mut Vec<u8>, start: u64) -> Result<u64, Error> {
        let mut value = 0_u64;
        for index in 0..MAX_VARINT {
            self.take(1, field, start)?;
            let byte = field.last().copied().unwrap_or_default();
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("has a number that is longer than 64 bits", start))
    }

    /// Appends `len` bytes of the file to the field that begins at `start`.
    fn take(&mut self, len: usize, field: &mut Vec<u8>, start: u64) -> Result<(), Error> {
        field.reserve_exact(len);
        let taken = self.input.by_ref().take(len as u64).read_to_end(field);
        let taken = taken.map_err(|cause| self.unreadable(&cause))?;
        self.offset += taken as u64;
        if taken == len { Ok(()) } else { Err(self.cut_off(start)) }
    }

    #[cold]
    fn cut_off(&self, start: u64) -> Error {
        let (items, len) = (self.items, self.len);
        Error::new(
            Code::Protobuf,
            format!(
                "the export ends within items[{items}], which begins at byte {start} of {len}: it was cut off, so fetch \
                 it again"
            ),
        )
    }

    #[cold]
    fn malformed(&self, what: &str, start: u64) -> Error {
        let (items, len) = (self.items, self.len);
        let text = format!("the export {what} after {items} items, at byte {start} of {len}");
        Error::new(Code::Protobuf, text)
    }

    #[cold]
    fn unreadable(&self, cause: &std::io::Error) -> Error {
        Error::new(Code::Io, format!("cannot read items[{}]: {cause}", self.items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(bytes: &[u8], max: usize) -> Result<Vec<(Field, Vec<u8>)>, Error> {
        let mut export = Export::new(bytes, bytes.len() as u64, max);
        let (mut parts, mut field) = (Vec::new(), Vec::new());
        while let Some(part) = export.next(&mut field)? {
            parts.push((part, field.clone()));
        }
        Ok(parts)
    }

    #[test]
    fn items_and_newer_fields_are_read_as_they_are() {
        let fields: [&[u8]; 7] = [
            b"\x0a\x02\x0a\x00",
            b"\x10\x96\x01",
            b"\x0a\x81\x00x",
            b"\x19........",
            b"\x22\x02hi",
            b"\x2d....",
            b"\x0a\x00",
        ];
        let read = parts(&fields.concat(), 64).unwrap();
        assert_eq!(read.iter().map(|(_, field)| &field[..]).collect::<Vec<_>>(), fields);
        let kinds: Vec<Field> = read.iter().map(|(part, _)| *part).collect();
        let (item, newer) = (Field::Item, Field::Newer);
        assert_eq!(kinds, [item, newer, item, newer, newer, newer, Field::Empty]);
        assert_eq!(parts(b"", 64).unwrap(), []);
    }

    #[test]
    fn what_is_cut_off_or_malformed_says_where() {
        for (bytes, code, expected) in [
            (&b"\x0a\x01x\x0a"[..], Code::Protobuf, "ends within items[1], which begins at byte 3 of 4"),
            (b"\x0a\x80", Code::Protobuf, "ends within items[0]"),
            (b"\x0a\x05ab", Code::Protobuf, "ends within items[0], which begins at byte 0 of 4"),
            (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Code::Protobuf, "ends within items[0]"),
            (b"\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", Code::Protobuf, "longer than 64 bits"),
            (b"\x0a\x01x\x0b", Code::Protobuf, "an unknown wire type after 1 items, at byte 3 of 4"),
            (b"\x02\x00", Code::Protobuf, "the number 0"),
            (b"\x0a\x0912345678 ", Code::Limit, "items[0] has 9 bytes, limits.max_input_bytes allows 8"),
        ] {
            let error = parts(bytes, 8).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.message().contains(expected), "{error}");
        }
    }

    #[test]
    fn an_export_is_known_by_its_first_bytes() {
        for (head, expected) in [
            (&b"\x0a\x04\x0a\x02\x0a\x00"[..], true),
            (b"\x0a\x80\x01\x0a\x80\x01\x0a\x02\x08\x01", true),
            (b"\x0a\x00\x0a\x02\x0a\x00", true),
            (b"\x0a\x02\x08\x01", false),
            (b"\x0a\x00", false),
            (b"", false),
            (b"\x0a", false),
            (b"{\"events\":[]}", false),
            (b"\n\n\n{\"events\":[]}", false),
            (b"\x1f\x8b\x08", false),
        ] {
            assert_eq!(is_export(head), expected, "{:?}", head.escape_ascii().to_string());
        }
    }
}
