//! Requests that the program itself sends: to fetch an issuer's keys, to export traces, and from a
//! command to a codec server. Each uses its own connection, because they are seconds or minutes
//! apart. Redirects are not followed: requests go only to the URL in the configuration.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::HOST;
use axum::http::uri::Scheme;
use axum::http::{HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long the other side has to answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const MAX_BYTES: usize = 1 << 20;

/// A URL from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) uri: Uri,
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    /// The host must be this machine; otherwise no request is sent.
    on_loopback: bool,
}

impl Destination {
    /// A trustworthy URL: https, or http on loopback.
    pub(crate) fn trusted(url: &str) -> Result<Self, String> {
        let mut destination = Self::parse(url)?;
        if destination.tls.is_none() {
            if !tdc_formats::is_loopback(&destination.host) {
                return Err("http is only allowed for loopback addresses: use https".to_owned());
            }
            // A loopback name counts only if it resolves to loopback.
            destination.on_loopback = true;
        }
        Ok(destination)
    }

    /// Any destination.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let expected = || "expected a URL such as https://login.example.com/keys".to_owned();
        let uri: Uri = url.parse().map_err(|_| expected())?;
        let host = uri.host().ok_or_else(expected)?.trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(expected());
        }
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => Some(Arc::new(client()?)),
            Some(scheme) if *scheme == Scheme::HTTP => None,
            _ => return Err(expected()),
        };
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self { uri, host, port, tls, on_loopback: false })
    }

    /// Sends a request to this URL, whatever host the request's own URI names.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let response = self.send_within(request, TIMEOUT, MAX_BYTES).await?;
        if response.body().len() > MAX_BYTES {
            return Err(format!("the response has more than {MAX_BYTES} bytes"));
        }
        Ok(response)
    }

    /// The same with other bounds. A body longer than `max_bytes` is cut one byte after the limit,
    /// so that the caller can tell.
    pub(crate) async fn send_within(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, String> {
        tokio::time::timeout(timeout, self.send_patiently(request, max_bytes))
            .await
            .unwrap_or_else(|_| Err(format!("timed out after {timeout:?}")))
    }

    /// The same for a command, which waits on its own thread.
    pub(crate) fn send_and_wait(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, String> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| format!("cannot start: {cause}"))?
            .block_on(self.send_within(request, timeout, max_bytes))
    }

    async fn send_patiently(
        &self,
        request: Request<Bytes>,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, String> {
        let cannot = |cause: std::io::Error| format!("cannot connect: {cause}");
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await.map_err(cannot)?;
        let mut addresses: Vec<SocketAddr> = found.collect();
        if self.on_loopback {
            addresses.retain(|address| address.ip().is_loopback());
            if addresses.is_empty() {
                return Err("the name does not resolve to a loopback address: use https".to_owned());
            }
        }
        let stream = TcpStream::connect(&*addresses).await.map_err(cannot)?;
        match &self.tls {
            None => self.ask(stream, request, max_bytes).await,
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(|cause| cause.to_string())?;
                let stream = TlsConnector::from(Arc::clone(config))
                    .connect(name, stream)
                    .await
                    .map_err(|cause| format!("the TLS handshake failed: {cause}"))?;
                self.ask(stream, request, max_bytes).await
            }
        }
    }

    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut request: Request<Bytes>,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, String> {
        let said = |cause: hyper::Error| cause.to_string();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
        tokio::spawn(connection);
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::from_str(authority).map_err(|cause| cause.to_string())?;
        request.headers_mut().insert(HOST, host);
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| "the path is not valid".to_owned())?;
        let (head, mut incoming) =
            sender.send_request(request.map(Body::from)).await.map_err(said)?.into_parts();
        let mut body = Vec::new();
        while body.len() <= max_bytes
            && let Some(frame) = incoming.frame().await
        {
            let Ok(data) = frame.map_err(said)?.into_data() else { continue };
            let room = max_bytes + 1 - body.len();
            body.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
        Ok(Response::from_parts(head, Bytes::from(body)))
    }
}

/// Trusts what the machine trusts.
fn client() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(tdc_keys::authorities()?);
    if roots.is_empty() {
        return Err(
            "none of this machine's certificate authorities can be read: check SSL_CERT_FILE".to_owned()
        );
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_comes_over_https_or_loopback() {
        for url in
            ["http://127.0.0.1:8/keys", "http://localhost/keys", "http://keys.localhost/", "http://[::1]:9/"]
        {
            assert!(Destination::trusted(url).is_ok_and(|destination| destination.on_loopback), "{url}");
        }
        assert!(
            Destination::trusted("https://keys.localhost/").is_ok_and(|destination| !destination.on_loopback)
        );
        for url in [
            "http://login.example.com/keys",
            "http://localhost.example.com/keys",
            "http://keyslocalhost/",
            "ftp://localhost/",
            "/keys",
            "localhost",
            "http://a@localhost/",
            "",
        ] {
            assert!(Destination::trusted(url).is_err(), "{url}");
        }
        assert!(Destination::parse("http://collector:4318/v1/traces").is_ok());
    }

    /// As if the loopback name resolved to this address, which is not in use.
    #[tokio::test]
    async fn a_name_of_loopback_that_leads_elsewhere_is_not_asked() {
        let destination = Destination {
            host: "192.0.2.1".to_owned(),
            ..Destination::trusted("http://keys.localhost:9/keys").unwrap()
        };
        let error = destination.send(Request::new(Bytes::new())).await.unwrap_err();
        assert_eq!(error, "the name does not resolve to a loopback address: use https");
    }
}
