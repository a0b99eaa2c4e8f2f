//! Binding: a payload that says where it belongs, and is refused elsewhere.
//!
//! ```text
//! encryption-context   tdc.context.v1.Context with the bound fields only: 2 namespace, 3 workflow_id,
//!                      ascending, each at most once, never empty: one encoding for each record
//! associated data      DOMAIN ‖ encryption-context
//! ```
//! Nobody else knows the entry, so such payloads have an encoding of their own, which all others
//! pass on. Payloads of Nexus are never bound: they go from one namespace to another.

use serde::Deserialize;
use tdc_formats::wire::{self, Cursor, Value};

use crate::codec::Environment;
use crate::config::document::Problem;
use crate::context::Context;
use crate::error::{Code, Error, text};
use crate::keys::{TDC_ENCRYPTED_ENTRY, push_entry};

/// What keeps the associated data from meaning anything else.
const DOMAIN: &[u8] = b"tdc bound payload v1\0";

const NAMESPACE: u8 = 2;
const WORKFLOW_ID: u8 = 3;

/// What payloads are bound to.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Binding {
    /// Where a payload belongs: `namespace`, and perhaps `workflow_id`.
    fields: Vec<FieldName>,
    /// Whether decode refuses a payload that is not bound to all of these.
    #[serde(default)]
    pub(super) required: bool,
}

/// A field that payloads can be bound to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum FieldName {
    /// The namespace.
    Namespace,
    /// The workflow id; docs/FORMAT.md says which sites it breaks.
    WorkflowId,
}

/// The fields that payloads are bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    namespace: bool,
    workflow_id: bool,
}

impl Binding {
    pub(super) fn fields(&self) -> Result<Fields, Problem> {
        let mut fields = Fields::default();
        for (index, name) in self.fields.iter().enumerate() {
            let field = match name {
                FieldName::Namespace => &mut fields.namespace,
                FieldName::WorkflowId => &mut fields.workflow_id,
            };
            if core::mem::replace(field, true) {
                let problem = Problem::new("this field is listed twice; remove one");
                return Err(problem.inside(index).inside("fields").inside("bind").inside("encrypt"));
            }
        }
        if fields == Fields::default() {
            let problem =
                Problem::new("expected at least one field: namespace is the one that fits everywhere");
            return Err(problem.inside("fields").inside("bind").inside("encrypt"));
        }
        Ok(fields)
    }
}

impl Fields {
    /// The most bytes that the entry adds to a payload: a namespace and a workflow id of the
    /// lengths that the server allows.
    pub(crate) fn overhead(self) -> usize {
        const ENTRY: usize = 40;
        ENTRY + if self.namespace { 260 } else { 0 } + if self.workflow_id { 1010 } else { 0 }
    }
}

/// What is written into a payload that is bound.
pub(super) struct Bound {
    entries: Vec<u8>,
    associated: Vec<u8>,
}

impl Bound {
    /// # Errors
    /// [`Code::Context`] where it is not known where the payload belongs.
    pub(super) fn new(fields: Fields, environment: &Environment<'_>) -> Result<Self, Error> {
        let context = environment.context;
        let mut associated = DOMAIN.to_vec();
        let wanted = [
            (fields.namespace, NAMESPACE, context.namespace, "namespace"),
            (fields.workflow_id, WORKFLOW_ID, context.workflow_id, "workflow id"),
        ];
        for (_, number, value, name) in wanted.into_iter().filter(|(is_bound, ..)| *is_bound) {
            if value.is_empty() {
                return Err(Error::new(
                    Code::Context,
                    format!(
                        "the configuration binds payloads to their {name}, and none was given: give one at open or in the serialization context"
                    ),
                ));
            }
            wire::push_bytes(&mut associated, number, value.as_bytes());
        }
        let mut entries = TDC_ENCRYPTED_ENTRY.to_vec();
        push_entry(&mut entries, "encryption-context", associated.get(DOMAIN.len()..).unwrap_or_default());
        Ok(Self { entries, associated })
    }

    /// The entries of the metadata that come before those of the key.
    pub(super) fn entries(&self) -> &[u8] {
        &self.entries
    }

    pub(super) fn associated(&self) -> &[u8] {
        &self.associated
    }
}

/// What a payload says that it is bound to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recorded<'a> {
    namespace: Option<&'a str>,
    workflow_id: Option<&'a str>,
    bytes: &'a [u8],
}

impl<'a> Recorded<'a> {
    /// Reads the entry; `None` for anything but its one form.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut recorded = Self { namespace: None, workflow_id: None, bytes };
        let mut cursor = Cursor::new(bytes);
        while let Some(field) = cursor.field().ok()? {
            let Value::Bytes(value) = field.value else { return None };
            let value = core::str::from_utf8(value).ok().filter(|value| !value.is_empty())?;
            match field.number {
                2 => recorded.namespace = Some(value),
                3 => recorded.workflow_id = Some(value),
                _ => return None,
            }
        }
        let mut canonical = Vec::with_capacity(bytes.len());
        for (number, value) in [(NAMESPACE, recorded.namespace), (WORKFLOW_ID, recorded.workflow_id)] {
            if let Some(value) = value {
                wire::push_bytes(&mut canonical, number, value.as_bytes());
            }
        }
        (canonical == bytes && !bytes.is_empty()).then_some(recorded)
    }

    /// What is authenticated with the payload.
    pub(crate) fn associated(&self) -> Vec<u8> {
        [DOMAIN, self.bytes].concat()
    }

    /// Whether all of `fields` are bound.
    pub(crate) fn has(&self, fields: Fields) -> bool {
        (!fields.namespace || self.namespace.is_some()) && (!fields.workflow_id || self.workflow_id.is_some())
    }

    /// Refuses what belongs to another place than the one where it was read, as far as that is
    /// known.
    pub(super) fn check(&self, context: &Context<'_>) -> Result<(), Error> {
        let fields = [
            (self.namespace, context.namespace, "namespace"),
            (self.workflow_id, context.workflow_id, "workflow id"),
        ];
        for (recorded, own, name) in fields {
            if let Some(recorded) = recorded.filter(|recorded| !own.is_empty() && *recorded != own) {
                let (recorded, own) = (text::quoted(recorded), text::quoted(own));
                return Err(Error::new(
                    Code::Context,
                    format!("the payload is bound to the {name} {recorded}, and was read in {own}"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_one_encoding() {
        let recorded = Recorded::read(b"\x12\x02ns\x1a\x01w").unwrap();
        assert_eq!((recorded.namespace, recorded.workflow_id), (Some("ns"), Some("w")));
        for bytes in [
            &b""[..],
            b"\x1a\x01w\x12\x02ns",
            b"\x12\x02ns\x12\x02ns",
            b"\x12\x82\x00ns",
            b"\x12\x00",
            b"\x12\x01\xff",
            b"\x10\x01",
            b"\x22\x01x",
            b"\x12\x02ns\x1a",
        ] {
            assert_eq!(Recorded::read(bytes), None, "{bytes:02x?}");
        }
    }

    #[test]
    fn only_what_is_known_is_compared() {
        let recorded = Recorded::read(b"\x12\x02ns").unwrap();
        let context = |namespace| Context { namespace, workflow_id: "w", is_nexus: false };
        assert!(recorded.check(&context("ns")).is_ok() && recorded.check(&context("")).is_ok());
        assert_eq!(recorded.check(&context("other")).unwrap_err().code(), Code::Context);
    }
}
