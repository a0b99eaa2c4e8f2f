//! An identity provider: real keys, real tokens, and a small server for the key set, which can be
//! changed, taken away and counted.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// Bytes of the frame around an RSA key of 2048 bits in PKCS #8.
const PKCS8_FRAME: usize = 26;

/// A key that signs tokens.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) signs: EncodingKey,
}

impl SigningKey {
    pub(crate) fn rsa(id: &str) -> Self {
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'static>>::as_der(
            &KeyPair::generate(KeySize::Rsa2048).unwrap(),
        );
        let der = der.unwrap();
        let signs = EncodingKey::from_rsa_der(&der.as_ref()[PKCS8_FRAME..]);
        Self { id: id.to_owned(), algorithm: Algorithm::RS256, signs }
    }

    pub(crate) fn elliptic(id: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let signs = EncodingKey::from_ec_der(key.to_pkcs8v1().unwrap().as_ref());
        Self { id: id.to_owned(), algorithm: Algorithm::ES256, signs }
    }

    /// Its public half, for a set.
    pub(crate) fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.signs, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.clone());
        let mut value = serde_json::to_value(jwk).unwrap();
        value["use"] = json!("sig");
        value
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(Header { kid: Some(self.id.clone()), ..Header::new(self.algorithm) }, claims)
    }

    pub(crate) fn sign_with(&self, header: Header, claims: &Value) -> String {
        encode(&header, claims, &self.signs).unwrap()
    }
}

/// Claims that are valid for a minute, with more.
pub(crate) fn claims(issuer: &str, more: &Value) -> Value {
    let mut claims = json!({ "iss": issuer, "aud": "tdc", "sub": "somebody", "exp": now() + 60 });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// The text of a set.
pub(crate) fn set(keys: &[&SigningKey]) -> String {
    json!({ "keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>() }).to_string()
}

/// A place that key sets come from.
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    /// Status line and headers, and the body.
    answer: Arc<Mutex<(String, String)>>,
    asked: Arc<AtomicUsize>,
    /// Held while no request is answered.
    gate: Arc<Mutex<()>>,
}

impl Provider {
    pub(crate) fn serving(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Self { address, answer: Arc::default(), asked: Arc::default(), gate: Arc::default() };
        provider.serve(keys);
        let (answer, asked) = (Arc::clone(&provider.answer), Arc::clone(&provider.asked));
        let gate = Arc::clone(&provider.gate);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                let head =
                    BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                assert!(head.last().is_some());
                drop(gate.lock().unwrap());
                let (head, body) = answer.lock().unwrap().clone();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        provider
    }

    pub(crate) fn serve(&self, keys: &[&SigningKey]) {
        self.answer("200 OK", &set(keys));
    }

    pub(crate) fn answer(&self, head: &str, body: &str) {
        *self.answer.lock().unwrap() = (head.to_owned(), body.to_owned());
    }

    /// Answers nothing until the returned value is dropped.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap()
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }
}
