//! The error of every call, and the SDK's error around it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use tdc::Code;
use temporalio_common::data_converters::PayloadConversionError;

/// What a key provider or another function of the program fails with.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;
/// The same, for each of the calls that shared a request.
pub(crate) type SharedCause = Arc<dyn StdError + Send + Sync>;

/// Why a call failed: a stable code, a sentence, and the payload that it is about. The sentence
/// contains neither plaintext nor keys.
///
/// The SDK passes it on inside a [`PayloadConversionError`] of its own; [`Error::find`] gets it
/// back.
pub struct Error(Box<Inner>);

struct Inner {
    error: tdc::Error,
    source: Option<SharedCause>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        tdc::Error::new(code, message).into()
    }

    /// The same error, because of `source`.
    pub(crate) fn because(mut self, source: impl Into<SharedCause>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, about the payload of another list: `place` gives its index there.
    pub(crate) fn moved(self, place: impl FnOnce(usize) -> Option<usize>) -> Self {
        let Inner { error, source } = *self.0;
        let Some(index) = error.payload_index() else { return Self(Box::new(Inner { error, source })) };
        let error = tdc::Error::new(error.code(), error.message());
        let error = match place(index) {
            Some(index) => error.at_payload(index),
            None => error,
        };
        Self(Box::new(Inner { error, source }))
    }

    /// The stable code, such as [`Code::KeyUnknown`]; docs/ERRORS.md lists them.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.error.code()
    }

    /// The message, without code and index.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.error.message()
    }

    /// The payload that the error is about, counted from 0 over the payloads of the call.
    #[must_use]
    pub fn payload_index(&self) -> Option<usize> {
        self.0.error.payload_index()
    }

    /// Whether the same call can succeed later: a service that is back, a key or a file that is put
    /// right.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.code().is_transient()
    }

    /// Finds the error of a codec among an error of the SDK and its sources.
    ///
    /// ```
    /// use temporal_tdc::{Code, Error, Tdc};
    /// # fn main() {
    /// let error = Tdc::open("no/such/tdc.yaml").unwrap_err();
    /// let wrapped: Box<dyn std::error::Error + Send + Sync> = error.into();
    /// assert_eq!(Error::find(wrapped.as_ref()).map(Error::code), Some(Code::Config));
    /// # }
    /// ```
    #[must_use]
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        find(error)
    }
}

/// The first `E` among an error and its sources.
pub(crate) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn StdError + 'static))
    }
}

impl From<tdc::Error> for Error {
    fn from(error: tdc::Error) -> Self {
        Self(Box::new(Inner { error, source: None }))
    }
}

impl From<Error> for PayloadConversionError {
    fn from(error: Error) -> Self {
        Self::EncodingError(Box::new(error))
    }
}
