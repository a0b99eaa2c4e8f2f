//! The well-known types to JSON. They are read by their field numbers, whatever the descriptors
//! say.

use super::print::{Printer, default_value, scalar};
use super::problem::Problem;
use super::{number, time};
use crate::base64;
use crate::descriptors::{Kind, WellKnown};
use crate::json::write_text;
use crate::wire::{Cursor, Value};

impl<'w> Printer<'_, '_, 'w> {
    /// Prints a message of a well-known type.
    pub(super) fn well_known(
        &mut self,
        well_known: WellKnown,
        wire: &'w [u8],
        depth: u32,
    ) -> Result<(), Problem> {
        // A JSON value is as deep as the objects and lists in it.
        let levels = u32::from(well_known != WellKnown::Value);
        let depth = depth.checked_sub(levels).ok_or_else(Problem::too_deep)?;
        match well_known {
            WellKnown::Any => self.any(wire, depth),
            WellKnown::Timestamp | WellKnown::Duration => self.span(well_known, wire),
            WellKnown::FieldMask => self.field_mask(wire),
            WellKnown::Struct => self.object(wire, depth),
            WellKnown::Value => self.json_value(wire, depth),
            WellKnown::ListValue => self.list(wire, depth),
            WellKnown::Empty => {
                Cursor::new(wire).check()?;
                self.out.extend_from_slice(b"{}");
                Ok(())
            }
            wrapper => self.wrapper(wrapper, wire),
        }
    }

    // Values nest, so each of these is a separate function: only the frames of the recursion are on
    // the stack.

    #[inline(never)]
    fn span(&mut self, well_known: WellKnown, wire: &[u8]) -> Result<(), Problem> {
        let (seconds, nanos) = seconds_and_nanos(wire)?;
        let (is_in_range, problem) = match well_known {
            WellKnown::Timestamp => {
                (time::push_timestamp(self.out, seconds, nanos), "the timestamp is out of range")
            }
            _ => (
                time::push_duration(self.out, seconds, nanos),
                "the duration is out of range, or its seconds and nanos differ in sign",
            ),
        };
        if is_in_range { Ok(()) } else { Err(Problem::value(problem)) }
    }

    #[inline(never)]
    fn wrapper(&mut self, wrapper: WellKnown, wire: &'w [u8]) -> Result<(), Problem> {
        let Some(kind) = wrapper.wrapped() else { return Ok(()) };
        let mut value = default_value(&kind);
        let mut cursor = Cursor::new(wire);
        while let Some(field) = cursor.field()? {
            if field.number == 1 && kind.takes(&field.value) {
                value = field.value;
            }
        }
        match (&kind, value) {
            (Kind::String, Value::Bytes(bytes)) => write_text(utf8(bytes)?, self.out),
            (Kind::Bytes, Value::Bytes(bytes)) => base64::write(bytes, self.out),
            _ => scalar(self.out, &kind, value),
        }
        Ok(())
    }

    /// Paths in lowerCamelCase, joined by commas; paths that do not survive the conversion have no
    /// form in JSON.
    #[inline(never)]
    fn field_mask(&mut self, wire: &[u8]) -> Result<(), Problem> {
        let mut joined = String::new();
        let mut cursor = Cursor::new(wire);
        let mut first = true;
        while let Some(field) = cursor.field()? {
            let (1, Value::Bytes(path)) = (field.number, field.value) else { continue };
            if !core::mem::take(&mut first) {
                joined.push(',');
            }
            let mut after_underscore = false;
            for letter in utf8(path)?.chars() {
                let fits = match letter {
                    'A'..='Z' | ',' => false,
                    _ => !after_underscore || letter.is_ascii_lowercase(),
                };
                if !fits {
                    return Err(irreversible());
                }
                match letter {
                    '_' => {}
                    _ if after_underscore => joined.push(letter.to_ascii_uppercase()),
                    _ => joined.push(letter),
                }
                after_underscore = letter == '_';
            }
            if after_underscore {
                return Err(irreversible());
            }
        }
        write_text(&joined, self.out);
        Ok(())
    }

