//! The well-known types from JSON. They are written by their field numbers, whatever the
//! descriptors say.

use super::parse::{Parser, half_a_pair};
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
            WellKnown::Timestamp | WellKnown::Duration => self.span(well_known),
            WellKnown::FieldMask => self.field_mask(),
            WellKnown::Struct => self.json_object(depth),
            WellKnown::Value => self.json_value(depth),
            WellKnown::ListValue => self.json_list(depth),
            WellKnown::Empty => self.empty(depth),
            wrapper => self.wrapper(wrapper, depth),
        }
    }

    // Values nest, so each of these is a separate function: only the frames of the recursion are on
    // the stack.

    #[inline(never)]
    fn span(&mut self, well_known: WellKnown) -> Result<(), Problem> {
        let text = self.string()?;
        match well_known {
            WellKnown::Timestamp => self.seconds_and_nanos(
                time::timestamp(&text),
                "expected a timestamp such as 2026-11-24T10:00:00.5Z",
            ),
            _ => self.seconds_and_nanos(time::duration(&text), "expected a duration such as 1.5s"),
        }
    }

    #[inline(never)]
    fn json_object(&mut self, depth: u32) -> Result<(), Problem> {
        self.map(1, &Kind::String, |parser| {
            let body = parser.open(2);
            parser.json_value(depth)?;
            parser.close(&body);
            Ok(true)
        })
    }

    #[inline(never)]
    fn json_list(&mut self, depth: u32) -> Result<(), Problem> {
        let mut list = self.reader.array()?;
        let mut index = 0;
        while self.reader.element(&mut list)? {
            let body = self.open(1);
            self.json_value(depth).map_err(|problem| problem.at_item(index))?;
            self.close(&body);
            index += 1;
        }
        Ok(())
    }

    #[inline(never)]
    fn empty(&mut self, depth: u32) -> Result<(), Problem> {
        let mut object = self.reader.object()?;
        while self.reader.member(&mut object)?.is_some() {
            if !self.options.ignore_unknown_fields {
                return Err(Problem::json("expected an object without members"));
            }
            self.skip(depth)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn wrapper(&mut self, wrapper: WellKnown, depth: u32) -> Result<(), Problem> {
        match wrapper.wrapped() {
            Some(kind) => self.value(1, &kind, true, depth).map(drop),
            None => Ok(()),
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
    #[inline(never)]
    fn field_mask(&mut self) -> Result<(), Problem> {
        let joined = self.string()?;
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

    /// Any JSON as a `Value`, which is as deep as the objects and lists in it.
    #[inline(never)]
    fn json_value(&mut self, depth: u32) -> Result<(), Problem> {
        let inner = || depth.checked_sub(1).ok_or_else(Problem::too_deep);
        match self.reader.peek() {
            b'n' => {
                self.reader.null()?;
                self.out.extend_from_slice(&[0x08, 0]);
            }
            b't' | b'f' => {
                let value = self.reader.boolean()?;
                self.out.extend_from_slice(&[0x20, u8::from(value)]);
            }
            b'"' => {
                let text = self.reader.string()?;
                let body = self.open(3);
                if !text.push_to(self.out) {
                    return Err(half_a_pair(text));
                }
                self.close(&body);
            }
            b'{' => {
                let (depth, body) = (inner()?, self.open(5));
                self.json_object(depth)?;
                self.close(&body);
            }
            b'[' => {
                let (depth, body) = (inner()?, self.open(6));
                self.json_list(depth)?;
                self.close(&body);
            }
            _ => self.json_number()?,
        }
        Ok(())
    }

    #[inline(never)]
    fn json_number(&mut self) -> Result<(), Problem> {
        let number = double(self.reader.number()?.text);
        let number = number.ok_or_else(|| Problem::json("the number is too large"))?;
        self.out.push(0x11);
        self.out.extend_from_slice(&number.to_le_bytes());
        Ok(())
    }
}
