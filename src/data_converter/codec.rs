//! Payloads through the codecs: a list, a part of one, or a single payload in two slices.

use super::DataConverter;
use crate::call::Scope;
use crate::codec::{Budget, Chain, Environment};
use crate::config::Profile;
use crate::error::Error;
use crate::framing::{Framed, PAYLOADS, framed_len};
use crate::keys::NeededKeys;
use crate::outcome::Outcome;
use crate::payload::{Payloads, Slices};

impl DataConverter {
    /// The most bytes that a payload of `len` bytes encodes to with the current configuration and
    /// data keys.
    #[must_use]
    pub fn encode_bound(&self, len: usize) -> usize {
        len.saturating_add(self.config.load().overhead())
    }

    /// Encodes a serialised `Payloads`; the answer has the same count and order. An error's index
    /// counts from the start of `payloads`.
    ///
    /// # Errors
    /// The error is that of the first payload that fails, and has its index.
    pub fn encode<'a>(&self, scope: impl Into<Scope<'a>>, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.encode_list(scope.into(), payloads)
    }

    fn encode_list(&self, scope: Scope<'_>, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(scope, payloads.len(), |spent, profile, environment, config| {
            let parsed = Payloads::parse(payloads, &config.limits, spent.payloads)?;
            spent.add(parsed.payloads.len());
            let bounds =
                parsed.payloads.iter().map(|payload| framed_len(environment.encode_bound(payload.len())));
            let out = Framed::with_room(bounds.sum::<usize>() + payloads.len());
            each_payload(
                &parsed,
                environment,
                out,
                |len| environment.encode_bound(len),
                |payload, room| profile.chain.encode(payload, environment, room),
            )
        })
    }

    /// Decodes a serialised `Payloads`, as [`DataConverter::encode`] encodes one.
    ///
    /// # Errors
    /// The error is that of the first payload that fails, and has its index.
    pub fn decode<'a>(&self, scope: impl Into<Scope<'a>>, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_list(|profile| &profile.chain, scope.into(), payloads)
    }

    /// Decodes a serialised `Payloads` for a reader that is not a worker: unencrypted payloads are
    /// returned as they are, even if the configuration has `required`.
    ///
    /// # Errors
    /// As [`DataConverter::decode`].
    pub fn decode_lenient<'a>(&self, scope: impl Into<Scope<'a>>, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_list(|profile| &profile.lenient_chain, scope.into(), payloads)
    }

    fn decode_list(
        &self,
        chain: fn(&Profile) -> &Chain,
        scope: Scope<'_>,
        payloads: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.call(scope, payloads.len(), |spent, profile, environment, config| {
            let parsed = Payloads::parse(payloads, &config.limits, spent.payloads)?;
            spent.add(parsed.payloads.len());
            if environment.session.has_answers() {
                all_keys(&parsed, environment)?;
            }
            let used = spent.budget.used();
            loop {
                let decoded = each_payload(
                    &parsed,
                    environment,
                    Framed::with_room(payloads.len()),
                    |len| len,
                    |payload, room| {
                        chain(profile).decode(payload, environment, &mut spent.budget, room, false)
                    },
                );
                match (decoded, environment.objects) {
                    (Err(error), Some(objects)) if objects.makes_room(&error) => {
                        spent.budget = Budget::new(config.limits.max_decoded_bytes, used);
                        if let Some(exchange) = environment.remote {
                            exchange.rewind();
                        }
                    }
                    (decoded, _) => return decoded,
                }
            }
        })
    }

    /// Encodes one serialised payload into `out`, which needs room for
    /// [`DataConverter::encode_bound`].
    ///
    /// The payload comes as `head` ‖ `data`: `data` is empty, or exactly the contents of the field
    /// whose tag and length end `head`.
    ///
    /// # Errors
    /// [`Code::BufferTooSmall`](crate::Code::BufferTooSmall) before any work, and the errors of the
    /// codecs.
    pub fn encode_payload<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        head: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        let payload = Slices { head, tail: data };
        self.call(scope.into(), framed_len(payload.len()), |spent, profile, environment, config| {
            spent.one(&config.limits)?;
            let outcome = profile.chain.encode(payload, environment, out);
            Ok(outcome.map_err(|error| error.at_payload(0))?.placed(out))
        })
    }

    /// Decodes one serialised payload into `out`; room for the payload's own length is enough
    /// unless a layer was compressed: then a result that does not fit is allocated.
    ///
    /// # Errors
    /// [`Code::BufferTooSmall`](crate::Code::BufferTooSmall) before any work if the length is
    /// known, and the errors of the codecs. After an error, `out` contains nothing of the payload.
    pub fn decode_payload<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        head: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        let payload = Slices { head, tail: data };
        self.call(scope.into(), framed_len(payload.len()), |spent, profile, environment, config| {
            spent.one(&config.limits)?;
            let outcome = profile.chain.decode(payload, environment, &mut spent.budget, out, true);
            Ok(outcome.map_err(|error| error.at_payload(0))?.placed(out))
        })
    }
}

/// Looks for missing keys before anything is decrypted: otherwise a list with thousands of data
/// keys would be decrypted again for each batch of keys.
///
/// # Errors
/// The keys to request.
fn all_keys(list: &Payloads<'_>, environment: &Environment<'_>) -> Result<(), Error> {
    let mut needed = NeededKeys::new(environment.session.answer_count());
    for key in list.payloads.iter().filter_map(|payload| environment.key_to_ask_for(payload)) {
        needed.add(&key);
        if needed.is_full() {
            break;
        }
    }
    needed.request()
}

/// Runs every payload of a list through `transcode`, in order. `expected` estimates the size of the
/// result from the size of the payload.
pub(super) fn each_payload(
    list: &Payloads<'_>,
    environment: &Environment<'_>,
    mut out: Framed,
    expected: impl Fn(usize) -> usize,
    mut transcode: impl FnMut(Slices<'_>, &mut [u8]) -> Result<Outcome, Error>,
) -> Result<Vec<u8>, Error> {
    let mut needed = NeededKeys::new(environment.session.answer_count());
    for (index, payload) in list.payloads.iter().enumerate() {
        environment.at(index);
        let write = |room: &mut [u8]| transcode(Slices::one(payload), room);
        match out.payload(PAYLOADS, payload, expected(payload.len()), write) {
            Ok(()) => {}
            // All keys that the list needs are requested together, not one by one.
            Err(error) if environment.asks_for_keys() && !error.needed_keys().is_empty() => {
                error.needed_keys().iter().for_each(|key| needed.add(key));
                if needed.is_full() {
                    break;
                }
            }
            Err(_) if !needed.is_empty() => break,
            Err(error) => return Err(error.at_payload(index)),
        }
    }
    needed.request()?;
    Ok(out.finish(&list.unknown))
}
