//! Values ⇄ payloads, by the converters: no codec is applied here.

use std::sync::Arc;

use super::DataConverter;
use crate::call::Scope;
use crate::codec::Budget;
use crate::config::Config;
use crate::converter::{self, Environment};
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::framing::{Framed, PAYLOADS};
use crate::payload::{Payloads, Rewritten};

impl DataConverter {
    /// Makes the payloads of values. Both are a serialised `Payloads`; a value comes in a raw form:
    /// `binary/null`, `binary/plain`, `json/plain`, or `binary/protobuf` with its `messageType`.
    ///
    /// # Errors
    /// [`Code::Value`](crate::Code::Value), [`Code::Json`](crate::Code::Json) and what else the
    /// converters say. The lowest value that fails decides, and is named.
    pub fn to_payload<'a>(&self, scope: impl Into<Scope<'a>>, values: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(scope.into(), values.len(), |spent, _, _, config| {
            let budget = &mut spent.budget;
            let descriptors = known_types(config);
            let parsed = Payloads::parse(values, &config.limits, 0)?;
            let mut out = Framed::with_room(0);
            for (index, value) in parsed.payloads.iter().enumerate() {
                let environment = environment(config, &descriptors, budget);
                let made = config
                    .converters
                    .to_payload(value, &environment)
                    .map_err(|error| error.at_payload(index))?;
                out.field(PAYLOADS, &made.pieces().collect::<Vec<_>>());
                made.recycle();
            }
            Ok(out.finish(&parsed.unknown))
        })
    }

    /// Gives the values of payloads back, each in its raw form: the way back of
    /// [`DataConverter::to_payload`]. Every encoding that a converter knows is read, whatever the
    /// config says.
    ///
    /// # Errors
    /// [`Code::Encoding`](crate::Code::Encoding) and what the converters say. The lowest payload
    /// that fails decides, and is named.
    pub fn from_payload<'a>(&self, scope: impl Into<Scope<'a>>, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(scope.into(), payloads.len(), |spent, _, _, config| {
            let budget = &mut spent.budget;
            let descriptors = known_types(config);
            let parsed = Payloads::parse(payloads, &config.limits, 0)?;
            let mut out = Framed::with_room(0);
            for (index, payload) in parsed.payloads.iter().enumerate() {
                let environment = environment(config, &descriptors, budget);
                let value = converter::from_payload(payload, &environment)
                    .and_then(|value| budget.spend(value.as_ref().map_or(0, Rewritten::len)).map(|()| value))
                    .map_err(|error| error.at_payload(index))?;
                match value {
                    Some(value) => {
                        out.field(PAYLOADS, &value.pieces().collect::<Vec<_>>());
                        value.recycle();
                    }
                    None => out.field(PAYLOADS, &[payload]),
                }
            }
            Ok(out.finish(&parsed.unknown))
        })
    }
}

/// The message types that are known, when somebody asks.
fn known_types(config: &Config) -> impl Fn() -> Result<Arc<Descriptors>, Error> {
    || config.descriptors.current()
}

fn environment<'a>(
    config: &Config,
    descriptors: &'a dyn Fn() -> Result<Arc<Descriptors>, Error>,
    budget: &Budget,
) -> Environment<'a> {
    Environment { descriptors, protobuf_json: config.converters.protobuf_json, limit: budget.left() }
}
