//! An open configuration.

use std::path::Path;
use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, BufferSlice, Either, Uint8Array};
use napi_derive::napi;
use tdc::{DataConverter, Error, Outcome};

use crate::call::Call;
use crate::failure::{Failure, guarded};

/// `Handle::quick`: the payload stays as it is.
const UNCHANGED: i64 = -1;
/// `Handle::quick`: a `Call` has to do it, or report the error.
const NOT_QUICK: i64 = -2;
/// `Handle::quick`: the result did not fit, `Handle::owned` has it.
const OWNED: i64 = -3;
/// `Handle::quick` adds it to a length if `Handle::take_left` has a call to return.
const LEFT: i64 = 1 << 32;

/// The data converter of an open configuration. Calls in flight share it, so `close` does not wait
/// for them.
#[napi]
pub struct Handle {
    converter: Option<Arc<DataConverter>>,
    /// What `quick` reads.
    input: Option<Uint8Array>,
    /// How much of the limits the payloads of one list have used.
    call: tdc::Call,
    /// What the last `quick` has left: to have the next data key wrapped.
    left: Option<tdc::Call>,
    /// What did not fit.
    owned: Vec<u8>,
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
        Ok(converter) => Either::A(Handle {
            converter: Some(Arc::new(converter)),
            input: None,
            call: tdc::Call::default(),
            left: None,
            owned: Vec::new(),
        }),
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

    /// Reads the configuration and its files again; returns an error, if any.
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

    /// Whether encode does nothing but encrypt, and not compress, which takes ten times as long.
    #[napi(getter)]
    pub fn only_encrypts(&self) -> bool {
        self.converter.as_ref().is_some_and(|converter| {
            let mut codecs = converter.summary().into_iter().flat_map(|summary| summary.codecs);
            codecs.all(|codec| codec == "encrypt")
        })
    }

    /// Takes the memory that `quick` reads contexts and heads from. JavaScript keeps it private, so
    /// it is never detached.
    #[napi]
    pub fn lend(&mut self, input: Uint8Array) {
        self.input = Some(input);
    }

    /// Encodes or decodes one payload of a list, if that is possible without a request to the host.
    /// The borrowed memory begins with `context` bytes of serialization context and `payload` bytes
    /// of the payload. The result goes into `out` from `at` on. Returns its length or a negative
    /// number.
    #[napi]
    pub fn quick(
        &mut self,
        encode: bool,
        is_first: bool,
        context: u32,
        payload: u32,
        mut out: BufferSlice<'_>,
        at: u32,
    ) -> i64 {
        let Some(out) = out.get_mut(at as usize..) else { return NOT_QUICK };
        self.convert(encode, is_first, (context as usize, payload as usize), &[], out)
    }

    /// The same for a payload whose `data` is not copied: the borrowed memory has `head` bytes of
    /// it, all but `data`.
    #[napi]
    pub fn quick_with(
        &mut self,
        encode: bool,
        is_first: bool,
        context: u32,
        head: u32,
        data: &[u8],
        mut out: BufferSlice<'_>,
    ) -> i64 {
        self.convert(encode, is_first, (context as usize, head as usize), data, &mut out)
    }

    /// The result of the last `quick`, if it did not fit.
    #[napi]
    pub fn owned(&mut self) -> Buffer {
        core::mem::take(&mut self.owned).into()
    }

    /// The call of the last `quick`, for its requests to be answered.
    #[napi]
    pub fn take_left(&mut self) -> Option<Call> {
        Some(Call::done(self.converter()?, self.left.take()?))
    }

    pub(crate) fn converter(&self) -> Option<Arc<DataConverter>> {
        self.converter.clone()
    }

    fn convert(
        &mut self,
        encode: bool,
        is_first: bool,
        (context, head): (usize, usize),
        data: &[u8],
        out: &mut [u8],
    ) -> i64 {
        let Self { converter: Some(converter), input: Some(input), call, left, owned } = self else {
            return NOT_QUICK;
        };
        if converter.has_own_converters() || converter.has_remote() {
            return NOT_QUICK;
        }
        let Some((context, rest)) = input.split_at_checked(context) else { return NOT_QUICK };
        let Some(head) = rest.get(..head) else { return NOT_QUICK };
        if is_first {
            *call = tdc::Call::default();
        }
        let done = guarded(|| {
            if encode {
                converter.encode_payload(call.at(context), head, data, out)
            } else {
                converter.decode_payload(call.at(context), head, data, out)
            }
        });
        match done {
            Ok(Outcome::Written { len, .. }) => {
                let len = i64::try_from(len).unwrap_or(NOT_QUICK);
                if call.requests().len() == 0 {
                    return len;
                }
                let goes_on = tdc::Call::with_usage(call.usage());
                *left = Some(core::mem::replace(call, goes_on));
                len + LEFT
            }
            Ok(Outcome::Unchanged) => UNCHANGED,
            Ok(Outcome::Owned { bytes, .. }) => {
                *owned = bytes;
                OWNED
            }
            Err(_) => {
                // A `Call` does the whole list again, and asks for what is missing.
                *call = tdc::Call::default();
                NOT_QUICK
            }
        }
    }
}
