//! The keys of an issuer: from a file, or from a URL. Those from a URL are kept, looked for again when a token names one that is not there (but
//! not for every such token), and still used for a while when the provider is away.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header::ACCEPT;
use axum::http::{Request, StatusCode};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tdc::server_options::{self, Issuer};

use crate::outgoing::Place;

/// After this long the keys are fetched again at the next use, so that a key which was taken away goes.
const FRESH_FOR: Duration = Duration::from_mins(5);
/// After this long without an answer from the provider nothing is believed any more.
const USABLE_FOR: Duration = Duration::from_hours(1);
/// At most one fetch in this time, whatever tokens say.
const BETWEEN_FETCHES: Duration = Duration::from_secs(5);
/// Bytes of the longest set in a file.
const MAX_LEN: usize = 1 << 20;
/// A set with more keys is none of a provider.
const MAX_KEYS: usize = 256;

/// A key that verifies signatures.
#[derive(Clone)]
pub(super) struct Key {
    id: Option<String>,
    /// The one that it is for, where the set says so.
    algorithm: Option<String>,
    pub(super) verifies: Arc<DecodingKey>,
}

/// Why there is no key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The issuer has none such.
    Unknown,
    /// The issuer cannot be asked.
    Away,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Jwks {
    pub(super) issuer: Issuer,
    pub(super) algorithms: Vec<Algorithm>,
    source: Source,
    kept: Mutex<Kept>,
    /// One fetch at a time.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
enum Source {
    Url(Place),
    File(PathBuf),
}

/// What is known, and since when. Time comes in, so that tests need not wait.
#[derive(Debug, Default)]
struct Kept {
    keys: Vec<Key>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

/// What to do for a token.
#[derive(Debug)]
enum Step {
    Use(Key),
    /// Use it, and look for newer ones.
    UseAndRefresh(Key),
    Fetch,
    Stop(Missing),
}

impl Jwks {
    pub(super) fn open(issuer: &Issuer) -> Result<Self, String> {
        let (source, kept) = match &issuer.jwks {
            server_options::Jwks::Url(url) => (Source::Url(Place::trusted(url)?), Kept::default()),
            server_options::Jwks::File(path) => {
                let shown = path.display();
                let text = server_options::read_file(path, MAX_LEN)
                    .map_err(|cause| format!("cannot read {shown}: {cause}"))?;
                let keys = parse(&text).ok_or_else(|| format!("{shown} is no JSON Web Key Set"))?;
                (Source::File(path.clone()), Kept { keys, fetched: Some(Instant::now()), tried: None })
            }
            _ => return Err("this version knows a URL or a file".to_owned()),
        };
        let allowed = issuer.algorithms.as_deref().unwrap_or(server_options::Algorithm::ALL);
        let algorithms = allowed.iter().filter_map(|algorithm| named(*algorithm)).collect();
        Ok(Self {
            issuer: issuer.clone(),
            algorithms,
            source,
            kept: Mutex::new(kept),
            fetching: tokio::sync::Mutex::new(()),
        })
    }

    /// The key for a token's header.
    pub(super) async fn key(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Key, Missing> {
        match self.step(id, algorithm) {
            Step::Use(key) => Ok(key),
            Step::UseAndRefresh(key) => {
                let issuer = Arc::clone(self);
                tokio::spawn(async move { issuer.fetch().await });
                Ok(key)
            }
            Step::Fetch => {
                self.fetch().await;
                self.after_fetch(id, algorithm)
            }
            // Somebody may be asking the provider at this moment, or has just now: the answer may be the key.
            Step::Stop(_) => {
                drop(self.fetching.lock().await);
                self.after_fetch(id, algorithm)
            }
        }
    }

    fn after_fetch(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Key, Missing> {
        match self.step(id, algorithm) {
            Step::Use(key) | Step::UseAndRefresh(key) => Ok(key),
            Step::Stop(missing) => Err(missing),
            // A provider that does not answer takes so long that it might be asked again.
            Step::Fetch => Err(self.kept(|kept| kept.missing(Instant::now()))),
        }
    }

    pub(super) async fn warm(&self) {
        if !self.is_ready() {
            self.fetch().await;
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.is_file() || self.kept(|kept| kept.is_usable(Instant::now()))
    }

    pub(super) fn is_file(&self) -> bool {
        self.file().is_some()
    }

    pub(super) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Url(_) => None,
        }
    }

    fn step(&self, id: Option<&str>, algorithm: Algorithm) -> Step {
        if self.is_file() {
            return self
                .kept(|kept| kept.find(id, algorithm))
                .map_or(Step::Stop(Missing::Unknown), Step::Use);
        }
        self.kept(|kept| kept.step(id, algorithm, Instant::now()))
    }

    /// Asks the provider, unless somebody just did.
    async fn fetch(&self) {
        let Source::Url(place) = &self.source else { return };
        let _one = self.fetching.lock().await;
        if !self.kept(|kept| kept.may_fetch(Instant::now())) {
            return;
        }
        self.kept(|kept| kept.tried = Some(Instant::now()));
        let answer = ask(place)
            .await
            .and_then(|text| parse(&text).ok_or_else(|| "the answer is no JSON Web Key Set".to_owned()));
        let issuer = self.issuer.issuer.as_str();
        let outcome = match answer {
            Ok(keys) => {
                tracing::info!(issuer, keys = keys.len(), "fetched the keys of the issuer");
                self.kept(|kept| {
                    kept.keys = keys;
                    kept.fetched = Some(Instant::now());
                });
                "ok"
            }
            Err(why) => {
                tracing::warn!(issuer, why, "cannot fetch the keys of the issuer");
                "error"
            }
        };
        metrics::counter!("tdc_jwks_fetches_total", "issuer" => issuer.to_owned(), "outcome" => outcome)
            .increment(1);
    }

    fn kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn step(&self, id: Option<&str>, algorithm: Algorithm, now: Instant) -> Step {
        let usable = self.is_usable(now);
        match self.find(id, algorithm).filter(|_| usable) {
            Some(key) if !self.is_older(FRESH_FOR, now) || !self.may_fetch(now) => Step::Use(key),
            Some(key) => Step::UseAndRefresh(key),
            None if self.may_fetch(now) => Step::Fetch,
            None => Step::Stop(self.missing(now)),
        }
    }

    fn missing(&self, now: Instant) -> Missing {
        if self.is_usable(now) { Missing::Unknown } else { Missing::Away }
    }

    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Key> {
        let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)).cloned(),
            // A token that names no key is judged where there is no choice.
            None => fitting.next().filter(|_| fitting.next().is_none()).cloned(),
        }
    }

    fn is_usable(&self, now: Instant) -> bool {
        self.fetched.is_some() && !self.is_older(USABLE_FOR, now)
    }

    fn is_older(&self, age: Duration, now: Instant) -> bool {
        self.fetched.is_none_or(|then| now.saturating_duration_since(then) >= age)
    }

    fn may_fetch(&self, now: Instant) -> bool {
        self.tried.is_none_or(|then| now.saturating_duration_since(then) >= BETWEEN_FETCHES)
    }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.verifies.family() == algorithm.family()
            && self.algorithm.as_ref().is_none_or(|name| *name == format!("{algorithm:?}"))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

async fn ask(place: &Place) -> Result<Bytes, String> {
    let request = Request::get("/").header(ACCEPT, "application/json").body(Bytes::new());
    let answer = place.send(request.map_err(|cause| cause.to_string())?).await?;
    if answer.status() == StatusCode::OK {
        Ok(answer.into_body())
    } else {
        Err(format!("status {}, expected 200; redirects are not followed", answer.status().as_u16()))
    }
}

fn named(algorithm: server_options::Algorithm) -> Option<Algorithm> {
    format!("{algorithm:?}").parse().ok()
}

/// Reads a set. Keys that are not for signatures, that have a shared secret, or that this version does not know are left out.
fn parse(text: &[u8]) -> Option<Vec<Key>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text).ok()?;
    Some(set.keys.into_iter().take(MAX_KEYS).filter_map(key).collect())
}

