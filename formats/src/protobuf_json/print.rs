//! A message to JSON: for each message, one pass over the wire format records where the fields are,
//! and a second pass goes through these records in declaration order.
//!
//! Protobuf gives producers much freedom, and this module resolves it: fields come in any order and
//! repeated ones in several runs, packed or not; the last value of a singular scalar wins; several
//! values of a singular message are merged, which is the same as concatenating their bytes; setting
//! a member of a oneof unsets the others; a known number with another wire type is an unknown
//! field.

use super::number;
use super::problem::Problem;
use crate::ErrorKind;
use crate::base64;
use crate::descriptors::{Descriptors, Field, Kind, MessageId, Shape, Table};
use crate::json::write_text;
use crate::wire::{Cursor, Value};

/// The output, and the known types.
pub(super) struct Printer<'d, 'o, 'w> {
    pub(super) descriptors: &'d Descriptors,
    pub(super) out: &'o mut Vec<u8>,
    /// How long `out` may become.
    limit: usize,
    /// The fields of the current message and of those around it, each message's after those of its
    /// parent.
    found: Vec<Found<'w>>,
}

/// A field on the wire: the index of its descriptor in the table, and its value.
#[derive(Clone, Copy)]
struct Found<'w> {
    place: usize,
    value: Value<'w>,
}

impl<'d, 'o, 'w> Printer<'d, 'o, 'w> {
    pub(super) fn new(descriptors: &'d Descriptors, out: &'o mut Vec<u8>, max_len: usize) -> Self {
        let limit = out.len().saturating_add(max_len);
        Self { descriptors, out, limit, found: Vec::new() }
    }

    /// Prints a message of the type `id` in the form that its type has.
    pub(super) fn message(&mut self, id: MessageId, wire: &'w [u8], depth: u32) -> Result<(), Problem> {
        let table = self.table(id)?;
        match table.well_known {
            Some(well_known) => self.well_known(well_known, wire, depth),
            None => {
                self.out.push(b'{');
                self.fields(table, wire, depth)?;
                self.out.push(b'}');
                Ok(())
            }
        }
    }

