//! Turns a JSON Web Token into the caller's identity. What the token says about itself only selects
//! which of the configured issuers, keys and algorithms verify it: keys that it contains or points
//! to (`jwk`, `jku`, `x5u`, `x5c`) are ignored.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::{Jwks, Missing};
use crate::serve::refusal::Refusal;

/// How far the clocks of issuer and server may be apart, in seconds.
const CLOCK_SKEW: u64 = 30;

/// A caller whose token was verified.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(super) issuer: String,
    pub(super) claims: Map<String, Value>,
}

impl Caller {
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.claims.get("sub")?.as_str()
    }

    pub(crate) fn email(&self) -> Option<&str> {
        let cloud = "https://saas-api.tmprl.cloud/user/email";
        self.claims.get("email").or_else(|| self.claims.get(cloud))?.as_str()
    }

    /// Whether the issuer says that the address has not been verified.
    pub(super) fn email_is_unverified(&self) -> bool {
        self.claims.get("email_verified").is_some_and(|value| *value != true && *value != "true")
    }
}

/// What a token claims before it is verified.
#[derive(Deserialize)]
struct Claimed {
    iss: String,
}

/// The token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut said = headers.get_all(AUTHORIZATION).iter();
    let (first, more) = (said.next(), said.next());
    let first = first.ok_or_else(|| Refusal::unauthenticated("no token"))?;
    let malformed = || Refusal::unauthenticated("authorization is not a bearer token");
    if more.is_some() {
        return Err(malformed());
    }
    let (scheme, token) = first.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if scheme.eq_ignore_ascii_case("Bearer") { Ok(token.trim()) } else { Err(malformed()) }
}

/// Checks a token: its signature by a key of its issuer, and what it claims.
pub(super) async fn verify(token: &str, issuers: &[Arc<Jwks>]) -> Result<Caller, Refusal> {
    let refuse = Refusal::unauthenticated;
    // An algorithm that the library does not know, including `none`, is refused here.
    let header = decode_header(token).map_err(|_| refuse("malformed token"))?;
    if header.crit.is_some() {
        return Err(refuse("token with critical headers"));
    }
    // Not trusted, only used to find the issuer: it is checked again together with the signature.
    let claimed: Claimed = insecure_decode_claims(token).map_err(|_| refuse("malformed token"))?;
    let issuer = issuers.iter().find(|issuer| issuer.issuer.issuer == claimed.iss);
    let issuer = issuer.ok_or_else(|| refuse("unknown issuer"))?;
    if !issuer.algorithms.contains(&header.alg) {
        return Err(refuse("algorithm is not allowed"));
    }
    let key = issuer.key(header.kid.as_deref(), header.alg).await.map_err(|missing| match missing {
        Missing::Unknown => refuse("unknown key"),
        Missing::Unusable => refuse("key that cannot be used"),
        Missing::Away => Refusal::provider_away(),
    })?;

    let mut validation = Validation::new(header.alg);
    validation.leeway = CLOCK_SKEW;
    validation.validate_nbf = true;
    validation.set_issuer(&[&issuer.issuer.issuer]);
    validation.set_audience(&[&issuer.issuer.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let found = decode::<Map<String, Value>>(token, &key.verifies, &validation).map_err(|error| {
        refuse(match error.kind() {
            ErrorKind::InvalidSignature => "signature does not verify",
            ErrorKind::ExpiredSignature => "expired token",
            ErrorKind::ImmatureSignature => "token is not valid yet",
            ErrorKind::InvalidAudience => "another audience",
            ErrorKind::MissingRequiredClaim(_) => "token without exp, iss or aud",
            _ => "invalid token",
        })
    })?;
    Ok(Caller { issuer: issuer.issuer.issuer.clone(), claims: found.claims })
}
