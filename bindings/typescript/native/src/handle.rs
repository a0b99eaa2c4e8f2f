//! An open configuration.

use std::path::Path;
use std::sync::Arc;

use napi::bindgen_prelude::{BufferSlice, Either};
use napi_derive::napi;
use tdc::{DataConverter, Error, Outcome};

use crate::call::Call;
use crate::failure::{Failure, guarded};

/// `Handle::quick`: the payload stays as it is.
const UNCHANGED: i64 = -1;
/// `Handle::quick`: a `Call` has to do it, or to say what is wrong.
const NOT_QUICK: i64 = -2;
/// `Handle::quick` adds it to a length where `Handle::take_left` gives a call.
const LEFT: i64 = 1 << 32;

/// The one data converter of an open configuration. Calls in flight share it, so `close` waits for nobody.
#[napi]
pub struct Handle {
    converter: Option<Arc<DataConverter>>,
    /// What the last `quick` has left: to have the next data key wrapped.
    left: Option<tdc::Call>,
}

/// Opens a configuration file.
#[napi]
#[must_use]
pub fn open(path: String, namespace: String) -> Either<Handle, Failure> {
    opened(|| DataConverter::open(Path::new(&path), &namespace))
}

/// Takes a configuration as text.
#[napi]
#[must_use]
pub fn parse(document: String, base_dir: String, namespace: String) -> Either<Handle, Failure> {
    opened(|| DataConverter::parse(&document, Path::new(&base_dir), &namespace))
}

fn opened(open: impl FnOnce() -> Result<DataConverter, Error>) -> Either<Handle, Failure> {
    match guarded(open) {
        Ok(converter) => Either::A(Handle { converter: Some(Arc::new(converter)), left: None }),
        Err(error) => Either::B(error.into()),
    }
}

#[napi]
impl Handle {
    /// Refuses further calls, and frees the keys with the last call in flight.
    #[napi]
    pub fn close(&mut self) {
        self.converter = None;
    }

    /// Reads the configuration and its files again; gives what went wrong.
    #[napi]
    pub fn reload(&self) -> Option<Failure> {
        let converter = self.converter.as_ref()?;
        guarded(|| converter.reload()).err().map(Failure::from)
    }

    /// Whether the configuration's `converters` are not those of every SDK.
    #[napi(getter)]
    pub fn has_own_converters(&self) -> bool {
        self.converter.as_ref().is_some_and(|converter| converter.has_own_converters())
    }

    /// Whether failures hide their message and stack trace.
    #[napi(getter)]
    pub fn encodes_common_attributes(&self) -> bool {
        self.converter.as_ref().is_some_and(|converter| converter.encodes_common_attributes())
    }

    /// Whether a key provider is asked for keys.
    #[napi(getter)]
    pub fn has_host_keys(&self) -> bool {
        self.converter.as_ref().is_some_and(|converter| converter.has_host_keys())
    }

    /// Whether a codec server is asked.
    #[napi(getter)]
    pub fn has_remote(&self) -> bool {
        self.converter.as_ref().is_some_and(|converter| converter.has_remote())
    }

    /// Encodes or decodes one serialised payload into `out`, if that can be done without asking the host. Gives the
    /// length of the result, `UNCHANGED` or `NOT_QUICK`.
    #[napi]
    pub fn quick(&mut self, encode: bool, context: &[u8], payload: &[u8], mut out: BufferSlice<'_>) -> i64 {
        let Some(converter) = &self.converter else { return NOT_QUICK };
        // With a call the library has the next data key wrapped ahead of time.
        let mut call = (encode && converter.has_key_services()).then(tdc::Call::default);
        let done = guarded(|| {
            let scope = match &mut call {
                Some(call) => call.at(context),
                None => context.into(),
            };
            if encode {
                converter.encode_payload(scope, payload, &[], &mut out)
            } else {
                converter.decode_payload(scope, payload, &[], &mut out)
            }
        });
        let len = match done {
            Ok(Outcome::Written { len, .. }) => i64::try_from(len).unwrap_or(NOT_QUICK),
            Ok(Outcome::Unchanged) => return UNCHANGED,
            Ok(Outcome::Owned { .. }) | Err(_) => return NOT_QUICK,
        };
        self.left = call.filter(|call| call.requests().len() > 0);
        if self.left.is_some() { len + LEFT } else { len }
    }

    /// The call of the last `quick`, for its requests to be answered.
    #[napi]
    pub fn take_left(&mut self) -> Option<Call> {
        Some(Call::done(self.converter()?, self.left.take()?))
    }

    pub(crate) fn converter(&self) -> Option<Arc<DataConverter>> {
        self.converter.clone()
    }
}
