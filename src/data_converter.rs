//! Converters, codecs, failures and keys together: what every door calls.

mod reload;
mod remote;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::codec::remote::{Answers, Exchange};
use crate::codec::{Budget, Chain, Decoded, Encoded, Environment, Written, encode_bound};
use crate::config::{Config, NamespaceSettings, NamespaceSummary, Profile};
use crate::context::Context;
use crate::error::{Code, Error};
use crate::framing::{Frame, Framed, PAYLOADS, framed_len};
use crate::limits::{Limits, MAX_KEYS_NEEDED, Usage};
use crate::payload::{Location, Payloads, Pieces, too_many};
use crate::server_options::ServerSettings;
use reload::{Current, Reads};

/// A configuration, open for calls. Any thread may call at once; a [`reload`](Self::reload) swaps what
/// stands behind it whole, so a call in flight keeps what it began with.
pub struct DataConverter {
    source: Source,
    namespace: String,
    config: ArcSwap<Current>,
    reads: Reads,
    /// What codec servers answered, for the calls that asked.
    answers: Answers,
}

enum Source {
    File(PathBuf),
    Document { text: String, base_dir: PathBuf },
}

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
    /// Opens the configuration file at `path`. `namespace` is for calls whose context names none; empty
    /// means none.
    ///
    /// # Errors
    /// [`Code::Config`] or [`Code::KeyFile`], with line, column and path.
    pub fn open(path: &Path, namespace: &str) -> Result<Self, Error> {
        Self::new(Source::File(path.to_owned()), namespace)
    }

    /// Takes a configuration as text; its relative paths are relative to `base_dir`.
    ///
    /// # Errors
    /// As [`DataConverter::open`].
    pub fn parse(text: &str, base_dir: &Path, namespace: &str) -> Result<Self, Error> {
        Self::new(Source::Document { text: text.to_owned(), base_dir: base_dir.to_owned() }, namespace)
    }

    fn new(source: Source, namespace: &str) -> Result<Self, Error> {
        let config = source.read()?;
        Ok(Self {
            source,
            namespace: namespace.to_owned(),
            config: ArcSwap::from_pointee(Current::new(config)),
            reads: Reads::default(),
            answers: Answers::default(),
        })
    }

    /// Whether the failure converter is to move message and stack trace into the encoded attributes.
    #[must_use]
    pub fn encodes_common_attributes(&self) -> bool {
        self.config.load().encode_common_attributes
    }

    /// Whether the configuration's `converters` differ from what every SDK's own converter does.
    #[must_use]
    pub fn has_own_converters(&self) -> bool {
        !self.config.load().has_default_converters
    }

    /// Whether the host may be asked for keys.
    #[must_use]
    pub fn has_host_keys(&self) -> bool {
        self.config.load().keyring.has_host()
    }

    /// What the configuration says to a codec server.
    #[must_use]
    pub fn server_settings(&self) -> Arc<ServerSettings> {
        Arc::clone(&self.config.load().server)
    }

    /// What the configuration says of a namespace.
    ///
    /// # Errors
    /// [`Code::Namespace`].
    pub fn namespace_settings(&self, namespace: &str) -> Result<NamespaceSettings, Error> {
        self.config.load().namespace(namespace)
    }

    /// The part of this configuration, if there is one, that opens more than `before` did: a namespace that may use
    /// more of the keys that were there, or that no longer encrypts.
    #[must_use]
    pub fn loosens(&self, before: &Self) -> Option<&'static str> {
        self.config.load().loosens(&before.config.load())
    }

    /// Whether there is any key, or the host may be asked for one.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.config.load().keyring.has_keys()
    }

    /// What the configuration does to payloads: for each entry of its `namespaces`, or for all where it has no such list.
    #[must_use]
    pub fn summary(&self) -> Vec<NamespaceSummary> {
        self.config.load().summary()
    }

    /// Takes a key that the host was asked for: 32 bytes.
    ///
    /// # Errors
    /// [`Code::KeyInvalid`].
    pub fn provide_key(&self, id: &[u8], key: &[u8]) -> Result<(), Error> {
        self.config.load().keyring.provide(id, key)
    }

    /// Takes the host's word that it has no key of this id. It is believed for 30 seconds.
    ///
    /// # Errors
    /// [`Code::KeyInvalid`].
    pub fn reject_key(&self, id: &[u8]) -> Result<(), Error> {
        self.config.load().keyring.reject(id, Instant::now())
    }

    /// Takes the descriptors of a message type that the host was asked for: a serialised
    /// `google.protobuf.FileDescriptorSet` with its file and what that imports. Files that are known already
    /// change nothing.
    ///
    /// # Errors
    /// [`Code::Descriptor`]; then everything stays as it was.
    pub fn provide_descriptor(&self, file_descriptor_set: &[u8]) -> Result<(), Error> {
        self.config.load().descriptors.provide(file_descriptor_set)
    }

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
    /// [`Code::BufferTooSmall`] before any work, and what the codecs say.
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
    /// [`Code::BufferTooSmall`] before any work where the length is known, and what the codecs say.
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

    /// What every call does around its work: limits, context, namespace; and the search for a key that
    /// is unknown.
    #[inline]
    pub(crate) fn call<T>(
        &self,
        context: &[u8],
        usage: &mut Usage,
        input_len: usize,
        work: impl FnOnce(&mut Spent, &Profile, &Environment<'_>, &Config) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let config = self.config.load();
        let input_bytes = usage.input_bytes.saturating_add(input_len);
        if input_bytes > config.limits.max_input_bytes {
            return Err(Error::new(
                Code::Limit,
                format!(
                    "the input has {input_bytes} bytes, limits.max_input_bytes allows {}: split it, or raise the limit",
                    config.limits.max_input_bytes
                ),
            ));
        }
        let context = Context::parse(context)?;
        let namespace = if context.namespace.is_empty() { &self.namespace } else { context.namespace };
        let profile = config.profile(namespace)?;
        let exchange = profile
            .chain
            .remote()
            .map(|remote| Exchange::new(remote, &self.answers, namespace, &config.limits));
        let environment = Environment {
            keyring: &config.keyring,
            access: &profile.access,
            now: &Instant::now,
            remote: exchange.as_ref(),
        };
        let mut spent = Spent {
            payloads: usage.payloads,
            budget: Budget::new(config.limits.max_decoded_bytes, usage.decoded_bytes),
        };
        let answer = work(&mut spent, profile, &environment, &config).map_err(|error| {
            if error.code() == Code::KeyUnknown && self.should_search(&config, Instant::now()) {
                error.with_code(Code::ReloadNeeded)
            } else {
                error
            }
        });
        let answer = match exchange {
            Some(exchange) => exchange.end(answer),
            None => answer,
        }?;
        *usage = Usage { payloads: spent.payloads, input_bytes, decoded_bytes: spent.budget.used() };
        Ok(answer)
    }
}

/// What a call uses of the limits while it works.
pub(crate) struct Spent {
    pub(crate) payloads: usize,
    pub(crate) budget: Budget,
}

impl Spent {
    /// Counts payloads. What a caller claims to have used before can be any number.
    fn add(&mut self, payloads: usize) {
        self.payloads = self.payloads.saturating_add(payloads);
    }

    /// Counts one payload.
    fn one(&mut self, limits: &Limits) -> Result<(), Error> {
        self.add(1);
        if self.payloads > limits.max_payloads { Err(too_many(limits.max_payloads)) } else { Ok(()) }
    }
}

impl Source {
    fn read(&self) -> Result<Config, Error> {
        match self {
            Self::File(path) => Config::open(path),
            Self::Document { text, base_dir } => Config::read(text, base_dir, ""),
        }
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
