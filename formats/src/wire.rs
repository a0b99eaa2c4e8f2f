//! Protobuf's wire format: a bounded cursor over untrusted bytes, and the few writers that the
//! codecs need.
//!
//! Input is untrusted: nothing here panics, recurses without a limit or allocates. It accepts what
//! the official parsers accept (<https://protobuf.dev/programming-guides/encoding/>):
//!
//! - varints of up to 10 bytes and 64 bits, minimal or not; tags of up to 5 bytes and 32 bits;
//! - field numbers 1 to 2^29 - 1; wire types 0, 1, 2, 5, and balanced groups (3, 4) to a depth of
//!   100;
//! - a length past the end is malformed, and so is anything truncated.

use core::fmt;

/// How deep groups may nest: the default of the official parsers.
const MAX_GROUP_DEPTH: u32 = 100;

const MAX_FIELD_NUMBER: u32 = (1 << 29) - 1;

/// Why bytes are not protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The input ends in the middle of a field.
    Truncated,
    /// A varint is longer than 64 bits.
    Varint,
    /// A field number is out of range.
    Tag,
    /// A wire type does not exist.
    WireType,
    /// A group is not closed, or nested too deep.
    Group,
    /// A map key is not UTF-8.
    Utf8,
    /// The second slice is not the contents of the last field of the first.
    Split,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "it ends in the middle of a field",
            Self::Varint => "a varint is longer than 64 bits",
            Self::Tag => "a field number is out of range",
            Self::WireType => "a field has a wire type that does not exist",
            Self::Group => "a group is not closed, or nested too deep",
            Self::Utf8 => "a map key is not UTF-8",
            Self::Split => "the second slice is not the contents of the last field of the first",
        })
    }
}

