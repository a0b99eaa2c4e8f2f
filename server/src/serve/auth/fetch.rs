//! One GET of an issuer's keys. A connection for each, because they are minutes apart. Redirects are not followed: keys come from the place that
//! the configuration names, or not at all.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, HOST};
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::serve::exposure;

/// How long the provider has.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a set of keys.
const MAX_BYTES: usize = 1 << 20;

/// A place of keys.
#[derive(Clone, Debug)]
pub(super) struct Source {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
}

impl Source {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let expected = || "expected a URL such as https://login.example.com/keys".to_owned();
        let uri: Uri = url.parse().map_err(|_| expected())?;
        let host = uri.host().ok_or_else(expected)?.trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(expected());
        }
        let tls = match uri.scheme_str() {
            Some("https") => Some(Arc::new(client()?)),
            Some("http") if exposure::is_loopback(&host) => None,
            Some("http") => {
                return Err("keys that come over http could be anybody's: use https (http is for loopback)"
                    .to_owned());
            }
            _ => return Err(expected()),
        };
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self { uri, host, port, tls })
    }

    pub(super) async fn get(&self) -> Result<Vec<u8>, String> {
        tokio::time::timeout(TIMEOUT, self.get_patiently())
            .await
            .unwrap_or_else(|_| Err(format!("no answer in {} seconds", TIMEOUT.as_secs())))
    }

    async fn get_patiently(&self) -> Result<Vec<u8>, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|cause| format!("cannot connect: {cause}"))?;
        match &self.tls {
            None => self.ask(stream).await,
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(|cause| cause.to_string())?;
                let stream = TlsConnector::from(Arc::clone(config))
                    .connect(name, stream)
                    .await
                    .map_err(|cause| format!("no TLS: {cause}"))?;
                self.ask(stream).await
            }
        }
    }

    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Vec<u8>, String> {
        let said = |cause: hyper::Error| cause.to_string();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
        tokio::spawn(connection);
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(path)
            .header(HOST, authority)
            .header(ACCEPT, "application/json")
            .body(Body::empty())
            .map_err(|cause| cause.to_string())?;
        let response = sender.send_request(request).await.map_err(said)?;
        if response.status() != StatusCode::OK {
            return Err(format!(
                "status {}, expected 200; redirects are not followed",
                response.status().as_u16()
            ));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
        body.map(|body| body.to_bytes().to_vec()).map_err(|cause| cause.to_string())
    }
}

/// Trusts what the machine trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` say otherwise where they are set.
fn client() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(
            "this machine has no certificate authorities: install ca-certificates, or set SSL_CERT_FILE"
                .to_owned(),
        );
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_loopback() {
        for url in ["http://127.0.0.1:8/keys", "http://localhost/keys", "http://[::1]:9/"] {
            assert!(Source::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://login.example.com/keys",
            "ftp://localhost/",
            "/keys",
            "localhost",
            "http://a@localhost/",
            "",
        ] {
            assert!(Source::parse(url).is_err(), "{url}");
        }
    }
}
