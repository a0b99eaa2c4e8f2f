//! What went wrong: one opaque [`Error`] with a stable [`Code`], a sentence, and the payload it is
//! about.
//!
//! Messages are written for the person who reads a log. They never hold plaintext or key bytes. What came in
//! from outside is escaped and cut by [`text`], so a message is one line of bounded length.

mod code;
mod formats;
pub(crate) mod text;

use std::fmt;

pub use code::{Code, Kind};

use crate::codec::remote::Request;

/// An error of this library. One word wide; [`Error::code`] is what programs should look at.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    message: String,
    payload_index: Option<usize>,
    size_needed: usize,
    key_ids: Vec<String>,
    type_name: String,
    request: Option<Request>,
}

impl Error {
    /// An error of `code` whose sentence is `message`.
    #[cold]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: text::one_line(message.into()),
            payload_index: None,
            size_needed: 0,
            key_ids: Vec::new(),
            type_name: String::new(),
            request: None,
        }))
    }

    /// The caller's buffer cannot hold the `needed` bytes of the answer.
    #[cold]
    pub(crate) fn buffer_too_small(needed: usize, capacity: usize) -> Self {
        let mut error = Self::new(
            Code::BufferTooSmall,
            format!("the buffer has {capacity} bytes, the answer needs {needed}"),
        );
        error.0.size_needed = needed;
        error
    }

    /// The host is asked for the keys of `ids`.
    #[cold]
    pub(crate) fn key_needed(ids: Vec<String>) -> Self {
        let mut error = Self::new(
            Code::KeyNeeded,
            format!("the host is asked for {} key(s): {}", ids.len(), ids.join(", ")),
        );
        error.0.key_ids = ids;
        error
    }

    /// The host is asked for the descriptor of the message type `name`.
    #[cold]
    pub(crate) fn type_needed(name: String) -> Self {
        let mut error = Self::new(
            Code::TypeNeeded,
            format!(
                "there is no descriptor of the message type {}: add a descriptor set to descriptors, or provide one",
                text::words(&name)
            ),
        );
        error.0.type_name = name;
        error
    }

    /// The host is asked to send `request` to a codec server.
    #[cold]
    pub(crate) fn remote_needed(request: Request) -> Self {
        let mut error = Self::new(
            Code::RemoteNeeded,
            format!(
                "the host is asked to send {} payload(s) to the codec server {}",
                request.entries().len(),
                request.url()
            ),
        );
        error.0.request = Some(request);
        error
    }

    /// The same error, said of the payload at `index` (from 0) unless it already names one.
    #[must_use]
    pub fn at_payload(mut self, index: usize) -> Self {
        self.0.payload_index.get_or_insert(index);
        self
    }

    /// The same error, said of what stands at `path` in a message.
    pub(crate) fn inside(mut self, path: &str) -> Self {
        if !path.is_empty() {
            self.0.message = text::one_line(format!("{path}: {}", self.0.message));
        }
        self
    }

    /// The same error under another code.
    pub(crate) fn with_code(mut self, code: Code) -> Self {
        self.0.code = code;
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence, without code and index.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The payload that the error is about, counted from 0 over the payloads of the call.
    #[must_use]
    pub fn payload_index(&self) -> Option<usize> {
        self.0.payload_index
    }

    /// With [`Code::BufferTooSmall`]: how many bytes would do. Otherwise 0.
    #[must_use]
    pub fn size_needed(&self) -> usize {
        self.0.size_needed
    }

    /// With [`Code::KeyNeeded`]: the ids of the keys that the host is asked for.
    #[must_use]
    pub fn key_ids(&self) -> &[String] {
        &self.0.key_ids
    }

    /// With [`Code::TypeNeeded`]: the full name of the message type that the host is asked for. Otherwise
    /// empty.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// With [`Code::RemoteNeeded`]: the request that the host is asked to send.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        self.0.request.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().name())?;
        if let Some(index) = self.payload_index() {
            write!(f, " at payloads[{index}]")?;
        }
        write!(f, ": {}", self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
