//! The roof: converters, codecs, failures and keys together. Every public method is here, one file for
//! each noun, and nothing in the library is above it but the C ABI.

mod codec;
mod failures;
mod histories;
mod host;
mod messages;
mod open;
mod reload;
mod settings;
mod values;

use std::time::Instant;

use arc_swap::ArcSwap;

use crate::codec::remote::{Answers, Exchange};
use crate::codec::{Budget, Environment};
use crate::config::{Config, Profile};
use crate::context::Context;
use crate::error::{Code, Error};
use crate::limits::{Limits, Usage};
use crate::payload::too_many;
pub use codec::Answer;
use open::Source;
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

impl DataConverter {
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
