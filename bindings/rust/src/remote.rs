//! The HTTP client that asks a codec server, for configurations with a `remote` codec. The library
//! makes the request and judges the response; here it is only sent.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::future::Future;
use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tdc::{Code, HttpRequest};
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::http::Request;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

use crate::errors::{Cause, Error};

/// Headers by name, which may be credentials.
type Headers = Vec<(String, String)>;
type Hook = dyn Fn(String) -> BoxFuture<'static, Result<Headers, Cause>> + Send + Sync;

/// The connections to codec servers, and the program's headers for them.
#[derive(Default)]
pub(crate) struct Servers {
    hook: Option<Box<Hook>>,
    /// https, through the environment's proxy if there is one.
    tls: OnceLock<Agent>,
    /// http, which the library allows for loopback only.
    plain: OnceLock<Agent>,
}

impl Servers {
    pub(crate) fn with_headers<F, Fut, E>(hook: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Headers, E>> + Send + 'static,
        E: Into<Cause>,
    {
        let hook = move |url| hook(url).map(|result| result.map_err(Into::into)).boxed();
        Self { hook: Some(Box::new(hook)), ..Self::default() }
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
    ) -> Result<(u16, Vec<u8>), String> {
        let agent = if request.url().starts_with("https:") { self.tls()? } else { self.plain() };
        let mut headers = BTreeMap::from([("accept-encoding".to_owned(), "identity")]);
        let theirs = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        headers
            .extend(request.headers().chain(theirs).map(|(name, value)| (name.to_ascii_lowercase(), value)));
        let mut post = Request::post(request.url());
        for (name, value) in headers {
            post = post.header(name, value);
        }
        let post = post.body(request.body()).map_err(|_| "a header has what HTTP cannot carry".to_owned())?;
        let post = agent.configure_request(post).timeout_global(Some(request.timeout())).build();
        let mut response = agent.run(post).map_err(|cause| words(&cause))?;
        let mut body = Vec::new();
        // One byte more than allowed: the library sees that it is too much.
        let most = (request.max_response_bytes() as u64).saturating_add(1);
        let reader = response.body_mut().with_config().limit(u64::MAX).reader();
        reader.take(most).read_to_end(&mut body).map_err(|cause| words(&ureq::Error::from(cause)))?;
        Ok((response.status().as_u16(), body))
    }

    fn plain(&self) -> &Agent {
        // A proxy of the environment must not see it.
        self.plain.get_or_init(|| config().proxy(None).build().new_agent())
    }

    fn tls(&self) -> Result<&Agent, String> {
        if let Some(agent) = self.tls.get() {
            return Ok(agent);
        }
        let found = rustls_native_certs::load_native_certs().certs;
        if found.is_empty() {
            return Err("no certificate authorities on this machine: set SSL_CERT_FILE".to_owned());
        }
        let roots: Vec<_> = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        Ok(self.tls.get_or_init(|| config().tls_config(tls).build().new_agent()))
    }
}

/// No redirects, and a status is an answer like any other. ureq keeps no cookies and does not
/// retry.
fn config() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("temporal-tdc-rust/", env!("CARGO_PKG_VERSION")))
}

/// Why there was no response, without anything of the request.
fn words(cause: &ureq::Error) -> String {
    match cause {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "the name of the server was not found".to_owned(),
        ureq::Error::Rustls(cause) => format!("the TLS handshake failed: {cause}"),
        ureq::Error::Io(cause) if is_timeout(cause) => "no answer in time".to_owned(),
        ureq::Error::Io(cause) => format!("the connection failed: {cause}"),
        ureq::Error::ConnectProxyFailed(_) => "the proxy of the environment did not connect".to_owned(),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => "what came back is not HTTP".to_owned(),
        _ => "the request failed".to_owned(),
    }
}

fn is_timeout(cause: &std::io::Error) -> bool {
    let inner = cause.get_ref().and_then(|inner| (inner as &(dyn StdError + 'static)).downcast_ref());
    cause.kind() == std::io::ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_)))
}
