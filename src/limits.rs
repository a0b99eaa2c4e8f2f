//! What one call may cost, whatever its input says. Every door takes these limits.

/// Upper bounds of one call. The config's `limits` sets them; the defaults are generous for what a
/// Temporal server lets through (2 MiB a payload, 4 MiB a gRPC message).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes handed to one call. Default 256 MiB.
    pub max_input_bytes: usize,
    /// Payloads in one call: some bytes of input each, a hundred of output. Default 100 000.
    pub max_payloads: usize,
    /// Bytes that all layers of all payloads of one call may decode to: what stops a decompression
    /// bomb. Default 64 MiB.
    pub max_decoded_bytes: usize,
}

/// What the calls that belong together have used of the [`Limits`]. An SDK hands its codec a list
/// of payloads; a binding that makes several calls for one list gives the same `Usage` to each, and
/// the limits hold for the list. Begin with the default; only a call that succeeds adds to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Payloads handed in.
    pub payloads: usize,
    /// Bytes handed in, as they stand in a `Payloads` message.
    pub input_bytes: usize,
    /// Bytes that their layers decoded to.
    pub decoded_bytes: usize,
}

/// Layers of codecs around one payload. Not an option: no chain of the config can be longer.
pub(crate) const MAX_LAYERS: usize = 16;

/// How deep a message may nest: the default of the official parsers of C++, Java and Python, none
/// of which would read a longer chain of causes.
pub(crate) const MAX_MESSAGE_DEPTH: usize = 100;

/// Keys that the host is asked for in one round.
pub(crate) const MAX_KEYS_IN_ROUND: usize = 16;

/// Keys that one try looks for. They are asked for round by round, so that a history with thousands
/// of data keys is not walked for every sixteen of them.
pub(crate) const MAX_KEYS_NEEDED: usize = 1024;

/// Payloads that one request to a codec server may hold.
pub(crate) const MAX_REMOTE_PAYLOADS: usize = 1000;

impl Default for Limits {
    fn default() -> Self {
        Self { max_input_bytes: 256 << 20, max_payloads: 100_000, max_decoded_bytes: 64 << 20 }
    }
}
