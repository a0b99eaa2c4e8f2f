//! One try's view of stored objects: those that the call has, and those that it still needs.

use std::cell::RefCell;

use super::References;
use super::answers::{Bytes, CallObjects};
use super::claim::{Claim, wrong};
use super::object::Object;
use super::options::{Store, Stores};
use super::reference::{Reference, may_be_reference};
use super::rules::Rules;
use crate::collected::Collected;
use crate::error::{Code, Error, text};
use crate::limits::Limits;
use crate::payload::Slices;

/// What a try shares with the codecs while it works.
pub(crate) struct Objects<'a> {
    references: References,
    stores: &'a Stores,
    rules: &'a Rules,
    namespace: &'a str,
    limits: &'a Limits,
    state: RefCell<State>,
}

struct State {
    objects: CallObjects,
    wanted: Collected<Object>,
    /// The references of this try that are still to come stay as they are.
    is_full: bool,
    /// An object was used, or tried.
    took_room: bool,
}

/// What a payload is.
pub(crate) enum Found {
    /// Not a reference.
    Payload,
    /// A reference that stays as it is.
    Kept,
    /// A reference that stays, in today's form.
    Updated(Vec<u8>),
    /// A reference, and the bytes of its object.
    Object(Bytes),
    /// A reference whose object must be fetched first.
    Waiting,
}

impl<'a> Objects<'a> {
    /// `objects` are those of the tries before.
    pub(crate) fn new(
        references: References,
        (stores, rules): (&'a Stores, &'a Rules),
        namespace: &'a str,
        limits: &'a Limits,
        objects: CallObjects,
    ) -> Self {
        let wanted = Collected::new(objects.len());
        let state = RefCell::new(State { objects, wanted, is_full: false, took_room: false });
        Self { references, stores, rules, namespace, limits, state }
    }

    /// Whether a payload with this encoding can be a reference, or must be one.
    pub(crate) fn may_be_one(&self, encoding: Option<&[u8]>) -> bool {
        may_be_reference(encoding) || matches!(self.references, References::FetchOnly(_))
    }

    /// Whether a payload is a reference, or says that it is.
    pub(crate) fn is_one(&self, payload: Slices<'_>) -> bool {
        !matches!(Reference::of(payload), Ok(None))
    }

    /// The error for an object that does not contain a payload.
    #[cold]
    pub(crate) fn not_a_payload(&self) -> Error {
        wrong("its object does not contain a payload")
    }

    /// What a payload is. `is_inner` says that it was inside a codec's layer.
    ///
    /// # Errors
    /// [`Code::Reference`] for a reference that is malformed or may not be followed, and what
    /// became of its object.
    pub(crate) fn find(&self, payload: Slices<'_>, is_inner: bool) -> Result<Found, Error> {
        let reference = match (Reference::of(payload), self.references) {
            (Ok(Some(reference)), _) => reference,
            (Ok(None), References::FetchOnly(_)) => return Err(wrong_payload()),
            (Ok(None), _) => return Ok(Found::Payload),
            (Err(error), References::Update | References::TryFetch(_)) if error.code() == Code::Reference => {
                return Ok(Found::Kept);
            }
            (Err(error), _) => return Err(error),
        };
        let kept = || Ok(reference.updated(payload)?.map_or(Found::Kept, Found::Updated));
        // Otherwise anyone with a key could make the program fetch objects.
        let is_out_of_reach = is_inner && !self.stores.sealed_after_storing;
        match self.references {
            References::Keep | References::Leave => Ok(Found::Kept),
            References::Update => kept(),
            References::FetchOnly(_) if is_out_of_reach => {
                Err(wrong("it is encrypted, and storage.sealed_after_storing is not set"))
            }
            References::Fetch(_) | References::TryFetch(_) if is_out_of_reach => Ok(Found::Kept),
            References::Fetch(max) | References::FetchOnly(max) => self.follow(&reference, max),
            References::TryFetch(max) => match self.follow(&reference, max) {
                Err(error) if may_stay(&error) => kept(),
                found => found,
            },
        }
    }

    /// A reference in today's form, if it has the legacy one.
    ///
    /// # Errors
    /// [`Code::Reference`].
    pub(crate) fn updated(&self, reference: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let payload = Slices::one(reference);
        Reference::of(payload)?.map_or(Ok(None), |reference| reference.updated(payload))
    }

