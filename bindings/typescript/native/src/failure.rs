//! An error, as a plain object.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi_derive::napi;
use tdc::{Code, Error};

/// An error of the library, from which JavaScript creates its own.
#[napi(object)]
pub struct Failure {
    /// The number of the status code.
    pub number: u32,
    /// Its name, such as `TDC_ERR_AUTHENTICATION`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The payload that it is about.
    pub index: Option<u32>,
    /// Whether the same call can succeed later.
    pub transient: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = error.code();
        Self {
            number: code as u32,
            code: code.name().to_owned(),
            message: error.message().to_owned(),
            index: error.payload_index().and_then(|index| u32::try_from(index).ok()),
            transient: code.is_transient(),
        }
    }
}

/// Does work that may fail; a panic in it is a failure as well.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // A panic can only leave state of the call half done; the data converter's state is swapped
    // atomically.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::new(Code::Panic, "the library panicked, please report it")))
}
