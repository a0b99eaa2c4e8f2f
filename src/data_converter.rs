//! The top layer: brings converters, codecs, failures and keys together. Every public method is
//! here, in one file per noun; only the C ABI is above it.

mod codec;
mod failures;
mod histories;
mod host;
mod messages;
mod open;
mod reload;
mod rewrap;
mod settings;
mod values;

use std::cell::OnceCell;

use arc_swap::ArcSwap;

use crate::call::{Call, Request, Scope};
use crate::codec::remote::{Answers, Exchange};
use crate::codec::{Budget, Environment};
use crate::config::{Config, Profile};
use crate::context::Context;
use crate::error::{Code, Error, Needed, Needs};
use crate::keys::{CallKeys, Session};
use crate::limits::{Limits, Usage};
use crate::payload::too_many;
use crate::storage::{Objects, References};
use crate::sys::CoarseInstant;
use open::Source;
use reload::{Current, Reads};

/// A configuration, opened for calls. Threads may call it concurrently. A [`reload`](Self::reload)
/// swaps its state atomically, so a call in flight keeps the state it started with.
pub struct DataConverter {
    source: Source,
    namespace: String,
    config: ArcSwap<Current>,
    reads: Reads,
}

impl DataConverter {
    /// The common part of every try of a call: limits, context and namespace, and the requests to
    /// the host if the work cannot be completed.
    #[inline]
    pub(crate) fn call<T>(
        &self,
        scope: Scope<'_>,
        input_len: usize,
        work: impl FnOnce(&mut Spent, &Profile, &Environment<'_>, &Config) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Scope { context, mut call } = scope;
        if let Some(asked) = call.as_mut().and_then(|call| call.ask_on()) {
            return Err(asked);
        }
        let config = self.config.load();
        let usage = call.as_ref().map_or_else(Usage::default, |call| call.usage());
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
        let mut context = Context::parse(context)?;
        if context.namespace.is_empty() {
            context.namespace = &self.namespace;
        }
        let namespace = context.namespace;
        let profile = config.profile(namespace)?;
        let exchange = profile.chain.remote().map(|remote| {
            let answers = call.as_mut().map(|call| call.take_remote()).unwrap_or_default();
            Exchange::new(remote, answers, namespace, &config.limits)
        });
        let (can_ask, has_reloaded) =
            call.as_ref().map_or((false, false), |call| (true, call.has_reloaded()));
        let may_search = || can_ask && !has_reloaded && self.should_search(&config, CoarseInstant::now());
        let keys = call.as_mut().map(|call| call.take_keys()).unwrap_or_default();
        let session = Session::new(namespace, keys, &may_search, can_ask);
        let references = call.as_ref().map_or(References::Keep, |call| call.references());
        let looks = !matches!(references, References::Keep | References::Leave);
        let objects = call.as_mut().filter(|_| looks).map(|call| {
            let found = call.take_objects();
            let allowed = (&config.stores, &profile.objects);
            Objects::new(references, allowed, namespace, &config.limits, found)
        });
        // The clock costs as much as a small payload's tag, and a call ends with the keys that it
        // began with.
        let clock = OnceCell::new();
        let now = || *clock.get_or_init(CoarseInstant::now);
        let environment = Environment {
            keyring: &config.keyring,
            access: profile.access(namespace),
            session: &session,
            context: &context,
            now: &now,
            overhead: config.overhead(),
            remote: exchange.as_ref(),
            objects: objects.as_ref(),
            can_ask,
            leaves_references: references == References::Leave && !config.stores.sealed_after_storing,
        };
        let mut spent = Spent {
            payloads: usage.payloads,
            budget: Budget::new(config.limits.max_decoded_bytes, usage.decoded_bytes),
        };
        let result = work(&mut spent, profile, &environment, &config);
        match result {
            Ok(done)
                if exchange.as_ref().is_none_or(|exchange| !exchange.is_waiting())
                    && objects.as_ref().is_none_or(|objects| !objects.is_waiting()) =>
            {
                if let Some(call) = call {
                    let decoded_bytes = spent.budget.used();
                    call.succeed(Usage { payloads: spent.payloads, input_bytes, decoded_bytes });
                    if let Some(renewal) = session.take_renewal() {
                        // Without random bytes, the old key stays in use.
                        call.leave(config.keyring.renew(renewal, namespace).ok().map(Request::Wrap));
                    }
                }
                Ok(done)
            }
            result => Err(self.unfinished(&config, call, (exchange, objects), session, result.err())),
        }
    }

    /// The result of an incomplete try: requests to the host, or an error.
    #[cold]
    fn unfinished(
        &self,
        config: &Current,
        call: Option<&mut Call>,
        (exchange, objects): (Option<Exchange<'_>>, Option<Objects<'_>>),
        session: Session<'_>,
        error: Option<Error>,
    ) -> Error {
        let namespace = session.namespace();
        let keys = session.into_keys();
        // Attributes of a failure that are not decoded yet cannot be read; that is not an error.
        let error = error.filter(|error| {
            error.code() != Code::Failure
                || !(exchange.as_ref().is_some_and(Exchange::is_waiting)
                    || objects.as_ref().is_some_and(Objects::is_waiting))
        });
        let Some(call) = call else {
            return error.unwrap_or_else(cannot_ask);
        };
        let (answers, waiting) = match exchange {
            Some(exchange) => exchange.end(error.is_none()),
            None => (Answers::default(), Ok(None)),
        };
        let (objects, wanted) = objects.map(Objects::end).unwrap_or_default();
        let (requests, instead) = match (error, waiting) {
            (Some(error), _) => (self.requests(config, namespace, &keys, &error), error),
            (None, Err(error)) => (Vec::new(), error),
            (None, Ok(request)) => {
                let instead = if request.is_some() { cannot_ask() } else { cannot_fetch() };
                let objects = wanted.into_iter().map(Request::Object);
                (request.map(Request::Http).into_iter().chain(objects).collect(), instead)
            }
        };
        if instead.code() == Code::BufferTooSmall {
            call.keep(answers, keys, objects);
            return instead;
        }
        if requests.is_empty() {
            call.end_try();
            return self.and_why_not_reloaded(instead);
        }
        call.keep(answers, keys, objects);
        call.ask(requests, config.generation(), instead)
    }

    /// The requests with which a host could fix an error.
    fn requests(
        &self,
        config: &Current,
        namespace: &str,
        call_keys: &CallKeys,
        error: &Error,
    ) -> Vec<Request> {
        match error.needs() {
            Needs::Keys(keys) => keys
                .iter()
                .filter_map(|key| match key {
                    Needed::Key(id) => Some(Request::Key(id.clone())),
                    Needed::DataKey { kek, wrapped } => {
                        config.keyring.unwrap(kek, wrapped).map(Request::Unwrap)
                    }
                    Needed::Rewrapped { kek, wrapped, by } => {
                        config.keyring.rewrap(kek, wrapped, by, call_keys).map(Request::Wrap)
                    }
                })
                .collect(),
            Needs::Wrap(kek) => {
                config.keyring.wrap(kek, namespace).ok().map(Request::Wrap).into_iter().collect()
            }
            Needs::Descriptor(name) => vec![Request::Descriptor(name.clone())],
            Needs::Nothing
                if error.code() == Code::KeyUnknown && self.should_search(config, CoarseInstant::now()) =>
            {
                vec![Request::Reload]
            }
            Needs::Nothing => Vec::new(),
        }
    }
}

/// The payloads need a codec server, but the host does not send requests.
#[cold]
fn cannot_ask() -> Error {
    Error::new(
        Code::Remote,
        "the payloads must go to a codec server, and the host did not send them: answer the requests of the call",
    )
}

/// The payloads are in a store, but the host does not fetch objects.
#[cold]
fn cannot_fetch() -> Error {
    Error::new(
        Code::Storage,
        "payloads are in a store, and the host did not fetch them: answer the requests of the call",
    )
}

/// What a running call uses of the limits.
pub(crate) struct Spent {
    pub(crate) payloads: usize,
    pub(crate) budget: Budget,
}

impl Spent {
    /// Counts payloads. The caller's earlier usage can be any number.
    fn add(&mut self, payloads: usize) {
        self.payloads = self.payloads.saturating_add(payloads);
    }

    /// Counts one payload.
    fn one(&mut self, limits: &Limits) -> Result<(), Error> {
        self.add(1);
        if self.payloads > limits.max_payloads { Err(too_many(limits.max_payloads)) } else { Ok(()) }
    }
}
