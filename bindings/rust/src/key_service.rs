//! A key service of the program, which wraps and unwraps data keys instead of the built-in clients.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tdc::{Code, Fault, Request};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

pub use tdc::KeyService as KeyServiceKey;

use crate::errors::{Cause, SharedCause, find};
use crate::flights::Flights;

/// Wraps and unwraps data keys with keys that never leave the service. It replaces the built-in
/// clients for the entries of the configuration's ring that name a service.
///
/// A [`KeyServiceError`] says whether the service refused, or the wrapped key does not belong to
/// this key. Any other error, a panic, or no answer in time means that the service could not be
/// reached. The call fails with [`Code::KeyRefused`], with [`Code::Ciphertext`] or with
/// [`Code::KeyService`]: its message repeats that of the error, which must therefore not contain a
/// secret, and its source is the error. A refusal is cached for 30 seconds, an unavailable service
/// for one.
///
/// Up to 16 requests of one call run at the same time, and calls that need the same data key share
/// one. A request is dropped after [`KeyServiceKey::timeout`], or when no call waits for it any
/// more. It is awaited where its caller is, so it must not block. Outside of a tokio runtime there
/// is no timeout.
///
/// ```
/// use std::error::Error;
/// use std::path::Path;
/// use temporal_tdc::{KeyService, KeyServiceError, KeyServiceKey, Options};
/// # struct Vault;
/// # impl Vault {
/// #     async fn encrypt(&self, _: &str, key: &[u8]) -> Result<Vec<u8>, std::io::Error> {
/// #         Ok(key.iter().map(|byte| byte ^ 7).collect())
/// #     }
/// #     async fn decrypt(&self, uri: &str, key: &[u8]) -> Result<Vec<u8>, std::io::Error> {
/// #         self.encrypt(uri, key).await
/// #     }
/// # }
///
/// struct Own(Vault);
///
/// impl KeyService for Own {
///     async fn wrap(
///         &self,
///         key: &KeyServiceKey,
///         data_key: &[u8; 32],
///     ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
///         Ok(self.0.encrypt(&key.uri, data_key).await?)
///     }
///
///     async fn unwrap(
///         &self,
///         key: &KeyServiceKey,
///         wrapped: &[u8],
///     ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
///         match self.0.decrypt(&key.uri, wrapped).await {
///             Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
///                 Err(KeyServiceError::refused("access denied").into())
///             }
///             result => Ok(result?),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn Error>> {
/// let config = r#"
/// version: 1
/// keys: { primary: orders, ring: { orders: { service: "vault://orders" } } }
/// codecs: [encrypt]
/// "#;
/// let tdc = Options::new().key_service(Own(Vault)).parse(config, Path::new(""))?;
/// # use temporalio_common::data_converters::SerializationContextData;
/// let context = SerializationContextData::None;
/// let payload = tdc.data_converter().to_payload(&context, &"a secret").await?;
/// assert_eq!(payload.metadata["encryption-key-id"], b"vault://orders");
/// # let reader = Options::new().key_service(Own(Vault)).parse(config, Path::new(""))?;
/// # let read: String = reader.data_converter().from_payload(&context, payload).await?;
/// # assert_eq!(read, "a secret");
/// # Ok(())
/// # }
/// ```
pub trait KeyService: Send + Sync {
    /// Encrypts a new data key: a secret, which is erased once no payload needs it any more.
    fn wrap(
        &self,
        key: &KeyServiceKey,
        data_key: &[u8; 32],
    ) -> impl Future<Output = Result<Vec<u8>, Box<dyn StdError + Send + Sync>>> + Send;

    /// Decrypts a key that [`KeyService::wrap`] returned, possibly in another program and long ago;
    /// it may have been tampered with. The 32 bytes that it returns are erased after use.
    fn unwrap(
        &self,
        key: &KeyServiceKey,
        wrapped: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, Box<dyn StdError + Send + Sync>>> + Send;
}

/// Why a [`KeyService`] did not wrap or unwrap a data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyServiceError {
    fault: Fault,
    reason: String,
}

