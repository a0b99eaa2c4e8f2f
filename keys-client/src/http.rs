//! One request and its response, both of bounded size, within a bounded time.
//!
//! Requests go out over https, or over http to loopback and to the fixed addresses where clouds
//! serve credentials. A redirect is a response like any other: following it would send a credential
//! to an address that is not configured. The client blocks and has no threads except for name
//! lookups (a lookup cannot be given a deadline), so a forked child only needs a new client.

use core::fmt;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls::crypto::aws_lc_rs;
use tdc_formats::is_loopback;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{self, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use zeroize::Zeroizing;

use crate::authorities::authorities;
use crate::failure::Failure;

/// Largest response body, in bytes. The longest real one, a token with many groups, has some 8 KiB.
const MAX_BYTES: usize = 64 * 1024;
/// Largest response head, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// Most connections kept between calls, for a few seconds.
const MAX_IDLE: usize = 16;

/// Where clouds serve credentials over http, on a link that never leaves the machine.
const METADATA_HOSTS: &[&str] = &[
    "169.254.169.254",
    "[fd00:ec2::254]",
    "169.254.170.2",
    "169.254.170.23",
    "[fd00:ec2::23]",
    "metadata.google.internal",
];

/// What to ask, and where.
pub(crate) struct Request {
    request: http::request::Builder,
    url: String,
    body: Zeroizing<Vec<u8>>,
    is_direct: bool,
    /// Secrets that no reason may repeat.
    secrets: Vec<Zeroizing<String>>,
}

impl Request {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self::to("GET", url, Zeroizing::default())
    }

    pub(crate) fn put(url: impl Into<String>) -> Self {
        Self::to("PUT", url, Zeroizing::default())
    }

    pub(crate) fn post(url: impl Into<String>, content_type: &str, body: Zeroizing<Vec<u8>>) -> Self {
        Self::to("POST", url, body).header("content-type", content_type)
    }

    /// Any request.
    pub(crate) fn to(method: &str, url: impl Into<String>, body: Zeroizing<Vec<u8>>) -> Self {
        let url = url.into();
        let request = http::Request::builder().method(method).uri(&url);
        Self { request, url, body, is_direct: false, secrets: Vec::new() }
    }

    /// The same, past the environment's proxies.
    pub(crate) fn direct(self) -> Self {
        Self { is_direct: true, ..self }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// A header whose value is a credential.
    pub(crate) fn secret_header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        if let Some(value) = self.request.headers_mut().and_then(|headers| headers.get_mut(name)) {
            value.set_sensitive(true);
        }
        self.secret(value.strip_prefix("Bearer ").unwrap_or(value))
    }

    /// The part of the body that no reason may repeat.
    pub(crate) fn secret(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.secrets.push(Zeroizing::new(text.to_owned()));
        }
        self
    }
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
    secrets: Vec<Zeroizing<String>>,
}

impl Reply {
    pub(crate) fn is_success(&self) -> bool {
        self.status == 200
    }

    /// Whether another try may find the service in a better state.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.status == 429 || self.status >= 500
    }

    /// The service's text, without the secrets that it was sent.
    pub(crate) fn words(&self, said: &str) -> String {
        self.secrets.iter().fold(said.to_owned(), |said, secret| said.replace(secret.as_str(), "[...]"))
    }

    /// A response that does not come from the service's API: a redirect, a page of a proxy, JSON of
    /// another shape.
    #[cold]
    pub(crate) fn nonsense(&self, service: &str) -> Failure {
        match self.status {
            300..=399 => {
                Failure::unavailable(format!("{service} answered with a redirect, which is not followed"))
            }
            200..=299 => {
                Failure::unavailable(format!("{service} answered with something that is not its API"))
            }
            status if self.is_overloaded() => {
                Failure::transient(format!("{service} answered with status {status}"))
            }
            status => Failure::unavailable(format!("{service} answered with status {status} and no reason")),
        }
    }
}

/// Connections of one process.
pub(crate) struct Http {
    /// https, through the environment's proxy if there is one.
    outside: OnceLock<Result<Agent, Failure>>,
    /// https, past that proxy.
    direct: OnceLock<Result<Agent, Failure>>,
    /// http to loopback.
    loopback: Agent,
    /// http to the addresses in [`METADATA_HOSTS`].
    metadata: Agent,
}

impl Http {
    pub(crate) fn new() -> Self {
        let plain = || config().proxy(None).build();
        Self {
            outside: OnceLock::new(),
            direct: OnceLock::new(),
            loopback: Agent::with_parts(plain(), DefaultConnector::default(), Loopback::default()),
            metadata: plain().new_agent(),
        }
    }

    pub(crate) fn send(&self, request: Request, deadline: Instant) -> Result<Reply, Failure> {
        let reply = self.receive(request, deadline, MAX_BYTES)?;
        if reply.body.len() > MAX_BYTES {
            return Err(Failure::unavailable(format!("the answer has more than {MAX_BYTES} bytes")));
        }
        Ok(reply)
    }

