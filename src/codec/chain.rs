//! The chain: encode follows the config's list, decode follows the payload.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::encrypt::binding::Fields;
use super::layer::Layer;
use super::opening::{Budget, Opening};
use super::remote::{self, Direction, Exchange, Remote};
use super::{Encoder, Environment, Written};
use crate::error::{Code, Error};
use crate::outcome::Outcome;
use crate::payload::{Slices, View, external_sizes, malformed};
use crate::scratch;
use crate::storage::{self, Objects};

/// The codecs of a namespace, in the order in which encode applies them.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    codecs: Arc<[Box<dyn Encoder>]>,
    encrypts: bool,
    /// Decode refuses a payload in which no encrypted layer was opened.
    required: bool,
    /// What payloads are bound to.
    binding: Option<Fields>,
    /// Decode refuses a payload that is not bound.
    binding_required: bool,
    /// The codec server behind the codecs.
    remote: Option<Arc<Remote>>,
}

/// What decode found out about the layers of a payload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    /// One of the opened layers was encrypted.
    pub(crate) encrypted: bool,
    /// One of these was bound to everything that the configuration names.
    pub(crate) bound: bool,
}

impl Chain {
    pub(crate) fn new(codecs: Vec<Box<dyn Encoder>>, encrypts: bool, required: bool) -> Self {
        Self { codecs: codecs.into(), encrypts, required, ..Self::default() }
    }

    /// The same chain, with bound payloads.
    pub(crate) fn with_binding(self, binding: Option<(Fields, bool)>) -> Self {
        let (fields, required) = (binding.map(|(fields, _)| fields), binding.is_some_and(|(_, is)| is));
        Self { binding: fields, binding_required: required, ..self }
    }

    /// What payloads are bound to.
    pub(crate) fn binding(&self) -> Option<Fields> {
        self.binding
    }

    /// The same chain, with a codec server behind it.
    pub(crate) fn with_remote(self, remote: Option<Remote>) -> Self {
        Self { remote: remote.map(Arc::new), ..self }
    }

