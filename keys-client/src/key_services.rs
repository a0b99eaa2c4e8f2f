//! The handle: one for a process, used by any number of threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tdc_formats::wire::Malformed;
use zeroize::Zeroizing;

use crate::check::Check;
use crate::environment::Environment;
use crate::failure::{Failure, FailureKind};
use crate::flight::Flights;
use crate::http::Http;
use crate::requests::{self, Answer, KeyService, Kind, Request};
use crate::services::{self, Kek, Session, Tokens};
use crate::uri::KeyUri;

/// Bytes of a data key.
const KEY_LEN: usize = 32;
/// Longest wrapped key, in bytes. AWS's have some 200, RSA's 512; a payload may contain any number.
const MAX_WRAPPED: usize = 8 * 1024;
/// Most requests of one message that are sent at the same time.
const MAX_CONCURRENT: usize = 16;
/// The pause before the second attempt: between this and three times as long.
const PAUSE: Duration = Duration::from_millis(50);

/// The settings of a [`KeyServices`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Addresses and credentials.
    pub environment: Environment,
    /// Called for every answered request, on the thread that answered it.
    pub observer: Option<fn(&Asked)>,
}

/// A request that a key service answered, without anything that identifies a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The scheme of the key's URI, or `other`.
    pub service: &'static str,
    /// `wrap` or `unwrap`.
    pub operation: &'static str,
    /// `ok`, `unavailable`, `refused` or `invalid`.
    pub outcome: &'static str,
}

/// Wraps and unwraps data keys with the services that their KEKs' URIs name.
#[derive(Debug)]
pub struct KeyServices {
    environment: Environment,
    observer: Option<fn(&Asked)>,
    process: ArcSwap<Process>,
}

type Unwrapped = Result<Arc<Zeroizing<Vec<u8>>>, Failure>;

/// The state of one process id: connections, tokens, requests in flight.
struct Process {
    id: u32,
    http: Http,
    tokens: Tokens,
    unwraps: Flights<(KeyService, Vec<u8>), Unwrapped>,
}

impl Process {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            id: process::id(),
            http: Http::new(),
            tokens: Tokens::default(),
            unwraps: Flights::default(),
        })
    }
}

impl core::fmt::Debug for Process {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Process").field("id", &self.id).finish_non_exhaustive()
    }
}

