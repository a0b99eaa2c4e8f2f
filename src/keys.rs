//! Keys: which there are, who may use them, and the cipher that they drive.

mod access;
pub(crate) mod cipher;
mod key;
mod keyring;

pub(crate) use access::Access;
pub use cipher::BACKEND;
pub(crate) use key::{ENCRYPTED, Fingerprint, Key, key_id};
pub(crate) use keyring::{Found, Keyring, Missing};
