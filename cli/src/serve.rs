//! `tdc serve`: a codec server with the workers' own configuration, so that the Web UI and the
//! `temporal` command can show what workers wrote.
//!
//! ```text
//! serve             starts it, and hands each listener its router
//!   listener        TCP, TLS, how many connections
//!   router          which request goes where; cors, exposure: which of them are heard
//!   codec           one request: auth ─> namespace ─> body ─> library ─> body
//!   reload          when everything is read again, and the end
//!   state           what the configuration says, swapped whole
//!   request_log     what is noted of a request: audit, metrics, traces
//!   record, refusal what they all speak of
//! ```
//! Each file imports only from files below it. All input may be hostile: it is checked (`exposure`,
//! `auth`) before it costs anything, and its cost is bounded (`reading`, `permits`, `connections`).
//! `dev` makes it one command on a laptop.

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
mod launch;
mod lines;
mod listener;
mod logs;
mod metrics;
mod namespace;
pub(crate) mod options;
mod permits;
mod reading;
mod record;
mod refusal;
mod reload;
mod request_log;
mod router;
mod state;
mod time_slice;
mod tls;
mod traces;
mod widening;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tdc::{Code, Error};
use tokio::net::TcpListener;

pub(crate) use launch::Launch;
use listener::Endpoint;
use reload::Server;
use state::State;

use crate::system::stop_signal;

/// How long background work may take when the server stops.
const LAST_WORK: Duration = Duration::from_millis(500);

/// A separate address for metrics gets this share of all connections.
const METRICS_SHARE: usize = 16;

/// The result of a check of the configuration.
pub(crate) struct Checked {
    /// A short description of how it would be served.
    pub(crate) summary: String,
    pub(crate) warning: Option<&'static str>,
}

/// Opens everything that [`run`] opens before it listens. Serves nothing, writes nothing, and does
/// not fetch any issuer's keys.
pub(crate) fn check(config: &Path) -> Result<Checked, Error> {
    let launch = Launch::check(config.to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|cause| Error::new(Code::Io, format!("cannot start: {cause}")))?;
    let _entered = runtime.enter();
    let state = State::open(&launch, state::Occasion::Start)?;
    let scheme = if state.tls.is_some() { "https" } else { "http" };
    let access =
        if state.auth.is_some() { "access by rules" } else { "for this machine only, without rules" };
    let summary = format!("{scheme} on {}, {access}", state.listen);
    Ok(Checked { summary, warning: state.warning })
}

/// Serves until it is told to stop.
pub(crate) fn run(launch: Launch) -> Result<(), Error> {
    logs::install()?;
    let metrics = metrics::install()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_unpark(time_slice::begin)
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
    // A read of a file that blocks must not keep the process alive.
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
    // Registered before the log says "listening": a reader of that line may send a signal at once.
    let stop = stop_signal()?;
    let watch = Arc::clone(&server).watch()?;
    tracing::info!(%address, https = state.tls.is_some(), rules = state.auth.is_some(), "listening");
    if server.is_dev() {
        dev::greet(address, state.converter.namespace_settings("").is_err())?;
    }
    if let Some(apart) = &apart {
        let address = apart.local_addr().ok().map(|address| address.to_string());
        tracing::info!(address, "listening for /metrics");
    }
    drop(state);

    tokio::spawn(watch);
    let metrics = apart.map(|listener| {
        let router = router::metrics_apart(Arc::clone(&server));
        let endpoint = Endpoint::plain(listener, router, room / METRICS_SHARE);
        tokio::spawn(listener::serve(endpoint, std::future::pending()))
    });
    let room = if metrics.is_some() { room - room / METRICS_SHARE } else { room };
    let stopping = {
        let server = Arc::clone(&server);
        async move {
            stop.await;
            server.stop();
        }
    };
    listener::serve(endpoint(&server, main, room), stopping).await;
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

/// The server's own address. A reload takes effect with the next connection.
fn endpoint(
    server: &Arc<Server>,
    listener: TcpListener,
    room: usize,
) -> Endpoint<impl Fn() -> listener::Terms + use<>, impl Fn(SocketAddr, StatusCode) + Clone + use<>> {
    let (terms, log) = (Arc::clone(server), Arc::clone(server));
    Endpoint {
        listener,
        room,
        router: router::main(Arc::clone(server)),
        terms: move || {
            let state = terms.state();
            listener::Terms {
                tls: state.tls.as_ref().map(|tls| tls.acceptor.clone()),
                patience: state.limits.timeout.0,
            }
        },
        unreadable: move |peer, status| request_log::unreadable(&log.state().audit, peer, status),
    }
}
