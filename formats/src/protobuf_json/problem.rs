//! What is wrong with a message or its JSON, and in which field.

use crate::json::Fault;
use crate::text::elided;
use crate::wire::Malformed;
use crate::{Error, ErrorKind};

/// A longer text is not treated as a full name.
const MAX_TYPE_NAME: usize = 512;

/// Steps that a path shows.
const MAX_STEPS: usize = 16;

/// Most characters of a name that are shown.
const MAX_NAME: usize = 300;

/// One problem. It is part of every call's result, so it is one word wide.
pub(super) struct Problem(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    /// Innermost first.
    path: Vec<String>,
    type_needed: Option<String>,
}

impl Problem {
    #[cold]
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), path: Vec::new(), type_needed: None }))
    }

    /// A well-formed message whose value has no JSON form.
    #[cold]
    pub(super) fn value(message: &str) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    /// Bytes that are not the message.
    #[cold]
    pub(super) fn protobuf(message: &str) -> Self {
        Self::new(ErrorKind::Protobuf, message)
    }

    /// JSON that does not fit the type.
    #[cold]
    pub(super) fn json(message: &str) -> Self {
        Self::new(ErrorKind::Json, message)
    }

    #[cold]
    pub(super) fn too_deep() -> Self {
        Self::new(ErrorKind::Depth, format!("messages nest deeper than {}", super::MAX_DEPTH))
    }

    /// No descriptor is known for the type `name`.
    #[cold]
    pub(super) fn type_needed(name: &str) -> Self {
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if name.is_empty() || name.len() > MAX_TYPE_NAME || !name.chars().all(named) {
            return Self::new(
                ErrorKind::Protobuf,
                format!("this is not a message type ({} bytes)", name.len()),
            );
        }
        let mut problem = Self::new(ErrorKind::UnknownType, String::new());
        problem.0.type_needed = Some(name.to_owned());
        problem
    }

    pub(super) fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The same problem, inside `step`: the name of a field, or `[index]`.
    #[cold]
    pub(super) fn inside(mut self, step: impl Into<String>) -> Self {
        self.0.path.push(step.into());
        self
    }

    #[cold]
    pub(super) fn at_item(self, index: usize) -> Self {
        self.inside(format!("[{index}]"))
    }

    /// The error for a caller; `name` is the type of the whole message.
    pub(super) fn into_error(self, name: &str) -> Error {
        if let Some(needed) = self.0.type_needed {
            return Error::unknown_type(needed);
        }
        let mut path = String::new();
        for step in self.0.path.iter().rev().take(MAX_STEPS) {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            // Fields of types described by the host can have any name.
            path.push_str(&words(step));
        }
        // A known name may come from the host's descriptors, an unknown one from a payload.
        let (name, message) = (words(name), self.0.message);
        let name = if name.is_empty() { "the message" } else { &name };
        let text = match path.is_empty() {
            true => format!("{name}: {message}"),
            false => format!("{name}: {path}: {message}"),
        };
        Error::new(self.0.kind, text)
    }
}

impl From<Fault> for Problem {
    #[cold]
    fn from(fault: Fault) -> Self {
        match fault.what() {
            Some(what) => Self::json(&format!("expected {what} at byte {}", fault.at())),
            None => Self::too_deep(),
        }
    }
}

impl From<Malformed> for Problem {
    #[cold]
    fn from(cause: Malformed) -> Self {
        Self::new(ErrorKind::Protobuf, format!("the bytes are not a protobuf message: {cause}"))
    }
}

/// A name from foreign descriptors, as an error may show it.
fn words(name: &str) -> String {
    elided(name, MAX_NAME)
}
