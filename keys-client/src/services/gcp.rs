//! `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K`: Google Cloud KMS.
//!
//! ```text
//! POST https://cloudkms.googleapis.com/v1/NAME:encrypt   { plaintext, plaintextCrc32c }   → { ciphertext, ... }
//! POST https://cloudkms.googleapis.com/v1/NAME:decrypt   { ciphertext, ciphertextCrc32c } → { plaintext, ... }
//! ```
//! Google recommends the checksums: a key that was damaged on the way in, and then wrapped, could
//! never be used.

pub(crate) mod crc32c;
mod credentials;
pub(crate) mod storage;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use self::crc32c::crc32c;
use super::{Bearer, Kek, Session};
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::http::{Reply, Request};
use crate::json::{self, Secret};
use crate::uri::KeyUri;

const SERVICE: &str = "Google Cloud KMS";
const SCOPE: &str = "https://www.googleapis.com/auth/cloudkms";

struct Key {
    /// The key's resource, after the endpoint.
    url: String,
}

pub(super) fn open(uri: &KeyUri, environment: &Environment) -> Result<Box<dyn Kek>, Failure> {
    uri.allow(&[])?;
    let name = format!("{}{}", uri.host, uri.path);
    let parts: Vec<_> = name.split('/').collect();
    let is_name = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_letter)
    };
    let collections = ["projects", "locations", "keyRings", "cryptoKeys"];
    if parts.len() != 8
        || !parts.iter().step_by(2).eq(&collections)
        || !parts.iter().all(|part| is_name(part))
    {
        return Err(Failure::refused(
            "the key's URI names no key: expected gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K",
        ));
    }
    // The variable that Google's command line uses.
    let endpoint = environment
        .var("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS")
        .unwrap_or("https://cloudkms.googleapis.com");
    Ok(Box::new(Key { url: format!("{}/v1/{name}", endpoint.trim_end_matches('/')) }))
}

pub(super) fn remedy(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unavailable => "see whether this machine reaches cloudkms.googleapis.com",
        FailureKind::Refused => {
            "give the account the role roles/cloudkms.cryptoKeyEncrypterDecrypter on the key, and see whether the key is enabled"
        }
        FailureKind::Invalid => "the wrapped key is not of this key: see which key sealed it",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Encrypt<'a> {
    plaintext: &'a str,
    plaintext_crc32c: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decrypt<'a> {
    ciphertext: &'a str,
    ciphertext_crc32c: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Encrypted {
    ciphertext: String,
    ciphertext_crc32c: Option<String>,
    #[serde(default)]
    verified_plaintext_crc32c: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decrypted {
    #[serde(default)]
    plaintext: Secret,
    plaintext_crc32c: Option<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
    #[serde(default)]
    status: String,
}

impl Kek for Key {
    fn wrap(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Failure> {
        let plaintext = json::base64(key);
        let body = Encrypt { plaintext: &plaintext, plaintext_crc32c: crc32c(key).to_string() };
        let reply = self.ask(session, "encrypt", &body, &plaintext)?;
        let answer: Encrypted = json::read(&reply, SERVICE)?;
        let wrapped = json::from_base64(&answer.ciphertext).ok_or_else(|| reply.nonsense(SERVICE))?;
        if !answer.verified_plaintext_crc32c || !is_intact(&wrapped, answer.ciphertext_crc32c.as_deref()) {
            return Err(damaged());
        }
        Ok(wrapped.to_vec())
    }

    fn unwrap(
        &self,
        session: &Session<'_>,
        wrapped: &[u8],
        _: &[String],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let ciphertext = json::base64(wrapped);
        let body = Decrypt { ciphertext: &ciphertext, ciphertext_crc32c: crc32c(wrapped).to_string() };
        let reply = self.ask(session, "decrypt", &body, "")?;
        let answer: Decrypted = json::read(&reply, SERVICE)?;
        let key = json::from_base64(answer.plaintext.as_str()).ok_or_else(|| reply.nonsense(SERVICE))?;
        if is_intact(&key, answer.plaintext_crc32c.as_deref()) { Ok(key) } else { Err(damaged()) }
    }
}

impl Key {
    /// Sends the request with the cached token, and with a new one if Google rejects it.
    fn ask(
        &self,
        session: &Session<'_>,
        verb: &str,
        body: &impl Serialize,
        secret: &str,
    ) -> Result<Reply, Failure> {
        let ask = |token: &Bearer| {
            let request =
                Request::post(format!("{}:{verb}", self.url), "application/json", json::body(body)?);
            let request = match &token.project {
                Some(project) => request.header("x-goog-user-project", project),
                None => request,
            };
            session.send(request.secret_header("authorization", &token.header()).secret(secret))
        };
        let token = credentials::current(session, SCOPE)?;
        let mut reply = ask(&token)?;
        if reply.status == 401 {
            credentials::forget(session, SCOPE, &token);
            let fresh = credentials::current(session, SCOPE)?;
            reply = ask(&fresh)?;
        }
        if reply.is_success() { Ok(reply) } else { Err(failed(&reply, verb)) }
    }
}

/// Whether the bytes are those that were sent. If a response has no checksum, an intermediary
/// dropped it.
fn is_intact(bytes: &[u8], checksum: Option<&str>) -> bool {
    checksum.is_none_or(|checksum| checksum.parse() == Ok(u64::from(crc32c(bytes))))
}

#[cold]
fn damaged() -> Failure {
    Failure::transient("Google Cloud KMS: the key was damaged on its way")
}

/// What a refusal means.
fn failed(reply: &Reply, verb: &str) -> Failure {
    let Ok(Refused { error }) = serde_json::from_slice(&reply.body) else { return reply.nonsense(SERVICE) };
    let reason = format!("Google Cloud KMS: {}: {}", error.status, reply.words(&error.message));
    match error.status.as_str() {
        _ if reply.is_overloaded() => Failure::transient(reason),
        // The ciphertext is the only argument of a decryption that an attacker could have chosen.
        "INVALID_ARGUMENT" if verb == "decrypt" => Failure::invalid(reason),
        _ if (400..500).contains(&reply.status) => Failure::refused(reason),
        _ => reply.nonsense(SERVICE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_a_key_and_no_version() {
        let none = Environment::from_iter::<[(&str, &str); 0]>([]);
        let key = "gcpkms://projects/p-1/locations/europe-west3/keyRings/r/cryptoKeys/k";
        assert!(open(&KeyUri::parse(key).unwrap(), &none).is_ok());
        for uri in [
            format!("{key}/cryptoKeyVersions/1"),
            format!("{key}?a=b"),
            key.replace("/r/", "/../"),
            key.replace("keyRings", "rings"),
            key.replace("/k", "/k:decrypt%3F"),
            "gcpkms://".to_owned(),
        ] {
            assert!(open(&KeyUri::parse(&uri).unwrap(), &none).is_err(), "{uri}");
        }
    }
}
