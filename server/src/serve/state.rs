//! What a configuration says, ready for requests. Never changes; a reload makes a new one, and a request keeps the one it began with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tdc::server_options::{ServerLimits, ServerOptions};
use tdc::{DataConverter, Error};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::audit::Audit;
use super::auth::Auth;
use super::cors::Cors;
use super::exposure::{DEFAULT_LISTEN, Exposure};
use super::{Launch, dev, tls};

pub(super) struct State {
    pub(super) converter: DataConverter,
    pub(super) limits: ServerLimits,
    pub(super) exposure: Exposure,
    pub(super) cors: Cors,
    pub(super) auth: Option<Auth>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) audit: Audit,
    /// As many requests as may be worked on at once.
    pub(super) permits: Arc<Semaphore>,
    /// The address that it asks for, and the one for metrics.
    pub(super) listen: SocketAddr,
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Whatever it was read from.
    pub(super) files: Vec<PathBuf>,
}

impl State {
    /// Reads the configuration of `launch`. What `before` knows and nobody changed is taken over.
    pub(super) fn open(launch: &Launch, before: Option<&Self>) -> Result<Self, Error> {
        let converter = DataConverter::open(&launch.config, "")?;
        let settings = converter.server_settings();
        let mut options = settings.options.clone();
        if launch.dev {
            dev::set_aside(&mut options);
        }
        let listen = launch.listen.or(options.listen).unwrap_or(DEFAULT_LISTEN);
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
        let files = files(&launch.config, &settings.key_files, &options, auth.as_ref());
        Ok(Self {
            exposure: Exposure::open(&options, listen)?,
            cors: Cors::open(&options.cors)?,
            tls: options.tls.as_ref().map(tls::open).transpose()?,
            audit: Audit::open(&options.audit)?,
            permits: Arc::new(Semaphore::new(settings.limits.concurrency.min(Semaphore::MAX_PERMITS))),
            limits: settings.limits,
            metrics_listen: options.metrics.listen,
            converter,
            auth,
            listen,
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
