//! The well-known types from JSON. They are written by their field numbers, whatever the descriptors say.

use super::parse::Parser;
use super::parse_value::double;
use super::problem::Problem;
use super::time;
use crate::descriptors::{Kind, WellKnown};
use crate::wire::push_varint;

impl Parser<'_, '_, '_> {
    /// Parses the contents of a message of a well-known type.
    pub(super) fn well_known(&mut self, well_known: WellKnown, depth: u32) -> Result<(), Problem> {
        // A JSON value is as deep as the objects and lists in it.
        let levels = u32::from(well_known != WellKnown::Value);
        let depth = depth.checked_sub(levels).ok_or_else(Problem::too_deep)?;
        match well_known {
            WellKnown::Any => self.any(depth),
            WellKnown::Timestamp => {
                let value = time::timestamp(&self.reader.string()?.unescaped());
                self.seconds_and_nanos(value, "expected a timestamp such as 2026-11-24T10:00:00.5Z")
            }
            WellKnown::Duration => {
                let value = time::duration(&self.reader.string()?.unescaped());
                self.seconds_and_nanos(value, "expected a duration such as 1.5s")
            }
            WellKnown::FieldMask => self.field_mask(),
            WellKnown::Struct => self.map(1, &Kind::String, |parser| {
                let body = parser.open(2);
                parser.well_known(WellKnown::Value, depth)?;
                parser.close(&body);
                Ok(true)
            }),
            WellKnown::Value => self.json_value(depth),
            WellKnown::ListValue => {
                let mut list = self.reader.array()?;
                let mut index = 0;
                while self.reader.element(&mut list)? {
                    let body = self.open(1);
                    self.well_known(WellKnown::Value, depth).map_err(|problem| problem.at_item(index))?;
                    self.close(&body);
                    index += 1;
                }
                Ok(())
            }
            WellKnown::Empty => {
                let mut object = self.reader.object()?;
                while self.reader.member(&mut object)?.is_some() {
                    if !self.options.ignore_unknown_fields {
                        return Err(Problem::json("expected an object without members"));
                    }
                    self.reader.skip(depth)?;
                }
                Ok(())
            }
            wrapper => match wrapper.wrapped() {
                Some(kind) => self.value(1, &kind, true, depth).map(drop),
                None => Ok(()),
            },
        }
    }

    fn seconds_and_nanos(&mut self, value: Option<(i64, i32)>, expected: &str) -> Result<(), Problem> {
        let (seconds, nanos) = value.ok_or_else(|| Problem::json(expected))?;
        for (tag, value) in [(0x08, seconds), (0x10, i64::from(nanos))] {
            if value != 0 {
                self.out.push(tag);
                push_varint(self.out, value.cast_unsigned());
            }
        }
        Ok(())
    }

    /// Paths in lowerCamelCase, joined by commas, to snake_case.
    fn field_mask(&mut self) -> Result<(), Problem> {
        let joined = self.reader.string()?.unescaped();
        for path in joined.split(',').filter(|_| !joined.is_empty()) {
            let body = self.open(1);
            for letter in path.chars() {
                match letter {
                    'A'..='Z' => {
                        self.out.push(b'_');
                        self.out.extend(letter.to_lowercase().map(|letter| letter as u8));
                    }
                    '_' => return Err(Problem::json("expected the paths of a field mask in lowerCamelCase")),
                    _ => self.out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
            self.close(&body);
        }
        Ok(())
    }

    /// Any JSON as a `Value`.
    fn json_value(&mut self, depth: u32) -> Result<(), Problem> {
        match self.reader.peek() {
            b'n' => {
                self.reader.null()?;
                self.out.extend_from_slice(&[0x08, 0]);
            }
            b't' | b'f' => {
                let value = self.reader.bool()?;
                self.out.extend_from_slice(&[0x20, u8::from(value)]);
            }
            b'"' => {
                let text = self.reader.string()?;
                let body = self.open(3);
                text.push_to(self.out);
                self.close(&body);
            }
            b'{' => {
                let body = self.open(5);
                self.well_known(WellKnown::Struct, depth)?;
                self.close(&body);
            }
            b'[' => {
                let body = self.open(6);
                self.well_known(WellKnown::ListValue, depth)?;
                self.close(&body);
            }
            _ => {
                let number = double(self.reader.number()?);
                let number = number.ok_or_else(|| Problem::json("the number is too large"))?;
                self.out.push(0x11);
                self.out.extend_from_slice(&number.to_le_bytes());
            }
        }
        Ok(())
    }
}
