//! `hashivault://KEY[?engine=MOUNT]`: the transit engine of Vault and OpenBao.
//!
//! ```text
//! POST {VAULT_ADDR}/v1/transit/encrypt/KEY   { plaintext: base64 }  → { data: { ciphertext: "vault:v1:..." } }
//! POST {VAULT_ADDR}/v1/transit/decrypt/KEY   { ciphertext }         → { data: { plaintext: base64 } }
//! ```
//! The wrapped key is the text `vault:v1:...`, as with gocloud. The reasons for a failure are texts
//! in `errors`; docs/KEY_SERVICES.md says in which version they were observed.

mod login;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(crate) use self::login::Token;
use super::{Kek, Session};
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::http::{Reply, Request};
use crate::json::{self, Secret};
use crate::uri::{KeyUri, percent_encoded_path};

const SERVICE: &str = "Vault";

/// Vault's errors for a wrapped key that belongs to another key, or was modified.
const INVALID: &[&str] =
    &["message authentication failed", "invalid ciphertext", "no prefix", "base64", "invalid version"];

struct Key {
    engine: String,
    name: String,
}

pub(super) fn open(uri: &KeyUri, _: &Environment) -> Result<Box<dyn Kek>, Failure> {
    uri.allow(&["engine"])?;
    let name = format!("{}{}", uri.host, uri.path);
    let engine = uri.parameter("engine").unwrap_or("transit").trim_matches('/');
    let is_path = |text: &str| text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !is_path(&name) || !is_path(engine) {
        return Err(Failure::refused(
            "the key's URI names no key: expected a URI such as hashivault://orders",
        ));
    }
    Ok(Box::new(Key { engine: percent_encoded_path(engine), name: percent_encoded_path(&name) }))
}

pub(super) fn remedy(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unavailable => "see whether VAULT_ADDR names the server and whether it is unsealed",
        FailureKind::Refused => {
            "give the token's policy `update` on transit/encrypt/KEY and transit/decrypt/KEY, and see whether the key exists"
        }
        FailureKind::Invalid => "the wrapped key is not of this key: see which key and namespace sealed it",
    }
}

#[derive(Serialize)]
struct Encrypt<'a> {
    plaintext: &'a str,
}

#[derive(Serialize)]
struct Decrypt<'a> {
    ciphertext: &'a str,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: Secret,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

impl Kek for Key {
    fn wrap(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Failure> {
        let plaintext = json::base64(key);
        let reply = self.ask(session, "encrypt", &Encrypt { plaintext: &plaintext }, &plaintext)?;
        let Encrypted { ciphertext } = read(&reply)?;
        if !is_wrapped(ciphertext.as_bytes()) {
            return Err(reply.nonsense(SERVICE));
        }
        Ok(ciphertext.into_bytes())
    }

    fn unwrap(
        &self,
        session: &Session<'_>,
        wrapped: &[u8],
        _: &[String],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let text = core::str::from_utf8(wrapped).ok().filter(|text| is_wrapped(text.as_bytes()));
        let ciphertext =
            text.ok_or_else(|| Failure::invalid("the wrapped key is not of Vault: expected vault:v1:..."))?;
        let reply = self.ask(session, "decrypt", &Decrypt { ciphertext }, "")?;
        let Decrypted { plaintext } = read(&reply)?;
        json::from_base64(plaintext.as_str()).ok_or_else(|| reply.nonsense(SERVICE))
    }
}

impl Key {
    /// Sends the request with the cached token, and with a new one if a login gives one.
    fn ask(
        &self,
        session: &Session<'_>,
        verb: &str,
        body: &impl Serialize,
        secret: &str,
    ) -> Result<Reply, Failure> {
        let server = Server::of(session.environment)?;
        let path = format!("{}/{verb}/{}", self.engine, self.name);
        let ask = |token: &Token| {
            let request =
                server.post(&path, json::body(body)?).secret_header("x-vault-token", token.as_str());
            session.send(request.secret(secret))
        };
        let token = server.token(session)?;
        let mut reply = ask(&token)?;
        if reply.status == 403 && token.is_of_login() {
            session.tokens.vault.forget(&server.identity(), &token);
            let fresh = server.token(session)?;
            reply = ask(&fresh)?;
        }
        if reply.is_success() { Ok(reply) } else { Err(failed(&reply)) }
    }
}

/// Vault's address, and the namespace in it.
struct Server<'a> {
    address: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> Server<'a> {
    fn of(environment: &'a Environment) -> Result<Self, Failure> {
        let address = environment
            .first(&["VAULT_ADDR", "VAULT_SERVER_URL", "BAO_ADDR"])
            .ok_or_else(|| Failure::refused("no address of Vault: set VAULT_ADDR"))?;
        Ok(Self {
            address: address.trim_end_matches('/'),
            namespace: environment.first(&["VAULT_NAMESPACE", "BAO_NAMESPACE"]),
        })
    }

