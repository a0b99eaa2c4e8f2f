//! Rewrites messages: fields that are split into several parts become one, and a failure's own
//! fields are replaced.

use tdc_formats::wire::{Cursor, Value};

use super::plan::{Field, Plan, Target};
use super::walk::{Walk, malformed};
use crate::error::{Code, Error};

/// The change to a singular field.
#[derive(Debug)]
pub(super) enum Edit {
    /// It is left out.
    Remove,
    /// It stays as it is: no codec sees it.
    Keep,
    /// It becomes this text.
    Text(String),
    /// It is replaced with this payload, which goes through the codecs.
    Payload(Vec<u8>),
}

/// The effective value of a slot.
struct Live<'a> {
    number: u32,
    occurrences: Vec<&'a [u8]>,
    written: bool,
}

/// A message that is being rewritten. It is on the heap: messages nest, and the stack is needed for
/// the recursion.
struct Merging<'a, 'm, 'c> {
    plan: &'c Plan,
    edits: &'m [(u32, Edit)],
    edits_left: &'m [(u32, Edit)],
    live: Vec<Option<Live<'a>>>,
    occurrences: core::slice::Iter<'m, &'a [u8]>,
    /// The part being read, and where its next field begins.
    message: &'a [u8],
    start: usize,
    cursor: Cursor<'a>,
    /// The current field, as it came, and its contents together with its other parts.
    raw: &'a [u8],
    contents: Vec<&'a [u8]>,
    is_singular: bool,
}

impl<'a, 'c> Walk<'a, 'c> {
    /// Visits a message and rewrites it, whether or not anything changes. `edits` are sorted by
    /// number; an edited field is written before the first field with a higher number.
    #[inline(never)]
    pub(super) fn merged(
        &mut self,
        plan: &'c Plan,
        occurrences: &[&'a [u8]],
        edits: &[(u32, Edit)],
        depth: usize,
    ) -> Result<bool, Error> {
        if !self.work.writes() {
            return self.merged_for_survey(plan, occurrences, depth);
        }
        self.flush();
        let mut merging = self.merging(plan, occurrences, edits)?;
        while let Some(field) = self.next(&mut merging)? {
            match self.position(field, &[], &merging.contents, depth) {
                Ok(true) => {}
                Ok(false) if merging.is_singular => self.out.field(field.number, &merging.contents),
                Ok(false) => self.out.raw(merging.raw),
                Err(error) => {
                    self.left(field, merging.message, merging.start - merging.raw.len());
                    return Err(error);
                }
            }
        }
        Ok(true)
    }

    #[inline(never)]
    fn merging<'m>(
        &self,
        plan: &'c Plan,
        occurrences: &'m [&'a [u8]],
        edits: &'m [(u32, Edit)],
    ) -> Result<Box<Merging<'a, 'm, 'c>>, Error> {
        Ok(Box::new(Merging {
            plan,
            edits,
            edits_left: edits,
            live: self.live(plan, occurrences)?,
            occurrences: occurrences.iter(),
            message: &[],
            start: 0,
            cursor: Cursor::new(&[]),
            raw: &[],
            contents: Vec::new(),
            is_singular: false,
        }))
    }

    /// Moves to the next field that leads to payloads. Everything before it is written.
    #[inline(never)]
    fn next(&mut self, merging: &mut Merging<'a, '_, 'c>) -> Result<Option<&'c Field>, Error> {
        loop {
            let Some(wire) = merging.cursor.field().map_err(malformed)? else {
                let Some(message) = merging.occurrences.next() else {
                    self.edit(merging.plan, merging.edits_left, u32::MAX)?;
                    return Ok(None);
                };
                (merging.message, merging.start, merging.cursor) = (message, 0, Cursor::new(message));
                continue;
            };
            let end = merging.message.len() - merging.cursor.remaining();
            merging.raw = merging.message.get(merging.start..end).unwrap_or_default();
            merging.start = end;
            let edit = merging.edits.iter().find(|(number, _)| *number == wire.number);
            if edit.is_some_and(|(_, edit)| !matches!(edit, Edit::Keep)) {
                continue;
            }
            merging.edits_left = self.edit(merging.plan, merging.edits_left, wire.number)?;
            let field = merging.plan.field(wire.number);
            let Some(field) = field.filter(|field| edit.is_none() && field.is_carried_as(&wire.value)) else {
                self.out.raw(merging.raw);
                continue;
            };
            let slot = field.slot.and_then(|slot| merging.live.get_mut(slot)).and_then(Option::as_mut);
            merging.is_singular = slot.is_some();
            match slot {
                // Another member of the oneof came later, so this one does not count.
                Some(slot) if slot.number != field.number => {}
                Some(_) if matches!(field.target, Target::Nothing(_)) => self.out.raw(merging.raw),
                Some(slot) if slot.written => {}
                Some(slot) => {
                    slot.written = true;
                    merging.contents = core::mem::take(&mut slot.occurrences);
                    return Ok(Some(field));
                }
                None => {
                    merging.contents.clear();
                    merging.contents.push(if let Value::Bytes(contents) = wire.value {
                        contents
                    } else {
                        &[]
                    });
                    return Ok(Some(field));
                }
            }
        }
    }

    /// The effective member of each slot, and its parts.
    #[inline(never)]
    fn live(&self, plan: &Plan, occurrences: &[&'a [u8]]) -> Result<Vec<Option<Live<'a>>>, Error> {
        let mut live: Vec<Option<Live<'a>>> = Vec::new();
        live.resize_with(plan.slots, || None);
        let mut count = 0_usize;
        for message in occurrences {
            let mut cursor = Cursor::new(message);
            while let Some(wire) = cursor.field().map_err(malformed)? {
                let Some(field) = plan.field(wire.number).filter(|field| field.is_carried_as(&wire.value))
                else {
                    continue;
                };
                let Some(slot) = field.slot.and_then(|slot| live.get_mut(slot)) else { continue };
                let contents = if let Value::Bytes(contents) = wire.value { contents } else { &[] };
                match slot {
                    Some(slot) if slot.number == wire.number => slot.occurrences.push(contents),
                    slot => {
                        *slot =
                            Some(Live { number: wire.number, occurrences: vec![contents], written: false });
                    }
                }
                count += 1;
                if count > self.work.max_payloads() {
                    return Err(Error::new(
                        Code::Limit,
                        format!(
                            "the message's fields are split into too many parts, limits.max_payloads allows {}: raise it",
                            self.work.max_payloads()
                        ),
                    ));
                }
            }
        }
        Ok(live)
    }

    /// Writes the edits of fields before `number`; returns the remaining ones.
    #[inline(never)]
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

    /// The same visit when nothing is written: every part is read.
    #[inline(never)]
    fn merged_for_survey(
        &mut self,
        plan: &'c Plan,
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let mut live = self.live(plan, occurrences)?;
        for slot in live.iter_mut().flatten() {
            if let Some(field) = plan.field(slot.number) {
                self.position(field, &[], &slot.occurrences, depth)?;
            }
        }
        for message in occurrences {
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
