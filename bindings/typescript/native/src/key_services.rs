//! A call's requests to key services, and the clients in `libtdc_keys` that answer them.
//!
//! ```text
//! JavaScript ──> `Call::ask_clients`     a promise, settled when the services answered
//!        └─────> `Call::renew`           of a call that is done: nobody waits
//! ```
//! A client blocks, for seconds if a service is slow, so it has a thread of its own: the few
//! threads of libuv serve the whole process (file system, name resolution), and the end of the
//! process waits for them. Such a thread has nothing of JavaScript's but the promise, which napi
//! lets outlive its environment.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::mpsc::channel;
use std::sync::{Mutex, OnceLock};
use std::thread;

use napi::JsDeferred;
use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;
use tdc::{Answer, DataConverter, Fault, Request};

use crate::call::{Call, locked};
use crate::clients::Clients;
use crate::failure::{Failure, guarded};

type Settled = Box<dyn FnOnce(Env) -> napi::Result<Option<Failure>> + Send>;

#[napi]
impl Call {
    /// Identifies the last try's requests to key services: equal for all calls with the same
    /// requests. `None` if there are none.
    #[napi]
    pub fn key_question(&self) -> Option<String> {
        static SEED: OnceLock<RandomState> = OnceLock::new();
        let seed = SEED.get_or_init(RandomState::new);
        let call = self.call();
        let call = locked(&call);
        let asked = call.requests().filter_map(|(_, request)| match request {
            // Calls share a new data key: its address identifies it without revealing its bytes.
            Request::Wrap(wrap) => {
                Some(seed.hash_one((wrap.service()?.uri.as_ref(), wrap.data_key().as_ptr())))
            }
            Request::Unwrap(unwrap) => {
                Some(seed.hash_one((unwrap.service()?.uri.as_ref(), unwrap.wrapped())))
            }
            _ => None,
        });
        let asked: Vec<u64> = asked.collect();
        (!asked.is_empty()).then(|| format!("{:016x}", seed.hash_one(asked)))
    }

    /// Starts over, as if it had not been tried. It follows what it followed before.
    #[napi]
    pub fn restart(&self) {
        let call = self.call();
        let mut call = locked(&call);
        *call = tdc::Call::default().with_references(call.references());
    }

    /// Has the clients of `libtdc_keys` answer the last try's requests to key services, on a thread
    /// of its own, and leaves other requests alone. The promise resolves to the error, if any;
    /// until then the call must not be used.
    #[napi(ts_return_type = "Promise<Failure | null>")]
    pub fn ask_clients<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let (give, take) = channel();
        let (converter, call) = (self.converter(), self.call());
        let asking = in_thread(move || {
            let failure = ask(converter.as_deref(), &call);
            if let Ok(deferred) = take.recv() {
                settle(deferred, failure);
            }
        });
        match asking {
            Ok(()) => drop(give.send(deferred)),
            Err(error) => {
                settle(deferred, self.fail_key_requests(format!("no thread could be started: {error}")))
            }
        }
        Ok(promise)
    }

    /// Has the clients answer the requests that this finished call left. If they fail, the current
    /// data key stays in use, and a later call asks again.
    #[napi]
    pub fn renew(&self) {
        let (converter, call) = (self.converter(), self.call());
        let _ = in_thread(move || drop(ask(converter.as_deref(), &call)));
    }

    /// Answers the last try's requests to key services with this failure; returns an error, if any.
    #[napi]
    pub fn fail_key_requests(&self, reason: String) -> Option<Failure> {
        let (converter, call) = (self.converter()?, self.call());
        let mut call = locked(&call);
        let failed = Answer::KeyServiceFailed { fault: Fault::Unavailable, reason: &reason };
        let answers: Vec<_> = call
            .requests()
            .filter(|(_, request)| matches!(request, Request::Wrap(_) | Request::Unwrap(_)))
            .map(|(id, _)| (id, failed))
            .collect();
        guarded(|| converter.answer(&mut call, &answers)).err().map(Failure::from)
    }
}

fn settle(deferred: JsDeferred<Option<Failure>, Settled>, failure: Option<Failure>) {
    deferred.resolve(Box::new(move |_| Ok(failure)));
}

fn in_thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("tdc-keys".to_owned()).spawn(work).map(drop)
}

fn ask(converter: Option<&DataConverter>, call: &Mutex<tdc::Call>) -> Option<Failure> {
    let converter = converter?;
    guarded(|| Clients::loaded()?.answer(converter, &mut locked(call))).err().map(Failure::from)
}
