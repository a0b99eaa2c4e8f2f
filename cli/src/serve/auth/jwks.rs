//! The keys of an issuer, from a file or from a URL. Keys from a URL are cached. They are fetched
//! again on a schedule and when a token names an unknown key (but not for every such token), and
//! are used for a while longer when the provider cannot be reached.
//!
//! A separate task fetches them. Requests ask it and wait, so a client that disconnects neither
//! cancels a fetch nor uses one up.

mod kept;
mod schedule;
mod set;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use crate::serve::options::{self, Issuer};
use axum::body::Bytes;
use axum::http::header::ACCEPT;
use axum::http::{Request, StatusCode};
use jsonwebtoken::Algorithm;
use tokio::task::AbortHandle;

use crate::outgoing::Destination;
use crate::serve::flight::Flight;
pub(super) use kept::Missing;
use kept::{BETWEEN_FETCHES, Kept, with};
use schedule::{Machine, keep_fetching};
use set::{Key, Unusable};

/// Largest key set in a file, in bytes.
const MAX_LEN: usize = 1 << 20;

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Jwks {
    pub(super) issuer: Issuer,
    pub(super) algorithms: Vec<Algorithm>,
    source: Source,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug)]
enum Source {
    Url(Fetcher),
    File(PathBuf),
}

/// The state of the fetching task.
#[derive(Debug)]
struct Fetcher {
    destination: Destination,
    flight: Arc<Flight>,
    task: OnceLock<AbortHandle>,
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl Jwks {
    /// `before` is what was known about the same issuer.
    pub(super) fn open(issuer: &Issuer, before: Option<&Self>) -> Result<Self, String> {
        let (source, kept) = match &issuer.jwks {
            options::JwksSource::Url(url) => {
                let flight = Arc::new(Flight::new(BETWEEN_FETCHES));
                let fetcher =
                    Fetcher { destination: Destination::trusted(url)?, flight, task: OnceLock::new() };
                (Source::Url(fetcher), Kept::default())
            }
            options::JwksSource::File(path) => {
                let shown = path.display();
                let text =
                    tdc::read_file(path, MAX_LEN).map_err(|cause| format!("cannot read {shown}: {cause}"))?;
                let set = set::parse(&text).ok_or_else(|| format!("{shown} is not a JSON Web Key Set"))?;
                let known = before.map(|before| with(&before.kept, |kept| kept.unusable().to_vec()));
                tell(&issuer.issuer, &set.unusable, &known.unwrap_or_default());
                (Source::File(path.clone()), Kept::for_good(set))
            }
        };
        let allowed = issuer.algorithms.as_deref().unwrap_or(options::Algorithm::ALL);
        let algorithms = allowed.iter().filter_map(|algorithm| named(*algorithm)).collect();
        Ok(Self { issuer: issuer.clone(), algorithms, source, kept: Arc::new(Mutex::new(kept)) })
    }

    /// Starts to fetch, if keys are fetched and this has not started yet.
    pub(super) fn start(&self) {
        let Source::Url(fetcher) = &self.source else { return };
        fetcher.task.get_or_init(|| {
            let (issuer, kept): (Arc<str>, _) = (self.issuer.issuer.as_str().into(), Arc::clone(&self.kept));
            let fetch = {
                let (destination, issuer, kept) =
                    (fetcher.destination.clone(), Arc::clone(&issuer), Arc::clone(&kept));
                move || fetch(destination.clone(), Arc::clone(&issuer), Arc::clone(&kept))
            };
            let flight = Arc::clone(&fetcher.flight);
            tokio::spawn(keep_fetching(Machine, flight, issuer, kept, fetch)).abort_handle()
        });
    }

    /// The key that a token's header asks for.
    pub(super) async fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Key, Missing> {
        let find = || with(&self.kept, |kept| kept.find(id, algorithm, Instant::now()));
        match (find(), &self.source) {
            (Err(_), Source::Url(fetcher)) => {
                fetcher.flight.ask().await;
                find()
            }
            (found, _) => found,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        with(&self.kept, |kept| kept.is_usable(Instant::now()))
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
}

async fn fetch(destination: Destination, issuer: Arc<str>, kept: Arc<Mutex<Kept>>) {
    let answer = ask(&destination)
        .await
        .and_then(|text| set::parse(&text).ok_or_else(|| "the answer is not a JSON Web Key Set".to_owned()));
    let outcome = match answer {
        Ok(set) => {
            tracing::info!(issuer = &*issuer, keys = set.keys.len(), "fetched the keys of the issuer");
            with(&kept, |kept| {
                tell(&issuer, &set.unusable, kept.unusable());
                kept.replace(set, Instant::now());
            });
            "ok"
        }
        Err(why) => {
            tracing::warn!(issuer = &*issuer, why, "cannot fetch the keys of the issuer");
            "error"
        }
    };
    metrics::counter!("tdc_jwks_fetches_total", "issuer" => issuer, "outcome" => outcome).increment(1);
}

/// Logs the unusable keys that were not there before.
fn tell(issuer: &str, unusable: &[Unusable], known: &[Unusable]) {
    for key in unusable.iter().filter(|key| !known.contains(key)) {
        tracing::warn!(
            issuer,
            kid = key.id.as_deref().unwrap_or("(none)"),
            why = key.why,
            "a key of the issuer is not usable: tokens signed with it are refused"
        );
    }
}

async fn ask(destination: &Destination) -> Result<Bytes, String> {
    let request = Request::get("/").header(ACCEPT, "application/json").body(Bytes::new());
    let answer = destination.send(request.map_err(|cause| cause.to_string())?).await?;
    if answer.status() == StatusCode::OK {
        Ok(answer.into_body())
    } else {
        Err(format!("status {}, expected 200; redirects are not followed", answer.status().as_u16()))
    }
}

fn named(algorithm: options::Algorithm) -> Option<Algorithm> {
    format!("{algorithm:?}").parse().ok()
}
