//! `awskms:///ARN`, `awskms://alias/NAME?region=R`, `awskms://ID?region=R`: AWS KMS.
//!
//! ```text
//! POST https://kms.REGION.amazonaws.com/   X-Amz-Target: TrentService.Encrypt   { KeyId, Plaintext, EncryptionContext }
//!                                          X-Amz-Target: TrentService.Decrypt   { KeyId, CiphertextBlob, ... }
//! ```
//! `Decrypt` always names the key: without it, KMS decrypts a blob of any key that the role may
//! use, and a payload could choose which. Earlier targets of an alias are tried too, if the
//! configuration lists them.

mod credentials;
mod profile;
pub(crate) mod s3;
mod sign;
mod sts;

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(crate) use self::credentials::Credentials;
use self::profile::Profile;
use super::{Kek, Session};
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::http::{Reply, Request};
use crate::json::{self, Secret};
use crate::uri::KeyUri;

const SERVICE: &str = "AWS KMS";

/// Parameters that gocloud accepts too; `awssdk` selects its driver.
const PARAMETERS: &[&str] = &["region", "endpoint", "profile", "awssdk"];
const CONTEXT: &str = "context_";

struct Key {
    id: String,
    region: String,
    endpoint: String,
    profile: Option<String>,
    context: BTreeMap<String, String>,
}

pub(super) fn open(uri: &KeyUri, environment: &Environment) -> Result<Box<dyn Kek>, Failure> {
    let mut known = PARAMETERS.to_vec();
    known.extend(
        uri.parameters.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with(CONTEXT)),
    );
    uri.allow(&known)?;
    let id = match uri.host.as_str() {
        "" => uri.path.trim_start_matches('/').to_owned(),
        host => format!("{host}{}", uri.path),
    };
    if id.is_empty() {
        return Err(Failure::refused(
            "the key's URI names no key: expected a URI such as awskms://alias/orders?region=eu-central-1",
        ));
    }
    let profile = Profile::load(uri.parameter("profile"), environment)?;
    let of_arn =
        id.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2)).filter(|region| !region.is_empty());
    let region = uri
        .parameter("region")
        .or(of_arn)
        .or_else(|| region(environment, &profile))
        .ok_or_else(|| {
            Failure::refused("no region for AWS KMS: add ?region=... to the key's URI, or set AWS_REGION")
        })?
        .to_owned();
    if !is_region(&region) {
        return Err(Failure::refused(
            "the region in the key's URI is not a region of AWS: expected one such as eu-central-1",
        ));
    }
    let endpoint = match uri.parameter("endpoint") {
        Some(endpoint) => endpoint.to_owned(),
        None => profile.endpoint("KMS", environment).unwrap_or_else(|| regional("kms", &region)),
    };
    let context = uri
        .parameters
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(CONTEXT)?.to_owned(), value.clone())));
    Ok(Box::new(Key {
        context: context.collect(),
        profile: uri.parameter("profile").map(str::to_owned),
        id,
        region,
        endpoint,
    }))
}

pub(super) fn remedy(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unavailable => "see whether this machine reaches the KMS endpoint of the region",
        FailureKind::Refused => {
            "allow kms:Encrypt and kms:Decrypt on this key to the role, see whether the key is enabled, and name the region"
        }
        FailureKind::Invalid => {
            "the wrapped key is not of this key or encryption context; list earlier targets of an alias under `earlier`"
        }
    }
}

/// The region of the environment.
fn region<'a>(environment: &'a Environment, profile: &'a Profile) -> Option<&'a str> {
    environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).or_else(|| profile.value("region"))
}

/// Whether this can be part of a host's name.
fn is_region(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The endpoint of a service in a region.
fn regional(service: &str, region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{domain}")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt<'a> {
    key_id: &'a str,
    plaintext: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    encryption_context: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt<'a> {
    key_id: &'a str,
    ciphertext_blob: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    encryption_context: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted {
    plaintext: Secret,
    #[serde(default)]
    key_id: String,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "__type", alias = "code", alias = "Code")]
    code: String,
    #[serde(default)]
    message: String,
    /// The form that some AWS servers write instead.
    #[serde(default, rename = "Message")]
    other_message: String,
}

impl Kek for Key {
    fn wrap(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Failure> {
        let plaintext = json::base64(key);
        let body = Encrypt { key_id: &self.id, plaintext: &plaintext, encryption_context: &self.context };
        let reply = self.ask(session, "Encrypt", &body, &plaintext)?;
        let Encrypted { ciphertext_blob } = json::read(&reply, SERVICE)?;
        let blob = json::from_base64(&ciphertext_blob).ok_or_else(|| reply.nonsense(SERVICE))?;
        Ok(blob.to_vec())
    }

    fn unwrap(
        &self,
        session: &Session<'_>,
        wrapped: &[u8],
        earlier: &[String],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let blob = json::base64(wrapped);
        let mut result = self.decrypt(session, &self.id, &blob);
        for id in earlier {
            // The alias may no longer have a target, or point to a key that this role may not use.
            match &result {
                Err(failure) if failure.kind() != FailureKind::Unavailable => {}
                _ => break,
            }
            let other = self.decrypt(session, id, &blob);
            // The errors for the other keys do not matter if the blob belongs to none of them.
            if !matches!(&other, Err(failure) if failure.kind() == FailureKind::Invalid) {
                result = other;
            }
        }
        result
    }
}

impl Key {
    fn decrypt(
        &self,
        session: &Session<'_>,
        key_id: &str,
        blob: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let body = Decrypt { key_id, ciphertext_blob: blob, encryption_context: &self.context };
        let reply = self.ask(session, "Decrypt", &body, "")?;
        let Decrypted { plaintext, key_id: opened_by } = json::read(&reply, SERVICE)?;
        if !is_of(key_id, &opened_by) {
            return Err(Failure::invalid("AWS KMS: the wrapped key is of another key"));
        }
        json::from_base64(plaintext.as_str()).ok_or_else(|| reply.nonsense(SERVICE))
    }

