//! Failures inside messages: message and stack trace move into the encoded attributes, and back.

use tdc_formats::wire::{Cursor, Value};

use super::merge::Edit;
use super::plan::Plan;
use super::walk::{Walk, malformed};
use crate::error::Error;
use crate::failure::{Attributes, PLACEHOLDER};

/// Numbers of fields of `temporal.api.failure.v1.Failure`.
const MESSAGE: u32 = 1;
const STACK_TRACE: u32 = 3;
const ENCODED_ATTRIBUTES: u32 = 20;

/// The fields of a failure that the attributes contain.
#[derive(Default)]
struct CommonFields<'a> {
    message: &'a [u8],
    stack_trace: &'a [u8],
    attributes: Vec<&'a [u8]>,
}

impl<'a, 'c> Walk<'a, 'c> {
    /// Visits a failure; its causes are visited as failures too.
    #[inline(never)]
    pub(super) fn failure(
        &mut self,
        plan: &'c Plan,
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let hides = self.work.settings().encode_common_attributes;
        let edits = if hides || self.work.decodes() { self.edits(occurrences)? } else { Vec::new() };
        if edits.is_empty() {
            self.fields(plan, occurrences, depth)
        } else {
            self.merged(plan, occurrences, &edits, depth)
        }
    }

    /// The changes to the failure's own fields.
    #[inline(never)]
    fn edits(&mut self, occurrences: &[&'a [u8]]) -> Result<Vec<(u32, Edit)>, Error> {
        if self.work.encodes() && self.work.settings().encode_common_attributes {
            hide(&CommonFields::parse(occurrences)?)
        } else if self.work.decodes() {
            self.restore(&CommonFields::parse(occurrences)?)
        } else {
            Ok(Vec::new())
        }
    }

    /// The changes that decode makes from the attributes.
    fn restore(&mut self, common: &CommonFields<'a>) -> Result<Vec<(u32, Edit)>, Error> {
        if common.attributes.is_empty() {
            return Ok(Vec::new());
        }
        let opened = self.work.open(&common.attributes.concat());
        match opened.and_then(|payload| Attributes::from_payload(&payload)) {
            Ok(attributes) => {
                let text = |number, text: Option<String>| text.map(|text| (number, Edit::Text(text)));
                let message = text(MESSAGE, attributes.message);
                let stack_trace = text(STACK_TRACE, attributes.stack_trace);
                let removed = Some((ENCODED_ATTRIBUTES, Edit::Remove));
                Ok([message, stack_trace, removed].into_iter().flatten().collect())
            }
            Err(error) if self.work.keeps(&error) => Ok(vec![(ENCODED_ATTRIBUTES, Edit::Keep)]),
            Err(error) => Err(error.inside("encoded_attributes")),
        }
    }
}

/// The changes that encode makes to the fields of a failure. If its text was already moved, it
/// keeps its attributes, which go through the codecs as they are.
fn hide(common: &CommonFields<'_>) -> Result<Vec<(u32, Edit)>, Error> {
    let was_hidden = common.message == PLACEHOLDER.as_bytes() && common.stack_trace.is_empty();
    if was_hidden && !common.attributes.is_empty() {
        return Ok(Vec::new());
    }
    let payload = Attributes::to_payload(common.message, common.stack_trace)?;
    Ok(vec![
        (MESSAGE, Edit::Text(PLACEHOLDER.to_owned())),
        (STACK_TRACE, Edit::Remove),
        (ENCODED_ATTRIBUTES, Edit::Payload(payload)),
    ])
}

impl<'a> CommonFields<'a> {
    fn parse(occurrences: &[&'a [u8]]) -> Result<Self, Error> {
        let mut common = Self::default();
        for failure in occurrences {
            let mut cursor = Cursor::new(failure);
            while let Some(wire) = cursor.field().map_err(malformed)? {
                match (wire.number, wire.value) {
                    (MESSAGE, Value::Bytes(text)) => common.message = text,
                    (STACK_TRACE, Value::Bytes(text)) => common.stack_trace = text,
                    (ENCODED_ATTRIBUTES, Value::Bytes(payload)) => common.attributes.push(payload),
                    _ => {}
                }
            }
        }
        Ok(common)
    }
}
