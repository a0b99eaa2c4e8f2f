//! The canonical form: equal values have equal text.
//!
//! One pass writes the text in the order of the source and records the objects whose members are
//! not sorted. If there are any, a second pass copies their members in order: the cost is linear,
//! however deep they nest.

use core::cmp::Ordering;

use super::{Number, Sink, Text, scan, write_text};
use crate::{Error, ErrorKind};

/// The canonical form of a JSON text: no whitespace, members sorted by their names' UTF-8 bytes,
/// the fewest escapes, numbers as `Number::write_canonical` says.
///
/// # Errors
/// [`ErrorKind::Json`](crate::ErrorKind::Json) for text that is not JSON;
/// [`ErrorKind::Value`](crate::ErrorKind::Value) for two members with one name, half a surrogate
/// pair, and an exponent past 64 bits.
pub fn canonical(text: &[u8]) -> Result<Vec<u8>, Error> {
    let mut writer = Writer { out: Vec::with_capacity(text.len()), ..Writer::default() };
    scan(text, &mut writer)?;
    Ok(writer.finish())
}

/// A member in `out`: its name with quotes, and the whole member.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    name_end: usize,
    end: usize,
}

/// An object in `out` whose members are not sorted.
struct Unsorted {
    /// Between the braces.
    start: usize,
    end: usize,
    /// Its members in order: a range of `Writer::sorted`.
    members: core::ops::Range<usize>,
}

/// A container that has not ended.
struct Open {
    /// After its brace or bracket.
    start: usize,
    /// Of an object: where its members begin in `Writer::members`.
    members: Option<usize>,
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    open: Vec<Open>,
    /// The members of the open objects, those of the innermost last.
    members: Vec<Member>,
    unsorted: Vec<Unsorted>,
    sorted: Vec<Member>,
    /// A text without its escapes.
    plain: Vec<u8>,
}

impl Writer {
    /// Writes what precedes a value: in an array a comma, unless it is the first.
    fn separate(&mut self) {
        if let Some(Open { start, members: None }) = self.open.last()
            && *start < self.out.len()
        {
            self.out.push(b',');
        }
    }

    fn write(&mut self, text: Text<'_>) -> Result<(), Error> {
        self.plain.clear();
        text.decode_to(&mut self.plain)?;
        // It was UTF-8, and unescaping adds whole characters.
        write_text(core::str::from_utf8(&self.plain).unwrap_or_default(), &mut self.out);
        Ok(())
    }

    fn end_member(&mut self) {
        let end = self.out.len();
        if let Some(member) = self.members.last_mut() {
            member.end = end;
        }
    }

    /// The order of two members by their names.
    fn order(out: &[u8], one: &Member, other: &Member) -> Ordering {
        let name = |member: &Member| out.get(member.start + 1..member.name_end - 1).unwrap_or_default();
        let (one, other) = (name(one), name(other));
        if one.contains(&b'\\') || other.contains(&b'\\') {
            return unescaped(one).cmp(unescaped(other));
        }
        one.cmp(other)
    }

    /// The text with every object in order.
    fn finish(mut self) -> Vec<u8> {
        if self.unsorted.is_empty() {
            return self.out;
        }
        self.unsorted.sort_unstable_by_key(|object| object.start);
        enum Step {
            Copy { start: usize, end: usize },
            Comma,
        }
        let mut result = Vec::with_capacity(self.out.len());
        let mut steps = vec![Step::Copy { start: 0, end: self.out.len() }];
        while let Some(step) = steps.pop() {
            let Step::Copy { start, end } = step else {
                result.push(b',');
                continue;
            };
            // A member begins where its object does: the object itself has been passed.
            let next = self.unsorted.partition_point(|object| object.start <= start);
            let Some(object) = self.unsorted.get(next).filter(|object| object.start < end) else {
                result.extend_from_slice(self.out.get(start..end).unwrap_or_default());
                continue;
            };
            result.extend_from_slice(self.out.get(start..object.start).unwrap_or_default());
            steps.push(Step::Copy { start: object.end, end });
            let members = self.sorted.get(object.members.clone()).unwrap_or_default();
            for (index, member) in members.iter().enumerate().rev() {
                steps.push(Step::Copy { start: member.start, end: member.end });
                if index > 0 {
                    steps.push(Step::Comma);
                }
            }
        }
        result
    }
}

