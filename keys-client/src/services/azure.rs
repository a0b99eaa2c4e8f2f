//! `azurekeyvault://VAULT.vault.azure.net/keys/NAME[/VERSION]`: Azure Key Vault and Managed HSM.
//!
//! ```text
//! POST https://VAULT.vault.azure.net/keys/NAME/VERSION/wrapkey?api-version=7.4   { alg, value } → { kid, value }
//! POST https://VAULT.vault.azure.net/keys/NAME/VERSION/unwrapkey?api-version=7.4
//! ```
//! The wrapped key is the raw RSA ciphertext, which does not contain the key's version. So the URI
//! of a key that wraps includes the version. gocloud calls `encrypt` and `decrypt` instead, which
//! write and read the same bytes.

mod credentials;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Bearer, Kek, Session};
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::http::{HostKind, Reply, Request};
use crate::json::{self, Secret};
use crate::uri::KeyUri;

const SERVICE: &str = "Azure Key Vault";
const API_VERSION: &str = "7.4";

/// The domains of vaults: no other host gets a token.
const DOMAINS: &[&str] = &[
    "vault.azure.net",
    "managedhsm.azure.net",
    "vault.azure.cn",
    "managedhsm.azure.cn",
    "vault.usgovcloudapi.net",
    "managedhsm.usgovcloudapi.net",
];

struct Key {
    /// Up to the version, which may be empty.
    url: String,
    has_version: bool,
    algorithm: &'static str,
    /// Whose token it wants.
    resource: String,
}

pub(super) fn open(uri: &KeyUri, _: &Environment) -> Result<Box<dyn Kek>, Failure> {
    uri.allow(&["algorithm"])?;
    let algorithm = match uri.parameter("algorithm") {
        None | Some("RSA-OAEP-256") => "RSA-OAEP-256",
        Some("RSA-OAEP") => "RSA-OAEP",
        Some(_) => {
            return Err(Failure::refused(
                "the key's URI names an unknown algorithm: expected RSA-OAEP-256 or RSA-OAEP",
            ));
        }
    };
    let expected = || {
        Failure::refused(
            "the key's URI names no key: expected azurekeyvault://VAULT.vault.azure.net/keys/NAME/VERSION",
        )
    };
    let parts: Vec<_> = uri.path.split('/').collect();
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let (name, version) = match parts.as_slice() {
        ["", "keys", name] | ["", "keys", name, ""] if is_name(name) => (*name, ""),
        ["", "keys", name, version] if is_name(name) && is_name(version) => (*name, *version),
        _ => return Err(expected()),
    };
    let host = uri.host.to_ascii_lowercase();
    let domain = DOMAINS.iter().find(|domain| {
        host.strip_suffix(**domain).and_then(|vault| vault.strip_suffix('.')).is_some_and(is_name)
    });
    // Loopback is allowed for emulators.
    let local = format!("http://{host}");
    let (place, resource) = match domain {
        Some(domain) => (format!("https://{host}"), format!("https://{domain}")),
        None if HostKind::of(&local) == Ok(HostKind::Loopback) => {
            (local, "https://vault.azure.net".to_owned())
        }
        None => {
            return Err(Failure::refused(format!(
                "the key's URI names no vault: expected a host below {}",
                DOMAINS.join(", ")
            )));
        }
    };
    Ok(Box::new(Key {
        url: format!("{place}/keys/{name}/{version}"),
        has_version: !version.is_empty(),
        algorithm,
        resource,
    }))
}

pub(super) fn remedy(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unavailable => "see whether this machine reaches the vault",
        FailureKind::Refused => {
            "name the key with its version, give the identity the role Key Vault Crypto Service Encryption User, and see whether the key is enabled"
        }
        FailureKind::Invalid => {
            "the wrapped key is not of this version of the key: see which version sealed it"
        }
    }
}

#[derive(Serialize)]
struct Operation<'a> {
    alg: &'a str,
    value: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    value: Secret,
}

#[derive(Deserialize)]
struct Refused {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    #[serde(default)]
    message: String,
}

impl Kek for Key {
    fn seals(&self) -> Result<(), Failure> {
        if self.has_version {
            return Ok(());
        }
        Err(Failure::refused(
            "Azure Key Vault: the key's URI names no version, and what is sealed without one does not open after a rotation",
        ))
    }

    fn wrap(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Failure> {
        self.seals()?;
        let value = self.ask(session, "wrapkey", key)?;
        Ok(value.to_vec())
    }

    fn unwrap(
        &self,
        session: &Session<'_>,
        wrapped: &[u8],
        _: &[String],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.ask(session, "unwrapkey", wrapped)
    }
}

impl Key {
    /// Sends the request with the cached token, and with a new one if the vault rejects it.
    fn ask(&self, session: &Session<'_>, verb: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let value = json::base64url(bytes);
        let ask = |token: &Bearer| {
            let body = json::body(&Operation { alg: self.algorithm, value: &value })?;
            let url = format!("{}/{verb}?api-version={API_VERSION}", self.url);
            let request = Request::post(url, "application/json", body);
            session.send(request.secret_header("authorization", &token.header()).secret(&value))
        };
        let token = credentials::current(session, &self.resource)?;
        let mut reply = ask(&token)?;
        if reply.status == 401 {
            credentials::forget(session, &self.resource, &token);
            let fresh = credentials::current(session, &self.resource)?;
            reply = ask(&fresh)?;
        }
        if !reply.is_success() {
            return Err(failed(&reply, verb));
        }
        let Answer { value } = json::read(&reply, SERVICE)?;
        json::from_base64url(value.as_str()).ok_or_else(|| reply.nonsense(SERVICE))
    }
}

/// What a refusal means.
fn failed(reply: &Reply, verb: &str) -> Failure {
    let Ok(Refused { error }) = serde_json::from_slice(&reply.body) else { return reply.nonsense(SERVICE) };
    let reason = format!("Azure Key Vault: {}: {}", error.code, reply.words(&error.message));
    match reply.status {
        _ if reply.is_overloaded() => Failure::transient(reason),
        // The wrapped key is the only parameter that an attacker could have chosen.
        400 if verb == "unwrapkey" && error.code == "BadParameter" => Failure::invalid(reason),
        400..=499 => Failure::refused(reason),
        _ => reply.nonsense(SERVICE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_vaults_get_a_token() {
        let none = Environment::from_iter::<[(&str, &str); 0]>([]);
        for uri in [
            "azurekeyvault://orders.vault.azure.net/keys/kek/0123",
            "azurekeyvault://orders.managedhsm.azure.net/keys/kek",
            "azurekeyvault://127.0.0.1:8443/keys/kek/0123?algorithm=RSA-OAEP",
        ] {
            assert!(open(&KeyUri::parse(uri).unwrap(), &none).is_ok(), "{uri}");
        }
        for uri in [
            "azurekeyvault://orders.example.com/keys/kek/0123",
            "azurekeyvault://vault.azure.net/keys/kek/0123",
            "azurekeyvault://orders.vault.azure.net.example.com/keys/kek/0123",
            "azurekeyvault://example.com%2F.vault.azure.net/keys/kek/0123",
            "azurekeyvault://orders.vault.azure.net/secrets/kek/0123",
            "azurekeyvault://orders.vault.azure.net/keys/kek/0123/4",
            "azurekeyvault://orders.vault.azure.net/keys/kek/..",
            "azurekeyvault://orders.vault.azure.net/keys/kek/0123?algorithm=RSA1_5",
        ] {
            assert!(open(&KeyUri::parse(uri).unwrap(), &none).is_err(), "{uri}");
        }
    }
}
