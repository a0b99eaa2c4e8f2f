//! Visits a message as proto3 JSON. Payloads and failures are replaced in the text, and everything
//! else is kept as it is: fields newer than the descriptors, old enum names, numbers, whitespace.
//!
//! The text is untrusted: it is validated first, and messages nest at most to
//! [`MAX_MESSAGE_DEPTH`].

mod ahead;
pub(super) mod cursor;
mod readable;

use tdc_formats::json::{self, Reader, without_mark, write_text};

use super::plan::{Field, Plan, Plans, Shape, Target, Treatment};
use super::walk::{path, too_deep};
use super::work::Work;
use crate::error::{Code, Error};
use crate::failure::{Attributes, PLACEHOLDER};
use crate::limits::MAX_MESSAGE_DEPTH;
use crate::payload::json::print_payload;
use ahead::{Ahead, Sought};
use cursor::{Cursor, Member};
use readable::{read_payload, readable};

/// One walk over one text.
pub(crate) struct JsonWalk<'a, 'c> {
    plans: &'c Plans,
    work: Work<'c>,
    text: &'a str,
    ahead: Ahead<'a>,
    out: Vec<u8>,
    /// Whether the current operation belongs to Temporal's own Nexus endpoint.
    is_system: bool,
    /// How much of the text has been copied to `out` or replaced.
    copied: usize,
    /// The position at which the visit failed, innermost field first.
    trail: Vec<String>,
}

/// Checks that the text is JSON within the common depth limit; a byte order mark is not part of it.
pub(crate) fn check(text: &[u8]) -> Result<&str, Error> {
    Ok(json::check(without_mark(text)?)?)
}

/// The first of `names` that occurs as a member of the object.
pub(super) fn first_member<'n>(text: &str, names: &[&'n str]) -> Option<&'n str> {
    let mut cursor = Cursor::new(text, 0);
    if !cursor.take(b'{') {
        return None;
    }
    while let Some(member) = cursor.member() {
        if let Some(name) = names.iter().find(|name| **name == member.name) {
            return Some(name);
        }
        cursor.skip();
    }
    None
}

#[cold]
fn json_error(why: &str) -> Error {
    Error::new(Code::Json, format!("the JSON is not the expected message: {why}"))
}

impl<'a, 'c> JsonWalk<'a, 'c> {
    /// A visit of a text that was validated.
    pub(crate) fn new(plans: &'c Plans, work: Work<'c>, text: &'a str) -> Self {
        Self {
            plans,
            work,
            text,
            ahead: Ahead::default(),
            out: Vec::new(),
            is_system: false,
            copied: 0,
            trail: Vec::new(),
        }
    }

    /// Visits the text, which is one message of this plan, or with `is_list` an array of them.
    pub(crate) fn run(mut self, plan: &'c Plan, is_list: bool) -> Result<Vec<u8>, Error> {
        self.out.reserve(self.text.len());
        let result = self.top(plan, is_list);
        result.map_err(|error| error.inside(&path(&self.trail)))?;
        self.raw_to(self.text.len());
        Ok(self.out)
    }

