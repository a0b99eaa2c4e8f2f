//! What a method is told beside its input: where its payloads live, and which call it belongs to.

use super::Call;

/// Where the payloads of a call live, and the [`Call`] that it belongs to. A serialization context
/// alone will do as well: then the call is the whole list, and what would be asked of the host is
/// an error.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) context: &'a [u8],
    pub(crate) call: Option<&'a mut Call>,
}

impl<'a> Scope<'a> {
    /// The same scope, for another try.
    pub fn again(&mut self) -> Scope<'_> {
        Scope { context: self.context, call: self.call.as_deref_mut() }
    }
}

impl<'a> From<&'a [u8]> for Scope<'a> {
    fn from(context: &'a [u8]) -> Self {
        Self { context, call: None }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Scope<'a> {
    fn from(context: &'a [u8; N]) -> Self {
        context.as_slice().into()
    }
}

impl<'a> From<&'a Vec<u8>> for Scope<'a> {
    fn from(context: &'a Vec<u8>) -> Self {
        context.as_slice().into()
    }
}
