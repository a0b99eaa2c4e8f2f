//! What a visitor does with the payloads that it finds.

use super::plain::PlainPlaces;
use super::plan::Treatment;
use crate::codec::{Budget, Chain, Environment, Found, Layer, encrypt};
use crate::error::{Code, Error, Kind};
use crate::keys::NeededKeys;
use crate::limits::Limits;
use crate::outcome::Outcome;
use crate::payload::{Slices, View, malformed};

/// The work on payloads, with the state that all payloads of a call share.
pub(crate) struct Work<'c> {
    task: Task<'c>,
    settings: Settings<'c>,
    budget: &'c mut Budget,
    /// The chain for positions where plain payloads are accepted like encrypted ones.
    relaxed: Chain,
    strict: bool,
    count: usize,
    /// How many payloads came by that the SDKs write plain; counted to encode again.
    plain_places: usize,
    progress: Progress<'c>,
}

/// Called now and then with the number of payloads so far.
pub(crate) type Progress<'c> = Option<&'c dyn Fn(usize)>;

/// After how many payloads.
const TOLD_EVERY: usize = 256;

/// The settings for every payload of a call.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'c> {
    pub(crate) chain: &'c Chain,
    pub(crate) environment: Environment<'c>,
    pub(crate) limits: &'c Limits,
    /// Whether headers go through the codecs as well.
    pub(crate) headers: bool,
    /// Whether encode moves message and stack trace of failures into their encoded attributes.
    pub(crate) encode_common_attributes: bool,
    /// Whether decode keeps encoded attributes that cannot be read.
    pub(crate) keeps_malformed: bool,
}

/// What is done.
pub(crate) enum Task<'v> {
    Encode,
    /// A message that was decoded: what the SDKs write plain is encoded, too, unless it was plain.
    EncodeAgain(&'v PlainPlaces),
    Decode,
    /// Data keys are rewrapped, and nothing is decoded.
    Rewrap,
    /// Nothing is written: the keys that the host must be asked for are collected.
    AskForKeys(KeysOf, NeededKeys),
    /// Nothing is written: the payloads are passed to the visitor, and whether the SDKs use their
    /// codecs there.
    Visit(&'v dyn Fn(&[u8], bool)),
}

impl Task<'_> {
    /// The keys that the call should ask for up front.
    fn asks_for(&self, settings: &Settings<'_>) -> Option<KeysOf> {
        match self {
            Self::Decode => Some(KeysOf::Decode),
            Self::Rewrap => Some(KeysOf::Rewrap),
            Self::Encode | Self::EncodeAgain(_) | Self::AskForKeys(..) | Self::Visit(_) => None,
        }
        .filter(|_| settings.environment.asks_for_keys())
    }
}

/// Which keys are gathered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeysOf {
    Decode,
    Rewrap,
}

impl<'c> Work<'c> {
    /// The first pass of a task that should ask for its keys up front.
    pub(crate) fn survey(task: &Task<'_>, settings: Settings<'c>, budget: &'c mut Budget) -> Option<Self> {
        let of = task.asks_for(&settings)?;
        let keys = NeededKeys::new(settings.environment.session.answer_count());
        Some(Self::new(Task::AskForKeys(of, keys), settings, budget))
    }

    pub(crate) fn new(task: Task<'c>, settings: Settings<'c>, budget: &'c mut Budget) -> Self {
        Self {
            task,
            settings,
            budget,
            relaxed: settings.chain.without_required(),
            strict: true,
            count: 0,
            plain_places: 0,
            progress: None,
        }
    }

    pub(crate) fn with_progress(self, progress: Progress<'c>) -> Self {
        Self { progress, ..self }
    }