/// A field's value in wire form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2.
    Bytes(&'a [u8]),
    /// The contents between the tags of a group, validated.
    Group(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number.
    pub number: u32,
    /// Its value.
    pub value: Value<'a>,
}

/// A cursor over one message, which may come as two slices: then the second is exactly the contents
/// of the last field.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    tail: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// A cursor over a message in one slice.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_tail(bytes, &[])
    }

    /// A cursor over a message in two slices.
    #[must_use]
    pub fn with_tail(bytes: &'a [u8], tail: &'a [u8]) -> Self {
        Self { rest: bytes, tail }
    }

    /// How many bytes of the first slice are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty() && self.tail.is_empty()
    }

    /// The next field, or `None` at the end.
    ///
    /// # Errors
    /// If the field is malformed.
    #[inline(always)]
    pub fn field(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        // Fast path for nearly every field of a payload: a tag of one byte, and a length of one or
        // two.
        if let [tag @ 0x08..=0x7f, low, rest @ ..] = self.rest
            && tag & 7 == 2
        {
            let (len, rest) = match rest {
                _ if *low < 0x80 => (usize::from(*low), rest),
                [high @ 0..=0x7f, rest @ ..] => (usize::from(low & 0x7f) | usize::from(*high) << 7, rest),
                _ => return self.any_field(),
            };
            if let Some(bytes) = self.contents(rest, len) {
                return Ok(Some(Field { number: u32::from(tag >> 3), value: Value::Bytes(bytes) }));
            }
        }
        if self.is_at_end() {
            return Ok(None);
        }
        // Fast path for most numbers of a message: a tag of one byte, and a number below 128.
        if let [tag @ 0x08..=0x7f, number @ 0..=0x7f, rest @ ..] = self.rest
            && tag & 7 == 0
        {
            self.rest = rest;
            return Ok(Some(Field { number: u32::from(tag >> 3), value: Value::Varint(u64::from(*number)) }));
        }
        self.any_field()
    }

    /// Any field; the input is not at its end.
    fn any_field(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Err(Malformed::Split);
        }
        let (number, wire_type) = self.tag()?;
        let value = match wire_type {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => Value::Bytes(self.bytes()?),
            3 => Value::Group(self.group(number, MAX_GROUP_DEPTH)?),
            5 => Value::Fixed32(u32::from_le_bytes(self.fixed()?)),
            4 => return Err(Malformed::Group),
            _ => return Err(Malformed::WireType),
        };
        Ok(Some(Field { number, value }))
    }

    /// Checks that the rest is well formed, whatever it contains.
    pub fn check(mut self) -> Result<(), Malformed> {
        while self.field()?.is_some() {}
        Ok(())
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let before = self.rest.len();
        let tag = u32::try_from(self.varint()?).map_err(|_| Malformed::Tag)?;
        let number = tag >> 3;
        if number == 0 || number > MAX_FIELD_NUMBER || before - self.rest.len() > 5 {
            return Err(Malformed::Tag);
        }
        Ok((number, (tag & 7) as u8))
    }

    /// Takes a varint.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().copied().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                // The tenth byte carries one bit.
                if index == 9 && byte > 1 {
                    return Err(Malformed::Varint);
                }
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { Malformed::Truncated } else { Malformed::Varint })
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(self.varint()?).map_err(|_| Malformed::Truncated)?;
        self.contents(self.rest, len).ok_or(if self.tail.is_empty() {
            Malformed::Truncated
        } else {
            Malformed::Split
        })
    }

    /// Takes `len` bytes of `rest`, which follows their length, or the second slice.
    #[inline(always)]
    fn contents(&mut self, rest: &'a [u8], len: usize) -> Option<&'a [u8]> {
        if let Some((bytes, rest)) = rest.split_at_checked(len) {
            self.rest = rest;
            return Some(bytes);
        }
        if rest.is_empty() && self.tail.len() == len {
            self.rest = rest;
            return Some(core::mem::take(&mut self.tail));
        }
        None
    }

    fn skip(&mut self, number: u32, wire_type: u8, depth: u32) -> Result<(), Malformed> {
        match wire_type {
            0 => self.varint().map(drop),
            1 => self.fixed::<8>().map(drop),
            2 => self.bytes().map(drop),
            3 => self.group(number, depth).map(drop),
            4 => Err(Malformed::Group),
            5 => self.fixed::<4>().map(drop),
            _ => Err(Malformed::WireType),
        }
    }

    /// The contents of a group whose opening tag was read.
    fn group(&mut self, number: u32, depth: u32) -> Result<&'a [u8], Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed::Group)?;
        let contents = self.rest;
        loop {
            if self.rest.is_empty() {
                return Err(Malformed::Truncated);
            }
            let len = contents.len() - self.rest.len();
            let (inner, wire_type) = self.tag()?;
            if wire_type == 4 {
                let contents = contents.get(..len).unwrap_or_default();
                return if inner == number { Ok(contents) } else { Err(Malformed::Group) };
            }
            self.skip(inner, wire_type, depth)?;
        }
    }

    /// Takes `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

/// How many bytes `value` takes as a varint.
#[inline]
pub fn varint_len(value: usize) -> usize {
    let bits = usize::BITS - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Writes `value` as a varint at the start of `out`; returns its size, or `None` if `out` is too
/// short.
#[inline]
pub fn put_varint(out: &mut [u8], mut value: usize) -> Option<usize> {
    for (index, slot) in out.iter_mut().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits and the continuation bit")]
        if value < 0x80 {
            *slot = value as u8;
            return Some(index + 1);
        } else {
            *slot = value as u8 | 0x80;
        }
        value >>= 7;
    }
    None
}

/// Appends `value` as a varint.
#[inline]
pub fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    #[expect(clippy::cast_possible_truncation, reason = "seven bits and the continuation bit")]
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "seven bits are left")]
    out.push(value as u8);
}

