//! What is wrong with a JSON text, and where.

use std::borrow::Cow;

use crate::{Error, ErrorKind};

/// Text that is not JSON, or not the JSON that was expected. One word wide.
#[derive(Debug)]
pub struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    what: What,
    at: usize,
}

#[derive(Debug)]
enum What {
    Expected(Cow<'static, str>),
    TooDeep(usize),
}

impl Fault {
    /// `what` was expected at byte `at`.
    #[cold]
    pub(crate) fn expected(what: impl Into<Cow<'static, str>>, at: usize) -> Self {
        Self(Box::new(Inner { what: What::Expected(what.into()), at }))
    }

    /// More than `max` levels of nesting at byte `at`.
    #[cold]
    pub(crate) fn too_deep(max: usize, at: usize) -> Self {
        Self(Box::new(Inner { what: What::TooDeep(max), at }))
    }

    /// What was expected; `None` if the text nests too deep.
    #[must_use]
    pub fn what(&self) -> Option<&str> {
        match &self.0.what {
            What::Expected(what) => Some(what),
            What::TooDeep(_) => None,
        }
    }

    /// The byte offset in the text.
    #[must_use]
    pub fn at(&self) -> usize {
        self.0.at
    }
}

impl From<Fault> for Error {
    #[cold]
    fn from(fault: Fault) -> Self {
        let at = fault.at();
        match fault.0.what {
            What::Expected(what) => {
                Self::new(ErrorKind::Json, format!("the JSON is malformed at byte {at}: expected {what}"))
            }
            What::TooDeep(max) => {
                Self::new(ErrorKind::Depth, format!("the JSON nests deeper than {max} levels at byte {at}"))
            }
        }
    }
}
