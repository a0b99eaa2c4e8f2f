//! Errors: one opaque [`Error`] with a stable [`Code`], a sentence, and the payload it is about.
//!
//! Messages are written for the person who reads a log. They never contain plaintext or key bytes.
//! Text from outside is escaped and truncated by [`text`], so a message is one line of bounded
//! length.

mod code;
mod formats;
pub(crate) mod text;

use std::fmt;
use std::sync::Arc;

pub use code::{Code, Kind};

/// An error of this library, one word wide. Programs should look at [`Error::code`].
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    message: String,
    payload_index: Option<usize>,
    size_needed: usize,
    needs: Needs,
}

/// What a host could give so that the same call succeeds.
#[derive(Debug, Default)]
pub(crate) enum Needs {
    #[default]
    Nothing,
    /// Keys.
    Keys(Vec<Needed>),
    /// A new data key, wrapped by the KEK with this name.
    Wrap(Arc<str>),
    /// The descriptor of the message type with this full name.
    Descriptor(String),
}

/// A key that a host may have, or can have unwrapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Needed {
    /// The key of this id.
    Key(String),
    /// The data key that a KEK wrapped.
    DataKey {
        /// The name of the KEK in the ring.
        kek: Arc<str>,
        /// Its wrapped form in base64, as the payload has it.
        wrapped: Box<[u8]>,
    },
    /// The same, to be wrapped by another KEK.
    Rewrapped {
        /// The name of the KEK that wrapped it.
        kek: Arc<str>,
        /// Its wrapped form in base64, as the payload has it.
        wrapped: Box<[u8]>,
        /// The name of the KEK to wrap it with.
        by: Arc<str>,
    },
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
            needs: Needs::Nothing,
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

    /// Only the host may have these keys, or can have them unwrapped.
    #[cold]
    pub(crate) fn keys_needed(keys: Vec<Needed>) -> Self {
        let mut ids = Vec::new();
        let mut keks = Vec::new();
        for key in &keys {
            match key {
                Needed::Key(id) => ids.push(id.as_str()),
                Needed::DataKey { kek, .. } | Needed::Rewrapped { by: kek, .. } => {
                    if !keks.contains(&&**kek) {
                        keks.push(&**kek);
                    }
                }
            }
        }
        let mut error = if ids.is_empty() {
            let names = keks.join("\", \"");
            let is_unwrap = keys.iter().any(|key| matches!(key, Needed::DataKey { .. }));
            let verb = if is_unwrap { "unwrapped" } else { "wrapped" };
            Self::new(
                Code::KeyService,
                format!(
                    "the data key must be {verb} with the key \"{names}\": its key service was not asked or did not answer"
                ),
            )
        } else {
            let names = ids.join("\", \"");
            Self::new(
                Code::KeyUnknown,
                format!(
                    "the key \"{names}\" is not in the keyring: the host may have it, and was not asked or did not answer"
                ),
            )
        };
        error.0.needs = Needs::Keys(keys);
        error
    }

    /// A new data key must be wrapped with the KEK `kek`.
    #[cold]
    pub(crate) fn wrap_needed(kek: &Arc<str>) -> Self {
        let mut error = Self::new(
            Code::KeyService,
            format!(
                "a data key must be wrapped with the key \"{kek}\": its key service was not asked or did not answer"
            ),
        );
        error.0.needs = Needs::Wrap(Arc::clone(kek));
        error
    }

    /// Only the host may have the descriptor of the message type `name`.
    #[cold]
    pub(crate) fn descriptor_needed(name: String) -> Self {
        let mut error = Self::new(
            Code::Type,
            format!(
                "there is no descriptor of the message type {}: add a descriptor set to descriptors, or provide one",
                text::words(&name)
            ),
        );
        error.0.needs = Needs::Descriptor(name);
        error
    }

    /// The same error for the payload at `index` (from 0), unless it already names one.
    #[must_use]
    pub fn at_payload(mut self, index: usize) -> Self {
        self.0.payload_index.get_or_insert(index);
        self
    }

    /// The same error with more to say.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.0.message = text::one_line(format!("{}{more}", self.0.message));
        self
    }

    /// The same error for the field at `path` in a message.
    pub(crate) fn inside(mut self, path: &str) -> Self {
        if !path.is_empty() {
            self.0.message = text::one_line(format!("{path}: {}", self.0.message));
        }
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message, without code and index.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The payload that the error is about, counted from 0 over the payloads of the call.
    #[must_use]
    pub fn payload_index(&self) -> Option<usize> {
        self.0.payload_index
    }

    /// With [`Code::BufferTooSmall`]: how many bytes are needed. Otherwise 0.
    #[must_use]
    pub fn size_needed(&self) -> usize {
        self.0.size_needed
    }

    /// What a host could give so that the same call succeeds.
    pub(crate) fn needs(&self) -> &Needs {
        &self.0.needs
    }

    /// The keys that a host could give.
    pub(crate) fn needed_keys(&self) -> &[Needed] {
        match &self.0.needs {
            Needs::Keys(keys) => keys,
            Needs::Nothing | Needs::Wrap(_) | Needs::Descriptor(_) => &[],
        }
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
