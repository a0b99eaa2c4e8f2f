//! JSON to a message: one pass that writes the wire format as it reads. The length of a nested
//! field is filled in when its end is reached.

use std::borrow::Cow;

use super::Options;
use super::problem::Problem;
use crate::ErrorKind;
use crate::descriptors::{Descriptors, Field, Kind, MessageId, Shape, Table, WellKnown};
use crate::json::{Reader, Text};
use crate::wire::{push_varint, put_varint, varint_len};

/// The output, and the known types.
pub(super) struct Parser<'d, 'o, 'j> {
    pub(super) descriptors: &'d Descriptors,
    pub(super) reader: Reader<'j>,
    pub(super) options: Options,
    pub(super) out: &'o mut Vec<u8>,
    /// The fields and oneofs seen so far, one bit each, of the current message and those around it.
    seen: Vec<u64>,
}

/// A length-delimited field that is being written.
#[must_use]
pub(super) struct Body {
    tag: usize,
    start: usize,
}

impl<'d, 'o, 'j> Parser<'d, 'o, 'j> {
    pub(super) fn new(
        descriptors: &'d Descriptors,
        json: &'j [u8],
        options: Options,
        out: &'o mut Vec<u8>,
    ) -> Result<Self, Problem> {
        Ok(Self { descriptors, reader: Reader::of_bytes(json)?, options, out, seen: Vec::new() })
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Problem> {
        Ok(self.reader.end()?)
    }

    /// Skips a value of a message that may nest `depth` more levels.
    pub(super) fn skip(&mut self, depth: u32) -> Result<(), Problem> {
        Ok(self.reader.skip(depth as usize)?)
    }

    /// A string.
    pub(super) fn string(&mut self) -> Result<Cow<'j, str>, Problem> {
        unescaped(self.reader.string()?)
    }

    /// Parses a message of the type `id` from the form that its type has.
    pub(super) fn message(&mut self, id: MessageId, depth: u32) -> Result<(), Problem> {
        let table = self.table(id)?;
        match table.well_known {
            Some(well_known) => self.well_known(well_known, depth),
            None => self.fields(table, false, depth),
        }
    }

