//! HTTPS: the server's certificate and, if configured, client certificates.

use std::path::Path;
use std::sync::Arc;

use super::options;
use tdc::{Code, Error};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use zeroize::Zeroizing;

/// Largest file, in bytes: a bundle of every public authority is a quarter of this.
const MAX_LEN: usize = 1 << 20;

/// The TLS configuration for new connections.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// The contents of the file of client authorities.
    client_ca: Option<Arc<[u8]>>,
    /// That file has changed, and no signal has confirmed it.
    pub(super) client_ca_waits: bool,
}

impl Tls {
    /// Reads the files. With `before`, a changed file of client authorities is not applied, because
    /// it may let more clients in.
    pub(super) fn open(options: &options::TlsOptions, before: Option<&Self>) -> Result<Self, Error> {
        let certificates = certificates(&read(&options.cert, "cert")?)
            .map_err(|cause| problem("cert", &options.cert, &cause))?;
        let key = read(&options.key, "key").map(Zeroizing::new)?;
        let key =
            PrivateKeyDer::from_pem_slice(&key).map_err(|cause| problem("key", &options.key, &cause))?;
        let mut client_ca_waits = false;
        let mut client_ca = None;
        let builder = match &options.client_ca {
            None => ServerConfig::builder().with_no_client_auth(),
            Some(path) => {
                let problem = |cause: &dyn std::fmt::Display| problem("client_ca", path, cause);
                let read: Arc<[u8]> = read(path, "client_ca")?.into();
                let text =
                    before.and_then(|before| before.client_ca.clone()).unwrap_or_else(|| Arc::clone(&read));
                client_ca_waits = text != read;
                let mut roots = RootCertStore::empty();
                for certificate in self::certificates(&text).map_err(|cause| problem(&cause))? {
                    roots.add(certificate).map_err(|cause| problem(&cause))?;
                }
                client_ca = Some(text);
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                    .build()
                    .map_err(|cause| problem(&cause))?;
                ServerConfig::builder().with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(certificates, key)
            .map_err(|cause| problem("cert", &options.cert, &cause))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), client_ca, client_ca_waits })
    }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|cause: pem::Error| cause.to_string())?;
    if found.is_empty() { Err("found no certificate".to_owned()) } else { Ok(found) }
}

fn read(path: &Path, option: &str) -> Result<Vec<u8>, Error> {
    tdc::read_file(path, MAX_LEN).map_err(|cause| problem(option, path, &cause))
}

/// The causes name positions and kinds, never the contents of the file.
fn problem(option: &str, path: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Config, format!("server.tls.{option}: {}: {cause}", path.display()))
}