    /// Sends the request with the cached credentials, and with new ones if those have expired.
    fn ask(
        &self,
        session: &Session<'_>,
        operation: &str,
        body: &impl Serialize,
        secret: &str,
    ) -> Result<Reply, Failure> {
        let ask = |credentials: &Credentials| {
            let body = json::body(body)?;
            let target = format!("TrentService.{operation}");
            let scope = sign::Scope { region: &self.region, service: "kms", now: SystemTime::now() };
            let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
            let url = format!("{}/", self.endpoint.trim_end_matches('/'));
            let signed = sign::headers("POST", &url, &headers, &body, credentials, &scope)?;
            let request = signed.iter().fold(
                Request::post(url, "application/x-amz-json-1.1", body)
                    .header("x-amz-target", &target)
                    .secret(secret),
                |request, (name, value)| request.secret_header(name, value),
            );
            session.send(request.secret(credentials.secret()))
        };
        let profile = self.profile.as_deref();
        let credentials = credentials::current(session, profile, &self.region)?;
        let mut reply = ask(&credentials)?;
        if is_expired(&reply) && credentials.can_be_fetched_again() {
            credentials::forget(session, profile, &credentials);
            let fresh = credentials::current(session, profile, &self.region)?;
            reply = ask(&fresh)?;
        }
        if reply.is_success() { Ok(reply) } else { Err(failed(&reply)) }
    }
}

/// Whether a key that KMS names by its ARN is the requested one. Only KMS knows the target of an
/// alias.
fn is_of(asked: &str, opened_by: &str) -> bool {
    let is_alias = asked.starts_with("alias/") || asked.contains(":alias/");
    is_alias
        || opened_by.is_empty()
        || opened_by == asked
        || opened_by.rsplit('/').next() == asked.rsplit('/').next()
}

fn refusal(reply: &Reply) -> Option<Refused> {
    let mut refused: Refused = serde_json::from_slice(&reply.body).ok()?;
    // com.amazonaws.kms#NotFoundException
    if let Some((_, code)) = refused.code.rsplit_once('#') {
        refused.code = code.to_owned();
    }
    if refused.message.is_empty() {
        refused.message = core::mem::take(&mut refused.other_message);
    }
    Some(refused)
}

fn is_expired(reply: &Reply) -> bool {
    let codes = ["ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"];
    !reply.is_success() && refusal(reply).is_some_and(|refused| codes.contains(&refused.code.as_str()))
}

/// What a refusal means.
fn failed(reply: &Reply) -> Failure {
    let Some(Refused { code, message, .. }) = refusal(reply) else { return reply.nonsense(SERVICE) };
    // KMS quotes the signed request, which includes the session token.
    let message = match code.as_str() {
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignatureException" => {
            "the signature was not accepted: see whether the secret key is right and the clock of this machine"
        }
        _ => message.as_str(),
    };
    let reason = format!("AWS KMS: {code}: {}", reply.words(message));
    match code.as_str() {
        "InvalidCiphertextException" | "IncorrectKeyException" => Failure::invalid(reason),
        "ThrottlingException" | "LimitExceededException" | "RequestLimitExceeded" => {
            Failure::transient(reason)
        }
        _ if reply.is_overloaded() => Failure::transient(reason),
        _ if (400..500).contains(&reply.status) => Failure::refused(reason),
        _ => reply.nonsense(SERVICE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_key(uri: &str, variables: &[(&str, &str)]) -> Result<(), Failure> {
        open(&KeyUri::parse(uri).unwrap(), &variables.iter().copied().collect()).map(drop)
    }

    #[test]
    fn a_region_is_named_by_uri_arn_or_environment() {
        for uri in [
            "awskms://alias/a?region=eu-central-1",
            "awskms:///arn:aws:kms:eu-central-1:1:key/a",
            "awskms://id?region=us-east-1&context_a=b&awssdk=v2",
        ] {
            assert!(open_key(uri, &[]).is_ok(), "{uri}");
        }
        assert!(open_key("awskms://alias/a", &[("AWS_REGION", "eu-central-1")]).is_ok());
        for uri in [
            "awskms://alias/a",
            "awskms://?region=a",
            "awskms://a?region=a.example.com/",
            "awskms://a?region=a&anonymous=true",
        ] {
            assert!(open_key(uri, &[]).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_blob_of_another_key_is_seen_where_the_answer_names_it() {
        let arn = "arn:aws:kms:eu-central-1:1:key/a-1";
        for (asked, opened_by, expected) in [
            (arn, arn, true),
            ("a-1", arn, true),
            ("alias/a", arn, true),
            ("arn:aws:kms:eu-central-1:1:alias/a", arn, true),
            (arn, "", true),
            ("a-2", arn, false),
            ("arn:aws:kms:eu-central-1:1:key/a-2", arn, false),
        ] {
            assert_eq!(is_of(asked, opened_by), expected, "{asked} {opened_by}");
        }
    }

    #[test]
    fn china_has_a_domain_of_its_own() {
        assert_eq!(regional("kms", "eu-central-1"), "https://kms.eu-central-1.amazonaws.com");
        assert_eq!(regional("sts", "cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn");
    }
}
