//! Keys: the key ring, who may use which key, and the cipher.

mod access;
pub(crate) mod cipher;
mod data_keys;
mod kek;
mod key;
mod keyring;
mod needed;
mod recent;
mod rewrap;
mod service;
mod session;

pub(crate) use access::Access;
pub use cipher::BACKEND;
pub(crate) use data_keys::CacheOptions;
pub use kek::KeyService;
pub(crate) use kek::{DataKeyOptions, Keeper, Kek, LocalKek, MAX_MESSAGES};
pub(crate) use key::{
    Fingerprint, Key, LONGEST_METADATA, TDC_ENCRYPTED_ENTRY, is_key_itself, is_service_id, key_id,
    push_entry, shown_id,
};
pub(crate) use keyring::{Found, Keyring, Missing};
pub(crate) use needed::NeededKeys;
pub(crate) use service::Failure;
pub use service::{Fault, Unwrap, Wrap};
pub(crate) use session::{CallKeys, NoDataKey, Session};
