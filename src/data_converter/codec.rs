//! Payloads through the codecs: a list, a part of one, or a single payload in two slices.

use super::DataConverter;
use crate::codec::{Chain, Decoded, Encoded, Environment, Written, encode_bound};
use crate::config::Profile;
use crate::error::Error;
use crate::framing::{Frame, Framed, PAYLOADS, framed_len};
use crate::limits::{MAX_KEYS_NEEDED, Usage};
use crate::payload::{Location, Payloads, Pieces};

/// Where a call on one payload put its answer.
#[derive(Debug)]
pub enum Answer {
    /// The payload is to stay as it is: nothing was written.
    Unchanged,
    /// At the start of the caller's buffer.
    Written {
        /// Bytes of the payload.
        len: usize,
        /// Where its `data` stands.
        data: Location,
    },
    /// In memory of its own, because the caller's buffer was too small and nobody could know before.
    Owned {
        /// The payload.
        bytes: Vec<u8>,
        /// Where its `data` stands.
        data: Location,
    },
}

impl Answer {
    /// An answer in memory of its own, in the caller's buffer where it fits.
    fn placed(bytes: Vec<u8>, data: Location, out: &mut [u8]) -> Self {
        match out.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(&bytes);
                Self::Written { len: bytes.len(), data }
            }
            None => Self::Owned { bytes, data },
        }
    }
}

impl DataConverter {
    /// The most bytes that a payload of `len` bytes encodes to.
    #[must_use]
    pub fn encode_bound(len: usize) -> usize {
        encode_bound(len)
    }

    /// Encodes a serialised `Payloads`; the answer has the same count and order.
    ///
    /// # Errors
    /// The lowest payload that fails decides, and is named.
    pub fn encode(&self, context: &[u8], payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.encode_part(context, &mut Usage::default(), payloads)
    }

    /// Encodes a part of a list, as [`DataConverter::encode`] does the whole: `usage` says what the parts
    /// before have used of the limits, and is added to after success. An error's index counts from the
    /// start of this part.
    ///
    /// # Errors
    /// As [`DataConverter::encode`].
    pub fn encode_part(&self, context: &[u8], usage: &mut Usage, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(context, usage, payloads.len(), |spent, profile, environment, config| {
            let parsed = Payloads::parse(payloads, &config.limits, spent.payloads)?;
            spent.add(parsed.payloads.len());
            let bounds = parsed.payloads.iter().map(|payload| framed_len(encode_bound(payload.len())));
            let mut out = Framed::with_room(bounds.sum::<usize>() + payloads.len());
            for (index, payload) in parsed.payloads.iter().enumerate() {
                let pieces = Pieces::whole(payload);
                environment.at(index);
                out.frame(PAYLOADS, encode_bound(payload.len()), |room| {
                    Ok(match profile.chain.encode(pieces, environment, room)? {
                        Encoded::Written(written) => Frame::Written(written.len),
                        Encoded::Owned(bytes, _) => Frame::Owned(bytes),
                        Encoded::Unchanged => Frame::Same(payload),
                    })
                })
                .map_err(|error: Error| error.at_payload(index))?;
            }
            Ok(out.finish(&parsed.unknown))
        })
    }

    /// Decodes a serialised `Payloads`; the answer has the same count and order.
    ///
    /// # Errors
    /// The lowest payload that fails decides, and is named.
    pub fn decode(&self, context: &[u8], payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_part(context, &mut Usage::default(), payloads)
    }

    /// Decodes a part of a list, as [`DataConverter::encode_part`] encodes one.
    ///
    /// # Errors
    /// As [`DataConverter::decode`].
    pub fn decode_part(&self, context: &[u8], usage: &mut Usage, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_by(|profile| &profile.chain, context, usage, payloads)
    }

    /// Decodes a serialised `Payloads` for somebody who reads and is no worker: what is not
    /// encrypted is given back as it is, whatever the configuration's `required` says.
    ///
    /// # Errors
    /// As [`DataConverter::decode`].
    pub fn decode_lenient(&self, context: &[u8], payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_by(|profile| &profile.lenient_chain, context, &mut Usage::default(), payloads)
    }