/// The bytes of a name that [`write_text`] wrote, without its escapes.
fn unescaped(name: &[u8]) -> impl Iterator<Item = u8> {
    let mut bytes = name.iter().copied();
    core::iter::from_fn(move || {
        let byte = bytes.next()?;
        if byte != b'\\' {
            return Some(byte);
        }
        Some(match bytes.next()? {
            b'b' => 0x08,
            b't' => 0x09,
            b'n' => 0x0a,
            b'f' => 0x0c,
            b'r' => 0x0d,
            b'u' => {
                let value = |digit: u8| (digit as char).to_digit(16).unwrap_or_default();
                let digits = bytes.by_ref().take(4).fold(0, |sum, digit| sum << 4 | value(digit));
                u8::try_from(digits).unwrap_or_default()
            }
            itself => itself,
        })
    })
}

impl Sink<Error> for Writer {
    fn null(&mut self) -> Result<(), Error> {
        self.separate();
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn boolean(&mut self, value: bool) -> Result<(), Error> {
        self.separate();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn number(&mut self, number: Number<'_>) -> Result<(), Error> {
        self.separate();
        number.write_canonical(&mut self.out)
    }

    fn text(&mut self, text: Text<'_>) -> Result<(), Error> {
        self.separate();
        self.write(text)
    }

    fn key(&mut self, key: Text<'_>) -> Result<(), Error> {
        if self.open.last().is_some_and(|object| object.start < self.out.len()) {
            self.end_member();
            self.out.push(b',');
        }
        let start = self.out.len();
        self.write(key)?;
        let name_end = self.out.len();
        self.members.push(Member { start, name_end, end: name_end });
        self.out.push(b':');
        Ok(())
    }

    fn begin_array(&mut self) -> Result<(), Error> {
        self.separate();
        self.out.push(b'[');
        self.open.push(Open { start: self.out.len(), members: None });
        Ok(())
    }

    fn end_array(&mut self) -> Result<(), Error> {
        self.open.pop();
        self.out.push(b']');
        Ok(())
    }

    fn begin_object(&mut self) -> Result<(), Error> {
        self.separate();
        self.out.push(b'{');
        self.open.push(Open { start: self.out.len(), members: Some(self.members.len()) });
        Ok(())
    }

    fn end_object(&mut self) -> Result<(), Error> {
        let Some(Open { start, members: Some(first) }) = self.open.pop() else { return Ok(()) };
        if self.members.len() > first {
            self.end_member();
        }
        let out = &self.out;
        let members = self.members.get_mut(first..).unwrap_or_default();
        let order = |pair: &[Member]| match pair {
            [one, other] => Self::order(out, one, other),
            _ => Ordering::Less,
        };
        if !members.windows(2).all(|pair| order(pair) == Ordering::Less) {
            members.sort_by(|one, other| Self::order(out, one, other));
            if members.windows(2).any(|pair| order(pair) == Ordering::Equal) {
                return Err(two_of_one_name());
            }
            let before = self.sorted.len();
            self.sorted.extend_from_slice(members);
            let members = before..self.sorted.len();
            self.unsorted.push(Unsorted { start, end: self.out.len(), members });
        }
        self.members.truncate(first);
        self.out.push(b'}');
        Ok(())
    }
}

#[cold]
fn two_of_one_name() -> Error {
    Error::new(ErrorKind::Value, "an object has two members of the same name, so it has no canonical form")
}
