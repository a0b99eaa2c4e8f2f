//! Bounds the cost of one call, whatever its input. Every entry point applies these limits.

/// Upper bounds for one call. The config's `limits` sets them; the defaults are generous compared
/// to what a Temporal server accepts (2 MiB a payload, 4 MiB a gRPC message).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes passed to one call. Default 256 MiB.
    pub max_input_bytes: usize,
    /// Payloads in one call: each takes a few bytes of input and about a hundred of output. Default
    /// 100 000.
    pub max_payloads: usize,
    /// Bytes that all layers of all payloads of one call may decode to. Stops a decompression bomb.
    /// Default 64 MiB.
    pub max_decoded_bytes: usize,
}

/// How much of the [`Limits`] a group of calls has used. An SDK passes its codec a list of
/// payloads; a binding that splits one list over several calls passes the same `Usage` to each, so
/// that the limits apply to the whole list. Start with the default; only a call that succeeds adds
/// to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Payloads in the input.
    pub payloads: usize,
    /// Bytes of input, in the form of a `Payloads` message.
    pub input_bytes: usize,
    /// Bytes that the layers decoded to.
    pub decoded_bytes: usize,
}

/// Most codec layers around one payload. Not an option: no chain of the config can be longer.
pub(crate) const MAX_LAYERS: usize = 16;

/// How deep a message may nest: the default of the official parsers of C++, Java and Python, none
/// of which would read a longer chain of causes.
pub(crate) const MAX_MESSAGE_DEPTH: usize = 100;

/// Most requests to the host at once, for keys and stored objects.
pub(crate) const MAX_IN_ROUND: usize = 16;

/// Most keys, and most stored objects, that the first try of a call collects; a later one collects
/// as many as the call already has, if these are more. They are requested in batches, so that a
/// history with thousands of data keys is not read again for every sixteen of them.
pub(crate) const MAX_NEEDED: usize = 1024;

/// Most payloads in one request to a codec server.
pub(crate) const MAX_REMOTE_PAYLOADS: usize = 1000;

impl Default for Limits {
    fn default() -> Self {
        Self { max_input_bytes: 256 << 20, max_payloads: 100_000, max_decoded_bytes: 64 << 20 }
    }
}
