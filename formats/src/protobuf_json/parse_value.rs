//! Single values from JSON: numbers from numbers and strings, bytes from base64, enums from names
//! and numbers.

use super::parse::{Parser, half_a_pair, unescaped};
use super::print::is_default;
use super::problem::Problem;
use crate::base64;
use crate::descriptors::Kind;
use crate::json::{self, Text, is_number};
use crate::wire::{Value, push_varint};

impl Parser<'_, '_, '_> {
    /// Parses a value into the field `number`; one without presence is not written if it has the
    /// default value. `false` if the value should be left out: an enum name that the type does not
    /// have, when those are ignored.
    pub(super) fn value(
        &mut self,
        number: u32,
        kind: &Kind,
        implicit: bool,
        depth: u32,
    ) -> Result<bool, Problem> {
        match kind {
            Kind::String => {
                let text = self.reader.string()?;
                match text.plain() {
                    Some("") if implicit => {}
                    Some(text) => self.push_text(number, text),
                    None => {
                        let body = self.open(number);
                        if !text.push_to(self.out) {
                            return Err(half_a_pair(text));
                        }
                        self.close(&body);
                    }
                }
            }
            Kind::Bytes => self.bytes(number, implicit)?,
            Kind::Message(id) => {
                let body = self.open(number);
                self.message(*id, depth)?;
                self.close(&body);
            }
            Kind::Group(id) => {
                self.push_tag(number, 3);
                self.message(*id, depth)?;
                self.push_tag(number, 4);
            }
            kind => return self.tagged(number, kind, implicit),
        }
        Ok(true)
    }

    // Code that does not recurse is in separate functions: their frames are not on the stack while
    // a nested message is read.

    #[inline(never)]
    fn bytes(&mut self, number: u32, implicit: bool) -> Result<(), Problem> {
        let text = self.string()?;
        let body = self.open(number);
        if !base64::decode(text.as_bytes(), self.out) {
            return Err(Problem::json("expected base64"));
        }
        if implicit {
            self.close_unless_empty(body);
        } else {
            self.close(&body);
        }
        Ok(())
    }

    /// A number, bool or enum, with its tag.
    #[inline(never)]
    fn tagged(&mut self, number: u32, kind: &Kind, implicit: bool) -> Result<bool, Problem> {
        let Some(value) = self.scalar(kind)? else { return Ok(false) };
        if !(implicit && is_default(kind, value)) {
            let wire_type = match value {
                Value::Fixed64(_) => 1,
                Value::Fixed32(_) => 5,
                _ => 0,
            };
            self.push_tag(number, wire_type);
            self.push_scalar(value);
        }
        Ok(true)
    }

    /// Parses one of packed values.
    pub(super) fn packed(&mut self, kind: &Kind) -> Result<(), Problem> {
        if let Some(value) = self.scalar(kind)? {
            self.push_scalar(value);
        }
        Ok(())
    }

    fn push_scalar(&mut self, value: Value<'_>) {
        match value {
            Value::Varint(bits) => push_varint(self.out, bits),
            Value::Fixed64(bits) => self.out.extend_from_slice(&bits.to_le_bytes()),
            Value::Fixed32(bits) => self.out.extend_from_slice(&bits.to_le_bytes()),
            Value::Bytes(_) | Value::Group(_) => {}
        }
    }

    /// Parses a number, bool or enum; `None` for an enum name that should be ignored.
    fn scalar(&mut self, kind: &Kind) -> Result<Option<Value<'static>>, Problem> {
        Ok(Some(match kind {
            Kind::Bool => Value::Varint(u64::from(self.reader.boolean()?)),
            Kind::Float | Kind::Double => {
                if self.reader.peek() == b'"' {
                    float(kind, &self.string()?)?
                } else {
                    float(kind, self.reader.number()?.text)?
                }
            }
            Kind::Enum(values) => match self.reader.peek() {
                b'"' => match values.number(&self.string()?) {
                    Some(number) => enum_value(number),
                    None if self.options.ignore_unknown_fields => return Ok(None),
                    None => return Err(Problem::json("the enum has no value of this name")),
                },
                b'n' if values.is_null => {
                    self.reader.null()?;
                    enum_value(0)
                }
                _ => {
                    let number = json::integer(self.reader.number()?.text);
                    match number.and_then(|number| i32::try_from(number).ok()) {
                        Some(number) => enum_value(number),
                        None => return Err(Problem::json("expected a number of 32 bits")),
                    }
                }
            },
            kind if self.reader.peek() == b'"' => integer(kind, &self.string()?)?,
            kind => integer(kind, self.reader.number()?.text)?,
        }))
    }

    /// Writes field 1 of a map entry.
    pub(super) fn map_key(&mut self, kind: &Kind, name: Text<'_>) -> Result<(), Problem> {
        let value = match (kind, &*unescaped(name)?) {
            (Kind::String, text) => {
                self.push_text(1, text);
                return Ok(());
            }
            (Kind::Bool, "true") => Value::Varint(1),
            (Kind::Bool, "false") => Value::Varint(0),
            (Kind::Bool, _) => return Err(Problem::json("expected true or false as a key")),
            (kind, text) => integer(kind, text)?,
        };
        let wire_type = match value {
            Value::Fixed64(_) => 1,
            Value::Fixed32(_) => 5,
            _ => 0,
        };
        self.push_tag(1, wire_type);
        self.push_scalar(value);
        Ok(())
    }
}

