//! Converts values to payloads and back with the converters; no codec is applied here.

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
    /// Converts values to payloads. Both are a serialised `Payloads`; a value is given in a raw
    /// form: `binary/null`, `binary/plain`, `json/plain`, or `binary/protobuf` with its
    /// `messageType`.
    ///
    /// # Errors
    /// [`Code::Value`](crate::Code::Value), [`Code::Json`](crate::Code::Json) and the other errors
    /// of the converters. The error is that of the first value that fails, and has its index.
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
                out.field(PAYLOADS, &made.slices().collect::<Vec<_>>());
                made.recycle();
            }
            Ok(out.finish(&parsed.unknown))
        })
    }

    /// Converts payloads to values, each in its raw form: the inverse of
    /// [`DataConverter::to_payload`]. Every encoding that a converter knows is read, whatever the
    /// config says.
    ///
    /// # Errors
    /// [`Code::Encoding`](crate::Code::Encoding) and the errors of the converters. The error is
    /// that of the first payload that fails, and has its index.
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
                        out.field(PAYLOADS, &value.slices().collect::<Vec<_>>());
                        value.recycle();
                    }
                    None => out.field(PAYLOADS, &[payload]),
                }
            }
            Ok(out.finish(&parsed.unknown))
        })
    }
}

/// The known message types, resolved on demand.
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
