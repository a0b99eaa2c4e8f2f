//! Messages that are written anew: fields that came in pieces become one, and a failure's own fields are
//! replaced.

use super::plan::{Field, Plan, Target};
use super::walk::{Walk, malformed};
use crate::error::{Code, Error};
use crate::wire::{Cursor, Value};

/// What becomes of a singular field.
#[derive(Debug)]
pub(super) enum Edit {
    /// It is left out.
    Remove,
    /// It stays as it is: no codec sees it.
    Keep,
    /// It becomes this text.
    Text(String),
    /// It becomes this payload, which goes through the codecs.
    Payload(Vec<u8>),
}

/// The living value of a slot.
struct Live<'a> {
    number: u32,
    pieces: Vec<&'a [u8]>,
    written: bool,
}

impl<'a, 'c> Walk<'a, 'c> {
    /// Walks a message and writes it anew, whatever changes in it. `edits` are sorted by number; an
    /// edited field stands before the first field of a higher number.
    pub(super) fn merged(
        &mut self,
        plan: &'c Plan,
        pieces: &[&'a [u8]],
        edits: &[(u32, Edit)],
        depth: usize,
    ) -> Result<bool, Error> {
        if !self.work.writes() {
            return self.merged_for_survey(plan, pieces, depth);
        }
        self.flush();
        let mut live = self.live(plan, pieces)?;
        let mut edits_left = edits;
        for message in pieces {
            let mut cursor = Cursor::new(message);
            let mut start = 0;
            while let Some(wire) = cursor.field().map_err(malformed)? {
                let end = message.len() - cursor.remaining();
                let whole = message.get(start..end).unwrap_or_default();
                let field = plan.field(wire.number);
                if !edits.iter().any(|(number, edit)| *number == wire.number && !matches!(edit, Edit::Keep)) {
                    edits_left = self.edit(plan, edits_left, wire.number)?;
                    let kept = edits.iter().any(|(number, _)| *number == wire.number);
                    match field.filter(|field| !kept && field.is_carried_as(&wire.value)) {
                        Some(field) => {
                            if let Err(error) = self.merged_field(field, whole, wire.value, &mut live, depth)
                            {
                                self.left(field, message, start);
                                return Err(error);
                            }
                        }
                        None => self.out.raw(whole),
                    }
                }
                start = end;
            }
        }
        self.edit(plan, edits_left, u32::MAX)?;
        Ok(true)
    }

    fn merged_field(
        &mut self,
        field: &'c Field,
        whole: &[u8],
        value: Value<'a>,
        live: &mut [Option<Live<'a>>],
        depth: usize,
    ) -> Result<(), Error> {
        let contents = if let Value::Bytes(contents) = value { contents } else { &[] };
        let slot = field.slot.and_then(|slot| live.get_mut(slot)).and_then(Option::as_mut);
        match slot {
            // Another member of the oneof came later: this one is dead.
            Some(slot) if slot.number != field.number => {}
            Some(_) if matches!(field.target, Target::Nothing(_)) => self.out.raw(whole),
            Some(slot) if slot.written => {}
            Some(slot) => {
                slot.written = true;
                if !self.position(field, &[], &slot.pieces, depth)? {
                    self.out.field(field.number, &slot.pieces);
                }
            }
            None => {
                if !self.position(field, &[], &[contents], depth)? {
                    self.out.raw(whole);
                }
            }
        }
        Ok(())
    }

    /// Which member of each slot lives, and in which pieces it came.
    fn live(&self, plan: &Plan, pieces: &[&'a [u8]]) -> Result<Vec<Option<Live<'a>>>, Error> {
        let mut live: Vec<Option<Live<'a>>> = Vec::new();
        live.resize_with(plan.slots, || None);
        let mut count = 0_usize;
        for message in pieces {
            let mut cursor = Cursor::new(message);
            while let Some(wire) = cursor.field().map_err(malformed)? {
                let Some(field) = plan.field(wire.number).filter(|field| field.is_carried_as(&wire.value))
                else {
                    continue;
                };
                let Some(slot) = field.slot.and_then(|slot| live.get_mut(slot)) else { continue };
                let contents = if let Value::Bytes(contents) = wire.value { contents } else { &[] };
                match slot {
                    Some(slot) if slot.number == wire.number => slot.pieces.push(contents),
                    slot => {
                        *slot = Some(Live { number: wire.number, pieces: vec![contents], written: false });
                    }
                }
                count += 1;
                if count > self.work.max_payloads() {
                    return Err(Error::new(Code::Limit, "the fields of a message come in too many pieces"));
                }
            }
        }
        Ok(live)
    }

    /// Writes the edits of fields before `number`; gives back those that are left.
    fn edit<'e>(
        &mut self,
        plan: &'c Plan,
        edits: &'e [(u32, Edit)],
        number: u32,
    ) -> Result<&'e [(u32, Edit)], Error> {
        let due = edits.iter().take_while(|(at, _)| *at < number).count();
        let (now, later) = edits.split_at_checked(due).unwrap_or_default();
        for (at, edit) in now {
            match edit {
                Edit::Remove | Edit::Keep => {}
                Edit::Text(text) if text.is_empty() => {}
                Edit::Text(text) => self.out.field(*at, &[text.as_bytes()]),
                Edit::Payload(payload) => {
                    let Some(field) = plan.field(*at) else { continue };
                    if !self.payload(field.number, &[], &[payload])? {
                        self.out.field(*at, &[payload]);
                    }
                }
            }
        }
        Ok(later)
    }

    /// The same walk where nothing is written: every piece is looked at.
    fn merged_for_survey(
        &mut self,
        plan: &'c Plan,
        pieces: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let mut live = self.live(plan, pieces)?;
        for slot in live.iter_mut().flatten() {
            if let Some(field) = plan.field(slot.number) {
                self.position(field, &[], &slot.pieces, depth)?;
            }
        }
        for message in pieces {
            let mut cursor = Cursor::new(message);
            while let Some(wire) = cursor.field().map_err(malformed)? {
                if let (Some(field), Value::Bytes(contents)) = (plan.field(wire.number), wire.value)
                    && field.slot.is_none()
                {
                    self.position(field, &[], &[contents], depth)?;
                }
            }
        }
        Ok(false)
    }
}