fn integer(kind: &Kind, text: &str) -> Result<Value<'static>, Problem> {
    let value = is_number(text).then(|| json::integer(text)).flatten();
    let value = value.and_then(|value| {
        Some(match kind {
            Kind::Int32 => enum_value(i32::try_from(value).ok()?),
            Kind::Sint32 => Value::Varint(zigzag(i64::from(i32::try_from(value).ok()?))),
            Kind::Uint32 => Value::Varint(u64::from(u32::try_from(value).ok()?)),
            Kind::Fixed32 => Value::Fixed32(u32::try_from(value).ok()?),
            Kind::Sfixed32 => Value::Fixed32(i32::try_from(value).ok()?.cast_unsigned()),
            Kind::Int64 => Value::Varint(i64::try_from(value).ok()?.cast_unsigned()),
            Kind::Sint64 => Value::Varint(zigzag(i64::try_from(value).ok()?)),
            Kind::Uint64 => Value::Varint(u64::try_from(value).ok()?),
            Kind::Fixed64 => Value::Fixed64(u64::try_from(value).ok()?),
            Kind::Sfixed64 => Value::Fixed64(i64::try_from(value).ok()?.cast_unsigned()),
            _ => return None,
        })
    });
    value.ok_or_else(|| {
        let bits = match kind {
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "a signed integer of 32 bits",
            Kind::Uint32 | Kind::Fixed32 => "an unsigned integer of 32 bits",
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "a signed integer of 64 bits",
            _ => "an unsigned integer of 64 bits",
        };
        Problem::json(&format!("expected {bits}"))
    })
}

fn float(kind: &Kind, text: &str) -> Result<Value<'static>, Problem> {
    let special = match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        text if is_number(text) => None,
        _ => return Err(Problem::json("expected a number")),
    };
    let value = match kind {
        Kind::Float => {
            #[expect(clippy::cast_possible_truncation, reason = "NaN and the infinities are the same")]
            let value = special.map(|value| value as f32).or_else(|| finite(text.parse::<f32>().ok()));
            value.map(|value| Value::Fixed32(value.to_bits()))
        }
        _ => special.or_else(|| double(text)).map(|value| Value::Fixed64(value.to_bits())),
    };
    value.ok_or_else(|| Problem::json("the number is too large"))
}

/// A JSON number, if it is finite in 64 bits.
pub(super) fn double(text: &str) -> Option<f64> {
    finite(text.parse::<f64>().ok())
}

fn finite<F: Copy + Into<f64>>(value: Option<F>) -> Option<F> {
    value.filter(|value| (*value).into().is_finite())
}

fn enum_value(number: i32) -> Value<'static> {
    Value::Varint(i64::from(number).cast_unsigned())
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}
