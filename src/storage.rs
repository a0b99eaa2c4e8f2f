//! Stored objects: payloads that an SDK put into a store, of which a history has a reference.
//!
//! ```text
//! payload ──> `Reference` ──> `Rules`: may it be followed? ──> `Object` ──> the host fetches it
//!                                                                               |
//!                the codecs decode the payload in it <── its SHA-256 matches <──┘
//! ```
//! SDKs store after the codecs and fetch before them, so the codec of a worker never sees a
//! reference: it is followed only in calls that say so ([`References`]). A reference is not
//! authenticated, and its hash proves no author. So the store, the bucket and the start of the key
//! must be those of the configuration, and a reference in an object is never followed.
//!
//! Source: section 6 of the wire semantics, `temporal/api/sdk/v1/external_storage.proto`, and the
//! official drivers for Amazon S3 and Google Cloud Storage.

mod answers;
mod claim;
mod object;
mod objects;
pub(crate) mod options;
mod reference;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use answers::CallObjects;
pub use object::{Object, ObjectFault};
pub(crate) use objects::{Found, Objects};
pub(crate) use options::{StorageOptions, Stores};
pub use options::{Store, StoreKind};
pub(crate) use reference::{is_reference, may_be_reference};
pub(crate) use rules::Rules;

/// What a call does with references to stored objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum References {
    /// Decode leaves them as they are, like every payload without a codec's layer.
    #[default]
    Keep,
    /// Encode leaves them as well, unless the configuration says `sealed_after_storing`: inside of
    /// a layer they would not be followed. For what is in a history already: it is always so in a
    /// call on histories. A worker's own values are not spared, or some would stay readable.
    Leave,
    /// They stay; those in the legacy form get today's form, which the Web UI knows.
    Update,
    /// The objects are fetched: the payloads in them take the places of the references. A call may
    /// fetch this many different objects.
    Fetch(usize),
    /// The same, but a reference that cannot be followed ([`Code::Reference`](crate::Code)), or
    /// whose object is more than the call accepts ([`Code::Limit`](crate::Code)), stays, in today's
    /// form: for readers to whom the other payloads are of use.
    TryFetch(usize),
    /// The same as `Fetch`, and a payload that is not a reference is an error.
    FetchOnly(usize),
}