    /// A `Struct`: a map from text to `Value`.
    #[inline(never)]
    fn object(&mut self, wire: &'w [u8], depth: u32) -> Result<(), Problem> {
        let mut entries = Vec::new();
        let mut cursor = Cursor::new(wire);
        while let Some(field) = cursor.field()? {
            let (1, Value::Bytes(entry)) = (field.number, field.value) else { continue };
            let (mut key, mut value, mut joined) = (&b""[..], &b""[..], None::<Vec<u8>>);
            let mut members = Cursor::new(entry);
            let mut found = false;
            while let Some(member) = members.field()? {
                match (member.number, member.value) {
                    (1, Value::Bytes(bytes)) => key = bytes,
                    (2, Value::Bytes(bytes)) if found => {
                        joined.get_or_insert_with(|| value.to_vec()).extend_from_slice(bytes);
                    }
                    (2, Value::Bytes(bytes)) => (value, found) = (bytes, true),
                    _ => {}
                }
            }
            entries.push((utf8(key)?, value, joined));
        }
        entries.sort_by_key(|entry| entry.0);
        self.out.push(b'{');
        for (index, (key, value, joined)) in entries.iter().enumerate() {
            if entries.get(index + 1).is_some_and(|next| next.0 == *key) {
                continue;
            }
            self.comma();
            write_text(key, self.out);
            self.out.push(b':');
            let printed = match joined {
                Some(joined) => self.shorter(joined).well_known(WellKnown::Value, joined, depth),
                None => self.well_known(WellKnown::Value, value, depth),
            };
            printed.map_err(|problem| problem.inside("*"))?;
        }
        self.out.push(b'}');
        Ok(())
    }

    #[inline(never)]
    fn list(&mut self, wire: &'w [u8], depth: u32) -> Result<(), Problem> {
        self.out.push(b'[');
        let mut cursor = Cursor::new(wire);
        let mut index = 0;
        while let Some(field) = cursor.field()? {
            let (1, Value::Bytes(value)) = (field.number, field.value) else { continue };
            self.comma();
            self.well_known(WellKnown::Value, value, depth).map_err(|problem| problem.at_item(index))?;
            index += 1;
        }
        self.out.push(b']');
        Ok(())
    }

    /// A `Value`: a oneof, whose last member on the wire counts.
    #[inline(never)]
    fn json_value(&mut self, wire: &'w [u8], depth: u32) -> Result<(), Problem> {
        self.check_len()?;
        let mut last = None;
        let mut joined = Vec::new();
        let mut cursor = Cursor::new(wire);
        while let Some(field) = cursor.field()? {
            match (field.number, field.value) {
                (1 | 4, Value::Varint(_)) | (2, Value::Fixed64(_)) | (3, Value::Bytes(_)) => {}
                (5 | 6, Value::Bytes(bytes)) => match last {
                    // Two of the same message are merged.
                    Some((number, Value::Bytes(before))) if number == field.number => {
                        if joined.is_empty() {
                            joined.extend_from_slice(before);
                        }
                        joined.extend_from_slice(bytes);
                        continue;
                    }
                    _ => {}
                },
                _ => continue,
            }
            joined.clear();
            last = Some((field.number, field.value));
        }
        match last {
            Some((5 | 6, Value::Bytes(_))) if !joined.is_empty() => {
                let kind =
                    if matches!(last, Some((5, _))) { WellKnown::Struct } else { WellKnown::ListValue };
                self.shorter(&joined).well_known(kind, &joined, depth)
            }
            Some((1, _)) => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            Some((2, Value::Fixed64(bits))) => {
                let number = f64::from_bits(bits);
                if !number.is_finite() {
                    return Err(Problem::value("a JSON value cannot be NaN or infinite"));
                }
                number::push_float(self.out, number);
                Ok(())
            }
            Some((3, Value::Bytes(bytes))) => {
                write_text(utf8(bytes)?, self.out);
                Ok(())
            }
            Some((5, Value::Bytes(bytes))) => self.well_known(WellKnown::Struct, bytes, depth),
            Some((6, Value::Bytes(bytes))) => self.well_known(WellKnown::ListValue, bytes, depth),
            Some((4, Value::Varint(bits))) => {
                scalar(self.out, &Kind::Bool, Value::Varint(bits));
                Ok(())
            }
            _ => Err(Problem::value("the JSON value has no kind")),
        }
    }
}

fn seconds_and_nanos(wire: &[u8]) -> Result<(i64, i32), Problem> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut cursor = Cursor::new(wire);
    while let Some(field) = cursor.field()? {
        #[expect(clippy::cast_possible_truncation, reason = "as all parsers do")]
        match (field.number, field.value) {
            (1, Value::Varint(bits)) => seconds = bits as i64,
            (2, Value::Varint(bits)) => nanos = bits as i32,
            _ => {}
        }
    }
    Ok((seconds, nanos))
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    core::str::from_utf8(bytes).map_err(|_| Problem::protobuf("the string is not UTF-8"))
}

#[cold]
fn irreversible() -> Problem {
    Problem::value("a path of the field mask would not come back from JSON")
}
