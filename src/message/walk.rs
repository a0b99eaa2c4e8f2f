//! Visits a serialised message: payloads go to the codecs, failures are edited, and only the
//! changed parts are rewritten.
//!
//! Input is untrusted. A message nests at most to [`MAX_MESSAGE_DEPTH`]. Fields that do not lead to
//! a payload are skipped and copied as they are, so unknown fields survive.
//!
//! The visitor recurses, and a hundred levels must fit into 64 KiB of stack (`tests/c/stack.c`). So
//! code that is not part of the recursion is in functions that are not inlined
//! (`#[inline(never)]`): their stack frames are gone by then.
//!
//! A singular message field that occurs several times is one message (protobuf merges the parts,
//! which on the wire means concatenating them), and only the last member of a oneof counts. Most
//! messages have neither; [`merge`](super::merge) rewrites those that do.

use tdc_formats::wire::{Cursor, Malformed, Value};

use super::plan::{Field, Plan, Plans, Shape, Target, Treatment};
use super::work::Work;
use crate::error::{Code, Error};
use crate::framing::{Framed, Opened};
use crate::limits::MAX_MESSAGE_DEPTH;

/// One visit of one message.
pub(crate) struct Walk<'a, 'c> {
    pub(super) plans: &'c Plans,
    pub(super) work: Work<'c>,
    pub(super) out: Framed,
    /// Input to be copied before the next change: nothing is written until something changes.
    pending: Vec<Pending<'a>>,
    /// The messages that are open in `out`.
    open: Vec<Opened>,
    /// Whether the current message is an operation on Temporal's own Nexus endpoint.
    pub(super) system_nexus: bool,
    /// The position at which the visit failed, innermost field first.
    trail: Vec<String>,
}

/// The path from the last thing written to a nested message.
struct Pending<'a> {
    /// Whole fields before it.
    run: &'a [u8],
    number: u32,
    /// Its length as it came.
    len: usize,
}

/// Most field names shown in an error: a message may nest deeper.
const MAX_TRAIL: usize = 16;

impl<'a, 'c> Walk<'a, 'c> {
    pub(crate) fn new(plans: &'c Plans, work: Work<'c>, expected: usize) -> Self {
        Self {
            plans,
            work,
            out: Framed::with_room(expected),
            pending: Vec::new(),
            open: Vec::new(),
            system_nexus: false,
            trail: Vec::new(),
        }
    }

    /// Visits a whole message. Returns the new message, or `None` if nothing changed.
    pub(crate) fn run(mut self, plan: &'c Plan, message: &'a [u8]) -> Result<Option<Vec<u8>>, Error> {
        if plan.shape == Shape::Payload {
            return self.payload_itself(message);
        }
        match self.message(plan, &[message], MAX_MESSAGE_DEPTH) {
            Ok(true) => Ok(Some(self.out.finish(&[]))),
            Ok(false) => Ok(None),
            Err(error) => Err(error.inside(&path(&self.trail))),
        }
    }

