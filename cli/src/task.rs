//! What a command does to each payload, wherever it is found.

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Encode,
    Decode,
    /// Data keys are wrapped by the key that encrypts now, and no payload is decrypted.
    Rewrap,
}
