//! What a configuration says, ready for requests. Never changes; a reload makes a new one, and a request keeps the one it began with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tdc::server_options::{ServerLimits, ServerOptions};
use tdc::{Code, DataConverter, Error};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::audit::Audit;
use super::auth::Auth;
use super::cors::Cors;
use super::exposure::{DEFAULT_LISTEN, Exposure};
use super::traces::Traces;
use super::{Launch, dev, tls};

pub(super) struct State {
    pub(super) converter: DataConverter,
    pub(super) limits: ServerLimits,
    pub(super) exposure: Exposure,
    pub(super) cors: Cors,
    pub(super) auth: Option<Auth>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) audit: Audit,
    pub(super) traces: Option<Arc<Traces>>,
    /// As many requests as may be worked on at once.
    pub(super) permits: Arc<Semaphore>,
    /// The address that is served, and the one for metrics. A reload does not change them.
    pub(super) listen: SocketAddr,
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Whatever it was read from.
    pub(super) files: Vec<PathBuf>,
}

impl State {
    /// Reads the configuration of `launch`. What `before` knows and nobody changed is taken over.
    pub(super) fn open(launch: &Launch, before: Option<&Self>) -> Result<Self, Error> {
        let converter = DataConverter::open(&launch.config, "")?;
        if converter.has_remote() {
            return Err(Error::new(
                Code::Config,
                "codecs: remote is for workers: a codec server that asks another one would be a relay for whoever reaches it; name the other \
                 one where this one is named",
            ));
        }
        let settings = converter.server_settings();
        let mut options = settings.options.clone();
        if launch.dev {
            dev::set_aside(&mut options);
        }
        let mut listen = launch.listen.or(options.listen).unwrap_or(DEFAULT_LISTEN);
        let mut metrics_listen = options.metrics.listen;
        if let Some(before) = before {
            if (listen, metrics_listen) != (before.listen, before.metrics_listen) {
                tracing::warn!("another address to listen on needs a restart: the old one stays");
            }
            // What is judged below is the address that is served, whatever the configuration says meanwhile.
            (listen, metrics_listen) = (before.listen, before.metrics_listen);
        }
        let auth = match &options.auth {
            Some(auth) => Some(Auth::open(auth, before.and_then(|before| before.auth.as_ref()))?),
            None => None,
        };
        let tells_namespaces_apart =
            |auth: &tdc::server_options::Auth| auth.rules.iter().any(|rule| rule.namespaces.is_some());
        if options.auth.as_ref().is_some_and(tells_namespaces_apart)
            && converter.namespace_settings("").is_ok()
        {
            // A payload does not say where it comes from: only keys keep namespaces apart.
            tracing::warn!(
                "rules name namespaces, but the configuration has no `namespaces` with keys of their own: whoever may read one can open \
                 payloads of all"
            );
        }
        let concurrency = settings.limits.concurrency.min(Semaphore::MAX_PERMITS);
        // Requests that are worked on meanwhile count, however often everything is read again.
        let permits = before
            .filter(|before| before.limits.concurrency == settings.limits.concurrency)
            .map_or_else(|| Arc::new(Semaphore::new(concurrency)), |before| Arc::clone(&before.permits));
        let files = files(&launch.config, &settings.key_files, &options, auth.as_ref());
        Ok(Self {
            exposure: Exposure::open(&options, listen)?,
            cors: Cors::open(&options.cors)?,
            tls: options.tls.as_ref().map(tls::open).transpose()?,
            audit: Audit::open(&options.audit)?,
            traces: match &options.traces {
                Some(traces) => Some(Traces::open(traces, before.and_then(|before| before.traces.as_ref()))?),
                None => None,
            },
            permits,
            limits: settings.limits,
            converter,
            auth,
            listen,
            metrics_listen,
            files,
        })
    }
}

fn files(config: &Path, keys: &[PathBuf], options: &ServerOptions, auth: Option<&Auth>) -> Vec<PathBuf> {
    let mut files = vec![config.to_owned()];
    files.extend(keys.iter().cloned());
    if let Some(tls) = &options.tls {
        files.extend([&tls.cert, &tls.key].into_iter().chain(&tls.client_ca).cloned());
    }
    files.extend(auth.iter().flat_map(|auth| auth.files()).map(Path::to_owned));
    files
}