    /// Whose tokens are whose.
    fn identity(&self) -> String {
        format!("{} {}", self.address, self.namespace.unwrap_or_default())
    }

    fn get(&self, path: &str) -> Request {
        self.with_head(Request::get(format!("{}/v1/{path}", self.address)))
    }

    fn post(&self, path: &str, body: Zeroizing<Vec<u8>>) -> Request {
        self.with_head(Request::post(format!("{}/v1/{path}", self.address), "application/json", body))
    }

    fn with_head(&self, request: Request) -> Request {
        let request = request.header("x-vault-request", "true");
        match self.namespace {
            Some(namespace) => request.header("x-vault-namespace", namespace),
            None => request,
        }
    }
}

/// Whether the text looks like a wrapped key: any key version, in one line.
fn is_wrapped(text: &[u8]) -> bool {
    let version = text
        .strip_prefix(b"vault:v")
        .map(|rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    version.is_some_and(|digits| digits > 0) && text.iter().all(u8::is_ascii_graphic)
}

fn read<'r, T: Deserialize<'r>>(reply: &'r Reply) -> Result<T, Failure> {
    json::read::<Answer<T>>(reply, SERVICE).map(|answer| answer.data)
}

/// What a refusal means.
fn failed(reply: &Reply) -> Failure {
    let Ok(Errors { errors }) = serde_json::from_slice(&reply.body) else { return reply.nonsense(SERVICE) };
    let said = match errors.join("; ") {
        empty if empty.is_empty() => "no reason".to_owned(),
        said => reply.words(&said),
    };
    let reason = format!("Vault: {said} (status {})", reply.status);
    match reply.status {
        // 412: a standby that has not seen this token yet. 472 and 473: a standby that serves no
        // requests.
        412 | 472 | 473 => Failure::transient(reason),
        status if status == 429 || status >= 500 => Failure::transient(reason),
        400 if INVALID.iter().any(|words| said.contains(words)) => Failure::invalid(reason),
        400..=499 => Failure::refused(reason),
        _ => reply.nonsense(SERVICE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_is_a_line_of_vault() {
        for text in ["vault:v1:AAAA", "vault:v12:x/y+z=="] {
            assert!(is_wrapped(text.as_bytes()), "{text}");
        }
        for text in ["", "vault:v:AAAA", "vault:AAAA", "vault:v1:A\n", "bao:v1:AAAA"] {
            assert!(!is_wrapped(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn uris_name_a_key_and_perhaps_an_engine() {
        let none = Environment::from_iter::<[(&str, &str); 0]>([]);
        for uri in ["hashivault://orders", "hashivault://team/orders?engine=kms/transit"] {
            assert!(open(&KeyUri::parse(uri).unwrap(), &none).is_ok(), "{uri}");
        }
        for uri in [
            "hashivault://",
            "hashivault://../sys",
            "hashivault://a//b",
            "hashivault://a?engine=../sys",
            "hashivault://a?key=b",
        ] {
            assert!(open(&KeyUri::parse(uri).unwrap(), &none).is_err(), "{uri}");
        }
    }
}