impl KeyServiceError {
    /// Access is denied, or the key is disabled or destroyed. The reason is in words, without a
    /// secret.
    #[must_use]
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { fault: Fault::Refused, reason: reason.into() }
    }

    /// The wrapped key was modified, or belongs to another key.
    #[must_use]
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self { fault: Fault::Invalid, reason: reason.into() }
    }

    /// The service could not be reached, was too slow, or its answer is not usable. Any other error
    /// means the same.
    #[must_use]
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self { fault: Fault::Unavailable, reason: reason.into() }
    }

    /// Whether only an administrator can change it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.fault == Fault::Refused
    }

    /// Whether the payload is at fault.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.fault == Fault::Invalid
    }
}

impl fmt::Display for KeyServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl StdError for KeyServiceError {}

/// A wrapped key, or a data key, which is erased with the last call that waits for it.
pub(crate) type Bytes = Arc<Zeroizing<Vec<u8>>>;

type Ask = dyn Fn(Request) -> BoxFuture<'static, Result<Vec<u8>, Cause>> + Send + Sync;

/// Asks the program's [`KeyService`].
pub(crate) struct OwnKeyService {
    ask: Arc<Ask>,
    flights: Flights<Request, Result<Bytes, SharedCause>>,
}

/// Why a request has no answer.
pub(crate) struct NotDone {
    pub(crate) fault: Fault,
    pub(crate) reason: String,
    /// The code with which the library reports it.
    pub(crate) code: Code,
    pub(crate) cause: SharedCause,
}

impl OwnKeyService {
    pub(crate) fn new(service: impl KeyService + 'static) -> Self {
        let service = Arc::new(service);
        let ask = move |request| {
            let service = Arc::clone(&service);
            async move { ask(&*service, &request).await }.boxed()
        };
        Self { ask: Arc::new(ask), flights: Flights::default() }
    }

    /// The wrapped key, or the data key, that a request is for.
    pub(crate) async fn answer(&self, request: &Request) -> Result<Bytes, NotDone> {
        let ask = Arc::clone(&self.ask);
        let flight = self.flights.ask(request, move |asked| async move {
            match within_timeout(&*ask, asked).await {
                Ok(bytes) => Ok(Arc::new(Zeroizing::new(bytes))),
                Err(cause) => Err(SharedCause::from(cause)),
            }
        });
        flight.await.map_err(|cause| {
            let fault = find(&*cause).map_or(Fault::Unavailable, |said: &KeyServiceError| said.fault);
            let code = match request {
                Request::Unwrap(_) => fault.code_of_unwrap(),
                _ => fault.code_of_wrap(),
            };
            NotDone { fault, reason: cause.to_string(), code, cause }
        })
    }
}

async fn ask(service: &impl KeyService, request: &Request) -> Result<Vec<u8>, Cause> {
    match (request, key_of(request)) {
        (Request::Wrap(wrap), Some(key)) => service.wrap(key, wrap.data_key()).await,
        (Request::Unwrap(unwrap), Some(key)) => service.unwrap(key, unwrap.wrapped()).await,
        _ => Err("this request is not for a key service".into()),
    }
}

/// The key that a request is for, if it is for a key service.
fn key_of(request: &Request) -> Option<&KeyServiceKey> {
    match request {
        Request::Wrap(wrap) => wrap.service(),
        Request::Unwrap(unwrap) => unwrap.service(),
        _ => None,
    }
}

/// A panic and a late answer are failures of the service.
async fn within_timeout(ask: &Ask, request: Request) -> Result<Vec<u8>, Cause> {
    let timeout = key_of(&request).map(|key| key.timeout).filter(|_| Handle::try_current().is_ok());
    let asked = or_if_it_panics(async { ask(request).await }, "the key service panicked");
    let Some(timeout) = timeout else { return asked.await };
    let timed = async {
        tokio::time::timeout(timeout, asked).await.unwrap_or_else(|_| {
            let reason = format!("no answer in {} s", timeout.as_secs_f64());
            Err(KeyServiceError::unavailable(reason).into())
        })
    };
    or_if_it_panics(timed, "the tokio runtime has no timer: build it with enable_time").await
}

/// After a panic the future is dropped; what the service shares, it must keep consistent itself.
async fn or_if_it_panics(
    asked: impl Future<Output = Result<Vec<u8>, Cause>>,
    reason: &str,
) -> Result<Vec<u8>, Cause> {
    AssertUnwindSafe(asked)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(KeyServiceError::unavailable(reason).into()))
}