    /// The result of a pass that writes nothing.
    pub(crate) fn survey(mut self, plan: &'c Plan, message: &'a [u8]) -> Work<'c> {
        // Malformed messages are left to the pass that writes, which reports the position.
        let _ = match plan.shape {
            Shape::Payload => self.work.applies(message).map(drop),
            _ => self.message(plan, &[message], MAX_MESSAGE_DEPTH).map(drop),
        };
        self.work
    }

    fn payload_itself(mut self, payload: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if !self.work.applies(payload)? {
            return Ok(None);
        }
        self.work.rewrite(payload)
    }

    /// Visits a message that came in `occurrences`, nearly always one. After `Ok(true)`, `out` has
    /// all of it; after `Ok(false)`, nothing.
    #[inline]
    pub(super) fn message(
        &mut self,
        plan: &'c Plan,
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(too_deep());
        };
        match plan.shape {
            Shape::Any => self.any(occurrences, depth),
            Shape::Failure => self.failure(plan, occurrences, depth),
            Shape::NexusOperation { endpoint } => self.nexus_operation(plan, endpoint, occurrences, depth),
            Shape::Message | Shape::Payload => self.fields(plan, occurrences, depth),
        }
    }

    #[inline]
    pub(super) fn fields(
        &mut self,
        plan: &'c Plan,
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        match occurrences {
            [message] if !is_split(plan, message)? => self.fields_of_one(plan, message, depth),
            occurrences => self.merged(plan, occurrences, &[], depth),
        }
    }

    #[inline(never)]
    fn fields_of_one(&mut self, plan: &'c Plan, message: &'a [u8], depth: usize) -> Result<bool, Error> {
        let mut changed = false;
        let (mut copied, mut start) = (0, 0);
        let mut cursor = Cursor::new(message);
        while let Some(wire) = cursor.field().map_err(malformed)? {
            let end = message.len() - cursor.remaining();
            if let (Some(field), Value::Bytes(contents)) = (plan.field(wire.number), wire.value) {
                let run = message.get(copied..start).unwrap_or_default();
                match self.position(field, run, &[contents], depth) {
                    Ok(true) => {
                        copied = end;
                        changed = true;
                    }
                    Ok(false) => {}
                    Err(error) => {
                        self.left(field, message, start);
                        return Err(error);
                    }
                }
            }
            start = end;
        }
        if changed {
            self.out.raw(message.get(copied..).unwrap_or_default());
        }
        Ok(changed)
    }

    /// Processes one field; `run` are the fields before it that are not written yet.
    #[inline(never)]
    pub(super) fn position(
        &mut self,
        field: &'c Field,
        run: &'a [u8],
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let strict = self.work.is_strict();
        match field.treatment {
            Treatment::Codec => {}
            treatment if self.work.skips(treatment) => return Ok(false),
            treatment => self.work.relax(treatment),
        }
        let result = match field.target {
            Target::Nothing(_) => Ok(false),
            Target::NexusInput if self.system_nexus => self.envelope(field.number, run, occurrences, depth),
            Target::Payload | Target::NexusInput => self.payload(field.number, run, occurrences),
            Target::Message(plan) => self.nested(self.plans.get(plan), field.number, run, occurrences, depth),
        };
        self.work.set_strict(strict);
        result
    }

    /// Walks a nested message.
    pub(super) fn nested(
        &mut self,
        plan: Option<&'c Plan>,
        number: u32,
        run: &'a [u8],
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let Some(plan) = plan else { return Ok(false) };
        if plan.shape == Shape::Payload {
            return self.payload(number, run, occurrences);
        }
        let len = occurrences.iter().map(|occurrence| occurrence.len()).sum();
        self.within(number, run, len, |walk| walk.message(plan, occurrences, depth))
    }

    /// Puts the output of `write` into the nested message `number`, if it writes anything.
    pub(super) fn within(
        &mut self,
        number: u32,
        run: &'a [u8],
        len: usize,
        write: impl FnOnce(&mut Self) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        self.pending.push(Pending { run, number, len });
        let changed = write(self)?;
        if changed {
            // It was written, so everything pending before it was too, and it is the innermost open
            // message.
            self.close();
        } else {
            self.pending.pop();
        }
        Ok(changed)
    }

    /// Passes a payload to the codecs.
    #[inline(never)]
    pub(super) fn payload(&mut self, number: u32, run: &[u8], occurrences: &[&[u8]]) -> Result<bool, Error> {
        let merged;
        let payload = match occurrences {
            [payload] => *payload,
            occurrences => {
                merged = occurrences.concat();
                merged.as_slice()
            }
        };
        if !self.work.applies(payload)? {
            return Ok(false);
        }
        self.flush();
        self.out.raw(run);
        let work = &mut self.work;
        self.out.payload(number, payload, work.bound(payload.len()), |room| work.write(payload, room))?;
        Ok(true)
    }

    /// Starts to write: everything that was deferred is written now.
    #[inline(never)]
    pub(super) fn flush(&mut self) {
        for pending in self.pending.drain(..) {
            self.out.raw(pending.run);
            self.open.push(self.out.open(pending.number, pending.len));
        }
    }

    /// Ends the innermost open message.
    pub(super) fn close(&mut self) {
        if let Some(opened) = self.open.pop() {
            self.out.close(opened);
        }
    }

    /// Records that the visit failed in `field`, which begins at `start` of `message`.
    #[cold]
    pub(super) fn left(&mut self, field: &Field, message: &[u8], start: usize) {
        if self.trail.len() > MAX_TRAIL {
            return;
        }
        if !field.repeated {
            self.trail.push(field.name.clone());
            return;
        }
        let mut cursor = Cursor::new(message.get(..start).unwrap_or_default());
        let mut index = 0;
        while let Ok(Some(wire)) = cursor.field() {
            index += usize::from(wire.number == field.number);
        }
        self.trail.push(format!("{}[{index}]", field.name));
    }
}

/// A path in a message, built from the names of its fields, innermost first.
pub(super) fn path(trail: &[String]) -> String {
    let mut names: Vec<&str> = trail.iter().take(MAX_TRAIL).rev().map(String::as_str).collect();
    if trail.len() > MAX_TRAIL {
        names.insert(0, "…");
    }
    names.join(".")
}

/// Whether a singular field occurs more than once, or several members of a oneof are present.
#[inline]
pub(super) fn is_split(plan: &Plan, message: &[u8]) -> Result<bool, Error> {
    if plan.slots == 0 {
        return Ok(false);
    }
    let mut seen = 0_u64;
    let mut cursor = Cursor::new(message);
    while let Some(wire) = cursor.field().map_err(malformed)? {
        let Some(slot) = plan.field(wire.number).and_then(|field| field.slot) else { continue };
        // Slots past the 64th share one bit: they may be merged unnecessarily, which is only
        // slower.
        let bit = 1_u64 << slot.min(63);
        if seen & bit != 0 {
            return Ok(true);
        }
        seen |= bit;
    }
    Ok(false)
}

#[cold]
pub(super) fn too_deep() -> Error {
    Error::new(
        Code::Limit,
        format!(
            "the message nests deeper than {MAX_MESSAGE_DEPTH} levels, which limits a failure's causes too"
        ),
    )
}

/// The error for bytes that are not a protobuf message.
#[cold]
pub(super) fn malformed(cause: Malformed) -> Error {
    Error::new(Code::Protobuf, format!("the message is malformed: {cause}"))
}
