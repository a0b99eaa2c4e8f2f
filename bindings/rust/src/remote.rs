//! The HTTP client that asks a codec server, for configurations with a `remote` codec. The library
//! makes the request and judges the response; here it is only sent.

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tdc::{Code, HttpRequest};
use tdc_keys::{Bytes, Failure};

use crate::clients::KEY_SERVICES;
use crate::errors::{Cause, Error};

/// Headers by name, which may be credentials.
type Headers = Vec<(String, String)>;
type Hook = dyn Fn(String) -> BoxFuture<'static, Result<Headers, Cause>> + Send + Sync;

/// The program's headers for codec servers, which are asked by the HTTP client of the key services.
#[derive(Default)]
pub(crate) struct Servers {
    hook: Option<Box<Hook>>,
}

impl Servers {
    pub(crate) fn with_headers<F, Fut, E>(hook: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Headers, E>> + Send + 'static,
        E: Into<Cause>,
    {
        let hook = move |url| hook(url).map(|result| result.map_err(Into::into)).boxed();
        Self { hook: Some(Box::new(hook)) }
    }

    /// The program's own headers for a request.
    ///
    /// # Errors
    /// [`Code::Remote`], with what the program's function failed with as the source.
    pub(crate) async fn headers(&self, url: &str) -> Result<Headers, Error> {
        match &self.hook {
            None => Ok(Vec::new()),
            Some(hook) => hook(url.to_owned())
                .await
                .map_err(|cause| Error::new(Code::Remote, "remote_headers failed").because(cause)),
        }
    }

    /// Sends a request. Gives status and body as they came, or why there was no response. Blocks.
    pub(crate) fn send(
        &self,
        request: &HttpRequest,
        own: &[(String, String)],
    ) -> Result<(u16, Bytes), Failure> {
        let mut headers = BTreeMap::from([("accept-encoding".to_owned(), "identity")]);
        // The program's take precedence.
        let theirs = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        headers
            .extend(request.headers().chain(theirs).map(|(name, value)| (name.to_ascii_lowercase(), value)));
        KEY_SERVICES.post(
            request.url(),
            headers.iter().map(|(name, value)| (name.as_str(), *value)),
            request.body(),
            request.timeout(),
            request.max_response_bytes(),
        )
    }
}
