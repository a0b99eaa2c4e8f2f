//! JSON text → MessagePack, in one pass over the text.
//!
//! MessagePack writes the number of items before a container, and JSON does not. So every container
//! starts with a short header, and those that turn out longer are recorded. If there are any, the
//! bytes after their headers are moved once, starting from the end.

use super::marker;
use crate::json::{Number, Sink, Text, Worth, scan, unfit};
use crate::{Error, ErrorKind};

/// The most items of a container whose header is one byte.
const MAX_SHORT: u32 = 15;

/// Writes the MessagePack form of a JSON text into the memory of `out`, whose contents are lost.
///
/// # Errors
/// [`ErrorKind::Json`] for text that is not JSON; [`ErrorKind::Value`] for numbers outside 64 bits,
/// and for half a surrogate pair.
pub fn from_json(text: &[u8], mut out: Vec<u8>) -> Result<Vec<u8>, Error> {
    out.clear();
    out.reserve(text.len());
    let mut writer = Writer { out, inner: Open { header: 0, items: 0 }, outer: Vec::new(), long: Vec::new() };
    scan(text, &mut writer)?;
    Ok(writer.finish())
}

/// A container that has not ended.
struct Open {
    /// Where its header begins.
    header: usize,
    /// Number of its values and keys: no more than the text has bytes.
    items: usize,
}

/// A container with more items than a one-byte header can express.
struct Long {
    header: usize,
    items: u32,
}

struct Writer {
    out: Vec<u8>,
    /// The innermost container; outside of all, a counter for the one value.
    inner: Open,
    outer: Vec<Open>,
    long: Vec<Long>,
}

impl Writer {
    #[inline]
    fn unsigned(&mut self, value: u64) {
        if let Ok(value) = u8::try_from(value) {
            if value >= marker::FIXMAP {
                self.out.push(marker::UINT8);
            }
            self.out.push(value);
        } else if let Ok(value) = u16::try_from(value) {
            self.put(marker::UINT16, value.to_be_bytes());
        } else if let Ok(value) = u32::try_from(value) {
            self.put(marker::UINT32, value.to_be_bytes());
        } else {
            self.put(marker::UINT64, value.to_be_bytes());
        }
    }

