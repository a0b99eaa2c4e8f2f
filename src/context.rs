//! The serialization context: the namespace and workflow that the payloads of a call belong to.
//!
//! Hosts pass it as a small protobuf message of our own (`docs/FORMAT.md`, "Serialization
//! context"), because an SDK's context is an object of its language and most calls have none:
//!
//! | field | type | |
//! |---|---|---|
//! | 1 kind | varint | 1 workflow, 2 activity, 3 Nexus |
//! | 2 namespace, 3 workflow_id, 4 workflow_type | string | |
//! | 5 activity_id, 6 activity_type, 7 activity_task_queue | string | |
//! | 8 is_local | varint | a local activity |
//! | 9 endpoint, 10 service, 11 operation | string | of Nexus |
//!
//! Unknown fields are ignored, so that newer hosts can add more. The namespace selects keys and
//! codecs; payloads can be bound to it and to the workflow id. The other fields are only validated,
//! so that a host that encodes them wrongly finds out now.

use tdc_formats::wire::{Cursor, Value};

use crate::error::{Code, Error};

/// The namespace and workflow that the payloads of a call belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context<'a> {
    /// The namespace; empty if the host does not give one.
    pub(crate) namespace: &'a str,
    /// The workflow id; empty if the host does not give one.
    pub(crate) workflow_id: &'a str,
    /// Payloads of a Nexus operation, which go from one namespace to another.
    pub(crate) is_nexus: bool,
}

/// The kind of Nexus.
const NEXUS: u64 = 3;

impl<'a> Context<'a> {
    /// Parses the message; empty bytes are "no context".
    ///
    /// # Errors
    /// [`Code::Context`] if the bytes are not such a message.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut context = Self::default();
        // Most calls have none.
        if bytes.is_empty() {
            return Ok(context);
        }
        let mut cursor = Cursor::new(bytes);
        while let Some(field) = cursor.field().map_err(|cause| malformed(&cause.to_string()))? {
            match (field.number, field.value) {
                (2..=7 | 9..=11, Value::Bytes(text)) => {
                    let text =
                        core::str::from_utf8(text).map_err(|_| malformed("a text field is not UTF-8"))?;
                    match field.number {
                        2 => context.namespace = text,
                        3 => context.workflow_id = text,
                        _ => {}
                    }
                }
                (1, Value::Varint(kind)) => context.is_nexus = kind == NEXUS,
                (8, Value::Varint(_)) | (12.., _) => {}
                (number, _) => {
                    return Err(malformed(&format!("field {number} has an unexpected wire type")));
                }
            }
        }
        Ok(context)
    }
}

#[cold]
fn malformed(why: &str) -> Error {
    Error::new(Code::Context, format!("the serialization context is malformed: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespace_is_read_and_newer_fields_are_ignored() {
        let bytes = b"\x08\x01\x12\x02ns\x1a\x01w\x40\x01\xa2\x06\x01x";
        assert_eq!(Context::parse(bytes).unwrap().namespace, "ns");
        assert_eq!(Context::parse(b"").unwrap(), Context::default());
    }

    #[test]
    fn malformed_contexts_are_refused() {
        for bytes in [&b"\x12\x05ns"[..], b"\x12\x01\xff", b"\x10\x01", b"\xff"] {
            assert_eq!(Context::parse(bytes).unwrap_err().code(), Code::Context, "{bytes:02x?}");
        }
    }
}
