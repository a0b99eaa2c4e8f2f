//! The chain: encode follows the config's list, decode follows the payload.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::remote::{Direction, Exchange, Found, Remote};
use super::{Encoder, Environment, Written, compress, convert, encrypt, gzip, snappy, zlib, zstd};
use crate::error::{Code, Error};
use crate::keyring::{ENCRYPTED, Key};
use crate::limits::MAX_LAYERS;
use crate::payload::{Location, Pieces, View, malformed};
use crate::scratch;

/// The codecs of a namespace, in the order in which encode applies them.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    codecs: Arc<[Box<dyn Encoder>]>,
    encrypts: bool,
    /// Decode refuses a payload in which no encrypted layer was opened.
    required: bool,
    /// The codec server behind the codecs.
    remote: Option<Arc<Remote>>,
}

/// The most bytes that a payload of `len` bytes can become, whatever the codecs: no chain encrypts twice,
/// and compression never grows. That it does not depend on the configuration keeps it true over a
/// reload. (What a codec server answers has any length, and comes in memory of its own where it must.)
pub(crate) fn encode_bound(len: usize) -> usize {
    len.saturating_add(encrypt::MAX_OVERHEAD)
}

/// What encode did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// No codec applies: the payload is to stay as it is, nothing was written.
    Unchanged,
    /// The encoded payload, at the start of `out`.
    Written(Written),
    /// The encoded payload, as a codec server gave it.
    Owned(Vec<u8>, Location),
}

/// What decode did.
#[derive(Debug)]
pub(crate) enum Decoded {
    Unchanged,
    /// The decoded payload, at the start of `out`.
    Written(usize, Location),
    /// The decoded payload, which did not fit, or whose length nobody knew before.
    Owned(Vec<u8>, Location),
}

/// Counts what a call decodes to.
pub(crate) struct Budget {
    used: usize,
    left: usize,
}

impl Budget {
    /// A budget of `max_decoded_bytes`, of which `used` are gone already.
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

/// The layers that decode opens, by the payload's `encoding`.
#[derive(Clone, Copy)]
enum Layer {
    Encrypt,
    Decompress(Decompress),
    Msgpack,
}

/// Decompresses all of the data, to at most so many bytes.
type Decompress = fn(&[u8], usize, &mut Vec<u8>) -> Result<(), Error>;

impl Layer {
    /// The layer that `encoding` names, and the name of its codec in the configuration.
    fn of(encoding: &[u8]) -> Option<(Self, &'static str)> {
        match encoding {
            ENCRYPTED => Some((Self::Encrypt, "encrypt")),
            b"binary/zlib" => Some((Self::Decompress(zlib::decode), "zlib")),
            b"binary/zstd" => Some((Self::Decompress(zstd::decode), "zstd")),
            b"binary/snappy" => Some((Self::Decompress(snappy::decode), "snappy")),
            b"binary/gzip" => Some((Self::Decompress(gzip::decode), "gzip")),
            convert::MSGPACK => Some((Self::Msgpack, "msgpack")),
            _ => None,
        }
    }
}

/// The name of the codec that opens payloads of this `encoding`, where one of ours does.
pub(crate) fn codec_name(encoding: &[u8]) -> Option<&'static str> {
    Layer::of(encoding).map(|(_, name)| name)
}

/// The payload between two layers of decode.
enum Current {
    Input,
    Out(usize),
    Owned(Vec<u8>),
}

impl Current {
    fn into_decoded(self, out: &mut [u8], data: Location) -> Decoded {
        match self {
            Self::Input => Decoded::Unchanged,
            Self::Out(len) => Decoded::Written(len, data),
            Self::Owned(bytes) => match out.get_mut(..bytes.len()) {
                Some(room) => {
                    room.copy_from_slice(&bytes);
                    Decoded::Written(bytes.len(), data)
                }
                None => Decoded::Owned(bytes, data),
            },
        }
    }
}

/// What one step of decode found.
enum Step {
    Opened(Current),
    /// No layer of ours: where this payload's `data` stands.
    Innermost(Location),
}

#[cold]
fn too_deep() -> Error {
    Error::new(Code::Limit, format!("the payload has more than {MAX_LAYERS} layers of codecs"))
}

impl Chain {
    pub(crate) fn new(codecs: Vec<Box<dyn Encoder>>, encrypts: bool, required: bool) -> Self {
        Self { codecs: codecs.into(), encrypts, required, remote: None }
    }

    /// The same chain, with a codec server behind it.
    pub(crate) fn with_remote(self, remote: Option<Remote>) -> Self {
        Self { remote: remote.map(Arc::new), ..self }
    }