    fn negative(&mut self, value: i64) {
        if let Ok(value) = i8::try_from(value) {
            // -32 to -1 are their own two's complement.
            if value.cast_unsigned() < marker::NEGATIVE_FIXINT {
                self.out.push(marker::INT8);
            }
            self.out.push(value.cast_unsigned());
        } else if let Ok(value) = i16::try_from(value) {
            self.put(marker::INT16, value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.put(marker::INT32, value.to_be_bytes());
        } else {
            self.put(marker::INT64, value.to_be_bytes());
        }
    }

    #[inline]
    fn put<const N: usize>(&mut self, marker: u8, bytes: [u8; N]) {
        let mut all = [marker; 9];
        if let Some(room) = all.get_mut(1..=N) {
            room.copy_from_slice(&bytes);
        }
        self.out.extend_from_slice(all.get(..=N).unwrap_or_default());
    }

    #[inline]
    fn string(&mut self, text: Text<'_>) -> Result<(), Error> {
        if text.escaped {
            return self.escaped(text);
        }
        self.string_header(text.raw.len(), text.at)?;
        self.out.extend_from_slice(text.raw.as_bytes());
        Ok(())
    }

    /// Its length is known only without the escapes, so it is written after room for its header.
    fn escaped(&mut self, text: Text<'_>) -> Result<(), Error> {
        let start = self.out.len();
        text.decode_to(&mut self.out)?;
        let len = self.out.len() - start;
        self.string_header(len, text.at)?;
        let header = self.out.len() - start - len;
        self.out.get_mut(start..).unwrap_or_default().rotate_right(header);
        Ok(())
    }

    #[inline]
    fn string_header(&mut self, len: usize, at: usize) -> Result<(), Error> {
        match (u8::try_from(len), u16::try_from(len), u32::try_from(len)) {
            (Ok(len @ 0..32), ..) => self.out.push(marker::FIXSTR | len),
            (Ok(len), ..) => self.put(marker::STR8, [len]),
            (_, Ok(len), _) => self.put(marker::STR16, len.to_be_bytes()),
            (_, _, Ok(len)) => self.put(marker::STR32, len.to_be_bytes()),
            _ => return Err(unfit("a text is longer than MessagePack allows", at)),
        }
        Ok(())
    }

    #[inline]
    fn begin(&mut self, marker: u8) {
        self.inner.items += 1;
        let inner = Open { header: self.out.len(), items: 0 };
        self.outer.push(core::mem::replace(&mut self.inner, inner));
        self.out.push(marker);
    }

    /// Ends the innermost container, whose entries consist of `keys` items each.
    #[inline]
    fn end(&mut self, keys: usize) -> Result<(), Error> {
        let Some(outer) = self.outer.pop() else { return Ok(()) };
        let Open { header, items } = core::mem::replace(&mut self.inner, outer);
        let items = u32::try_from(items / keys).map_err(|_| too_many())?;
        match u8::try_from(items) {
            Ok(few) if items <= MAX_SHORT => {
                if let Some(byte) = self.out.get_mut(header) {
                    *byte |= few;
                }
            }
            _ => self.long.push(Long { header, items }),
        }
        Ok(())
    }

    /// Gives every long container its header: the bytes after the last one move first.
    fn finish(mut self) -> Vec<u8> {
        if self.long.is_empty() {
            return self.out;
        }
        self.long.sort_unstable_by_key(|container| container.header);
        let mut from_end = self.out.len();
        let grown: usize = self.long.iter().map(|container| header_len(container.items) - 1).sum();
        let mut to_end = from_end + grown;
        self.out.resize(to_end, 0);
        for container in self.long.iter().rev() {
            let moved = from_end - container.header - 1;
            self.out.copy_within(container.header + 1..from_end, to_end - moved);
            to_end -= moved + header_len(container.items);
            from_end = container.header;
            let is_map = self.out.get(container.header) == Some(&marker::FIXMAP);
            let (short, long) =
                if is_map { (marker::MAP16, marker::MAP32) } else { (marker::ARRAY16, marker::ARRAY32) };
            let room = self.out.get_mut(to_end..).unwrap_or_default();
            if let Some((first, rest)) = room.split_first_mut() {
                match u16::try_from(container.items) {
                    Ok(items) => {
                        *first = short;
                        rest.iter_mut().zip(items.to_be_bytes()).for_each(|(to, from)| *to = from);
                    }
                    Err(_) => {
                        *first = long;
                        rest.iter_mut().zip(container.items.to_be_bytes()).for_each(|(to, from)| *to = from);
                    }
                }
            }
        }
        self.out
    }
}

/// Size of the header of a long container, in bytes.
fn header_len(items: u32) -> usize {
    if u16::try_from(items).is_ok() { 3 } else { 5 }
}

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::Value, "an array or object has more items than MessagePack allows")
}

impl Sink<Error> for Writer {
    #[inline]
    fn null(&mut self) -> Result<(), Error> {
        self.out.push(marker::NIL);
        self.inner.items += 1;
        Ok(())
    }

    #[inline]
    fn boolean(&mut self, value: bool) -> Result<(), Error> {
        self.out.push(if value { marker::TRUE } else { marker::FALSE });
        self.inner.items += 1;
        Ok(())
    }

    #[inline]
    fn number(&mut self, number: Number<'_>) -> Result<(), Error> {
        match number.worth()? {
            Worth::Unsigned(value) => self.unsigned(value),
            Worth::Negative(value) => self.negative(value),
            Worth::Float(value) => self.put(marker::FLOAT64, value.to_be_bytes()),
        }
        self.inner.items += 1;
        Ok(())
    }

    #[inline]
    fn text(&mut self, text: Text<'_>) -> Result<(), Error> {
        self.string(text)?;
        self.inner.items += 1;
        Ok(())
    }

    #[inline]
    fn key(&mut self, key: Text<'_>) -> Result<(), Error> {
        self.string(key)?;
        self.inner.items += 1;
        Ok(())
    }

    #[inline]
    fn begin_array(&mut self) -> Result<(), Error> {
        self.begin(marker::FIXARRAY);
        Ok(())
    }

    #[inline]
    fn end_array(&mut self) -> Result<(), Error> {
        self.end(1)
    }

    #[inline]
    fn begin_object(&mut self) -> Result<(), Error> {
        self.begin(marker::FIXMAP);
        Ok(())
    }

    #[inline]
    fn end_object(&mut self) -> Result<(), Error> {
        self.end(2)
    }
}
