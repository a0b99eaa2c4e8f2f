//! The arguments of a method besides its input: the serialization context of its payloads, and the
//! call that it belongs to.

use super::Call;

/// The serialization context of a call's payloads, and its [`Call`]. A serialization context alone
/// is enough too: then the call covers the whole list, and anything that would be asked of the host
/// is an error.
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