    /// The codec server behind the codecs.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        self.remote.as_deref()
    }

    /// The same chain, which decodes what is not encrypted too.
    pub(crate) fn without_required(&self) -> Self {
        Self { required: false, ..self.clone() }
    }

    /// Whether one of the codecs is `encrypt`.
    pub(crate) fn encrypts(&self) -> bool {
        self.encrypts
    }

    /// Whether encode leaves every payload as it is.
    pub(crate) fn is_empty(&self) -> bool {
        self.codecs.is_empty() && self.remote.is_none()
    }

    /// Refuses a payload in which no encrypted layer was opened, where the config asks for that.
    pub(crate) fn check_encrypted(&self, was_encrypted: bool) -> Result<(), Error> {
        if was_encrypted || !self.required {
            return Ok(());
        }
        Err(Error::new(
            Code::NotEncrypted,
            "the payload is not encrypted, and the config says required: true",
        ))
    }

    /// Applies the codecs; `out` has room for [`encode_bound`], and does not overlap the payload.
    pub(crate) fn encode(
        &self,
        payload: Pieces<'_>,
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Encoded, Error> {
        View::parse(payload).map_err(malformed)?;
        match environment.remote {
            None => self.encode_here(payload, environment, out),
            Some(exchange) => self.encode_there(payload, environment, exchange),
        }
    }

    /// Applies the codecs and has the server go on. Without its answer the payload stays, and the call will be
    /// made again.
    fn encode_there(
        &self,
        payload: Pieces<'_>,
        environment: &Environment<'_>,
        exchange: &Exchange<'_>,
    ) -> Result<Encoded, Error> {
        match exchange.find(Direction::Encode, payload)? {
            Found::Answer(answer) => {
                let view = View::parse(Pieces::whole(&answer)).map_err(malformed)?;
                return Ok(Encoded::Owned(answer.to_vec(), view.location()));
            }
            Found::Later => {}
            Found::Nothing(key) => {
                let mut room = Zeroizing::new(vec![0; encode_bound(payload.len())]);
                let sent = match self.encode_here(payload, environment, &mut room)? {
                    Encoded::Written(written) => {
                        room.truncate(written.len);
                        room
                    }
                    Encoded::Unchanged | Encoded::Owned(..) => Zeroizing::new(payload.to_vec()),
                };
                exchange.ask(key, sent);
            }
        }
        Ok(Encoded::Unchanged)
    }

    fn encode_here(
        &self,
        payload: Pieces<'_>,
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Encoded, Error> {
        // A codec that finds too little room would seem to have found nothing to gain.
        if !self.codecs.is_empty() && out.len() < payload.len() {
            return Err(Error::buffer_too_small(encode_bound(payload.len()), out.len()));
        }
        let mut current: Option<(Vec<u8>, Written)> = None;
        for (index, codec) in self.codecs.iter().enumerate() {
            let input = current.as_ref().map_or(payload, |(bytes, _)| Pieces::whole(bytes));
            if index + 1 == self.codecs.len() {
                if let Some(written) = codec.encode(input, environment, out)? {
                    if let Some((bytes, _)) = current {
                        scratch::give(bytes);
                    }
                    return Ok(Encoded::Written(written));
                }
            } else {
                let mut next = scratch::take();
                let room = input.len() + codec.overhead();
                if next.len() < room {
                    next.resize(room, 0);
                }
                let unused =
                    match codec.encode(input, environment, next.get_mut(..room).unwrap_or_default())? {
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
        let Some((encoded, written)) = current else { return Ok(Encoded::Unchanged) };
        let capacity = out.len();
        let room =
            out.get_mut(..encoded.len()).ok_or_else(|| Error::buffer_too_small(encoded.len(), capacity))?;
        room.copy_from_slice(&encoded);
        scratch::give(encoded);
        Ok(Encoded::Written(written))
    }

    /// Opens every built-in layer, the outermost first.
    ///
    /// `fixed` says that `out` is a caller's buffer: too small for what is known beforehand is then an
    /// error. `out` does not overlap the payload; after an error it holds nothing of any layer.
    pub(crate) fn decode(
        &self,
        payload: Pieces<'_>,
        environment: &Environment<'_>,
        budget: &mut Budget,
        out: &mut [u8],
        fixed: bool,
    ) -> Result<Decoded, Error> {
        if let Some(exchange) = environment.remote {
            return self.decode_there(payload, environment, exchange, budget, out);
        }
        let opening = Opening { environment, budget, fixed, was_encrypted: false, written: 0 };
        self.open(opening, payload, out)
    }

    /// Has the server decode the payload, and opens what the codecs know of its answer. Without the answer the
    /// payload stays, and the call will be made again.
    fn decode_there(
        &self,
        payload: Pieces<'_>,
        environment: &Environment<'_>,
        exchange: &Exchange<'_>,
        budget: &mut Budget,
        out: &mut [u8],
    ) -> Result<Decoded, Error> {
        View::parse(payload).map_err(malformed)?;
        let answer = match exchange.find(Direction::Decode, payload)? {
            Found::Answer(answer) => answer,
            Found::Later => return Ok(Decoded::Unchanged),
            Found::Nothing(key) => {
                exchange.ask(key, Zeroizing::new(payload.to_vec()));
                return Ok(Decoded::Unchanged);
            }
        };
        budget.spend(answer.len())?;
        let opening = Opening { environment, budget, fixed: false, was_encrypted: false, written: 0 };
        Ok(match self.open(opening, Pieces::whole(&answer), out)? {
            Decoded::Unchanged => {
                let view = View::parse(Pieces::whole(&answer)).map_err(malformed)?;
                Decoded::Owned(answer.to_vec(), view.location())
            }
            decoded => decoded,
        })
    }

    fn open(&self, mut opening: Opening<'_>, payload: Pieces<'_>, out: &mut [u8]) -> Result<Decoded, Error> {
        let result = opening.layers(payload, out);
        let was_encrypted = opening.was_encrypted;
        let result = result.and_then(|decoded| self.check_encrypted(was_encrypted).map(|()| decoded));
        if result.is_err() {
            let written = opening.written.min(out.len());
            out.get_mut(..written).unwrap_or_default().fill(0);
        }
        result
    }
}

/// One payload on its way through its layers.
struct Opening<'a> {
    environment: &'a Environment<'a>,
    budget: &'a mut Budget,
    fixed: bool,
    was_encrypted: bool,
    /// How much of `out` may hold the plaintext of a layer.
    written: usize,
}

impl Opening<'_> {
    fn layers(&mut self, payload: Pieces<'_>, out: &mut [u8]) -> Result<Decoded, Error> {
        let mut current = Current::Input;
        for depth in 0..=MAX_LAYERS {
            let next = match &current {
                Current::Input => self.layer(payload, depth, Some(&mut *out)),
                Current::Owned(bytes) => self.layer(Pieces::whole(bytes), depth, Some(&mut *out)),
                // What stands in `out` is the input now, so it cannot be the output as well.
                Current::Out(len) => {
                    self.layer(Pieces::whole(out.get(..*len).unwrap_or_default()), depth, None)
                }
            }?;
            match next {
                Step::Opened(next) => current = next,
                Step::Innermost(data) => return Ok(current.into_decoded(out, data)),
            }
        }
        Err(too_deep())
    }

    /// Opens the outermost layer of `payload`, if it is one that we know.
    fn layer(&mut self, payload: Pieces<'_>, depth: usize, out: Option<&mut [u8]>) -> Result<Step, Error> {
        if let Some((key, sealed)) = encrypt::recognise(payload, self.environment)
            && depth < MAX_LAYERS
        {
            return self.decrypt(key, sealed, depth, out);
        }
        let view = View::parse(payload).map_err(malformed)?;
        let Some((layer, _)) = view.encoding.and_then(Layer::of) else {
            return Ok(Step::Innermost(view.location()));
        };
        if depth == MAX_LAYERS {
            return Err(too_deep());
        }
        match layer {
            Layer::Decompress(decode) => {
                // An answer that the caller of a call on one payload keeps is memory of its own.
                let mut bytes = if self.fixed { Vec::new() } else { scratch::take() };
                decode(view.data, self.budget.left, &mut bytes)?;
                self.budget.spend(bytes.len())?;
                Ok(Step::Opened(Current::Owned(bytes)))
            }
            Layer::Msgpack => match convert::decode_msgpack(payload, view.data, self.budget.left)? {
                Some(bytes) => {
                    self.budget.spend(bytes.len())?;
                    Ok(Step::Opened(Current::Owned(bytes)))
                }
                None => Ok(Step::Innermost(view.location())),
            },
            Layer::Encrypt => {
                let key = encrypt::find_key(&view, self.environment)?;
                self.decrypt(&key, view.data, depth, out)
            }
        }
    }

    #[inline]
    fn decrypt(
        &mut self,
        key: &Key,
        sealed: &[u8],
        depth: usize,
        out: Option<&mut [u8]>,
    ) -> Result<Step, Error> {
        let len = encrypt::opened_len(sealed)?;
        self.was_encrypted = true;
        self.budget.spend(len)?;
        let capacity = out.as_ref().map_or(0, |out| out.len());
        match out.and_then(|out| out.get_mut(..len)) {
            Some(room) => {
                encrypt::open(key, sealed, room)?;
                self.written = self.written.max(len);
                Ok(Step::Opened(Current::Out(len)))
            }
            None if self.fixed && depth == 0 => Err(Error::buffer_too_small(len, capacity)),
            None => {
                let mut opened = vec![0; len];
                encrypt::open(key, sealed, &mut opened)?;
                Ok(Step::Opened(Current::Owned(opened)))
            }
        }
    }
}