    pub(crate) fn settings(&self) -> &Settings<'c> {
        &self.settings
    }

    pub(crate) fn encodes(&self) -> bool {
        matches!(self.task, Task::Encode | Task::EncodeAgain(_))
    }

    pub(crate) fn decodes(&self) -> bool {
        matches!(self.task, Task::Decode)
    }

    /// Whether anything is written at all.
    pub(crate) fn writes(&self) -> bool {
        self.encodes() || matches!(self.task, Task::Decode | Task::Rewrap)
    }

    pub(crate) fn max_payloads(&self) -> usize {
        self.settings.limits.max_payloads
    }

    /// Requests all keys that a first pass found missing, together.
    pub(crate) fn request_keys(self) -> Result<(), Error> {
        match self.task {
            Task::AskForKeys(_, keys) => keys.request(),
            _ => Ok(()),
        }
    }

    /// Whether a field is skipped because the SDKs write it plain.
    pub(crate) fn skips(&self, treatment: Treatment) -> bool {
        matches!(self.task, Task::Encode)
            && match treatment {
                Treatment::Plain => true,
                Treatment::Header => !self.settings.headers,
                Treatment::Mixed | Treatment::Codec => false,
            }
    }

    /// From here on, plain payloads are accepted despite `required`, where the SDKs write them.
    pub(crate) fn relax(&mut self, treatment: Treatment) {
        self.strict &= match treatment {
            Treatment::Codec => true,
            Treatment::Plain => false,
            Treatment::Header => self.settings.headers,
            // Encode does not leave out what the SDKs write plain there.
            Treatment::Mixed => !self.decodes(),
        };
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    pub(crate) fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    fn chain(&self) -> &Chain {
        if self.strict { self.settings.chain } else { &self.relaxed }
    }

    /// Whether the payload must be rewritten; counts it.
    pub(crate) fn applies(&mut self, payload: &[u8]) -> Result<bool, Error> {
        self.count += 1;
        if self.count > self.max_payloads() {
            let max = self.max_payloads();
            return Err(Error::new(
                Code::Limit,
                format!("more than {max} payloads in one message: raise limits.max_payloads"),
            ));
        }
        if let (Some(progress), 0) = (self.progress, self.count % TOLD_EVERY) {
            progress(self.count);
        }
        let view = View::parse(Slices::one(payload)).map_err(|cause| self.said_of(malformed(cause)))?;
        match &mut self.task {
            Task::Encode => Ok(!self.settings.chain.is_empty()),
            Task::EncodeAgain(before) => {
                let was_plain = !self.strict && before.had(self.plain_places, payload);
                self.plain_places += usize::from(!self.strict);
                Ok(!was_plain && !self.settings.chain.is_empty())
            }
            Task::Decode
                if self
                    .settings
                    .environment
                    .objects
                    .is_some_and(|objects| objects.may_be_one(view.encoding)) =>
            {
                Ok(true)
            }
            Task::Decode if self.settings.chain.remote().is_some() => {
                // A codec server may mark its payloads in any way, so it gets all of them except
                // those that the SDKs write plain.
                Ok(self.strict || !view.encoding.is_some_and(is_plain))
            }
            Task::Decode => {
                if view.encoding.and_then(Layer::of).is_some() {
                    return Ok(true);
                }
                let is_nexus = self.settings.environment.context.is_nexus;
                self.chain().check(Found::default(), is_nexus).map_err(|error| self.said_of(error))?;
                Ok(false)
            }
            Task::Rewrap => Ok(encrypt::is_envelope(&view, &self.settings.environment)),
            Task::Visit(visit) => {
                visit(payload, self.strict);
                Ok(false)
            }
            Task::AskForKeys(_, keys) if keys.is_full() => Ok(false),
            Task::AskForKeys(of, keys) => {
                let environment = &self.settings.environment;
                let id = match of {
                    KeysOf::Decode => environment.key_to_ask_for(payload),
                    KeysOf::Rewrap => encrypt::rewrap_to_ask_for(&view, environment),
                };
                if let Some(id) = &id {
                    keys.add(id);
                }
                Ok(false)
            }
        }
    }

    /// Enough room for the result of [`Self::write`] for `len` bytes, in most cases.
    pub(crate) fn bound(&self, len: usize) -> usize {
        if self.encodes() { self.settings.environment.encode_bound(len) } else { len }
    }

    /// Takes the payload through the codecs.
    pub(crate) fn write(&mut self, payload: &[u8], room: &mut [u8]) -> Result<Outcome, Error> {
        let slices = Slices::one(payload);
        let chain = if self.strict { self.settings.chain } else { &self.relaxed };
        let environment = &self.settings.environment;
        environment.at(self.count - 1);
        let outcome = match self.task {
            Task::Encode | Task::EncodeAgain(_) => chain.encode(slices, environment, room),
            Task::Rewrap => encrypt::rewrap(payload, environment)
                .map(|made| made.map_or(Outcome::Unchanged, Outcome::owned)),
            _ => chain.decode(slices, environment, self.budget, room, false),
        };
        outcome.map_err(|error| self.said_of(error))
    }

    /// The payload after the codecs; `None` if they leave it as it is.
    pub(crate) fn rewrite(&mut self, payload: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut room = vec![0; self.bound(payload.len())];
        Ok(match self.write(payload, &mut room)? {
            Outcome::Unchanged => None,
            Outcome::Written { len, .. } => {
                room.truncate(len);
                Some(room)
            }
            Outcome::Owned { bytes, .. } => Some(bytes),
        })
    }

    /// Decodes a single payload.
    pub(crate) fn open(&mut self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        if !self.applies(payload)? {
            return Ok(payload.to_vec());
        }
        match self.write(payload, &mut [])? {
            Outcome::Owned { bytes, .. } => Ok(bytes),
            Outcome::Written { .. } | Outcome::Unchanged => Ok(payload.to_vec()),
        }
    }

    /// Whether a failure stays as it is because its attributes cannot be read. A missing key, and
    /// an exceeded limit, are still errors.
    pub(crate) fn keeps(&self, error: &Error) -> bool {
        self.settings.keeps_malformed && error.code().kind() == Kind::Input && error.code() != Code::Limit
    }

    fn said_of(&self, error: Error) -> Error {
        error.at_payload(self.count - 1)
    }
}

/// Whether a converter of the SDKs writes payloads with this encoding.
fn is_plain(encoding: &[u8]) -> bool {
    matches!(
        encoding,
        b"json/plain" | b"json/protobuf" | b"binary/plain" | b"binary/protobuf" | b"binary/null"
    )
}