/// Appends a length-delimited field.
pub fn push_bytes(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    push_head(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends tag and length of a length-delimited field.
pub fn push_head(out: &mut Vec<u8>, number: u8, len: usize) {
    push_varint(out, u64::from(number) << 3 | 2);
    push_varint(out, len as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<Field<'_>>, Malformed> {
        let mut cursor = Cursor::new(bytes);
        let mut fields = Vec::new();
        while let Some(field) = cursor.field()? {
            fields.push(field);
        }
        Ok(fields)
    }

    #[test]
    fn every_wire_type_is_read_or_skipped() {
        let bytes = b"\x08\x96\x01\x11........\x1a\x02hi\x25....\x2b\x08\x01\x33\x34\x2c";
        let numbers: Vec<_> = fields(bytes).unwrap().iter().map(|field| field.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        assert_eq!(fields(bytes).unwrap()[0].value, Value::Varint(150));
        assert_eq!(fields(bytes).unwrap()[1].value, Value::Fixed64(u64::from_le_bytes(*b"........")));
        assert_eq!(fields(bytes).unwrap()[2].value, Value::Bytes(b"hi"));
        assert_eq!(fields(bytes).unwrap()[3].value, Value::Fixed32(u32::from_le_bytes(*b"....")));
        assert_eq!(fields(bytes).unwrap()[4].value, Value::Group(b"\x08\x01\x33\x34"));
    }

    #[test]
    fn malformed_bytes_are_refused_with_their_cause() {
        let cases: &[(&str, &[u8], Malformed)] = &[
            ("tag cut short", b"\x80", Malformed::Truncated),
            ("varint cut short", b"\x08\x80", Malformed::Truncated),
            (
                "varint of eleven bytes",
                b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
                Malformed::Varint,
            ),
            ("varint of 65 bits", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", Malformed::Varint),
            ("field number 0", b"\x00\x01", Malformed::Tag),
            ("tag of 33 bits", b"\x88\x80\x80\x80\x10\x01", Malformed::Tag),
            ("tag of six bytes", b"\x88\x80\x80\x80\x80\x00\x01", Malformed::Tag),
            ("wire type 6", b"\x0e", Malformed::WireType),
            ("wire type 7", b"\x0f", Malformed::WireType),
            ("length past the end", b"\x12\x05ab", Malformed::Truncated),
            ("length of 2^64 - 1", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Malformed::Truncated),
            ("fixed64 cut short", b"\x11.......", Malformed::Truncated),
            ("fixed32 cut short", b"\x15...", Malformed::Truncated),
            ("group left open", b"\x0b\x08\x01", Malformed::Truncated),
            ("group closed by another", b"\x0b\x14", Malformed::Group),
            ("end without a group", b"\x0c", Malformed::Group),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(fields(bytes).unwrap_err(), *expected, "{name}");
        }
    }

    #[test]
    fn groups_nest_to_the_limit_and_no_deeper() {
        let nested = |depth| [vec![0x0b; depth], vec![0x0c; depth]].concat();
        assert!(fields(&nested(100)).is_ok());
        assert_eq!(fields(&nested(101)).unwrap_err(), Malformed::Group);
    }

    #[test]
    fn overlong_varint_within_64_bits_is_read() {
        assert_eq!(fields(b"\x88\x00\x81\x80\x00").unwrap()[0].value, Value::Varint(1));
    }

    #[test]
    fn second_slice_must_be_the_contents_of_the_last_field() {
        let whole = |head, tail| {
            let mut cursor = Cursor::with_tail(head, tail);
            let mut last = None;
            while let Some(field) = cursor.field()? {
                last = Some(field);
            }
            Ok(last)
        };
        assert_eq!(
            whole(b"\x08\x01\x12\x02", b"hi"),
            Ok(Some(Field { number: 2, value: Value::Bytes(b"hi") }))
        );
        for (head, tail) in
            [(&b"\x12\x03"[..], &b"hi"[..]), (b"\x12\x02x", b"hi"), (b"\x08\x01", b"hi"), (b"", b"hi")]
        {
            assert_eq!(whole(head, tail), Err(Malformed::Split), "{head:?}");
        }
    }

    #[test]
    fn varints_are_written_minimally() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u32::MAX as usize, usize::MAX] {
            let mut out = [0; 10];
            let used = put_varint(&mut out, value).unwrap();
            assert_eq!(used, varint_len(value));
            let mut cursor = Cursor::new(&out[..used]);
            assert_eq!(cursor.varint(), Ok(value as u64));
            assert_eq!(put_varint(&mut out[..used - 1], value), None);
        }
    }
}
