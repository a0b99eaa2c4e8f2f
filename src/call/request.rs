//! What is asked of a host, and what it answers.

use super::Answered;
use crate::codec::remote::HttpRequest;
use crate::keys::{Fault, Unwrap, Wrap};

/// One thing that the library asks of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// The key of this id: [`Answer::Key`], or [`Answer::Unknown`] where there is none.
    Key(String),
    /// Reload the configuration, which may have the key by now, and ignore a failure:
    /// [`Answer::Done`].
    Reload,
    /// The message type of this full name: [`Answer::Descriptor`], or [`Answer::Unknown`].
    Descriptor(String),
    /// Send this request: [`Answer::Http`].
    Http(HttpRequest),
    /// Have a key service wrap a data key: [`Answer::Wrapped`], or [`Answer::KeyServiceFailed`].
    Wrap(Wrap),
    /// Have a key service unwrap a data key: [`Answer::DataKey`], or [`Answer::KeyServiceFailed`].
    Unwrap(Unwrap),
}

impl Request {
    /// How an answer is remembered; `None` where it is kept itself.
    pub(super) fn answered(&self, generation: u64) -> Option<Answered> {
        match self {
            Self::Key(id) => Some(Answered::Key { id: id.clone(), generation }),
            Self::Reload => Some(Answered::Reload),
            Self::Descriptor(name) => Some(Answered::Descriptor(name.clone())),
            Self::Http(_) | Self::Wrap(_) | Self::Unwrap(_) => None,
        }
    }
}

/// What a host says to a [`Request`].
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The 32 bytes of the key.
    Key(&'a [u8]),
    /// A serialised `google.protobuf.FileDescriptorSet` with the type's file and what that imports.
    Descriptor(&'a [u8]),
    /// What came of the HTTP request: status and body as they are; or status 0, where there was no
    /// response, and the reason in words.
    Http {
        /// The response's status; 0 where there was none.
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
    /// It was done.
    Done,
    /// There is no such key or type. Of a key this is cached for 30 seconds.
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
            Self::Done => "Done",
            Self::Unknown => "Unknown",
        })
    }
}