impl KeyServices {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { environment, observer } = options;
        Self { environment, observer, process: ArcSwap::new(Process::new()) }
    }

    /// Wraps a data key.
    ///
    /// # Errors
    /// A [`Failure`] of the service.
    pub fn wrap(&self, service: &KeyService, key: &[u8; KEY_LEN]) -> Result<Vec<u8>, Failure> {
        let process = self.process();
        let wrapped = self.attempts(&process, service, |kek, session| kek.wrap(session, key))?;
        if wrapped.is_empty() || wrapped.len() > MAX_WRAPPED {
            return Err(Failure::unavailable(
                "the service answered with a wrapped key of an impossible size",
            ));
        }
        Ok(wrapped)
    }

    /// Unwraps a data key. Identical requests in flight are sent once.
    ///
    /// # Errors
    /// A [`Failure`] of the service; [`crate::FailureKind::Invalid`] also if the result is not a
    /// data key.
    pub fn unwrap(&self, service: &KeyService, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.unwrap_shared(service, wrapped).map(|key| (*key).clone())
    }

    fn unwrap_shared(&self, service: &KeyService, wrapped: &[u8]) -> Unwrapped {
        if wrapped.is_empty() || wrapped.len() > MAX_WRAPPED {
            return Err(Failure::invalid(format!(
                "the wrapped key has {} bytes, expected 1 to {MAX_WRAPPED}",
                wrapped.len()
            )));
        }
        let process = self.process();
        let ask = || {
            let key = self
                .attempts(&process, service, |kek, session| kek.unwrap(session, wrapped, &service.earlier))?;
            if key.len() != KEY_LEN {
                return Err(Failure::invalid(format!(
                    "the wrapped key has {} bytes in it, expected {KEY_LEN}",
                    key.len()
                )));
            }
            Ok(Arc::new(key))
        };
        process
            .unwraps
            .ask((service.clone(), wrapped.to_vec()), ask)
            .unwrap_or_else(|| Err(Failure::unavailable("the request was given up by who made it first")))
    }

    /// Answers all wrap and unwrap requests of a serialised `tdc.host.v1.Requests` with a
    /// serialised `tdc.host.v1.Answers`. Other requests are left out: the host answers them. At
    /// most 16 are sent at the same time.
    ///
    /// # Errors
    /// If the message is not protobuf.
    pub fn answer(&self, requests: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        let requests = requests::read(requests)?;
        let next = AtomicUsize::new(0);
        let answers = Mutex::new(Vec::with_capacity(requests.len()));
        let work = || {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = self.one(request);
                answers.lock().unwrap_or_else(PoisonError::into_inner).push((request.id, answer));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..requests.len().min(MAX_CONCURRENT) {
                // Without other threads, this one does everything.
                let _ = std::thread::Builder::new().name("tdc-keys".to_owned()).spawn_scoped(scope, work);
            }
            work();
        });
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(requests::write(&answers))
    }

    fn one(&self, request: &Request<'_>) -> Answer {
        let ask = || match request.kind {
            Kind::Wrap(key) => match key.first_chunk::<KEY_LEN>().filter(|_| key.len() == KEY_LEN) {
                Some(key) => self.wrap(&request.service, key).map(Answer::Wrapped),
                None => {
                    Err(Failure::invalid(format!("the data key has {} bytes, expected {KEY_LEN}", key.len())))
                }
            },
            Kind::Unwrap(wrapped) => self.unwrap(&request.service, wrapped).map(Answer::DataKey),
        };
        let answer = catch_unwind(AssertUnwindSafe(ask))
            .unwrap_or_else(|_| Err(Failure::unavailable("the key services panicked, please report it")))
            .unwrap_or_else(Answer::Failed);
        if let Some(observer) = self.observer {
            observer(&Asked::of(request, &answer));
        }
        answer
    }

    /// Checks a URI without sending a request, and returns the service's name. `seals`: the key is
    /// used to wrap new data keys.
    ///
    /// # Errors
    /// A [`Failure`] if no client supports such a key, or if data keys that it wraps could not be
    /// unwrapped for as long as they are needed.
    pub fn look_at(&self, uri: &str, seals: bool) -> Result<&'static str, Failure> {
        let kek = services::open(uri, &self.environment)?;
        if seals {
            kek.seals()?;
        }
        services::of(&KeyUri::parse(uri)?).map(|service| service.name)
    }

    /// Tests a service once with a fresh random key: what works, and how to fix what does not.
    #[must_use]
    pub fn check(&self, service: &KeyService) -> Check {
        Check::run(self, service)
    }

    /// One attempt, and another one after a pause if the fault may be gone by then.
    fn attempts<T>(
        &self,
        process: &Process,
        service: &KeyService,
        attempt: impl Fn(&dyn Kek, &Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let kek = services::open(&service.uri, &self.environment)?;
        self.twice(process, service.timeout(), |session| attempt(kek.as_ref(), session))
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The same with the connections and tokens of this process.
    pub(crate) fn with_session<T>(
        &self,
        timeout: Duration,
        attempt: impl Fn(&Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.twice(&self.process(), timeout, attempt)
    }

    /// One attempt.
    pub(crate) fn once<T>(
        &self,
        deadline: Instant,
        attempt: impl FnOnce(&Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        attempt(&self.session(&self.process(), deadline))
    }

    fn session<'a>(&'a self, process: &'a Process, deadline: Instant) -> Session<'a> {
        Session { http: &process.http, environment: &self.environment, tokens: &process.tokens, deadline }
    }

    fn twice<T>(
        &self,
        process: &Process,
        timeout: Duration,
        attempt: impl Fn(&Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let once = || {
            let deadline = Instant::now().checked_add(timeout).unwrap_or_else(Instant::now);
            attempt(&self.session(process, deadline))
        };
        match once() {
            Err(failure) if failure.is_transient() => {
                std::thread::sleep(pause());
                once()
            }
            result => result,
        }
    }

    /// The state of this process. A child never touches its parent's: a lock in it may be held by a
    /// thread that does not exist in the child, and closing the connections would end them for the
    /// parent.
    fn process(&self) -> Arc<Process> {
        let current = self.process.load_full();
        if current.id == process::id() {
            return current;
        }
        let before = self.process.compare_and_swap(&current, Process::new());
        core::mem::forget(current);
        drop(before);
        self.process.load_full()
    }
}

impl Asked {
    fn of(request: &Request<'_>, answer: &Answer) -> Self {
        let service = KeyUri::parse(&request.service.uri).and_then(|uri| services::of(&uri));
        Self {
            service: service.map_or("other", |service| service.scheme),
            operation: match request.kind {
                Kind::Wrap(_) => "wrap",
                Kind::Unwrap(_) => "unwrap",
            },
            outcome: match answer {
                Answer::Wrapped(_) | Answer::DataKey(_) => "ok",
                Answer::Failed(failure) => match failure.kind() {
                    FailureKind::Unavailable => "unavailable",
                    FailureKind::Refused => "refused",
                    FailureKind::Invalid => "invalid",
                },
            },
        }
    }
}

/// Randomised, so that requests that failed together are not retried together.
fn pause() -> Duration {
    let mut random = [0; 2];
    let spread = match aws_lc_rs::rand::fill(&mut random) {
        Ok(()) => f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX),
        Err(_) => 0.5,
    };
    PAUSE.mul_f64(1.0 + 2.0 * spread)
}
