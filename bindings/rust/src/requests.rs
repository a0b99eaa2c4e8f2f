//! The loop of every call: work, answer what the library asks of its host, and work again.
//!
//! The library has no I/O. Whatever blocks goes to tokio's threads for blocking work: large inputs,
//! key services, files, codec servers. A caller that gives up leaves nothing behind that matters:
//! an answer without a call is dropped.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::try_join_all;
use tdc::{Answer, Call, Code, DataConverter, Request};
use tdc_keys::Bytes;
use tokio::runtime::Handle;

use crate::clients::{answer_by_key_services, asks_key_services};
use crate::errors::{Error, SharedCause};
use crate::key_provider::{Key, KeyProvider};
use crate::key_service::{self, NotDone, OwnKeyService};
use crate::remote::Servers;

/// Bytes up to which a call runs where it is, as in the TypeScript binding: to encrypt them takes
/// no longer than to reach another thread and come back a few times.
const INLINE: usize = 64 * 1024;

/// A configuration, and what the program gives for it.
pub(crate) struct Host {
    pub(crate) converter: DataConverter,
    pub(crate) keys: Option<KeyProvider>,
    /// Instead of the built-in clients of key services.
    pub(crate) service: Option<OwnKeyService>,
    pub(crate) servers: Servers,
}

/// Without keys and configuration.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

/// An answer that owns its bytes.
enum Own {
    Key(Arc<Key>),
    Wrapped(key_service::Bytes),
    DataKey(key_service::Bytes),
    NotDone(NotDone),
    Http { status: u32, body: Bytes },
    Done,
    Unknown,
}

impl Own {
    fn as_answer(&self) -> Answer<'_> {
        match self {
            Self::Key(key) => Answer::Key(key.as_slice()),
            Self::Wrapped(key) => Answer::Wrapped(key),
            Self::DataKey(key) => Answer::DataKey(key),
            Self::NotDone(NotDone { fault, reason, .. }) => {
                Answer::KeyServiceFailed { fault: *fault, reason }
            }
            Self::Http { status, body } => Answer::Http { status: *status, body },
            Self::Done => Answer::Done,
            Self::Unknown => Answer::Unknown,
        }
    }
}

/// What the program's key service failed with in a call, by the code of the library's error.
type Causes = HashMap<Code, SharedCause>;

impl Host {
    /// Runs `work`, which handles `len` bytes, as often as it asks for something that can be
    /// answered.
    pub(crate) async fn repeat<T, W>(self: &Arc<Self>, len: usize, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&DataConverter, &mut Call) -> Result<T, tdc::Error> + Send + Sync + 'static,
    {
        let work = Arc::new(work);
        let mut call = Call::default();
        let mut causes = Causes::new();
        loop {
            let result = if len <= INLINE {
                work(&self.converter, &mut call)
            } else {
                let (host, work) = (Arc::clone(self), Arc::clone(&work));
                let (result, used) = blocking(move || (work(&host.converter, &mut call), call)).await?;
                call = used;
                result
            };
            match result {
                Err(error) if error.code() == Code::Requests => call = self.answer(call, &mut causes).await?,
                result => {
                    self.leave(call).await;
                    return result.map_err(|error| self.explained(error, &mut causes));
                }
            }
        }
    }

    /// Answers every request of the last try.
    async fn answer(self: &Arc<Self>, mut call: Call, causes: &mut Causes) -> Result<Call, Error> {
        if self.service.is_none() && asks_key_services(&call) {
            let host = Arc::clone(self);
            let (result, used) =
                blocking(move || (answer_by_key_services(&host.converter, &mut call), call)).await?;
            result?;
            call = used;
        }
        let asked: Vec<(u64, Request)> = call.requests().map(|(id, request)| (id, request.clone())).collect();
        let own = try_join_all(
            asked.iter().map(async |(id, request)| Ok::<_, Error>((*id, self.answer_one(request).await?))),
        )
        .await?;
        for (_, own) in &own {
            if let Own::NotDone(failed) = own {
                // The library reports the first failure of a code, of whichever try.
                causes.entry(failed.code).or_insert_with(|| Arc::clone(&failed.cause));
            }
        }
        let answers: Vec<(u64, Answer<'_>)> = own.iter().map(|(id, own)| (*id, own.as_answer())).collect();
        self.converter.answer(&mut call, &answers)?;
        Ok(call)
    }

    async fn answer_one(self: &Arc<Self>, request: &Request) -> Result<Own, Error> {
        Ok(match request {
            Request::Key(id) => match &self.keys {
                Some(keys) => keys.key(id).await?.map_or(Own::Unknown, Own::Key),
                None => Own::Unknown,
            },
            Request::Wrap(_) => self.answer_by_service(request, Own::Wrapped).await,
            Request::Unwrap(_) => self.answer_by_service(request, Own::DataKey).await,
            Request::Reload => {
                let host = Arc::clone(self);
                // If a file cannot be read now, the keys stay as they were, and the call says again
                // which one is missing.
                let _ = blocking(move || host.converter.reload()).await?;
                Own::Done
            }
            Request::Http(request) => {
                let headers = self.servers.headers(request.url()).await?;
                let (host, request) = (Arc::clone(self), request.clone());
                match blocking(move || host.servers.send(&request, &headers)).await? {
                    Ok((status, body)) => Own::Http { status: status.into(), body },
                    Err(failure) => {
                        Own::Http { status: 0, body: failure.reason().as_bytes().to_vec().into() }
                    }
                }
            }
            // Descriptors come from the configuration; no store is known here. A kind that is newer
            // than this crate is refused by the library.
            _ => Own::Unknown,
        })
    }

    /// The built-in clients leave nothing to be answered here.
    async fn answer_by_service(&self, request: &Request, done: fn(key_service::Bytes) -> Own) -> Own {
        match &self.service {
            Some(service) => service.answer(request).await.map_or_else(Own::NotDone, done),
            None => Own::Unknown,
        }
    }

    /// A call that has ended may leave a request: to have the next data key wrapped, while the old
    /// one is in use. If that fails, the first call after the old key's end says so.
    async fn leave(self: &Arc<Self>, call: Call) {
        if !asks_key_services(&call) {
            return;
        }
        let host = Arc::clone(self);
        let answer = async move { drop(host.answer(call, &mut Causes::new()).await) };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(answer)),
            Err(_) => answer.await,
        }
    }

    /// The error with its cause. For a key that only a provider can have, it says that there is
    /// none.
    fn explained(&self, error: tdc::Error, causes: &mut Causes) -> Error {
        if error.code() != Code::KeyUnknown || self.keys.is_some() || !self.converter.has_host_keys() {
            let cause = causes.remove(&error.code());
            let error = Error::from(error);
            return match cause {
                Some(cause) => error.because(cause),
                None => error,
            };
        }
        let text = format!(
            "keys.host is true, but there is no key provider: set Options::key_provider ({})",
            error.message()
        );
        let explained = tdc::Error::new(Code::KeyProvider, text);
        match error.payload_index() {
            Some(index) => explained.at_payload(index).into(),
            None => explained.into(),
        }
    }
}

/// Runs what blocks on a thread for that, or here if there is no runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.map_err(|cause| {
            Error::new(
                Code::Panic,
                "the call was not completed: the runtime is shutting down, or it panicked",
            )
            .because(Arc::new(cause) as SharedCause)
        }),
        Err(_) => Ok(work()),
    }
}
