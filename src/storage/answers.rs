//! The objects that a host fetched for one call, across its tries.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::claim::wrong;
use super::object::{Object, ObjectFault};
use crate::error::{Code, Error, text};
use crate::limits::Limits;

/// The bytes of an object: a serialised payload, perhaps in plaintext. Erased on drop.
pub(super) type Bytes = Arc<Zeroizing<Vec<u8>>>;

#[derive(Default)]
pub(crate) struct CallObjects {
    found: HashMap<Object, Result<Bytes, Failure>>,
    bytes: usize,
    is_full: bool,
}

/// Why an object has no bytes here.
enum Failure {
    Fault(ObjectFault, String),
    TooLong,
    /// Together with those before it.
    TooMany,
    OtherBytes,
}

impl Failure {
    #[cold]
    fn error(&self, object: &Object, limits: &Limits) -> Error {
        let store = text::quoted(&object.store.name);
        match self {
            Self::Fault(ObjectFault::Missing, _) => wrong(&format!("its object is not in the store {store}")),
            Self::Fault(ObjectFault::Unavailable, reason) => Error::new(
                Code::Storage,
                format!("a stored object could not be fetched from {store}: {}", text::words(reason)),
            ),
            Self::TooLong => Error::new(
                Code::Limit,
                format!(
                    "a stored object has more than {} bytes: raise storage.max_object_bytes or limits.max_decoded_bytes",
                    object.max_bytes
                ),
            ),
            Self::TooMany => CallObjects::too_many_bytes(limits),
            Self::OtherBytes => wrong("the bytes of its object do not have the hash that it names"),
        }
    }
}

impl CallObjects {
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many objects were asked for.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there was an object for which there was no room. Then no more are asked for.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Takes the bytes of an object. The payload that refers to it reports what is wrong with them.
    pub(crate) fn add(&mut self, object: Object, bytes: &[u8], limits: &Limits) {
        self.keep(object, bytes, |object| Sha256::digest(bytes)[..] == object.sha256, limits);
    }

    /// Takes the payload that a storage driver of the program retrieved, without its hash: the
    /// driver compared the object's bytes, and these are others.
    pub(crate) fn add_retrieved(&mut self, object: Object, payload: &[u8], limits: &Limits) {
        self.keep(object, payload, |_| true, limits);
    }

    fn keep(&mut self, object: Object, bytes: &[u8], fits: impl FnOnce(&Object) -> bool, limits: &Limits) {
        let found = if bytes.len() > object.max_bytes {
            Err(Failure::TooLong)
        } else if !fits(&object) {
            Err(Failure::OtherBytes)
        } else if bytes.len() > limits.max_decoded_bytes.saturating_sub(self.bytes) {
            self.is_full = true;
            Err(Failure::TooMany)
        } else {
            self.bytes += bytes.len();
            Ok(Arc::new(Zeroizing::new(bytes.to_vec())))
        };
        self.found.insert(object, found);
    }

    /// The error for objects that have no room in one call together.
    #[cold]
    pub(super) fn too_many_bytes(limits: &Limits) -> Error {
        Error::new(
            Code::Limit,
            format!(
                "the stored objects of the call have more than {} bytes: raise limits.max_decoded_bytes",
                limits.max_decoded_bytes
            ),
        )
    }

    /// Takes the reason why there are none.
    pub(crate) fn fail(&mut self, object: Object, fault: ObjectFault, reason: &str) {
        self.found.insert(object, Err(Failure::Fault(fault, reason.to_owned())));
    }

    /// The bytes of an object; `None` if the host was not asked yet.
    pub(super) fn get(&self, object: &Object, limits: &Limits) -> Option<Result<Bytes, Error>> {
        let found = self.found.get(object)?;
        Some(found.as_ref().map(Arc::clone).map_err(|failure| failure.error(object, limits)))
    }
}