fn key(value: serde_json::Value) -> Option<Key> {
    let algorithm = value.get("alg").and_then(serde_json::Value::as_str).map(str::to_owned);
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature)
        && jwk.common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    let has_public_half = matches!(
        jwk.algorithm,
        AlgorithmParameters::RSA(_)
            | AlgorithmParameters::EllipticCurve(_)
            | AlgorithmParameters::OctetKeyPair(_)
    );
    if !for_signatures || !has_public_half {
        return None;
    }
    let verifies = Arc::new(DecodingKey::from_jwk(&jwk).ok()?);
    Some(Key { id: jwk.common.key_id, algorithm, verifies })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = r#""kty":"RSA","e":"AQAB","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw""#;

    fn set(entries: &[&str]) -> Vec<Key> {
        let entries: Vec<String> = entries.iter().map(|entry| format!("{{{entry},{RSA}}}")).collect();
        parse(format!(r#"{{"keys":[{}]}}"#, entries.join(",")).as_bytes()).unwrap()
    }

    fn ids(keys: &[Key]) -> Vec<&str> {
        keys.iter().filter_map(|key| key.id.as_deref()).collect()
    }

    #[test]
    fn keys_that_do_not_verify_signatures_are_left_out() {
        let keys = set(&[
            r#""kid":"plain""#,
            r#""kid":"sig","use":"sig","alg":"RS256""#,
            r#""kid":"enc","use":"enc","alg":"RSA-OAEP""#,
            r#""kid":"signs","key_ops":["sign"]"#,
            r#""kid":"verifies","key_ops":["verify"]"#,
        ]);
        assert_eq!(ids(&keys), ["plain", "sig", "verifies"]);
        let secret = br#"{"keys":[{"kty":"oct","kid":"secret","k":"AAAA"},{"kty":"new","kid":"x"},7]}"#;
        assert_eq!(ids(&parse(secret).unwrap()), [""; 0]);
        assert!(parse(b"{}").is_none() && parse(b"[]").is_none());
    }

    #[test]
    fn a_key_is_for_its_algorithm_only() {
        let kept = Kept { keys: set(&[r#""kid":"a","alg":"RS256""#, r#""kid":"b""#]), ..Kept::default() };
        let found = |id, algorithm| kept.find(id, algorithm).is_some();
        assert!(found(Some("a"), Algorithm::RS256) && !found(Some("a"), Algorithm::PS256));
        assert!(found(Some("b"), Algorithm::PS256) && !found(Some("b"), Algorithm::ES256));
        assert!(!found(Some("a"), Algorithm::HS256));
        assert!(found(None, Algorithm::PS256), "one fits");
        assert!(!found(None, Algorithm::RS256), "two fit");
    }

    #[test]
    fn unknown_keys_are_looked_for_at_a_limited_rate() {
        let now = Instant::now();
        let mut kept = Kept { keys: set(&[r#""kid":"a""#]), fetched: Some(now), tried: Some(now) };
        let step = |kept: &Kept, id, after| kept.step(Some(id), Algorithm::RS256, now + after);
        assert!(matches!(step(&kept, "b", Duration::from_secs(1)), Step::Stop(Missing::Unknown)));
        assert!(matches!(step(&kept, "b", BETWEEN_FETCHES), Step::Fetch));
        kept.tried = Some(now + BETWEEN_FETCHES);
        assert!(matches!(step(&kept, "b", BETWEEN_FETCHES), Step::Stop(Missing::Unknown)));
    }

    #[test]
    fn keys_are_refreshed_then_served_stale_for_a_while_then_not_at_all() {
        let now = Instant::now();
        let mut kept = Kept { keys: set(&[r#""kid":"a""#]), fetched: Some(now), tried: Some(now) };
        let step = |kept: &Kept, after| kept.step(Some("a"), Algorithm::RS256, now + after);
        assert!(matches!(step(&kept, Duration::from_secs(10)), Step::Use(_)));
        assert!(matches!(step(&kept, FRESH_FOR), Step::UseAndRefresh(_)));
        kept.tried = Some(now + FRESH_FOR);
        assert!(matches!(step(&kept, FRESH_FOR), Step::Use(_)), "the provider is away");
        assert!(matches!(step(&kept, USABLE_FOR), Step::Fetch));
        kept.tried = Some(now + USABLE_FOR);
        assert!(matches!(step(&kept, USABLE_FOR), Step::Stop(Missing::Away)));
    }
}
