//! `tdc serve`: a codec server with the workers' own configuration, so that the Web UI and the `temporal` command show what workers wrote.
//!
//! ```text
//! listener (TCP, tls) ──> router ──> codec    one request: auth ─> namespace ─> body ─> library ─> body
//!                           |          |
//!                   cors, exposure   audit, metrics, traces
//!                                      |
//!        state   what the configuration says, swapped whole by reload
//! ```
//! Everything that arrives may be hostile: it is judged (`exposure`, `auth`) before it costs anything, and what it may cost is bounded (`codec`,
//! `listener`). `dev` makes it one command on a laptop.

mod answer;
mod audit;
mod auth;
mod client;
mod codec;
mod connections;
mod cors;
mod dev;
mod exposure;
mod flight;
mod lines;
mod listener;
mod logs;
mod metrics;
mod namespace;
mod places;
mod reading;
mod refusal;
mod reload;
mod router;
mod state;
mod tls;
mod traces;
mod turns;
mod widening;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tdc::{Code, Error};
use tokio::net::TcpListener;

use reload::Server;
use state::State;

/// How long background work may take when the server stops.
const LAST_WORK: Duration = Duration::from_millis(500);

/// An address for metrics alone gets this part of all connections.
const METRICS_SHARE: usize = 16;

/// How the server is started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) config: PathBuf,
    /// On a laptop: loopback, the local Web UI, no rules.
    pub(crate) dev: bool,
    /// Takes precedence over the configuration's address.
    pub(crate) listen: Option<SocketAddr>,
    /// Nothing is to be served: whether it could be is the question.
    only_check: bool,
}

impl Launch {
    pub(crate) fn new(config: PathBuf, dev: bool, listen: Option<SocketAddr>) -> Self {
        Self { config, dev, listen, only_check: false }
    }
}

/// What a check of the configuration found.
pub(crate) struct Checked {
    /// How it would be served, in some words.
    pub(crate) summary: String,
    pub(crate) warning: Option<&'static str>,
}

/// Opens everything that [`run`] opens before it listens. Nothing is served and nothing is written; no issuer is asked for its keys.
pub(crate) fn check(config: &Path) -> Result<Checked, Error> {
    let launch = Launch { only_check: true, ..Launch::new(config.to_owned(), false, None) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|cause| Error::new(Code::Io, format!("cannot start: {cause}")))?;
    let _entered = runtime.enter();
    let state = State::open(&launch, state::Occasion::Start)?;
    let scheme = if state.tls.is_some() { "https" } else { "http" };
    let access = if state.auth.is_some() { "by rules" } else { "for this machine, without rules" };
    let summary = format!("{scheme} on {}, {access}", state.listen);
    Ok(Checked { summary, warning: state.warning })
}

/// Serves until it is told to stop.
pub(crate) fn run(launch: Launch) -> Result<(), Error> {
    logs::install()?;
    let metrics = metrics::install()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_unpark(turns::begin)
        .build()
        .map_err(|cause| Error::new(Code::Io, format!("cannot start: {cause}")))?;
    let outcome = runtime.block_on(async {
        let (server, address) = Server::open(launch, metrics)?;
        let main = bind(address).await?;
        let apart = match server.state().metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        serve(server, main, apart).await
    });
    // A file that does not answer must not keep the process.
    runtime.shutdown_timeout(LAST_WORK);
    logs::flush();
    outcome
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| Error::new(Code::Io, format!("cannot listen on {address}: {cause}")))
}

async fn serve(server: Arc<Server>, main: TcpListener, apart: Option<TcpListener>) -> Result<(), Error> {
    let room = connections::room();
    let address = main.local_addr().map_err(|cause| Error::new(Code::Io, cause.to_string()))?;
    let state = server.state();
    // Whoever reads that it listens may send a signal.
    let stop = reload::stop_signal()?;
    let watch = Arc::clone(&server).watch()?;
    tracing::info!(%address, https = state.tls.is_some(), rules = state.auth.is_some(), "listening");
    if server.is_dev() {
        dev::greet(address, &state)?;
    }
    if let Some(apart) = &apart {
        let address = apart.local_addr().ok().map(|address| address.to_string());
        tracing::info!(address, "listening for /metrics");
    }
    drop(state);

    tokio::spawn(watch);
    let metrics = apart.map(|listener| {
        let router = router::metrics_apart(Arc::clone(&server));
        tokio::spawn(listener::serve_plainly(listener, router, room / METRICS_SHARE))
    });
    let room = if metrics.is_some() { room - room / METRICS_SHARE } else { room };
    listener::serve(listener::Accept { server: Arc::clone(&server), listener: main, room }, stop).await;
    let state = server.state();
    let last_lines = tokio::task::spawn_blocking(move || {
        if let Some(traces) = &state.traces {
            traces.stop();
        }
        state.audit.flush();
    });
    let _ = last_lines.await;
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    tracing::info!("stopped");
    Ok(())
}