    /// The same with another bound. A longer body is cut one byte past it, so that the caller can
    /// tell.
    pub(crate) fn receive(
        &self,
        request: Request,
        deadline: Instant,
        max_bytes: usize,
    ) -> Result<Reply, Failure> {
        let agent = self.agent(&request)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out());
        }
        let ready = request.request.body(request.body.as_slice());
        let ready = ready.map_err(|_| {
            Failure::refused(
                "a name, a token or a header contains a character that HTTP headers do not allow",
            )
        })?;
        let ready = agent.configure_request(ready).timeout_global(Some(left)).build();
        let mut response = agent.run(ready).map_err(|cause| failed(&cause))?;
        let announced = response
            .body()
            .content_length()
            .map_or(MAX_BYTES, |len| usize::try_from(len).unwrap_or(usize::MAX).min(max_bytes));
        let reader = response.body_mut().with_config().limit(u64::MAX).reader().take(max_bytes as u64 + 1);
        let body = read_all(reader, announced + 64).map_err(|cause| failed(&ureq::Error::from(cause)))?;
        Ok(Reply { status: response.status().as_u16(), body, secrets: request.secrets })
    }

    fn agent(&self, request: &Request) -> Result<&Agent, Failure> {
        let outside = match HostKind::of(&request.url).map_err(Failure::refused)? {
            HostKind::Loopback => return Ok(&self.loopback),
            HostKind::Metadata => return Ok(&self.metadata),
            HostKind::Outside if request.is_direct => {
                self.direct.get_or_init(|| outside(config().proxy(None)))
            }
            HostKind::Outside => self.outside.get_or_init(|| outside(config())),
        };
        outside.as_ref().map_err(Clone::clone)
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

/// The kind of host that a URL names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    Outside,
    Loopback,
    Metadata,
}

impl HostKind {
    /// The target, or why nothing is sent there.
    pub(crate) fn of(url: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str =
            "the address of a service is not a URL: expected one such as https://vault.example.com";
        let uri: Uri = url.parse().map_err(|_| EXPECTED)?;
        let authority = uri.authority().ok_or(EXPECTED)?;
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(EXPECTED);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self::Outside),
            Some("http") if is_loopback(&host) => Ok(Self::Loopback),
            Some("http") if METADATA_HOSTS.contains(&host.as_str()) => Ok(Self::Metadata),
            Some("http") => Err("http is only allowed for loopback addresses: use https"),
            _ => Err(EXPECTED),
        }
    }
}

/// Reads to the end. The body can be a secret or plaintext, so where its length is not known, it
/// grows by copies that are erased.
fn read_all(mut reader: impl Read, capacity: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut body = Zeroizing::new(vec![0; capacity]);
    let mut len = 0;
    loop {
        if len == body.len() {
            let mut larger = Zeroizing::new(vec![0; len * 2]);
            larger.iter_mut().zip(body.iter()).for_each(|(to, from)| *to = *from);
            body = larger;
        }
        match reader.read(body.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    body.truncate(len);
    Ok(body)
}

type ConfigBuilder = ureq::config::ConfigBuilder<ureq::typestate::AgentScope>;

fn config() -> ConfigBuilder {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(MAX_HEAD)
        .max_idle_connections(MAX_IDLE)
        .max_idle_connections_per_host(MAX_IDLE)
        .user_agent(concat!("tdc/", env!("CARGO_PKG_VERSION")))
}

/// Trusts what the machine trusts.
fn outside(config: ConfigBuilder) -> Result<Agent, Failure> {
    let found = authorities().map_err(Failure::refused)?;
    let roots: Vec<_> = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .build();
    Ok(config.tls_config(tls).build().new_agent())
}

/// A loopback name counts only if it resolves to loopback.
#[derive(Debug, Default)]
struct Loopback(DefaultResolver);

impl Resolver for Loopback {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut kept = self.empty();
        for address in
            self.0.resolve(uri, config, timeout)?.iter().filter(|address| address.ip().is_loopback())
        {
            kept.push(*address);
        }
        if kept.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(kept) }
    }
}

#[cold]
fn failed(cause: &ureq::Error) -> Failure {
    match cause {
        ureq::Error::Timeout(_) => timed_out(),
        ureq::Error::HostNotFound => Failure::transient("the name of the service was not found"),
        ureq::Error::Rustls(cause) => Failure::unavailable(format!("the TLS handshake failed: {cause}")),
        ureq::Error::Io(cause) if is_timeout(cause) => timed_out(),
        ureq::Error::Io(cause) => Failure::transient(format!("the connection failed: {cause}")),
        ureq::Error::ConnectProxyFailed(_) => {
            Failure::transient("the proxy of the environment did not connect")
        }
        ureq::Error::LargeResponseHeader(..) => {
            Failure::unavailable(format!("the answer's head has more than {MAX_HEAD} bytes"))
        }
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => Failure::unavailable("what came back is not HTTP"),
        _ => Failure::unavailable("the request failed"),
    }
}

fn is_timeout(cause: &std::io::Error) -> bool {
    let inner = cause.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    cause.kind() == std::io::ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_)))
}

/// Not retried: the whole time of an attempt is used up, and a workflow task has only ten seconds.
#[cold]
fn timed_out() -> Failure {
    Failure::unavailable("the service did not answer in time")
}

/// The timeout of an attempt, from the request.
pub(crate) fn timeout(milliseconds: u64) -> Duration {
    match milliseconds {
        0 => Duration::from_secs(5),
        some => Duration::from_millis(some.min(60_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_goes_to_loopback_and_to_metadata_only() {
        for (url, kind) in [
            ("https://kms.eu-central-1.amazonaws.com/", HostKind::Outside),
            ("http://127.0.0.1:8200/v1", HostKind::Loopback),
            ("http://localhost/", HostKind::Loopback),
            ("http://[::1]:9/", HostKind::Loopback),
            ("http://vault.localhost/", HostKind::Loopback),
            ("http://169.254.169.254/latest", HostKind::Metadata),
            ("http://[fd00:ec2::23]/", HostKind::Metadata),
        ] {
            assert_eq!(HostKind::of(url), Ok(kind), "{url}");
        }
        for url in [
            "http://vault.example.com/",
            "http://localhost.example.com/",
            "http://a@127.0.0.1/",
            "ftp://127.0.0.1/",
            "/v1",
            "",
            "https://",
        ] {
            assert!(HostKind::of(url).is_err(), "{url}");
        }
    }
}
