//! The server over time: a state that a signal, a changed file or an unknown key replaces, and the end.
//!
//! A new configuration counts whole or not at all: where anything in it is wrong, the old one stays, and the log says why.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::PrometheusHandle;
use tdc::{Code, Error};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Launch;
use super::state::State;

/// How often files are looked at. Mounted secrets change by a link that is replaced: a look at the file itself sees that, a watch may not.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// At most one search for an unknown key in this time, because each reads the files again.
const BETWEEN_SEARCHES: Duration = Duration::from_secs(1);

pub(super) struct Server {
    launch: Launch,
    state: ArcSwap<State>,
    pub(super) metrics: PrometheusHandle,
    stopping: AtomicBool,
    /// How the files looked when they were last read. Held while they are read, so that one reload happens at a time.
    seen: Mutex<Vec<Option<Look>>>,
    /// When an unknown key was last searched for. Held while it is.
    searched: tokio::sync::Mutex<Option<Instant>>,
}

/// How a file looks from outside: enough to see that it is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    changed: Option<SystemTime>,
    len: u64,
    number: u64,
}

impl Server {
    pub(super) fn open(
        launch: Launch,
        metrics: PrometheusHandle,
    ) -> Result<(Arc<Self>, std::net::SocketAddr), Error> {
        let state = State::open(&launch, None)?;
        let listen = state.listen;
        let seen = Mutex::new(state.files.iter().map(|file| look(file)).collect());
        let server = Self {
            launch,
            state: ArcSwap::from_pointee(state),
            metrics,
            stopping: AtomicBool::new(false),
            seen,
            searched: tokio::sync::Mutex::new(None),
        };
        Ok((Arc::new(server), listen))
    }

    pub(super) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    pub(super) fn is_dev(&self) -> bool {
        self.launch.dev
    }

    /// Whether requests should come here: not while it stops, and not before it can judge tokens.
    pub(super) fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
            && self.state().auth.as_ref().is_none_or(super::auth::Auth::is_ready)
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Reads everything again. Reads files: not for threads that must not wait.
    fn reload(&self, why: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state();
        let files: Vec<PathBuf> = before.files.clone();
        // Before they are read: what changes meanwhile is seen at the next look.
        *seen = files.iter().map(|file| look(file)).collect();
        let outcome = match State::open(&self.launch, Some(&before)) {
            Ok(after) => {
                if after.files != files {
                    *seen = after.files.iter().map(|file| look(file)).collect();
                }
                let traces = after.traces.clone();
                self.state.store(Arc::new(after));
                if let Some(old) = before
                    .traces
                    .as_ref()
                    .filter(|old| traces.as_ref().is_none_or(|new| !Arc::ptr_eq(old, new)))
                {
                    old.stop();
                }
                tracing::info!(why, "the configuration was read again");
                "ok"
            }
            Err(error) => {
                tracing::error!(why, error = %error, "the configuration was not read again: the old one stays");
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

    /// Reads everything again because a payload names a key that `state` does not have. Says whether there is something new to look at.
    pub(super) async fn search_key(self: &Arc<Self>, state: &Arc<State>) -> bool {
        // Requests that meet the key at the same time wait for the one that reads, and look at what it found.
        let mut searched = self.searched.lock().await;
        if !Arc::ptr_eq(state, &self.state()) {
            return true;
        }
        if searched.is_some_and(|then| then.elapsed() < BETWEEN_SEARCHES) {
            return false;
        }
        let server = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || server.reload("unknown key")).await.is_ok();
        *searched = Some(Instant::now());
        read
    }

    /// Looks for reasons to reload, and after what time does.
    pub(super) fn watch(self: Arc<Self>) -> Result<impl Future<Output = ()> + use<>, Error> {
        let mut hangup = on(SignalKind::hangup())?;
        Ok(async move {
            loop {
                if let Some(auth) = &self.state().auth {
                    auth.warm().await;
                }
                let told = tokio::select! {
                    _ = hangup.recv() => true,
                    () = tokio::time::sleep(LOOK_EVERY) => false,
                };
                self.metrics.run_upkeep();
                let server = Arc::clone(&self);
                let look_and_reload = move || {
                    if told {
                        server.reload("signal");
                    } else if server.files_changed() {
                        server.reload("changed file");
                    }
                };
                if tokio::task::spawn_blocking(look_and_reload).await.is_err() {
                    tracing::error!("a reload panicked: the old configuration stays");
                }
            }
        })
    }
}

/// Comes when the process is told to stop.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn on(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|cause| Error::new(Code::Io, format!("cannot listen for signals: {cause}")))
}

fn look(path: &Path) -> Option<Look> {
    let found = std::fs::metadata(path).ok()?;
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    Some(Look { changed: found.modified().ok(), len: found.len(), number })
}