    /// Whether a reference can stay although its object is there.
    pub(crate) fn can_give_back(&self) -> bool {
        matches!(self.references, References::TryFetch(_))
    }

    /// Whether the reference stays to whose object this happened.
    ///
    /// If there was no room for it, the references after it stay too: otherwise each of many
    /// references to one object would make it grow up to the limit.
    pub(crate) fn gives_back(&self, error: &Error) -> bool {
        let gives_back = self.can_give_back() && may_stay(error);
        let mut state = self.state.borrow_mut();
        state.took_room = true;
        state.is_full |= gives_back && error.code() == Code::Limit;
        gives_back
    }

    /// A payload was put in the place of a reference.
    pub(crate) fn placed(&self) {
        self.state.borrow_mut().took_room = true;
    }

    /// Whether a list is tried once more, with all of its references as they are: objects took the
    /// room that its other payloads need.
    pub(crate) fn makes_room(&self, error: &Error) -> bool {
        let mut state = self.state.borrow_mut();
        let makes_room = self.can_give_back() && error.code() == Code::Limit && state.took_room;
        if makes_room {
            (state.is_full, state.took_room) = (true, false);
            state.wanted.clear();
        }
        makes_room
    }

    /// The object of a reference, once it is there.
    fn follow(&self, reference: &Reference, max_objects: usize) -> Result<Found, Error> {
        let object = self.object(reference)?;
        let state = &mut *self.state.borrow_mut();
        if state.is_full {
            return Err(CallObjects::too_many_bytes(self.limits));
        }
        if let Some(bytes) = state.objects.get(&object, self.limits) {
            return bytes.map(Found::Object);
        }
        if state.objects.is_full() {
            return Err(CallObjects::too_many_bytes(self.limits));
        }
        // What a try cannot ask for, the next one does.
        if state.wanted.takes(&object) {
            if state.objects.len() + state.wanted.len() >= max_objects {
                return Err(Error::new(
                    Code::Limit,
                    format!("more than {max_objects} stored objects in one call: split it"),
                ));
            }
            state.wanted.add(&object);
        }
        Ok(Found::Waiting)
    }

    /// The object of a reference, if that may be followed here. Nothing in a reference decides
    /// where a request goes.
    fn object(&self, reference: &Reference) -> Result<Object, Error> {
        let store = self.stores.get(&reference.driver).ok_or_else(|| {
            let driver = text::quoted(&reference.driver);
            wrong(&format!("its driver {driver} is not one of storage.stores"))
        })?;
        let claim = Claim::of(&reference.claim, &store.kind)?;
        let bucket = bucket(store, claim.bucket)?;
        self.rules.check(self.namespace, &store.kind, claim.key)?;
        Ok(Object {
            store: store.clone(),
            bucket: bucket.map(str::to_owned),
            key: claim.key.to_owned(),
            sha256: claim.sha256,
            max_bytes: self.stores.max_object_bytes.min(self.limits.max_decoded_bytes),
            timeout: self.stores.timeout,
        })
    }

    /// Whether objects must be fetched.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.state.borrow().wanted.is_empty()
    }

    /// Ends the try: what it had, for the next one, and what it still needs.
    pub(crate) fn end(self) -> (CallObjects, Vec<Object>) {
        let State { objects, wanted, .. } = self.state.into_inner();
        (objects, wanted.into_vec())
    }
}

/// The bucket that a claim names, if it is one of the store's.
fn bucket<'c>(store: &Store, claimed: Option<&'c str>) -> Result<Option<&'c str>, Error> {
    if store.buckets.is_empty() {
        return Ok(None);
    }
    match claimed {
        Some(bucket) if store.buckets.iter().any(|own| own == bucket) => Ok(Some(bucket)),
        Some(bucket) => Err(wrong(&format!(
            "its bucket {} is not one that storage.stores names for {}",
            text::quoted(bucket),
            text::quoted(&store.name)
        ))),
        None => Err(wrong("its claim has no bucket")),
    }
}

/// Whether a reader is better off with the reference than with this error. A store that is away is
/// no such error: it may be there again for the next call.
fn may_stay(error: &Error) -> bool {
    matches!(error.code(), Code::Reference | Code::Limit)
}

#[cold]
fn wrong_payload() -> Error {
    Error::new(Code::Reference, "the payload is not a reference to a stored object")
}
