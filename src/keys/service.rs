//! Requests to a key service, and the reasons why they fail.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::data_keys::Permission;
use super::kek::{DataKey, Keeper};
use super::{Fingerprint, Kek, Key, KeyService};
use crate::error::{Code, Error, Needed, text};

/// Have a key service encrypt a data key.
#[derive(Clone)]
pub struct Wrap {
    pub(super) kek: Arc<Kek>,
    pub(super) data_key: Arc<DataKey>,
    pub(super) purpose: Purpose,
    /// Of a renewal.
    #[expect(dead_code, reason = "it is there for as long as the request is")]
    pub(super) permission: Option<Arc<Permission>>,
}

/// What a wrapped data key is for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is new and will encrypt for a namespace.
    Seal { namespace: Arc<str> },
    /// In payloads it is wrapped by another KEK; this identifies that form within the call.
    Rewrap { of: Box<[u8]> },
}

/// Have a key service decrypt a data key.
#[derive(Clone)]
pub struct Unwrap {
    pub(super) kek: Arc<Kek>,
    /// As the payload has it: base64.
    pub(super) text: Box<[u8]>,
    pub(super) wrapped: Vec<u8>,
}

impl Wrap {
    /// The key that wraps.
    #[must_use]
    pub fn service(&self) -> Option<&KeyService> {
        self.kek.service()
    }

    /// The data key: a secret.
    #[must_use]
    pub fn data_key(&self) -> &[u8; 32] {
        &self.data_key
    }
}

impl Unwrap {
    /// The key that unwraps.
    #[must_use]
    pub fn service(&self) -> Option<&KeyService> {
        self.kek.service()
    }

    /// The wrapped data key.
    #[must_use]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// Its form in an error, from which the call builds the request.
    pub(crate) fn needed(self) -> Needed {
        Needed::DataKey { kek: Arc::clone(&self.kek.name), wrapped: self.text }
    }

    /// The key under which a call keeps its answer.
    pub(super) fn name(&self) -> Box<[u8]> {
        self.kek.table_key(&self.text)
    }
}

impl Kek {
    /// Its identity, compared between entries: its URI, or its bytes.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match &self.keeper {
            Keeper::Service(service) => Sha256::digest(service.uri.as_bytes()).into(),
            Keeper::Local(local) => local.fingerprint,
        }
    }

    /// Whether it is a key of the configuration with the same bytes as `key`.
    pub(crate) fn is_local_key(&self, key: &Key) -> bool {
        matches!(&self.keeper, Keeper::Local(local) if local.fingerprint == key.fingerprint)
    }

    /// The key in a key service; `None` if the key is in the configuration.
    pub(crate) fn service(&self) -> Option<&KeyService> {
        match &self.keeper {
            Keeper::Service(service) => Some(service),
            Keeper::Local(_) => None,
        }
    }
}

impl PartialEq for Wrap {
    fn eq(&self, other: &Self) -> bool {
        // A data key to be rewrapped is copied for each try; its current wrapped form identifies
        // it.
        let is_same_key = || match self.purpose {
            Purpose::Seal { .. } => Arc::ptr_eq(&self.data_key, &other.data_key),
            Purpose::Rewrap { .. } => true,
        };
        self.kek.identity == other.kek.identity && self.purpose == other.purpose && is_same_key()
    }
}

impl PartialEq for Unwrap {
    fn eq(&self, other: &Self) -> bool {
        self.kek.identity == other.kek.identity && self.text == other.text
    }
}

impl Eq for Wrap {}
impl Eq for Unwrap {}

impl fmt::Debug for Wrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wrap").field(&self.kek.name).finish()
    }
}

impl fmt::Debug for Unwrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unwrap").field(&self.kek.name).finish()
    }
}

/// Why a request to a key service failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It could not be reached, was too slow, or sent an invalid response.
    Unavailable,
    /// It refused: access is denied, or the key is disabled or destroyed.
    Refused,
    /// The wrapped key was modified, or belongs to another key.
    Invalid,
}

impl Fault {
    /// The code of the error where a data key could not be wrapped.
    #[must_use]
    pub fn code_of_wrap(self) -> Code {
        match self {
            Self::Unavailable | Self::Invalid => Code::KeyService,
            Self::Refused => Code::KeyRefused,
        }
    }

    /// The code of the error where a data key could not be unwrapped.
    #[must_use]
    pub fn code_of_unwrap(self) -> Code {
        match self {
            Self::Unavailable => Code::KeyService,
            Self::Refused => Code::KeyRefused,
            Self::Invalid => Code::Ciphertext,
        }
    }

    /// How long it is cached.
    fn lasts(self) -> Duration {
        match self {
            Self::Unavailable => Duration::from_secs(1),
            Self::Refused | Self::Invalid => Duration::from_secs(30),
        }
    }
}

/// A fault, with the text for the reader.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    code: Code,
    message: Arc<str>,
    pub(super) lasts: Duration,
}

impl Failure {
    /// A service did not wrap a data key with `kek`.
    pub(super) fn of_wrap(kek: &Kek, fault: Fault, reason: &str) -> Self {
        let (name, reason) = (&kek.name, text::words(reason));
        let message = match fault {
            Fault::Unavailable | Fault::Invalid => {
                format!("no data key could be wrapped with the key \"{name}\": {reason}")
            }
            Fault::Refused => {
                format!("the key service refused to wrap a data key with the key \"{name}\": {reason}")
            }
        };
        Self { code: fault.code_of_wrap(), message: message.into(), lasts: fault.lasts() }
    }

    /// A service did not unwrap a data key that names `kek` as its KEK.
    pub(super) fn of_unwrap(kek: &Kek, fault: Fault, reason: &str) -> Self {
        let (name, reason) = (&kek.name, text::words(reason));
        let message = match fault {
            Fault::Unavailable => {
                format!(
                    "the data key of the payload could not be unwrapped with the key \"{name}\": {reason}"
                )
            }
            Fault::Refused => {
                format!("the key service refused to unwrap a data key with the key \"{name}\": {reason}")
            }
            Fault::Invalid => format!(
                "the payload's encryption-dek was changed, or was not wrapped by the key \"{name}\": {reason}"
            ),
        };
        Self { code: fault.code_of_unwrap(), message: message.into(), lasts: fault.lasts() }
    }

    #[cold]
    pub(crate) fn into_error(self) -> Error {
        Error::new(self.code, self.message.to_string())
    }
}
