//! Errors in an input.

use core::fmt;

/// An error of this crate. One word wide, because it is part of every call's result.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    type_name: String,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not JSON, or not what a message type expects.
    Json,
    /// A well-formed value that the other format cannot express.
    Value,
    /// The bytes are not MessagePack.
    MessagePack,
    /// The bytes are not the protobuf message that they should be.
    Protobuf,
    /// The input nests deeper than the format allows.
    Depth,
    /// The output would be longer than the caller allows.
    Length,
    /// No descriptor is known for a message type, which [`Error::type_name`] names.
    UnknownType,
    /// The caller passed arguments that do not belong together: a bug.
    Misuse,
}

impl Error {
    /// An error of `kind` with the text `message`.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), type_name: String::new() }))
    }

    /// No descriptor is known for the message type `name`.
    #[cold]
    pub(crate) fn unknown_type(name: String) -> Self {
        let message = format!("no descriptor is known for the message type {name}");
        Self(Box::new(Inner { kind: ErrorKind::UnknownType, message, type_name: name }))
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The text. It never quotes a value of the input.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// With [`ErrorKind::UnknownType`]: the full name of the type. Otherwise empty.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind(), self.message())
    }
}

impl core::error::Error for Error {}
