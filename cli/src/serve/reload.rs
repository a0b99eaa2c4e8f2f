//! The server over time: its state, which a signal, a changed file or an unknown key replaces, and
//! its shutdown.
//!
//! If anything in a new configuration is wrong, the old one stays in use, and the log says why.
//! Without a signal, a change gives no client more access than before (`widening`): parts that
//! might do so stay as they were, and the log says which.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::PrometheusHandle;
use tdc::Error;
use tokio::time::MissedTickBehavior;

use super::flight::Flight;
use super::launch::Launch;
use super::state::{Occasion, State};
use crate::system::{CONFIRMATION, ReloadSignal, file_number};

/// How often files are checked. Mounted secrets change when a link is replaced: a check of the file
/// itself sees that, a file watch may not.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// At most one search for an unknown key within this time, because each reads the files again.
const BETWEEN_SEARCHES: Duration = Duration::from_secs(1);

pub(super) struct Server {
    launch: Launch,
    state: ArcSwap<State>,
    pub(super) metrics: PrometheusHandle,
    stopping: AtomicBool,
    /// The fingerprints of the files when they were last read. Locked during a reload, so that only
    /// one runs at a time.
    seen: Mutex<Vec<Option<Look>>>,
    /// Searches for keys that payloads name and the state does not have.
    search: Flight,
}

/// A fingerprint of a file: enough to see that it was replaced or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    changed: Option<SystemTime>,
    len: u64,
    number: u64,
}

/// Why everything is read again.
#[derive(Clone, Copy)]
enum Why {
    /// The operator confirms the files as they are.
    Signal,
    ChangedFile,
    UnknownKey,
}

impl Why {
    fn text(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::ChangedFile => "changed file",
            Self::UnknownKey => "unknown key",
        }
    }
}

impl Server {
    pub(super) fn open(
        launch: Launch,
        metrics: PrometheusHandle,
    ) -> Result<(Arc<Self>, std::net::SocketAddr), Error> {
        let state = State::open(&launch, Occasion::Start)?;
        let listen = state.listen;
        let seen = Mutex::new(state.files.iter().map(|file| look(file)).collect());
        let server = Self {
            launch,
            state: ArcSwap::from_pointee(state),
            metrics,
            stopping: AtomicBool::new(false),
            seen,
            search: Flight::new(BETWEEN_SEARCHES),
        };
        server.start_fetching();
        Ok((Arc::new(server), listen))
    }

    pub(super) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    fn start_fetching(&self) {
        if let Some(auth) = &self.state().auth {
            auth.start();
        }
    }

    pub(super) fn is_dev(&self) -> bool {
        self.launch.dev
    }

    /// Whether the server is ready for requests: not while it stops, and not before it can verify
    /// tokens.
    pub(super) fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
            && self.state().auth.as_ref().is_none_or(super::auth::Auth::is_ready)
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Reads everything again. Blocks on files: not for async threads.
    fn reload(&self, why: Why) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state();
        let files: Vec<PathBuf> = before.files.clone();
        // Taken before the files are read: a change in the meantime is seen at the next check.
        *seen = files.iter().map(|file| look(file)).collect();
        let occasion = match why {
            Why::Signal => Occasion::Told(&before),
            Why::ChangedFile | Why::UnknownKey => Occasion::Noticed(&before),
        };
        let why = why.text();
        let outcome = match State::open(&self.launch, occasion) {
            Ok(after) => {
                if after.files != files {
                    *seen = after.files.iter().map(|file| look(file)).collect();
                }
                let (traces, waiting) = (after.traces.clone(), after.waiting.clone());
                self.state.store(Arc::new(after));
                self.start_fetching();
                if let Some(old) = before
                    .traces
                    .as_ref()
                    .filter(|old| traces.as_ref().is_none_or(|new| !Arc::ptr_eq(old, new)))
                {
                    old.stop();
                }
                tracing::info!(why, "reloaded the configuration");
                if !waiting.is_empty() && waiting != before.waiting {
                    tracing::warn!(
                        why,
                        waiting = waiting.join(", "),
                        "changes that could widen access are not applied until {CONFIRMATION}"
                    );
                }
                metrics::gauge!("tdc_reload_waiting").set(u8::from(!waiting.is_empty()));
                "ok"
            }
            Err(error) => {
                tracing::error!(why, error = %error, "cannot reload the configuration: the previous one stays in use");
                "error"
            }
        };
        metrics::counter!("tdc_reloads_total", "outcome" => outcome).increment(1);
    }

    fn files_changed(&self) -> bool {
        let state = self.state();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        !state.files.iter().map(|file| look(file)).eq(seen.iter().cloned())
    }

    /// Requests a reload because a payload names a key that `state` does not have. Returns whether
    /// there is a new state to try.
    pub(super) async fn search_key(&self, state: &Arc<State>) -> bool {
        if Arc::ptr_eq(state, &self.state()) {
            self.search.ask().await;
        }
        !Arc::ptr_eq(state, &self.state())
    }

    /// Waits for reasons to reload, and reloads, one at a time. No request owns a reload.
    pub(super) fn watch(self: Arc<Self>) -> Result<impl Future<Output = ()> + use<>, Error> {
        let mut signal = ReloadSignal::listen()?;
        Ok(async move {
            let mut look = tokio::time::interval(LOOK_EVERY);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = signal.recv() => self.reload_apart(Why::Signal).await,
                    () = self.search.wanted() => self.search.run(self.reload_apart(Why::UnknownKey)).await,
                    _ = look.tick() => {
                        if self.files_changed_apart().await {
                            self.reload_apart(Why::ChangedFile).await;
                        }
                    }
                }
                self.metrics.run_upkeep();
            }
        })
    }

    async fn reload_apart(self: &Arc<Self>, why: Why) {
        let server = Arc::clone(self);
        if tokio::task::spawn_blocking(move || server.reload(why)).await.is_err() {
            tracing::error!(why = why.text(), "a reload panicked: the previous configuration stays in use");
        }
    }

    async fn files_changed_apart(self: &Arc<Self>) -> bool {
        let server = Arc::clone(self);
        tokio::task::spawn_blocking(move || server.files_changed()).await.unwrap_or(false)
    }
}

fn look(path: &Path) -> Option<Look> {
    let found = std::fs::metadata(path).ok()?;
    let number = file_number(&found);
    Some(Look { changed: found.modified().ok(), len: found.len(), number })
}