    pub(super) fn table(&self, id: MessageId) -> Result<&'d Table, Problem> {
        self.descriptors
            .table(id)
            .ok_or_else(|| Problem::new(ErrorKind::Misuse, "a type of other descriptors"))
    }

    /// Prints the members of a message without the braces.
    pub(super) fn fields(&mut self, table: &'d Table, wire: &'w [u8], depth: u32) -> Result<(), Problem> {
        let depth = depth.checked_sub(1).ok_or_else(Problem::too_deep)?;
        let start = self.found.len();
        self.find(table, wire)?;
        self.check_required(table, start)?;
        let mut index = start;
        while let Some(first) = self.found.get(index).copied() {
            let same = |found: &&Found<'_>| found.place == first.place;
            let end = index + self.found.get(index..).unwrap_or_default().iter().take_while(same).count();
            if let Some(field) = table.fields.get(first.place) {
                self.field(field, index..end, depth).map_err(|problem| problem.inside(&*field.name))?;
            }
            index = end;
        }
        self.found.truncate(start);
        Ok(())
    }

    /// Records the known fields of a message, in declaration order.
    #[inline(never)]
    fn find(&mut self, table: &Table, wire: &'w [u8]) -> Result<(), Problem> {
        let start = self.found.len();
        let (mut sorted, mut last, mut members) = (true, 0, 0);
        let mut cursor = Cursor::new(wire);
        while let Some(field) = cursor.field()? {
            let Some(place) = table.place(field.number) else { continue };
            let Some(known) = table.fields.get(place).filter(|known| known.takes(&field.value)) else {
                continue;
            };
            if let (Kind::Enum(values), Value::Varint(number)) = (&known.kind, field.value)
                && values.closed
                && !matches!(known.shape, Shape::Map { .. })
                && values.json(enum_number(number)).is_none()
            {
                continue;
            }
            sorted &= place >= last;
            last = place;
            members += usize::from(known.oneof.is_some());
            self.found.push(Found { place, value: field.value });
        }
        if members > 1 {
            self.resolve_oneofs(table, start);
        }
        if !sorted {
            // Stable, so that the elements of a repeated field keep their order.
            self.found.get_mut(start..).unwrap_or_default().sort_by_key(|found| found.place);
        }
        Ok(())
    }

    /// Drops the members of each oneof that a later member unset. The notes are in wire order.
    #[cold]
    fn resolve_oneofs(&mut self, table: &Table, start: usize) {
        // For each oneof, walked from the end: the winner, until another member was seen.
        let mut winners: Vec<Option<(usize, bool)>> = vec![None; table.oneofs];
        let mut kept = Vec::new();
        for found in self.found.drain(start..).rev() {
            let oneof = table.fields.get(found.place).and_then(|field| field.oneof);
            if let Some(winner) = oneof.and_then(|oneof| winners.get_mut(oneof)) {
                let (place, open) = winner.get_or_insert((found.place, true));
                *open &= *place == found.place;
                if !*open {
                    continue;
                }
            }
            kept.push(found);
        }
        self.found.extend(kept.into_iter().rev());
    }

    fn check_required(&self, table: &Table, start: usize) -> Result<(), Problem> {
        let found = self.found.get(start..).unwrap_or_default();
        for place in &table.required {
            if !found.iter().any(|found| found.place == *place) {
                let name = table.fields.get(*place).map_or("", |field| &*field.name);
                return Err(Problem::protobuf("this required field is missing").inside(name));
            }
        }
        Ok(())
    }

    /// Prints the field whose values are at `run` of the records.
    fn field(&mut self, field: &'d Field, run: core::ops::Range<usize>, depth: u32) -> Result<(), Problem> {
        let Some(last) = run.end.checked_sub(1).and_then(|last| self.found.get(last)).map(|last| last.value)
        else {
            return Ok(());
        };
        match &field.shape {
            Shape::Implicit if is_default(&field.kind, last) => Ok(()),
            Shape::Implicit | Shape::Explicit => {
                self.label(field);
                if run.len() > 1 && matches!(field.kind, Kind::Message(_) | Kind::Group(_)) {
                    let joined = self.joined(run);
                    return self.merged(&field.kind, &joined, depth);
                }
                self.value(&field.kind, last, depth)
            }
            Shape::List { .. } => {
                let before = self.out.len();
                self.label(field);
                self.out.push(b'[');
                let empty = self.out.len();
                for (count, index) in run.enumerate() {
                    let Some(value) = self.found.get(index).map(|found| found.value) else { break };
                    match value {
                        Value::Bytes(packed) if field.kind.packs(&value) => {
                            self.packed(&field.kind, packed)?;
                        }
                        value => {
                            self.comma();
                            self.value(&field.kind, value, depth)
                                .map_err(|problem| problem.at_item(count))?;
                        }
                    }
                }
                if self.out.len() == empty {
                    self.out.truncate(before);
                } else {
                    self.out.push(b']');
                }
                Ok(())
            }
            Shape::Map { key } => {
                let entries: Vec<_> = (self.found.get(run).unwrap_or_default().iter())
                    .filter_map(|found| match found.value {
                        Value::Bytes(entry) => Some(entry),
                        _ => None,
                    })
                    .collect();
                let before = self.out.len();
                self.label(field);
                if !self.map(key, &field.kind, &entries, depth)? {
                    self.out.truncate(before);
                }
                Ok(())
            }
        }
    }

    /// The concatenated contents of several messages: the same as the merged message.
    fn joined(&self, run: core::ops::Range<usize>) -> Vec<u8> {
        let mut joined = Vec::new();
        for found in self.found.get(run).unwrap_or_default() {
            if let Value::Bytes(part) | Value::Group(part) = found.value {
                joined.extend_from_slice(part);
            }
        }
        joined
    }

    /// Prints a message whose bytes have a shorter lifetime than those of the whole.
    pub(super) fn merged(&mut self, kind: &Kind, joined: &[u8], depth: u32) -> Result<(), Problem> {
        let (Kind::Message(id) | Kind::Group(id)) = *kind else { return Ok(()) };
        self.shorter(joined).message(id, joined, depth)
    }

    /// A printer with the same output for bytes with a shorter lifetime.
    pub(super) fn shorter<'s>(&mut self, _: &'s [u8]) -> Printer<'d, '_, 's> {
        Printer { descriptors: self.descriptors, out: self.out, limit: self.limit, found: Vec::new() }
    }

    /// Prints packed values, with commas where needed.
    fn packed(&mut self, kind: &Kind, packed: &'w [u8]) -> Result<(), Problem> {
        let mut cursor = Cursor::new(packed);
        while cursor.remaining() > 0 {
            let value = match kind {
                Kind::Fixed32 | Kind::Sfixed32 | Kind::Float => {
                    Value::Fixed32(u32::from_le_bytes(cursor.fixed()?))
                }
                Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => {
                    Value::Fixed64(u64::from_le_bytes(cursor.fixed()?))
                }
                _ => Value::Varint(cursor.varint()?),
            };
            if let (Kind::Enum(values), Value::Varint(number)) = (kind, value)
                && values.closed
                && values.json(enum_number(number)).is_none()
            {
                continue;
            }
            self.comma();
            self.value(kind, value, 0)?;
        }
        Ok(())
    }

    /// Prints one value; its wire type is the kind's own.
    #[inline]
    pub(super) fn value(&mut self, kind: &Kind, value: Value<'w>, depth: u32) -> Result<(), Problem> {
        self.check_len()?;
        let out = &mut *self.out;
        match (kind, value) {
            (Kind::String, Value::Bytes(bytes)) => {
                let Ok(text) = core::str::from_utf8(bytes) else {
                    return Err(Problem::protobuf("the string is not UTF-8"));
                };
                write_text(text, out);
            }
            (Kind::Bytes, Value::Bytes(bytes)) => base64::write(bytes, out),
            (Kind::Message(id), Value::Bytes(wire)) | (Kind::Group(id), Value::Group(wire)) => {
                return self.message(*id, wire, depth);
            }
            (Kind::Enum(values), Value::Varint(number)) => {
                let number = enum_number(number);
                match values.json(number) {
                    _ if values.is_null => out.extend_from_slice(b"null"),
                    Some(name) => out.extend_from_slice(name),
                    None => number::push_integer(out, number),
                }
            }
            (kind, value) => scalar(out, kind, value),
        }
        Ok(())
    }

    /// The field's name, after a comma if one is needed.
    #[inline]
    fn label(&mut self, field: &Field) {
        let label = match self.out.last() {
            Some(b'{') => field.label.get(1..).unwrap_or_default(),
            _ => &field.label,
        };
        self.out.extend_from_slice(label);
    }

    /// A comma, unless this is the first item of an object or list: no value ends with an opening
    /// brace.
    #[inline]
    pub(super) fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    /// A few bytes on the wire can become many in JSON.
    #[inline]
    pub(super) fn check_len(&self) -> Result<(), Problem> {
        if self.out.len() <= self.limit { Ok(()) } else { Err(too_long()) }
    }
}

