//! HTTPS with certificates that the test makes: HTTP/1.1 and HTTP/2, a certificate that is
//! replaced, and clients that must show one.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Request, connect, exchange};
use crate::process::{ENCRYPTED, PATIENCE, Server};
use crate::protocol::{GOLDEN, TESTING};

const CONFIG: &str = "server: { tls: { cert: server.crt, key: server.key } }\n";

/// An authority that signs certificates for localhost.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    roots: RootCertStore,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        Self { issuer: Issuer::new(params, key), pem: certificate.pem(), roots }
    }

    fn signs(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn write(&self, folder: &std::path::Path) {
        let (certificate, key) = self.signs();
        std::fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
        std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    }

    /// A client that believes this authority.
    fn client(&self) -> ClientConfig {
        ClientConfig::builder().with_root_certificates(self.roots.clone()).with_no_client_auth()
    }
}

fn post(server: &Server, client: ClientConfig) -> std::io::Result<crate::client::Answer> {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut stream = StreamOwned::new(connection, connect(server.address));
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    // With TLS 1.3 a server refuses a client's certificate after the client's handshake: an empty
    // answer.
    let request =
        Request::new(server.address, "POST", "/decode").json(GOLDEN).header("Host", "localhost").bytes();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| exchange(stream, &request)))
        .map_err(|_| std::io::Error::other("no answer"))
}

fn start(authority: &Authority, config: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    authority.write(folder.path());
    std::fs::write(folder.path().join("clients.crt"), &authority.pem).unwrap();
    Server::start_in(folder, &format!("{ENCRYPTED}{config}"), &[])
}

#[test]
fn https_answers_whoever_believes_its_authority() {
    let authority = Authority::new();
    let server = start(&authority, CONFIG);
    assert_eq!(post(&server, authority.client()).unwrap().ok(), TESTING);
    assert!(post(&server, Authority::new().client()).is_err());
    // Plain HTTP gets nothing, and harms nothing.
    let mut stream = connect(server.address);
    std::io::Write::write_all(&mut stream, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
    assert!(!answer.starts_with(b"HTTP/"));
    assert_eq!(post(&server, authority.client()).unwrap().ok(), TESTING);
}

#[test]
fn http_2_is_spoken() {
    let authority = Authority::new();
    let server = start(&authority, CONFIG);
    let mut client = authority.client();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let body = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::post("https://localhost/decode")
            .header("content-type", "application/json")
            .body(Full::new(hyper::body::Bytes::from(GOLDEN)))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap().to_bytes()
    });
    assert_eq!(body, TESTING);
}

#[test]
fn a_replaced_certificate_is_shown_to_the_next_connection() {
    let (old, new) = (Authority::new(), Authority::new());
    let server = start(&old, CONFIG);
    assert!(post(&server, old.client()).is_ok());
    new.write(server.path(".").as_path());
    let start = std::time::Instant::now();
    while post(&server, new.client()).is_err() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(post(&server, old.client()).is_err());
}

#[test]
fn clients_show_a_certificate_where_one_is_asked_for() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server =
        start(&authority, "server: { tls: { cert: server.crt, key: server.key, client_ca: clients.crt } }\n");
    let with = |signer: &Authority| {
        let (certificate, key) = signer.signs();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let roots = authority.roots.clone();
        ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate.der().clone()], key)
            .unwrap()
    };
    assert_eq!(post(&server, with(&authority)).unwrap().ok(), TESTING);
    assert!(post(&server, authority.client()).is_err(), "no certificate");
    assert!(post(&server, with(&stranger)).is_err(), "a stranger's");

    // A file that lets others in has to be meant.
    server.write("clients.crt", &stranger.pem);
    let waits = server.wait_for("what waits", |line| line["waiting"].is_string());
    assert_eq!(waits["waiting"], "the file of server.tls.client_ca");
    assert!(post(&server, with(&stranger)).is_err());
    assert_eq!(post(&server, with(&authority)).unwrap().ok(), TESTING);
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal");
    assert_eq!(post(&server, with(&stranger)).unwrap().ok(), TESTING);
    assert!(post(&server, with(&authority)).is_err());
}
