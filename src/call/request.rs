//! The requests of the library to a host, and the answers.

use super::Answered;
use crate::codec::remote::HttpRequest;
use crate::keys::{Fault, Unwrap, Wrap};
use crate::storage::{Object, ObjectFault};

/// A request of the library to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// The key with this id: [`Answer::Key`], or [`Answer::Unknown`] if there is none.
    Key(String),
    /// Reload the configuration, which may have the key by now, and ignore a failure:
    /// [`Answer::Done`].
    Reload,
    /// The message type with this full name: [`Answer::Descriptor`], or [`Answer::Unknown`].
    Descriptor(String),
    /// Send this request: [`Answer::Http`].
    Http(HttpRequest),
    /// Have a key service wrap a data key: [`Answer::Wrapped`], or [`Answer::KeyServiceFailed`].
    Wrap(Wrap),
    /// Have a key service unwrap a data key: [`Answer::DataKey`], or [`Answer::KeyServiceFailed`].
    Unwrap(Unwrap),
    /// Fetch a stored object: [`Answer::Object`] or [`Answer::Retrieved`], or
    /// [`Answer::NoObject`].
    Object(Object),
}

impl Request {
    /// How to remember that it was answered; `None` if the answer itself is kept.
    pub(super) fn answered(&self, generation: u64) -> Option<Answered> {
        match self {
            Self::Key(id) => Some(Answered::Key { id: id.clone(), generation }),
            Self::Reload => Some(Answered::Reload),
            Self::Descriptor(name) => Some(Answered::Descriptor(name.clone())),
            Self::Http(_) | Self::Wrap(_) | Self::Unwrap(_) | Self::Object(_) => None,
        }
    }
}

/// A host's answer to a [`Request`].
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The 32 bytes of the key.
    Key(&'a [u8]),
    /// A serialised `google.protobuf.FileDescriptorSet` with the type's file and its imports.
    Descriptor(&'a [u8]),
    /// The result of the HTTP request: status and body as received, or status 0 and the reason in
    /// words if there was no response.
    Http {
        /// The response's status; 0 if there was no response.
        status: u32,
        /// The response's body, or the reason.
        body: &'a [u8],
    },
    /// The wrapped data key.
    Wrapped(&'a [u8]),
    /// The 32 bytes of the data key.
    DataKey(&'a [u8]),
    /// The key service did not wrap or unwrap the key.
    KeyServiceFailed {
        /// What kind of failure it is.
        fault: Fault,
        /// The service's reason in words, without a secret.
        reason: &'a str,
    },
    /// The bytes of the stored object, as they are in the store.
    Object(&'a [u8]),
    /// The payload that the program's own storage driver retrieved, serialised. It is not compared
    /// with the reference's hash: serialised again, a payload can have other bytes.
    Retrieved(&'a [u8]),
    /// The object was not fetched.
    NoObject {
        /// What kind of failure it is.
        fault: ObjectFault,
        /// The store's reason in words, without a secret.
        reason: &'a str,
    },
    /// It was done.
    Done,
    /// There is no such key or type. For a key, this is cached for 30 seconds.
    Unknown,
}

/// Without the contents, which are secrets or payloads.
impl core::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(redacted)",
            Self::Descriptor(_) => "Descriptor",
            Self::Http { .. } => "Http",
            Self::Wrapped(_) => "Wrapped",
            Self::DataKey(_) => "DataKey(redacted)",
            Self::KeyServiceFailed { .. } => "KeyServiceFailed",
            Self::Object(_) => "Object",
            Self::Retrieved(_) => "Retrieved",
            Self::NoObject { .. } => "NoObject",
            Self::Done => "Done",
            Self::Unknown => "Unknown",
        })
    }
}
