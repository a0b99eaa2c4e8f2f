//! `Any`, both ways: `{"@type":"type.googleapis.com/full.Name", …}` with the members of the
//! message, or with its JSON form as `"value"` if the type has its own form.
//!
//! For Java and Python, `Empty` has no form of its own: they write `{"@type":…}` and refuse a
//! `"value"`. Go writes `"value":{}` and reads both. So both are read, and the output is the one
//! that all three read.

use super::parse::{Parser, unescaped};
use super::print::Printer;
use super::print_well_known::utf8;
use super::problem::Problem;
use crate::ErrorKind;
use crate::descriptors::{MessageId, WellKnown};
use crate::json::write_text;
use crate::wire::{Cursor, Value};

impl<'w> Printer<'_, '_, 'w> {
    pub(super) fn any(&mut self, wire: &'w [u8], depth: u32) -> Result<(), Problem> {
        let (mut url, mut value) = (&b""[..], &b""[..]);
        let mut cursor = Cursor::new(wire);
        while let Some(field) = cursor.field()? {
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => url = bytes,
                (2, Value::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        let url = utf8(url)?;
        self.out.push(b'{');
        if url.is_empty() {
            if !value.is_empty() {
                return Err(Problem::value("an Any with a value has no type URL"));
            }
        } else {
            let name = type_name(url).ok_or_else(|| Problem::protobuf("the type URL has no slash"))?;
            let id = self.descriptors.id(name).ok_or_else(|| Problem::type_needed(name))?;
            self.out.extend_from_slice(b"\"@type\":");
            write_text(url, self.out);
            let table = self.table(id)?;
            match table.well_known {
                Some(WellKnown::Empty) => Cursor::new(value).check()?,
                Some(_) => {
                    self.out.extend_from_slice(b",\"value\":");
                    self.message(id, value, depth)?;
                }
                None => self.fields(table, value, depth)?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }
}

impl Parser<'_, '_, '_> {
    /// The type may come after the members that it describes, so it is searched for first.
    pub(super) fn any(&mut self, depth: u32) -> Result<(), Problem> {
        let start = self.reader.position();
        let mut members = self.reader.object()?;
        let mut url = None;
        let mut empty = true;
        while let Some(key) = self.reader.member(&mut members)? {
            empty = false;
            if unescaped(key)? == "@type" {
                url = Some(self.string()?);
                // It usually comes first, and then nothing is read twice.
                break;
            }
            self.skip(depth)?;
        }
        if empty {
            return Ok(());
        }
        let Some(url) = url else { return Err(Problem::json("expected a member \"@type\"")) };
        let name = type_name(&url).ok_or_else(|| Problem::json("the type URL has no slash"))?;
        let id = self.descriptors.id(name).ok_or_else(|| match Problem::type_needed(name) {
            problem if problem.kind() == ErrorKind::UnknownType => problem,
            _ => Problem::json("the type URL names no message type"),
        })?;
        self.reader.go_to(start);
        self.push_text(1, &url);
        let body = self.open(2);
        if self.table(id)?.well_known.is_some() {
            self.any_value(id, depth)?;
        } else {
            self.fields(self.table(id)?, true, depth)?;
        }
        self.close_unless_empty(body);
        Ok(())
    }

    /// The members of an `Any` whose type has its own form.
    fn any_value(&mut self, id: MessageId, depth: u32) -> Result<(), Problem> {
        let mut members = self.reader.object()?;
        let (mut types, mut values) = (0, 0);
        while let Some(key) = self.reader.member(&mut members)? {
            let key = unescaped(key)?;
            if key == "@type" {
                types += 1;
                self.reader.string()?;
            } else if key == "value" && values == 0 {
                values += 1;
                self.message(id, depth).map_err(|problem| problem.inside("value"))?;
            } else if self.options.ignore_unknown_fields && key != "value" {
                self.skip(depth)?;
            } else {
                return Err(Problem::json(
                    "an Any of this type has the members \"@type\" and \"value\" only",
                ));
            }
        }
        let is_empty = self.table(id)?.well_known == Some(WellKnown::Empty);
        match (types, values) {
            (1, 1) => Ok(()),
            (1, 0) if is_empty => Ok(()),
            (1, _) => Err(Problem::json("expected a member \"value\"")),
            _ => Err(Problem::json("the member \"@type\" is set twice")),
        }
    }
}

/// The full name in a type URL: the part after its last slash.
fn type_name(url: &str) -> Option<&str> {
    url.rsplit_once('/').map(|(_, name)| name)
}
