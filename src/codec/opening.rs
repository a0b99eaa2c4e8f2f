//! Decode follows the payload: its layers are opened, outermost first, until none of ours is left.

use super::layer::{Layer, Open};
use super::{Chain, Environment, Found, compress, encrypt};
use crate::error::{Code, Error};
use crate::keys::Key;
use crate::limits::MAX_LAYERS;
use crate::outcome::Outcome;
use crate::payload::{Location, Slices, View, malformed};
use crate::scratch;

/// Counts the bytes that a call decodes to.
pub(crate) struct Budget {
    used: usize,
    left: usize,
}

impl Budget {
    /// A budget of `max_decoded_bytes`, of which `used` are already spent.
    pub(crate) fn new(max_decoded_bytes: usize, used: usize) -> Self {
        Self { used, left: max_decoded_bytes.saturating_sub(used) }
    }

    /// What is gone.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// What is left.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(bytes).ok_or_else(compress::too_large)?;
        self.used = self.used.saturating_add(bytes);
        Ok(())
    }
}

/// The payload between two layers.
enum Current {
    Input,
    Out(usize),
    Owned(Vec<u8>),
}

impl Current {
    /// Its bytes, given the memory that the other two kinds refer to.
    fn slices<'a>(&'a self, input: Slices<'a>, out: &'a [u8]) -> Slices<'a> {
        match self {
            Self::Input => input,
            Self::Out(len) => Slices::one(out.get(..*len).unwrap_or_default()),
            Self::Owned(bytes) => Slices::one(bytes),
        }
    }

    fn into_outcome(self, out: &mut [u8], data: Location) -> Outcome {
        match self {
            Self::Input => Outcome::Unchanged,
            Self::Out(len) => Outcome::Written { len, data },
            Self::Owned(bytes) => Outcome::Owned { bytes, data }.placed(out),
        }
    }
}

/// What one step found.
enum Step {
    Opened(&'static Layer, Current),
    /// There is no layer to open: the position of this payload's `data`.
    Innermost(Location),
    /// The previous layer did not contain a payload.
    NotAPayload,
}

/// One payload on its way through its layers.
pub(super) struct Opening<'a> {
    chain: &'a Chain,
    pub(super) environment: &'a Environment<'a>,
    pub(super) budget: &'a mut Budget,
    /// `out` is a caller's buffer: it is an error if it is too small for a size that is known
    /// beforehand.
    fixed: bool,
    pub(super) found: Found,
    /// How much of `out` may contain plaintext of a layer.
    pub(super) written: usize,
}

impl<'a> Opening<'a> {
    pub(super) fn new(
        chain: &'a Chain,
        environment: &'a Environment<'a>,
        budget: &'a mut Budget,
        fixed: bool,
    ) -> Self {
        Self { chain, environment, budget, fixed, found: Found::default(), written: 0 }
    }

    pub(super) fn is_nexus(&self) -> bool {
        self.environment.context.is_nexus
    }

    pub(super) fn layers(&mut self, payload: Slices<'_>, out: &mut [u8]) -> Result<Outcome, Error> {
        let mut current = Current::Input;
        // The layer that contained `current`, and the payload whose data it was.
        let mut around = None;
        for depth in 0..=MAX_LAYERS {
            let step = match &current {
                Current::Input => self.layer(payload, depth, Some(&mut *out)),
                Current::Owned(bytes) => self.layer(Slices::one(bytes), depth, Some(&mut *out)),
                // The contents of `out` are now the input, so `out` cannot be the output as well.
                Current::Out(len) => {
                    self.layer(Slices::one(out.get(..*len).unwrap_or_default()), depth, None)
                }
            }?;
            match step {
                Step::Opened(layer, next) => {
                    let outer = core::mem::replace(&mut current, next);
                    if let Some((_, Current::Owned(done))) = around.replace((layer, outer)) {
                        scratch::give(done);
                    }
                }
                Step::Innermost(data) => return Ok(current.into_outcome(out, data)),
                Step::NotAPayload => {
                    return match around {
                        Some((layer, _)) if self.chain.lists(layer) => Err(layer.foreign_contents()),
                        Some((_, outer)) => leave(outer, payload, out),
                        None => Ok(Outcome::Unchanged),
                    };
                }
            }
        }
        Err(too_deep())
    }