#[cold]
fn too_long() -> Problem {
    Problem::new(ErrorKind::Length, "the JSON is longer than allowed")
}

/// Prints a number or bool.
#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf cuts a varint to the size of its field, as all parsers do"
)]
pub(super) fn scalar(out: &mut Vec<u8>, kind: &Kind, value: Value<'_>) {
    match (kind, value) {
        (Kind::Bool, Value::Varint(bits)) => {
            out.extend_from_slice(if bits == 0 { b"false" } else { b"true" });
        }
        (Kind::Int32, Value::Varint(bits)) => number::push_integer(out, bits as i32),
        (Kind::Sint32, Value::Varint(bits)) => number::push_integer(out, zigzag(bits as u32 as u64) as i32),
        (Kind::Uint32, Value::Varint(bits)) => number::push_integer(out, bits as u32),
        (Kind::Fixed32, Value::Fixed32(bits)) => number::push_integer(out, bits),
        (Kind::Sfixed32, Value::Fixed32(bits)) => number::push_integer(out, bits as i32),
        (Kind::Int64, Value::Varint(bits)) => number::push_quoted(out, bits as i64),
        (Kind::Sint64, Value::Varint(bits)) => number::push_quoted(out, zigzag(bits)),
        (Kind::Uint64, Value::Varint(bits)) => number::push_quoted(out, bits),
        (Kind::Fixed64, Value::Fixed64(bits)) => number::push_quoted(out, bits),
        (Kind::Sfixed64, Value::Fixed64(bits)) => number::push_quoted(out, bits as i64),
        (Kind::Float, Value::Fixed32(bits)) => number::push_float(out, f32::from_bits(bits)),
        (Kind::Double, Value::Fixed64(bits)) => number::push_float(out, f64::from_bits(bits)),
        // No other pair gets here.
        _ => {}
    }
}

pub(super) fn zigzag(bits: u64) -> i64 {
    (bits >> 1) as i64 ^ -((bits & 1) as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "as all parsers do")]
pub(super) fn enum_number(bits: u64) -> i32 {
    bits as i32
}

/// Whether a field without presence counts as not set.
#[expect(clippy::cast_possible_truncation, reason = "as in `scalar`")]
pub(super) fn is_default(kind: &Kind, value: Value<'_>) -> bool {
    match value {
        Value::Varint(bits) => match kind {
            Kind::Bool | Kind::Int64 | Kind::Sint64 | Kind::Uint64 => bits == 0,
            _ => bits as u32 == 0,
        },
        Value::Fixed64(bits) => bits == 0,
        Value::Fixed32(bits) => bits == 0,
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Group(_) => false,
    }
}

/// The default value of a kind, for a map entry or a wrapper without a value on the wire.
pub(super) fn default_value(kind: &Kind) -> Value<'static> {
    match kind {
        Kind::String | Kind::Bytes | Kind::Message(_) => Value::Bytes(b""),
        Kind::Group(_) => Value::Group(b""),
        Kind::Fixed32 | Kind::Sfixed32 | Kind::Float => Value::Fixed32(0),
        Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => Value::Fixed64(0),
        _ => Value::Varint(0),
    }
}
