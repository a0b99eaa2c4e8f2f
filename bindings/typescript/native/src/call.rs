//! One call of JavaScript, which may need several tries.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Buffer, Env, Task, Uint8Array};
use napi_derive::napi;
use tdc::{Code, DataConverter, Error, MessageFlags, References};

use crate::failure::{Failure, guarded};
use crate::handle::Handle;

/// A call, from the first try to its end.
#[napi]
pub struct Call(Arc<Mutex<State>>);

struct State {
    /// `None` if the handle was already closed.
    converter: Option<Arc<DataConverter>>,
    /// Apart from the buffers, which belong to JavaScript's thread: a thread that waits for a key
    /// service has it alone.
    call: Arc<Mutex<tdc::Call>>,
    operation: String,
    context: Uint8Array,
    input: Uint8Array,
    /// The full name of the message's type, for whole messages.
    message_type: String,
    headers: bool,
    output: Vec<u8>,
}

/// A try on a libuv thread.
pub struct Try(Arc<Mutex<State>>);

impl Task for Try {
    type Output = Option<Failure>;
    type JsValue = Option<Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(locked(&self.0).attempt())
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(output)
    }
}

#[napi]
impl Call {
    /// A call that has not been tried. `context` and `input` must not change until it ends.
    #[napi(constructor)]
    #[must_use]
    pub fn new(
        handle: &Handle,
        operation: String,
        context: Uint8Array,
        input: Uint8Array,
        message_type: Option<String>,
        headers: Option<bool>,
    ) -> Self {
        Self(Arc::new(Mutex::new(State {
            converter: handle.converter(),
            call: Arc::default(),
            operation,
            context,
            input,
            message_type: message_type.unwrap_or_default(),
            headers: headers.unwrap_or_default(),
            output: Vec::new(),
        })))
    }

    /// Has it follow references to stored objects when it decodes.
    #[napi]
    pub fn follow(&self) {
        let call = self.call();
        let mut call = locked(&call);
        *call = core::mem::take(&mut *call).with_references(References::Fetch(usize::MAX));
    }

    /// Tries now. Returns nothing if it is done, otherwise what is missing or wrong.
    #[napi]
    pub fn try_now(&self) -> Option<Failure> {
        locked(&self.0).attempt()
    }

    /// Tries on a libuv thread.
    #[napi]
    pub fn try_on_pool(&self) -> AsyncTask<Try> {
        AsyncTask::new(Try(Arc::clone(&self.0)))
    }

    /// Whether the last try asks for anything.
    #[napi]
    pub fn has_requests(&self) -> bool {
        locked(&self.call()).requests().len() > 0
    }

    /// The requests of the last try, a `tdc.host.v1.Requests`.
    #[napi]
    pub fn requests(&self) -> Buffer {
        locked(&self.call()).requests_message().to_vec().into()
    }

    /// Takes the host's answers, a `tdc.host.v1.Answers`; returns an error, if any.
    #[napi]
    pub fn answer(&self, answers: &[u8]) -> Option<Failure> {
        let (converter, call) = (self.converter()?, self.call());
        guarded(|| converter.answer_message(&mut locked(&call), answers)).err().map(Failure::from)
    }

    /// The result; can be taken only once.
    #[napi]
    pub fn output(&self) -> Buffer {
        core::mem::take(&mut locked(&self.0).output).into()
    }
}

impl Call {
    /// A finished call that left requests.
    pub(crate) fn done(converter: Arc<DataConverter>, call: tdc::Call) -> Self {
        let nothing = || Uint8Array::new(Vec::new());
        Self(Arc::new(Mutex::new(State {
            converter: Some(converter),
            call: Arc::new(Mutex::new(call)),
            operation: String::new(),
            context: nothing(),
            input: nothing(),
            message_type: String::new(),
            headers: false,
            output: Vec::new(),
        })))
    }

    pub(crate) fn converter(&self) -> Option<Arc<DataConverter>> {
        locked(&self.0).converter.clone()
    }

    pub(crate) fn call(&self) -> Arc<Mutex<tdc::Call>> {
        Arc::clone(&locked(&self.0).call)
    }
}

impl State {
    fn attempt(&mut self) -> Option<Failure> {
        match guarded(|| self.work()) {
            Ok(output) => {
                self.output = output;
                None
            }
            Err(error) => Some(error.into()),
        }
    }

    fn work(&mut self) -> Result<Vec<u8>, Error> {
        let Self { converter, call, operation, context, input, message_type, headers, .. } = self;
        let Some(converter) = converter.as_ref() else {
            return Err(Error::new(Code::Argument, "this Tdc is closed"));
        };
        let mut flags = MessageFlags::default();
        flags.headers = *headers;
        let mut call = locked(call);
        let (scope, input) = (call.at(context), &**input);
        match operation.as_str() {
            "encode" => converter.encode(scope, input),
            "decode" => converter.decode(scope, input),
            "toPayload" => converter.to_payload(scope, input),
            "fromPayload" => converter.from_payload(scope, input),
            "encodeFailure" => converter.encode_failure(scope, input),
            "decodeFailure" => converter.decode_failure(scope, input),
            "encodeMessage" => converter.encode_message(scope, message_type, flags, input),
            "decodeMessage" => converter.decode_message(scope, message_type, flags, input),
            "decodeHistory" => converter.decode_history(scope, input),
            _ => Err(Error::new(Code::Argument, "this addon does not know the operation")),
        }
    }
}

/// A panic inside a call is caught before it can poison the lock.
pub(crate) fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