    pub(super) fn table(&self, id: MessageId) -> Result<&'d Table, Problem> {
        self.descriptors
            .table(id)
            .ok_or_else(|| Problem::new(ErrorKind::Misuse, "a type of other descriptors"))
    }

    /// Parses an object whose members are the fields of a message; with `in_any` also `"@type"`.
    pub(super) fn fields(&mut self, table: &'d Table, in_any: bool, depth: u32) -> Result<(), Problem> {
        let depth = depth.checked_sub(1).ok_or_else(Problem::too_deep)?;
        let (oneofs, any) = (table.fields.len(), table.fields.len() + table.oneofs);
        let bits = self.seen.len();
        self.seen.resize(bits + any / 64 + 1, 0);
        let mut required = table.required.len();
        let mut next = 0;
        let mut object = self.reader.object()?;
        while let Some(name) = self.reader.member(&mut object)? {
            let place = match name.plain() {
                Some(name) => table.place_of(name, next),
                None => table.place_of(&unescaped(name)?, next),
            };
            let Some((place, field)) = place.and_then(|place| Some((place, table.fields.get(place)?))) else {
                let name = unescaped(name)?;
                if in_any && name == "@type" {
                    self.reader.string()?;
                    self.see(bits, any, "the member \"@type\" is set twice")?;
                } else if self.options.ignore_unknown_fields {
                    self.skip(depth)?;
                } else {
                    return Err(unknown(&name));
                }
                continue;
            };
            next = place + 1;
            let inside = |problem: Problem| problem.inside(&*field.name);
            self.see(bits, place, "the field is set twice").map_err(inside)?;
            if self.reader.peek() == b'n' && !self.takes_null(field) {
                self.reader.null()?;
                continue;
            }
            if let Some(oneof) = field.oneof {
                let message = "another field of the same oneof is set";
                self.see(bits, oneofs + oneof, message).map_err(inside)?;
            }
            if required > 0 && table.required.contains(&place) {
                required -= 1;
            }
            self.field(field, depth).map_err(inside)?;
        }
        self.seen.truncate(bits);
        match required {
            0 => Ok(()),
            _ => Err(Problem::json("a required field is missing")),
        }
    }

    /// Sets a bit of the current message; an error if it was already set.
    #[inline]
    fn see(&mut self, bits: usize, bit: usize, message: &str) -> Result<(), Problem> {
        if let Some(word) = self.seen.get_mut(bits + bit / 64) {
            let mask = 1 << (bit % 64);
            if *word & mask != 0 {
                return Err(Problem::json(message));
            }
            *word |= mask;
        }
        Ok(())
    }

    /// Whether null is a value of the field; for every other field it means absent.
    fn takes_null(&self, field: &Field) -> bool {
        if !matches!(field.shape, Shape::Implicit | Shape::Explicit) {
            return false;
        }
        match &field.kind {
            Kind::Enum(values) => values.is_null,
            Kind::Message(id) => {
                self.table(*id).is_ok_and(|table| table.well_known == Some(WellKnown::Value))
            }
            _ => false,
        }
    }

    fn field(&mut self, field: &'d Field, depth: u32) -> Result<(), Problem> {
        match &field.shape {
            Shape::Implicit => self.value(field.number, &field.kind, true, depth).map(drop),
            Shape::Explicit => self.value(field.number, &field.kind, false, depth).map(drop),
            Shape::List { packed } => {
                let mut list = self.reader.array()?;
                let mut index = 0;
                let body = packed.then(|| self.open(field.number));
                while self.reader.element(&mut list)? {
                    let element = match packed {
                        true => self.packed(&field.kind),
                        false => self.value(field.number, &field.kind, false, depth).map(drop),
                    };
                    element.map_err(|problem| problem.at_item(index))?;
                    index += 1;
                }
                if let Some(body) = body {
                    self.close_unless_empty(body);
                }
                Ok(())
            }
            Shape::Map { key } => {
                self.map(field.number, key, |parser| parser.value(2, &field.kind, false, depth))
            }
        }
    }

    /// Parses an object into the entries of a map. `value` writes an entry's field 2, or returns
    /// that the entry should be left out.
    #[inline(never)]
    pub(super) fn map(
        &mut self,
        number: u32,
        key: &Kind,
        mut value: impl FnMut(&mut Self) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        // The position of each entry's key in the output.
        let mut keys: Vec<(usize, usize)> = Vec::new();
        let mut object = self.reader.object()?;
        while let Some(name) = self.reader.member(&mut object)? {
            let body = self.open(number);
            self.map_key(key, name)?;
            let key_len = self.out.len() - body.start;
            // A key is data and must not appear in an error.
            if value(self).map_err(|problem| problem.inside("*"))? {
                let start = self.close(&body);
                keys.push((start, start + key_len));
            } else {
                self.out.truncate(body.tag);
            }
        }
        let bytes = |key: &(usize, usize)| self.out.get(key.0..key.1);
        if !keys.is_sorted_by(|left, right| bytes(left) < bytes(right)) {
            keys.sort_unstable_by_key(bytes);
            if keys.array_windows().any(|[left, right]| bytes(left) == bytes(right)) {
                return Err(Problem::json("a key is set twice"));
            }
        }
        Ok(())
    }

    /// Starts a length-delimited field.
    #[inline]
    pub(super) fn open(&mut self, number: u32) -> Body {
        let tag = self.out.len();
        self.push_tag(number, 2);
        // Most lengths take one byte.
        self.out.push(0);
        Body { tag, start: self.out.len() }
    }

    /// Ends a length-delimited field; returns where its contents begin.
    #[inline]
    pub(super) fn close(&mut self, body: &Body) -> usize {
        let len = self.out.len() - body.start;
        let needed = varint_len(len);
        let start = body.start - 1 + needed;
        if needed > 1 {
            let end = self.out.len();
            self.out.resize(end + needed - 1, 0);
            self.out.copy_within(body.start..end, start);
        }
        if let Some(room) = self.out.get_mut(body.start - 1..start) {
            put_varint(room, len);
        }
        start
    }

    /// Ends a field that is not written if it is empty.
    pub(super) fn close_unless_empty(&mut self, body: Body) {
        if self.out.len() == body.start {
            self.out.truncate(body.tag);
        } else {
            self.close(&body);
        }
    }

    #[inline]
    pub(super) fn push_tag(&mut self, number: u32, wire_type: u8) {
        push_varint(self.out, u64::from(number) << 3 | u64::from(wire_type));
    }

    /// Writes a length-delimited field.
    pub(super) fn push_text(&mut self, number: u32, text: &str) {
        self.push_tag(number, 2);
        push_varint(self.out, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// The text of a string.
pub(super) fn unescaped(text: Text<'_>) -> Result<Cow<'_, str>, Problem> {
    text.unescaped().ok_or_else(|| half_a_pair(text))
}

/// Half a surrogate pair cannot be represented in protobuf, whose strings are UTF-8.
#[cold]
pub(super) fn half_a_pair(text: Text<'_>) -> Problem {
    Problem::json(&format!("the string at byte {} has half a surrogate pair", text.at()))
}

#[cold]
fn unknown(name: &str) -> Problem {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match name.len() <= 64 && name.bytes().all(named) {
        true => Problem::json(&format!("the type has no field {name}")),
        false => Problem::json(&format!("the type has no field of this name ({} bytes)", name.len())),
    }
}
