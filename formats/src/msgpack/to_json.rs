//! MessagePack → JSON text.

use super::marker;
use crate::base64;
use crate::json::{MAX_DEPTH, write_float, write_text};
use crate::{Error, ErrorKind};

/// Appends the JSON form of one MessagePack value that takes up all of `bytes`, to at most `limit`
/// bytes of JSON.
///
/// # Errors
/// [`ErrorKind::MessagePack`] for malformed input, [`ErrorKind::Value`] for values that JSON does
/// not have: keys that are not strings, numbers that are not finite, extension types.
/// [`ErrorKind::Depth`], [`ErrorKind::Length`].
pub fn to_json(bytes: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let limit = out.len().saturating_add(limit);
    Reader { bytes, at: 0, out, limit }.value()
}

/// A container that has not ended.
struct Open {
    object: bool,
    /// Values and keys still to be read.
    left: u64,
    first: bool,
}

struct Reader<'a, 'o> {
    bytes: &'a [u8],
    at: usize,
    out: &'o mut Vec<u8>,
    limit: usize,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self) -> Result<(), Error> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let is_key = self.separate(open.last_mut());
            if let Some(container) = self.item(is_key)? {
                if open.len() == MAX_DEPTH {
                    return Err(Error::new(
                        ErrorKind::Depth,
                        format!("the MessagePack nests deeper than {MAX_DEPTH} levels at byte {}", self.at),
                    ));
                }
                open.push(container);
            }
            while let Some(Open { left: 0, object, .. }) = open.last() {
                self.out.push(if *object { b'}' } else { b']' });
                open.pop();
            }
            if self.out.len() > self.limit {
                return Err(Error::new(ErrorKind::Length, "the JSON is longer than allowed"));
            }
            if open.is_empty() {
                return if self.at == self.bytes.len() {
                    Ok(())
                } else {
                    Err(malformed("bytes follow the value", self.at))
                };
            }
        }
    }

    /// Writes the separator before the next item, and returns whether that is a key.
    fn separate(&mut self, container: Option<&mut Open>) -> bool {
        let Some(container) = container else { return false };
        let is_key = container.object && container.left.is_multiple_of(2);
        container.left -= 1;
        if container.object && !is_key {
            self.out.push(b':');
        } else if !core::mem::take(&mut container.first) {
            self.out.push(b',');
        }
        is_key
    }

    /// Writes one item; returns the container that it begins, if any.
    fn item(&mut self, is_key: bool) -> Result<Option<Open>, Error> {
        let start = self.at;
        let marker = self.take::<1>()?[0];
        if is_key && !matches!(marker, marker::FIXSTR..marker::NIL | marker::STR8..=marker::STR32) {
            return Err(unfit("a map has a key that is not text, which JSON cannot express", start));
        }
        match marker {
            0..marker::FIXMAP => self.integer(marker),
            marker::NEGATIVE_FIXINT.. => self.integer(marker.cast_signed()),
            marker::UINT8 => self.unsigned::<1>()?,
            marker::UINT16 => self.unsigned::<2>()?,
            marker::UINT32 => self.unsigned::<4>()?,
            marker::UINT64 => self.unsigned::<8>()?,
            marker::INT8 => self.signed::<1>()?,
            marker::INT16 => self.signed::<2>()?,
            marker::INT32 => self.signed::<4>()?,
            marker::INT64 => self.signed::<8>()?,
            marker::FLOAT32 => {
                let value = f32::from_be_bytes(self.take()?);
                self.float(value.into(), start)?;
            }
            marker::FLOAT64 => {
                let value = f64::from_be_bytes(self.take()?);
                self.float(value, start)?;
            }
            marker::NIL => self.out.extend_from_slice(b"null"),
            marker::FALSE => self.out.extend_from_slice(b"false"),
            marker::TRUE => self.out.extend_from_slice(b"true"),
            marker::FIXSTR..marker::NIL => self.text((marker & 0x1f).into())?,
            marker::STR8..=marker::STR32 => {
                let len = self.length(marker - marker::STR8)?;
                self.text(len)?;
            }
            marker::BIN8..=marker::BIN32 => {
                let len = self.length(marker - marker::BIN8)?;
                self.binary(len)?;
            }
            marker::FIXARRAY..marker::FIXSTR => return self.begin(false, (marker & 0x0f).into()),
            marker::FIXMAP..marker::FIXARRAY => return self.begin(true, (marker & 0x0f).into()),
            marker::ARRAY16 | marker::ARRAY32 => {
                let count = self.length(marker - marker::ARRAY16 + 1)?;
                return self.begin(false, count);
            }
            marker::MAP16 | marker::MAP32 => {
                let count = self.length(marker - marker::MAP16 + 1)?;
                return self.begin(true, count);
            }
            marker::EXT8..=marker::EXT32 | marker::FIXEXT1..=marker::FIXEXT16 => {
                return Err(unfit("a value has an extension type, which JSON cannot express", start));
            }
            _ => return Err(malformed("the byte c1 is not used by the format", start)),
        }
        Ok(None)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let bytes = rest.first_chunk::<N>().ok_or_else(|| malformed("it ends too early", self.at))?;
        self.at += N;
        Ok(*bytes)
    }

    /// A big-endian number of N bytes.
    fn wide<const N: usize>(&mut self) -> Result<u64, Error> {
        Ok(self.take::<N>()?.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// A length of 1, 2 or 4 bytes.
    fn length(&mut self, doublings: u8) -> Result<u64, Error> {
        match doublings {
            0 => self.wide::<1>(),
            1 => self.wide::<2>(),
            _ => self.wide::<4>(),
        }
    }

    fn integer(&mut self, value: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn unsigned<const N: usize>(&mut self) -> Result<(), Error> {
        let value = self.wide::<N>()?;
        self.integer(value);
        Ok(())
    }

    fn signed<const N: usize>(&mut self) -> Result<(), Error> {
        let unused = 64 - 8 * N;
        let value = self.wide::<N>()?.cast_signed() << unused >> unused;
        self.integer(value);
        Ok(())
    }

    fn float(&mut self, value: f64, at: usize) -> Result<(), Error> {
        if !value.is_finite() {
            return Err(unfit("a number is NaN or infinite, which JSON cannot express", at));
        }
        write_float(value, self.out);
        Ok(())
    }

    /// The next bytes, of a declared length.
    fn contents(&mut self, len: u64) -> Result<&'a [u8], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let contents = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let contents = contents.ok_or_else(|| malformed("it ends too early", self.at))?;
        self.at += contents.len();
        Ok(contents)
    }

    fn text(&mut self, len: u64) -> Result<(), Error> {
        let at = self.at;
        let contents = self.contents(len)?;
        let text = core::str::from_utf8(contents)
            .map_err(|cause| malformed("a text is not UTF-8", at + cause.valid_up_to()))?;
        write_text(text, self.out);
        Ok(())
    }

    /// Bytes, as protobuf's JSON, Go and Jackson write them.
    fn binary(&mut self, len: u64) -> Result<(), Error> {
        let contents = self.contents(len)?;
        base64::write(contents, self.out);
        Ok(())
    }

    fn begin(&mut self, object: bool, count: u64) -> Result<Option<Open>, Error> {
        let left = if object { count * 2 } else { count };
        // Each item has at least one byte: a header that promises more items than bytes left is
        // refused at once.
        let here = self.bytes.len() - self.at;
        if usize::try_from(left).map_or(true, |left| left > here) {
            return Err(malformed("a container claims more items than there are bytes", self.at));
        }
        self.out.push(if object { b'{' } else { b'[' });
        Ok(Some(Open { object, left, first: true }))
    }
}

#[cold]
fn malformed(why: &str, at: usize) -> Error {
    Error::new(ErrorKind::MessagePack, format!("the MessagePack is malformed at byte {at}: {why}"))
}

#[cold]
fn unfit(what: &str, at: usize) -> Error {
    Error::new(ErrorKind::Value, format!("{what} (byte {at} of the MessagePack)"))
}
