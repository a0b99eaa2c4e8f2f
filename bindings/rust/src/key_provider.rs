//! The program's key provider.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tdc::Code;
use zeroize::Zeroizing;

use crate::errors::{Cause, Error, SharedCause};
use crate::flights::Flights;

/// A key, erased on drop.
pub(crate) type Key = Zeroizing<[u8; 32]>;

type Provide = dyn Fn(String) -> BoxFuture<'static, Result<Option<Key>, Cause>> + Send + Sync;
type Provided = Result<Option<Arc<Key>>, SharedCause>;

/// The program's key provider. Calls that need the same key at the same time share one request.
pub(crate) struct KeyProvider {
    provide: Arc<Provide>,
    flights: Flights<String, Provided>,
}

impl KeyProvider {
    pub(crate) fn new<F, Fut, E>(provide: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<[u8; 32]>, E>> + Send + 'static,
        E: Into<Cause>,
    {
        let provide = move |id| {
            provide(id).map(|result| result.map(|key| key.map(Zeroizing::new)).map_err(Into::into)).boxed()
        };
        Self { provide: Arc::new(provide), flights: Flights::default() }
    }

    /// The key of this id, or `None` if there is none.
    ///
    /// # Errors
    /// [`Code::KeyProvider`], with what the provider failed with as the source.
    pub(crate) async fn key(&self, id: &str) -> Result<Option<Arc<Key>>, Error> {
        let provide = Arc::clone(&self.provide);
        let flight = self.flights.ask(&id.to_owned(), move |asked| {
            provide(asked).map(|result| result.map(|key| key.map(Arc::new)).map_err(SharedCause::from))
        });
        flight.await.map_err(|cause| {
            Error::new(Code::KeyProvider, format!("the key provider failed for the key {id:?}"))
                .because(cause)
        })
    }
}
