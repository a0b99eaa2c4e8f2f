//! Maps to JSON: the last entry with a key wins, and entries are sorted by key: false before true,
//! numbers by value, strings by their bytes.

use super::number;
use super::print::{Printer, default_value, enum_number, zigzag};
use super::problem::Problem;
use crate::descriptors::Kind;
use crate::json::write_text;
use crate::wire::{Cursor, Value};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'w> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(&'w str),
}

struct Entry<'w> {
    key: Key<'w>,
    value: Value<'w>,
    /// The whole entry, if its value is a message and occurs more than once.
    repeated: Option<&'w [u8]>,
}

impl<'w> Printer<'_, '_, 'w> {
    /// Prints a map; `false` if no entry is left to print.
    pub(super) fn map(
        &mut self,
        key: &Kind,
        value: &Kind,
        wire: &[&'w [u8]],
        depth: u32,
    ) -> Result<bool, Problem> {
        let mut entries = Vec::with_capacity(wire.len());
        for bytes in wire {
            entries.extend(entry(key, value, bytes)?);
        }
        // Stable, so that the last entry of a key stays the last.
        if !entries.is_sorted_by(|left, right| left.key < right.key) {
            entries.sort_by_key(|entry| entry.key);
        }
        self.out.push(b'{');
        let empty = self.out.len();
        for (index, entry) in entries.iter().enumerate() {
            if entries.get(index + 1).is_some_and(|next| next.key == entry.key) {
                continue;
            }
            self.comma();
            match entry.key {
                Key::Bool(key) => self.out.extend_from_slice(if key { b"\"true\"" } else { b"\"false\"" }),
                Key::Signed(key) => number::push_quoted(self.out, key),
                Key::Unsigned(key) => number::push_quoted(self.out, key),
                Key::Text(key) => write_text(key, self.out),
            }
            self.out.push(b':');
            // A key is data and must not appear in an error.
            let printed = match entry.repeated {
                Some(bytes) => self.merged(value, &joined(bytes)?, depth),
                None => self.value(value, entry.value, depth),
            };
            printed.map_err(|problem| problem.inside("*"))?;
        }
        if self.out.len() == empty {
            return Ok(false);
        }
        self.out.push(b'}');
        Ok(true)
    }
}

/// Reads an entry; `None` if its value is an enum number without a name that counts as unknown:
/// then the whole entry counts as unknown.
fn entry<'w>(key_kind: &Kind, kind: &Kind, bytes: &'w [u8]) -> Result<Option<Entry<'w>>, Problem> {
    let (mut key, mut value, mut count) = (default_value(key_kind), default_value(kind), 0);
    let mut cursor = Cursor::new(bytes);
    while let Some(field) = cursor.field()? {
        match field.number {
            1 if key_kind.takes(&field.value) => key = field.value,
            2 if kind.takes(&field.value) => {
                value = field.value;
                count += 1;
            }
            _ => {}
        }
    }
    if let (Kind::Enum(values), Value::Varint(number)) = (kind, value)
        && values.closed
        && values.json(enum_number(number)).is_none()
    {
        return Ok(None);
    }
    let repeated = (count > 1 && matches!(kind, Kind::Message(_))).then_some(bytes);
    Ok(Some(Entry { key: self::key(key_kind, key)?, value, repeated }))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf cuts a varint to the size of its field, as all parsers do"
)]
fn key<'w>(kind: &Kind, value: Value<'w>) -> Result<Key<'w>, Problem> {
    Ok(match (kind, value) {
        (Kind::String, Value::Bytes(bytes)) => {
            Key::Text(core::str::from_utf8(bytes).map_err(|_| Problem::protobuf("the map key is not UTF-8"))?)
        }
        (Kind::Bool, Value::Varint(bits)) => Key::Bool(bits != 0),
        (Kind::Int32, Value::Varint(bits)) => Key::Signed(i64::from(bits as i32)),
        (Kind::Sint32, Value::Varint(bits)) => Key::Signed(i64::from(zigzag(u64::from(bits as u32)) as i32)),
        (Kind::Uint32, Value::Varint(bits)) => Key::Unsigned(u64::from(bits as u32)),
        (Kind::Int64, Value::Varint(bits)) => Key::Signed(bits as i64),
        (Kind::Sint64, Value::Varint(bits)) => Key::Signed(zigzag(bits)),
        (Kind::Uint64, Value::Varint(bits)) | (Kind::Fixed64, Value::Fixed64(bits)) => Key::Unsigned(bits),
        (Kind::Fixed32, Value::Fixed32(bits)) => Key::Unsigned(u64::from(bits)),
        (Kind::Sfixed32, Value::Fixed32(bits)) => Key::Signed(i64::from(bits as i32)),
        (Kind::Sfixed64, Value::Fixed64(bits)) => Key::Signed(bits as i64),
        // Descriptors with other keys do not link.
        _ => return Err(Problem::protobuf("the map has keys of a type that no map may have")),
    })
}

/// The messages of an entry's value, concatenated.
fn joined(entry: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut joined = Vec::new();
    let mut cursor = Cursor::new(entry);
    while let Some(field) = cursor.field()? {
        if let (2, Value::Bytes(bytes)) = (field.number, field.value) {
            joined.extend_from_slice(bytes);
        }
    }
    Ok(joined)
}