    fn decode_by(
        &self,
        chain: impl Fn(&Profile) -> &Chain,
        context: &[u8],
        usage: &mut Usage,
        payloads: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.call(context, usage, payloads.len(), |spent, profile, environment, config| {
            let parsed = Payloads::parse(payloads, &config.limits, spent.payloads)?;
            spent.add(parsed.payloads.len());
            needed_keys(&parsed, environment)?;
            let mut out = Framed::with_room(payloads.len());
            for (index, payload) in parsed.payloads.iter().enumerate() {
                let pieces = Pieces::whole(payload);
                environment.at(index);
                out.frame(PAYLOADS, payload.len(), |room| {
                    Ok(match chain(profile).decode(pieces, environment, &mut spent.budget, room, false)? {
                        Decoded::Written(len, _) => Frame::Written(len),
                        Decoded::Owned(bytes, _) => Frame::Owned(bytes),
                        Decoded::Unchanged => Frame::Same(payload),
                    })
                })
                .map_err(|error: Error| error.at_payload(index))?;
            }
            Ok(out.finish(&parsed.unknown))
        })
    }

    /// Encodes one serialised payload into `out`, which needs room for [`DataConverter::encode_bound`].
    ///
    /// The payload comes as `head` ‖ `data`: `data` is empty, or exactly the contents of the field whose
    /// tag and length end `head`. `usage` as for [`DataConverter::encode_part`].
    ///
    /// # Errors
    /// [`Code::BufferTooSmall`](crate::Code::BufferTooSmall) before any work, and what the codecs say.
    pub fn encode_payload(
        &self,
        context: &[u8],
        usage: &mut Usage,
        head: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Answer, Error> {
        let payload = Pieces { head, tail: data };
        self.call(context, usage, framed_len(payload.len()), |spent, profile, environment, config| {
            spent.one(&config.limits)?;
            match profile.chain.encode(payload, environment, out).map_err(|error| error.at_payload(0))? {
                Encoded::Unchanged => Ok(Answer::Unchanged),
                Encoded::Owned(bytes, data) => Ok(Answer::placed(bytes, data, out)),
                Encoded::Written(Written { len, data_offset }) => Ok(Answer::Written {
                    len,
                    data: Location { offset: data_offset, len: len - data_offset },
                }),
            }
        })
    }

    /// Decodes one serialised payload into `out`; room for the payload's own length is enough unless a
    /// layer was compressed: then an answer that does not fit comes in memory of its own.
    ///
    /// # Errors
    /// [`Code::BufferTooSmall`](crate::Code::BufferTooSmall) before any work where the length is known, and what the codecs say.
    /// After an error `out` holds nothing of the payload.
    pub fn decode_payload(
        &self,
        context: &[u8],
        usage: &mut Usage,
        head: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Answer, Error> {
        let payload = Pieces { head, tail: data };
        self.call(context, usage, framed_len(payload.len()), |spent, profile, environment, config| {
            spent.one(&config.limits)?;
            let decoded = profile.chain.decode(payload, environment, &mut spent.budget, out, true);
            match decoded.map_err(|error| error.at_payload(0))? {
                Decoded::Unchanged => Ok(Answer::Unchanged),
                Decoded::Written(len, data) => Ok(Answer::Written { len, data }),
                Decoded::Owned(bytes, data) => Ok(Answer::placed(bytes, data, out)),
            }
        })
    }
}

/// Asks the host for every key that the outermost layers need and it may know, so that a batch costs one
/// round and not one for each key.
fn needed_keys(payloads: &Payloads<'_>, environment: &Environment<'_>) -> Result<(), Error> {
    if !environment.keyring.has_host() {
        return Ok(());
    }
    let mut ids: Vec<String> = Vec::new();
    for payload in &payloads.payloads {
        // What is malformed is the business of decoding, which knows the payload's index.
        if let Some(id) = environment.key_to_ask_for(payload)
            && !ids.contains(&id)
        {
            ids.push(id);
            if ids.len() == MAX_KEYS_NEEDED {
                break;
            }
        }
    }
    if ids.is_empty() { Ok(()) } else { Err(Error::key_needed(ids)) }
}