    /// The codec server behind the codecs.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        self.remote.as_deref()
    }

    /// The same chain, which also decodes unencrypted payloads.
    pub(crate) fn without_required(&self) -> Self {
        Self { required: false, binding_required: false, ..self.clone() }
    }

    /// Whether one of the codecs is `encrypt`.
    pub(crate) fn encrypts(&self) -> bool {
        self.encrypts
    }

    /// Whether one of the codecs writes this layer.
    pub(super) fn lists(&self, layer: &Layer) -> bool {
        self.codecs.iter().any(|codec| codec.layer().is_some_and(|own| own.codec == layer.codec))
    }

    /// Whether encode leaves every payload as it is.
    pub(crate) fn is_empty(&self) -> bool {
        self.codecs.is_empty() && self.remote.is_none()
    }

    /// Refuses a payload that is not encrypted or not bound, if the config asks for that.
    /// `is_nexus` marks payloads that are never bound.
    pub(crate) fn check(&self, found: Found, is_nexus: bool) -> Result<(), Error> {
        if self.required && !found.encrypted {
            return Err(Error::new(
                Code::NotEncrypted,
                "the payload is not encrypted, but the configuration says required: true",
            ));
        }
        if self.binding_required && !found.bound && !is_nexus {
            return Err(Error::new(
                Code::Context,
                "the payload is not bound to where it belongs, but the configuration says bind.required: true",
            ));
        }
        Ok(())
    }

    /// Applies the codecs; `out` has room for [`Environment::encode_bound`], and does not overlap
    /// the payload.
    pub(crate) fn encode(
        &self,
        payload: Slices<'_>,
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        let view = View::parse(payload).map_err(malformed)?;
        if self.is_empty() || environment.leaves(&view, payload) {
            return Ok(Outcome::Unchanged);
        }
        if let Some(layer) = view.encoding.and_then(Layer::of)
            && let Some(why) = (layer.misfit)(&view)
        {
            return Err(layer.refused_value(why));
        }
        if !view.is_payload && payload.len() > 0 {
            return Err(not_a_payload());
        }
        if let Some(exchange) = environment.remote {
            return self.encode_there(payload, &view, environment, exchange);
        }
        if view.has_external {
            return self.encode_external(payload, environment, out);
        }
        self.encode_here(payload, &[], environment, out)
    }

    /// Applies the codecs to a payload with external payloads. Every layer repeats their sizes
    /// outside: the Temporal server adds them up and cannot look inside.
    fn encode_external(
        &self,
        payload: Slices<'_>,
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        let outside = external_sizes(payload).map_err(malformed)?;
        match self.encode_here(payload, &outside, environment, out) {
            // The caller provided the documented room. One or two sizes nearly always fit into it;
            // more need an allocation.
            Err(error)
                if error.code() == Code::BufferTooSmall
                    && out.len() >= environment.encode_bound(payload.len()) =>
            {
                let mut room = vec![0; environment.encode_bound(payload.len()) + outside.len()];
                Ok(match self.encode_here(payload, &outside, environment, &mut room)? {
                    Outcome::Written { len, data } => {
                        room.truncate(len);
                        Outcome::Owned { bytes: room, data }
                    }
                    outcome => outcome,
                })
            }
            outcome => outcome,
        }
    }

    /// Applies the codecs, then asks the codec server to encode the result. Without its answer the
    /// payload stays as it is, and the call is repeated.
    fn encode_there(
        &self,
        payload: Slices<'_>,
        view: &View<'_>,
        environment: &Environment<'_>,
        exchange: &Exchange<'_>,
    ) -> Result<Outcome, Error> {
        match exchange.find(Direction::Encode, payload)? {
            remote::Found::Answer(answer) => {
                return owned(answer.to_vec());
            }
            remote::Found::Later => {}
            remote::Found::Nothing(key) => {
                let outside =
                    if view.has_external { external_sizes(payload).map_err(malformed)? } else { Vec::new() };
                let mut room =
                    Zeroizing::new(vec![0; environment.encode_bound(payload.len()) + outside.len()]);
                let sent = match self.encode_here(payload, &outside, environment, &mut room)? {
                    Outcome::Written { len, .. } => {
                        room.truncate(len);
                        room
                    }
                    Outcome::Unchanged | Outcome::Owned { .. } => Zeroizing::new(payload.to_vec()),
                };
                exchange.ask(key, sent);
            }
        }
        Ok(Outcome::Unchanged)
    }

    fn encode_here(
        &self,
        payload: Slices<'_>,
        outside: &[u8],
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        // A codec that finds too little room would look as if it had nothing to gain.
        if !self.codecs.is_empty() && out.len() < payload.len() {
            return Err(Error::buffer_too_small(environment.encode_bound(payload.len()), out.len()));
        }
        let mut current: Option<(Vec<u8>, Written)> = None;
        for (index, codec) in self.codecs.iter().enumerate() {
            let input = current.as_ref().map_or(payload, |(bytes, _)| Slices::one(bytes));
            if index + 1 == self.codecs.len() {
                if let Some(written) = codec.encode(input, outside, environment, out)? {
                    if let Some((bytes, _)) = current {
                        scratch::give(bytes);
                    }
                    return Ok(written.into());
                }
            } else {
                let mut next = scratch::take();
                let room = input.len() + codec.overhead(environment) + outside.len();
                if next.len() < room {
                    next.resize(room, 0);
                }
                let made =
                    codec.encode(input, outside, environment, next.get_mut(..room).unwrap_or_default())?;
                let unused = match made {
                    Some(written) => {
                        next.truncate(written.len);
                        current.replace((next, written)).map(|(bytes, _)| bytes)
                    }
                    None => Some(next),
                };
                if let Some(unused) = unused {
                    scratch::give(unused);
                }
            }
        }
        let Some((encoded, written)) = current else { return Ok(Outcome::Unchanged) };
        let capacity = out.len();
        let room =
            out.get_mut(..encoded.len()).ok_or_else(|| Error::buffer_too_small(encoded.len(), capacity))?;
        room.copy_from_slice(&encoded);
        scratch::give(encoded);
        Ok(written.into())
    }

    /// Opens every built-in layer, outermost first.
    ///
    /// `fixed` says that `out` is a caller's buffer: it is then an error if it is too small for a
    /// size that is known beforehand. `out` does not overlap the payload; after an error it
    /// contains no data of any layer.
    pub(crate) fn decode(
        &self,
        payload: Slices<'_>,
        environment: &Environment<'_>,
        budget: &mut Budget,
        out: &mut [u8],
        fixed: bool,
    ) -> Result<Outcome, Error> {
        if let Some(exchange) = environment.remote {
            return self.decode_there(payload, environment, exchange, budget, out);
        }
        let opening = Opening::new(self, environment, budget, fixed);
        self.open(opening, payload, out)
    }

    /// Asks the codec server to decode the payload, then opens the layers of its answer that the
    /// local codecs know. Without the answer the payload stays as it is, and the call is repeated.
    fn decode_there(
        &self,
        payload: Slices<'_>,
        environment: &Environment<'_>,
        exchange: &Exchange<'_>,
        budget: &mut Budget,
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        let view = View::parse(payload).map_err(malformed)?;
        if let Some(objects) = environment.objects
            && objects.may_be_one(view.encoding)
            && objects.is_one(payload)
        {
            let opening = Opening::new(self, environment, budget, false);
            return self.follow(objects, opening, payload, Outcome::Unchanged, out);
        }
        let answer = match exchange.find(Direction::Decode, payload)? {
            remote::Found::Answer(answer) => answer,
            remote::Found::Later => return Ok(Outcome::Unchanged),
            remote::Found::Nothing(key) => {
                exchange.ask(key, Zeroizing::new(payload.to_vec()));
                return Ok(Outcome::Unchanged);
            }
        };
        budget.spend(answer.len())?;
        let opening = Opening::new(self, environment, budget, false);
        Ok(match self.open(opening, Slices::one(&answer), out)? {
            Outcome::Unchanged => owned(answer.to_vec())?,
            outcome => outcome,
        })
    }

    fn open(&self, mut opening: Opening<'_>, payload: Slices<'_>, out: &mut [u8]) -> Result<Outcome, Error> {
        let result = opening.layers(payload, out);
        let written = opening.written.min(out.len());
        let result = result.and_then(|outcome| match opening.environment.objects {
            None => self.check(opening.found, opening.is_nexus()).map(|()| outcome),
            Some(objects) => self.follow(objects, opening, payload, outcome, out),
        });
        if !matches!(result, Ok(Outcome::Written { .. })) {
            out.get_mut(..written).unwrap_or_default().fill(0);
        }
        result
    }

    /// Goes on where the opened payload is a reference to a stored object. Without the object the
    /// payload stays as it is, and the call is repeated.
    #[cold]
    fn follow(
        &self,
        objects: &Objects<'_>,
        opening: Opening<'_>,
        payload: Slices<'_>,
        outcome: Outcome,
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        let (opened, is_inner) = match &outcome {
            Outcome::Unchanged => (payload, false),
            Outcome::Written { len, .. } => (Slices::one(out.get(..*len).unwrap_or_default()), true),
            Outcome::Owned { bytes, .. } => (Slices::one(bytes), true),
        };
        let (layers, is_nexus) = (opening.found, opening.is_nexus());
        let kept = |outcome| self.check(layers, is_nexus).map(|()| outcome);
        match objects.find(opened, is_inner)? {
            storage::Found::Payload | storage::Found::Kept => kept(outcome),
            storage::Found::Updated(bytes) => kept(owned(bytes)?),
            storage::Found::Waiting => Ok(Outcome::Unchanged),
            storage::Found::Object(object) => {
                // The object is decoded into `out`, which may contain the reference.
                let reference = objects.can_give_back().then(|| opened.to_vec());
                let made = self.open_object(objects, &object, opening.environment, opening.budget, out);
                match (made, reference) {
                    (Ok(outcome), _) => {
                        objects.placed();
                        Ok(outcome)
                    }
                    (Err(error), Some(reference)) if objects.gives_back(&error) => {
                        match objects.updated(&reference)? {
                            Some(updated) => kept(owned(updated)?),
                            None if is_inner => kept(owned(reference)?),
                            None => kept(Outcome::Unchanged),
                        }
                    }
                    (Err(error), _) => Err(error),
                }
            }
        }
    }

    /// The payload in an object. A reference in there is never followed, and `required` applies to
    /// it.
    fn open_object(
        &self,
        objects: &Objects<'_>,
        object: &[u8],
        environment: &Environment<'_>,
        budget: &mut Budget,
        out: &mut [u8],
    ) -> Result<Outcome, Error> {
        budget.spend(object.len())?;
        if !View::parse(Slices::one(object)).is_ok_and(|view| view.is_payload) {
            return Err(objects.not_a_payload());
        }
        let environment = Environment { objects: None, ..*environment };
        match self.decode(Slices::one(object), &environment, budget, out, false)? {
            Outcome::Unchanged => owned(object.to_vec()),
            outcome => Ok(outcome),
        }
    }
}

fn owned(bytes: Vec<u8>) -> Result<Outcome, Error> {
    let data = View::parse(Slices::one(&bytes)).map_err(malformed)?.location();
    Ok(Outcome::Owned { bytes, data })
}

/// The error of encode for bytes that, once in a layer, decode would mistake for another codec's.
#[cold]
fn not_a_payload() -> Error {
    Error::new(
        Code::Value,
        "the payload has neither metadata nor data nor external_payloads, so it could not be decoded again",
    )
}