    /// Opens the outermost layer of `payload`, if it is one of ours.
    fn layer(&mut self, payload: Slices<'_>, depth: usize, out: Option<&mut [u8]>) -> Result<Step, Error> {
        if let Some((key, sealed)) = encrypt::recognise(payload, self.environment)
            && depth < MAX_LAYERS
        {
            return self.decrypt(key, &[], sealed, depth, out);
        }
        let view = match View::parse(payload) {
            // The caller's input need not look like a payload: a later version may have other
            // fields.
            Ok(view) if view.is_payload || depth == 0 || payload.len() == 0 => view,
            Err(cause) if depth == 0 => return Err(malformed(cause)),
            Ok(_) | Err(_) => return Ok(Step::NotAPayload),
        };
        let innermost = || Ok(Step::Innermost(view.location()));
        let Some(layer) = view.encoding.and_then(Layer::of) else { return innermost() };
        let source = match layer.open {
            Open::Decrypt => encrypt::KeyOrigin::of(&view, self.environment),
            Open::Decompress(_) | Open::Convert(_) => encrypt::KeyOrigin::Ring,
        };
        if matches!(source, encrypt::KeyOrigin::Foreign) {
            // A new KEK is added everywhere before it is used, but this process may not have
            // reloaded yet.
            return if self.environment.session.should_search() { Err(unknown_kek()) } else { innermost() };
        }
        if let Some(why) = (layer.misfit)(&view) {
            return if self.chain.lists(layer) { Err(layer.foreign_bytes(why)) } else { innermost() };
        }
        if matches!(layer.open, Open::Decrypt) && !self.environment.keyring.has_keys() {
            return innermost();
        }
        if depth == MAX_LAYERS {
            return Err(too_deep());
        }
        match layer.open {
            Open::Decompress(decompress) => {
                // In a call on one payload the caller may keep this memory, so it does not come
                // from `scratch`.
                let mut bytes = if self.fixed { Vec::new() } else { scratch::take() };
                decompress(view.data, self.budget.left, &mut bytes)?;
                self.budget.spend(bytes.len())?;
                Ok(Step::Opened(layer, Current::Owned(bytes)))
            }
            Open::Decrypt => {
                let recorded = encrypt::recorded(layer, &view, self.environment)?;
                let key = encrypt::find_key(&view, source, self.environment)?;
                let Some(recorded) = recorded else {
                    return self.decrypt(&key, &[], view.data, depth, out);
                };
                let opened = self.decrypt(&key, &recorded.associated(), view.data, depth, out)?;
                self.found.bound |= self.chain.binding().is_some_and(|fields| recorded.has(fields));
                Ok(opened)
            }
            Open::Convert(convert) => match convert(payload, view.data, self.budget.left) {
                Ok(Some(bytes)) => {
                    self.budget.spend(bytes.len())?;
                    Ok(Step::Opened(layer, Current::Owned(bytes)))
                }
                Ok(None) => innermost(),
                Err(error) if error.code() == layer.code && !self.chain.lists(layer) => innermost(),
                Err(error) => Err(error),
            },
        }
    }

    #[inline]
    fn decrypt(
        &mut self,
        key: &Key,
        associated: &[u8],
        sealed: &[u8],
        depth: usize,
        out: Option<&mut [u8]>,
    ) -> Result<Step, Error> {
        let len = encrypt::opened_len(sealed)?;
        // Without `encrypt` in the list nothing can be required, so the flag does no harm if the
        // layer is left closed.
        self.found.encrypted = true;
        self.budget.spend(len)?;
        let capacity = out.as_ref().map_or(0, |out| out.len());
        let opened = match out.and_then(|out| out.get_mut(..len)) {
            Some(room) => {
                encrypt::open(key, associated, sealed, room)?;
                self.written = self.written.max(len);
                Current::Out(len)
            }
            None if self.fixed && depth == 0 => return Err(Error::buffer_too_small(len, capacity)),
            None => {
                let mut opened = vec![0; len];
                encrypt::open(key, associated, sealed, &mut opened)?;
                Current::Owned(opened)
            }
        };
        Ok(Step::Opened(&encrypt::LAYER, opened))
    }
}

/// Leaves the last opened layer as it is: another codec wrote it.
#[cold]
fn leave(outer: Current, payload: Slices<'_>, out: &mut [u8]) -> Result<Outcome, Error> {
    let view = View::parse(outer.slices(payload, out)).map_err(malformed)?;
    let data = view.location();
    Ok(outer.into_outcome(out, data))
}

/// The payload may only be left as it is after the configuration was reloaded.
#[cold]
fn unknown_kek() -> Error {
    Error::new(Code::KeyUnknown, "the payload is an envelope of a key service that keys.ring does not name")
}

#[cold]
fn too_deep() -> Error {
    Error::new(Code::Limit, format!("the payload has more than {MAX_LAYERS} codec layers"))
}