    /// The result of a pass that writes nothing.
    pub(crate) fn survey(mut self, plan: &'c Plan, is_list: bool) -> Work<'c> {
        // Errors are left to the pass that writes, which reports their position.
        let _ = self.top(plan, is_list);
        self.work
    }

    fn top(&mut self, plan: &'c Plan, is_list: bool) -> Result<(), Error> {
        let mut cursor = Cursor::new(self.text, 0);
        if is_list {
            return self.list(&mut cursor, |walk, cursor| walk.object(plan, cursor, MAX_MESSAGE_DEPTH));
        }
        // A list of messages that is left unchanged would look as if it had been encoded.
        if cursor.peek() != b'{' {
            return Err(json_error("expected one object"));
        }
        self.object(plan, &mut cursor, MAX_MESSAGE_DEPTH)
    }

    /// Visits a message. A value that is not an object is left as it is.
    fn object(&mut self, plan: &'c Plan, cursor: &mut Cursor<'a>, depth: usize) -> Result<(), Error> {
        let Some(depth) = depth.checked_sub(1) else { return Err(too_deep()) };
        if plan.shape == Shape::Payload {
            return self.payload(cursor);
        }
        if cursor.peek() != b'{' {
            let is_null = cursor.skip() == "null";
            return if is_null || !plan.is_payloads() { Ok(()) } else { Err(readable()) };
        }
        let plan = match plan.shape {
            Shape::Any => match self.any(*cursor) {
                Some(plan) => plan,
                None => {
                    cursor.skip();
                    return Ok(());
                }
            },
            _ => plan,
        };
        let mut kept = false;
        if plan.shape == Shape::Failure {
            match self.edited(*cursor)? {
                Edited::No => {}
                Edited::Keep => kept = true,
                Edited::Texts(texts) => return self.failure(plan, &texts, cursor, depth),
            }
        }
        let is_system =
            matches!(plan.shape, Shape::NexusOperation { .. }) && self.is_system_operation(*cursor);
        let outer = core::mem::replace(&mut self.is_system, is_system);
        cursor.take(b'{');
        while let Some(member) = self.member(cursor)? {
            match plan.field_named(member.name) {
                Some(field) if !(kept && is_common(&member)) => {
                    self.field(field, cursor, depth)?;
                }
                _ => drop(cursor.skip()),
            }
        }
        self.is_system = outer;
        Ok(())
    }

    /// The next member of a message. A name with escapes is refused on encode: it may be that of a
    /// field, which would stay in the clear.
    fn member(&self, cursor: &mut Cursor<'a>) -> Result<Option<Member<'a>>, Error> {
        match cursor.member() {
            Some(member) if self.work.encodes() && member.name.contains('\\') => {
                Err(json_error("expected field names without escapes"))
            }
            member => Ok(member),
        }
    }

    fn field(&mut self, field: &'c Field, cursor: &mut Cursor<'a>, depth: usize) -> Result<(), Error> {
        let strict = self.work.is_strict();
        match field.treatment {
            Treatment::Codec => {}
            treatment if self.work.skips(treatment) => {
                cursor.skip();
                return Ok(());
            }
            treatment => self.work.relax(treatment),
        }
        let result = match field.target {
            Target::Nothing(_) => {
                cursor.skip();
                Ok(())
            }
            Target::NexusInput if self.is_system => {
                // The envelope is plain and contains protobuf, which this visitor does not open.
                self.work.relax(Treatment::Plain);
                self.payload(cursor)
            }
            Target::Payload | Target::NexusInput => {
                let is_list = field.repeated;
                self.values(field, cursor, |walk, cursor| match cursor.peek() {
                    b'n' if is_list => Err(readable()),
                    _ => walk.payload(cursor),
                })
            }
            Target::Message(index) => match self.plans.get(index) {
                Some(entry) if field.is_map => self.map(entry, cursor, depth),
                Some(plan) => self.values(field, cursor, |walk, cursor| walk.object(plan, cursor, depth)),
                None => Ok(()),
            },
        };
        self.work.set_strict(strict);
        if result.is_err() && (!field.repeated || field.is_map) {
            self.trail.push(field.name.clone());
        }
        result
    }

    /// One value, or the array of a repeated field.
    fn values(
        &mut self,
        field: &Field,
        cursor: &mut Cursor<'a>,
        one: impl FnMut(&mut Self, &mut Cursor<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut one = one;
        if !field.repeated || cursor.peek() != b'[' {
            return one(self, cursor);
        }
        self.list(cursor, one).inspect_err(|_| {
            if let Some(index) = self.trail.last_mut() {
                index.insert_str(0, &field.name);
            }
        })
    }

    fn list(
        &mut self,
        cursor: &mut Cursor<'a>,
        mut one: impl FnMut(&mut Self, &mut Cursor<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        cursor.take(b'[');
        let mut index = 0_usize;
        while cursor.element() {
            if let Err(error) = one(self, cursor) {
                self.trail.push(format!("[{index}]"));
                return Err(error);
            }
            index += 1;
        }
        Ok(())
    }

    /// A map, which is an object; `entry` is the message of its entries, whose second field is the
    /// value.
    fn map(&mut self, entry: &'c Plan, cursor: &mut Cursor<'a>, depth: usize) -> Result<(), Error> {
        let Some(value) = entry.field(2).filter(|_| cursor.peek() == b'{') else {
            cursor.skip();
            return Ok(());
        };
        cursor.take(b'{');
        while cursor.member().is_some() {
            self.field(value, cursor, depth)?;
        }
        Ok(())
    }

    /// Replaces a payload, if it changes. `null` is not a payload.
    #[inline(never)]
    fn payload(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Error> {
        let start = cursor.position();
        let text = cursor.skip();
        if text == "null" {
            return Ok(());
        }
        let payload = read_payload(text)?;
        if self.work.applies(&payload)?
            && let Some(payload) = self.work.rewrite(&payload)?
        {
            self.raw_to(start);
            self.copied = start + text.len();
            print_payload(&payload, &mut self.out)?;
        }
        Ok(())
    }

    /// The plan of the message in an `Any`.
    #[inline(never)]
    fn any(&mut self, cursor: Cursor<'a>) -> Option<&'c Plan> {
        let (_, url) = self.ahead.members(cursor).find(|(member, _)| *member == Sought::Type)?;
        let name = url.trim_matches('"').rsplit('/').next().unwrap_or_default();
        self.plans.find(name).flatten()
    }

    /// Rewrites a failure, its texts first.
    #[inline(never)]
    fn failure(
        &mut self,
        plan: &'c Plan,
        texts: &Texts,
        cursor: &mut Cursor<'a>,
        depth: usize,
    ) -> Result<(), Error> {
        self.raw_to(cursor.position());
        self.out.push(b'{');
        self.text_member("message", &texts.message);
        self.text_member("stackTrace", &texts.stack_trace);
        if let Some(payload) = &texts.attributes {
            self.name("encodedAttributes");
            let worked = if self.work.applies(payload)? { self.work.rewrite(payload)? } else { None };
            print_payload(worked.as_deref().unwrap_or(payload), &mut self.out)?;
        }
        cursor.take(b'{');
        while let Some(member) = self.member(cursor)? {
            if is_common(&member) {
                cursor.skip();
                continue;
            }
            if !self.out.ends_with(b"{") {
                self.out.push(b',');
            }
            self.copied = member.start;
            match plan.field_named(member.name) {
                Some(field) => self.field(field, cursor, depth)?,
                None => drop(cursor.skip()),
            }
            self.raw_to(cursor.here());
        }
        self.out.push(b'}');
        self.copied = cursor.here();
        Ok(())
    }

    /// Whether a Nexus operation belongs to Temporal's own endpoint.
    #[inline(never)]
    fn is_system_operation(&mut self, cursor: Cursor<'a>) -> bool {
        let endpoints = self.ahead.members(cursor).filter(|(member, _)| *member == Sought::Endpoint);
        endpoints.last().is_some_and(|(_, name)| name == "\"__temporal_system\"")
    }

    /// The changes to a failure's texts.
    #[inline(never)]
    fn edited(&mut self, cursor: Cursor<'a>) -> Result<Edited, Error> {
        let common = CommonMembers::read(self.ahead.members(cursor))?;
        let (message, stack_trace) = (common.message.as_str(), common.stack_trace.as_str());
        if self.work.encodes() && self.work.settings().encode_common_attributes {
            if common.attributes.is_some() && message == PLACEHOLDER && stack_trace.is_empty() {
                return Ok(Edited::No);
            }
            let attributes = Attributes::to_payload(message.as_bytes(), stack_trace.as_bytes())?;
            return Ok(Edited::Texts(Texts {
                message: PLACEHOLDER.to_owned(),
                stack_trace: String::new(),
                attributes: Some(attributes),
            }));
        }
        let Some(attributes) = common.attributes.as_ref().filter(|_| self.work.decodes()) else {
            return Ok(Edited::No);
        };
        let opened = self.work.open(attributes).and_then(|payload| Attributes::from_payload(&payload));
        match opened {
            Ok(attributes) => Ok(Edited::Texts(Texts {
                message: attributes.message.unwrap_or_else(|| message.to_owned()),
                stack_trace: attributes.stack_trace.unwrap_or_else(|| stack_trace.to_owned()),
                attributes: None,
            })),
            Err(error) if self.work.keeps(&error) => Ok(Edited::Keep),
            Err(error) => {
                self.trail.push("encoded_attributes".to_owned());
                Err(error)
            }
        }
    }

    fn text_member(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            write_text(text, &mut self.out);
        }
    }

    fn name(&mut self, name: &str) {
        if !self.out.ends_with(b"{") {
            self.out.push(b',');
        }
        write_text(name, &mut self.out);
        self.out.push(b':');
    }

    /// Copies the text up to `end`, unless this pass writes nothing.
    fn raw_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.text.get(self.copied..end).unwrap_or_default().as_bytes());
        self.copied = end.max(self.copied);
    }
}

/// Whether this is one of the members of a failure that its attributes contain.
fn is_common(member: &Member<'_>) -> bool {
    let sought = Sought::named(member.name);
    matches!(sought, Some(Sought::Message | Sought::StackTrace | Sought::EncodedAttributes))
}

/// The values of these members.
#[derive(Default)]
struct CommonMembers {
    message: String,
    stack_trace: String,
    attributes: Option<Vec<u8>>,
}

/// What becomes of them.
enum Edited {
    /// Nothing.
    No,
    /// The attributes cannot be read, and stay.
    Keep,
    Texts(Texts),
}

struct Texts {
    message: String,
    stack_trace: String,
    attributes: Option<Vec<u8>>,
}

impl CommonMembers {
    fn read<'a>(members: impl Iterator<Item = (Sought, &'a str)>) -> Result<Self, Error> {
        let mut common = Self::default();
        for (member, value) in members {
            match member {
                Sought::Message => common.message = read_text(value)?,
                Sought::StackTrace => common.stack_trace = read_text(value)?,
                Sought::EncodedAttributes if value != "null" => {
                    common.attributes = Some(read_payload(value)?);
                }
                _ => {}
            }
        }
        Ok(common)
    }
}

fn read_text(value: &str) -> Result<String, Error> {
    let mut reader = Reader::new(value);
    match reader.peek() {
        b'n' => Ok(String::new()),
        _ => match reader.string() {
            Ok(text) => Ok(text.lossy().into_owned()),
            Err(_) => Err(json_error("message, stackTrace and the like must be strings")),
        },
    }
}
