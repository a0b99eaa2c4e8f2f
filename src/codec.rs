//! Payload codecs: one file for each, one small trait, and the chain that applies them.
//!
//! A layer puts the whole serialised payload, unknown fields included, into the `data` of a new
//! payload whose `encoding` names the codec (`docs/FORMAT.md`). Encode follows the config's list,
//! decode follows the payload: each payload names its outermost codec, so a chain can change while
//! old payloads stay readable.

mod chain;
mod compress;
mod convert;
mod draft;
pub(crate) mod encrypt;
mod gzip;
mod json;
mod layer;
mod list;
mod msgpack;
mod opening;
pub(crate) mod remote;
mod snappy;
mod zlib;
mod zstd;

pub(crate) use chain::{Chain, Found};
pub(crate) use layer::Layer;
#[cfg(test)]
pub(crate) use list::schemas;
pub(crate) use list::{Entry, chain};
pub(crate) use opening::Budget;

use crate::context::Context;
use crate::error::{Error, Needed};
use crate::keys::{Access, Keyring, LONGEST_METADATA, Session};
use crate::outcome::Outcome;
use crate::payload::{Location, Slices, View};
use crate::storage::{Objects, is_reference, may_be_reference};
use crate::sys::CoarseInstant;

/// What a codec may use beside the payload.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'a> {
    pub(crate) keyring: &'a Keyring,
    pub(crate) access: &'a Access,
    /// What the call knows about data keys.
    pub(crate) session: &'a Session<'a>,
    /// Where the payloads live.
    pub(crate) context: &'a Context<'a>,
    pub(crate) now: &'a dyn Fn() -> CoarseInstant,
    /// The most bytes by which a payload grows in a chain.
    pub(crate) overhead: usize,
    /// The call's exchange with a codec server, if the chain has `remote`.
    pub(crate) remote: Option<&'a remote::Exchange<'a>>,
    /// The call's stored objects, if it does anything with references.
    pub(crate) objects: Option<&'a Objects<'a>>,
    /// Whether the call can ask the host.
    pub(crate) can_ask: bool,
    /// Whether encode leaves references to stored objects as they are.
    pub(crate) leaves_references: bool,
}

impl Environment<'_> {
    /// Whether encode leaves this payload as it is, because it is a reference.
    pub(crate) fn leaves(&self, view: &View<'_>, payload: Slices<'_>) -> bool {
        self.leaves_references && may_be_reference(view.encoding) && is_reference(payload)
    }

    /// Whether a call should ask up front for all the keys that it can name.
    pub(crate) fn asks_for_keys(&self) -> bool {
        self.can_ask && (self.keyring.has_host() || self.keyring.has_key_services())
    }

    /// The most bytes that a payload of `len` bytes encodes to. Not counted are answers of a codec
    /// server, and external payloads, which are repeated outside: if these do not fit, the result
    /// is allocated.
    pub(crate) fn encode_bound(&self, len: usize) -> usize {
        len.saturating_add(self.overhead)
    }

    /// Sets the payload of the call that is processed next.
    pub(crate) fn at(&self, index: usize) {
        if let Some(exchange) = self.remote {
            exchange.at(index);
        }
    }

    /// The key that the host must be asked for to open the payload's outermost layer here, if any.
    /// Malformed payloads are ignored here; decoding reports them.
    pub(crate) fn key_to_ask_for(&self, payload: &[u8]) -> Option<Needed> {
        let payload = Slices::one(payload);
        let Some(exchange) = self.remote else {
            return encrypt::key_to_ask_for(&View::parse(payload).ok()?, self);
        };
        // The layers around the server's answer belong to the server.
        let answer = exchange.peek(remote::Direction::Decode, payload)?;
        encrypt::key_to_ask_for(&View::parse(Slices::one(&answer)).ok()?, self)
    }
}

/// The most bytes by which a payload grows by other codecs than encryption, with room for the sizes
/// of a few external payloads.
const OTHER_GROWTH: usize = convert::MAX_GROWTH + 24;

/// The most bytes by which a payload grows in a chain whose codecs and keys are unknown, but for
/// data keys and bindings.
pub(crate) const ANY_OVERHEAD: usize = encrypt::overhead(LONGEST_METADATA) + OTHER_GROWTH;

/// The most bytes by which a payload grows in a chain, but for a binding.
pub(crate) fn overhead(keyring: &Keyring) -> usize {
    encrypt::overhead(keyring.longest_metadata()) + OTHER_GROWTH
}

/// What a codec wrote: a payload of `len` bytes whose last field is `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) len: usize,
    pub(crate) data_offset: usize,
}

impl From<Written> for Outcome {
    fn from(Written { len, data_offset: offset }: Written) -> Self {
        Self::Written { len, data: Location { offset, len: len - offset } }
    }
}

/// The encoding half of a codec, with the options of its entry in the config.
///
/// (Decoding needs no options: it follows the payload, see `Layer`.)
pub(crate) trait Encoder: Send + Sync {
    /// The layer that it writes, if any.
    fn layer(&self) -> Option<&'static Layer>;

    /// The most bytes by which a payload can grow.
    fn overhead(&self, environment: &Environment<'_>) -> usize;

    /// Writes the encoded payload to the start of `out`, which has room for `payload`,
    /// [`Encoder::overhead`] and `outside`. Returns what it wrote, or `None` to leave the payload
    /// as it is. `outside` contains complete fields, which the encoded payload gets between its
    /// metadata and its `data`.
    fn encode(
        &self,
        payload: Slices<'_>,
        outside: &[u8],
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error>;
}
