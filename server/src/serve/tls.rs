//! HTTPS: the server's certificate, and where the configuration says so the clients' own.

use std::path::Path;
use std::sync::Arc;

use tdc::server_options::{self, Tls};
use tdc::{Code, Error};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use zeroize::Zeroizing;

/// Bytes of the longest file: a bundle of every public authority has a quarter of it.
const MAX_LEN: usize = 1 << 20;

pub(super) fn open(options: &Tls) -> Result<TlsAcceptor, Error> {
    let certificates = certificates(&options.cert, "cert")?;
    let key = read(&options.key, "key").map(Zeroizing::new)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|cause| problem("key", &options.key, &cause))?;
    let builder = match &options.client_ca {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in self::certificates(path, "client_ca")? {
                roots.add(certificate).map_err(|cause| problem("client_ca", path, &cause))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                .build()
                .map_err(|cause| problem("client_ca", path, &cause))?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(certificates, key)
        .map_err(|cause| problem("cert", &options.cert, &cause))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(path, option)?)
        .collect::<Result<_, _>>()
        .map_err(|cause| problem(option, path, &cause))?;
    if found.is_empty() {
        return Err(problem(option, path, &"it has no certificate"));
    }
    Ok(found)
}

fn read(path: &Path, option: &str) -> Result<Vec<u8>, Error> {
    server_options::read_file(path, MAX_LEN).map_err(|cause| problem(option, path, &cause))
}

/// The causes name positions and kinds, never what stands in the file.
fn problem(option: &str, path: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Config, format!("server.tls.{option}: {}: {cause}", path.display()))
}
