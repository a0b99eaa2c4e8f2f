//! A configuration, prepared for requests. It is immutable: a reload creates a new one, and a
//! request keeps the one it started with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tdc::{Code, DataConverter, Error};

use super::audit::Audit;
use super::auth::Auth;
use super::cors::Cors;
use super::exposure::{DEFAULT_LISTEN, Exposure};
use super::launch::Launch;
use super::options::{ServerLimits, ServerOptions};
use super::permits::Permits;
use super::reading::Readers;
use super::tls::Tls;
use super::traces::Traces;
use super::{dev, widening};

/// Why a configuration is read.
#[derive(Clone, Copy)]
pub(super) enum Occasion<'a> {
    Start,
    /// The operator confirms it as it is.
    Told(&'a State),
    /// It looks changed, or may contain a missing key. It must not give any client more access than
    /// before.
    Noticed(&'a State),
}

pub(super) struct State {
    pub(super) converter: Arc<DataConverter>,
    pub(super) limits: ServerLimits,
    pub(super) exposure: Exposure,
    /// For the separate metrics address.
    pub(super) metrics_exposure: Exposure,
    pub(super) cors: Cors,
    pub(super) auth: Option<Auth>,
    pub(super) tls: Option<Tls>,
    pub(super) audit: Arc<Audit>,
    pub(super) traces: Option<Arc<Traces>>,
    /// For the bodies that are being read.
    pub(super) readers: Arc<Readers>,
    /// For the requests in progress.
    pub(super) permits: Arc<Permits>,
    /// Whether each connection belongs to a single client.
    pub(super) has_own_connections: bool,
    /// The server's address, and the one for metrics. A reload does not change them.
    pub(super) listen: SocketAddr,
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Settings that are valid but probably not what was intended.
    pub(super) warning: Option<&'static str>,
    /// All files that it was read from.
    pub(super) files: Vec<PathBuf>,
    /// The parts of the files that were not applied, because they may widen access and no signal
    /// has confirmed them.
    pub(super) waiting: Vec<&'static str>,
    /// The `server` section in effect.
    options: ServerOptions,
}

impl State {
    /// Reads the configuration of `launch`. Anything the previous state knows is kept unless the
    /// files changed it.
    pub(super) fn open(launch: &Launch, occasion: Occasion<'_>) -> Result<Self, Error> {
        let before = occasion.before();
        let mut waiting = Vec::new();
        let read = DataConverter::open(&launch.config, "")?;
        let options = options(launch, ServerOptions::read(&read, &launch.config)?, occasion, &mut waiting)?;
        let converter = converter(read, occasion, &mut waiting)?;
        let limits = options.limits;
        let mut listen = launch.listen.or(options.listen).unwrap_or(DEFAULT_LISTEN);
        let mut metrics_listen = options.metrics.listen;
        if let Some(before) = before {
            if (listen, metrics_listen) != (before.listen, before.metrics_listen) {
                tracing::warn!("a changed listen address needs a restart: the previous one stays in use");
            }
            // The checks below use the address that is being served, even if the configuration has
            // changed since.
            (listen, metrics_listen) = (before.listen, before.metrics_listen);
        }
        let auth = match &options.auth {
            Some(auth) => Some(Auth::open(auth, before.and_then(|before| before.auth.as_ref()))?),
            None => None,
        };
        let warning = warning(&options, &converter);
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
        let tls = options
            .tls
            .as_ref()
            .map(|options| Tls::open(options, occasion.noticed().and_then(|before| before.tls.as_ref())))
            .transpose()?;
        if tls.as_ref().is_some_and(|tls| tls.client_ca_waits) {
            waiting.push("the file of server.tls.client_ca");
        }
        let audit = match occasion {
            Occasion::Noticed(before) => Arc::clone(&before.audit),
            _ if launch.only_check => {
                Audit::check(&options.audit)?;
                Audit::open(&super::options::AuditOutput::Stderr, None)?
            }
            _ => Audit::open(&options.audit, before.map(|before| &before.audit))?,
        };
        let concurrency = limits.concurrency;
        // Requests in progress keep counting against the limit across reloads.
        let permits = before
            .filter(|before| before.limits.concurrency == concurrency)
            .map_or_else(|| Arc::new(Permits::new(concurrency)), |before| Arc::clone(&before.permits));
        let files = files(&launch.config, &converter.key_files(), &options, auth.as_ref());
        Ok(Self {
            exposure: Exposure::open(&options, listen)?,
            metrics_exposure: Exposure::of_metrics(&options, metrics_listen.unwrap_or(listen)),
            cors: Cors::open(&options.cors)?,
            tls,
            audit,
            traces: match &options.traces {
                Some(traces) => Some(Traces::open(traces, before.and_then(|before| before.traces.as_ref()))?),
                None => None,
            },
            readers: before.map(|before| Arc::clone(&before.readers)).unwrap_or_default(),
            permits,
            has_own_connections: !options.behind_proxy,
            limits,
            converter,
            auth,
            listen,
            metrics_listen,
            warning,
            files,
            waiting,
            options,
        })
    }
}

impl<'a> Occasion<'a> {
    fn before(self) -> Option<&'a State> {
        match self {
            Self::Start => None,
            Self::Told(before) | Self::Noticed(before) => Some(before),
        }
    }

    fn noticed(self) -> Option<&'a State> {
        match self {
            Self::Noticed(before) => Some(before),
            Self::Start | Self::Told(_) => None,
        }
    }
}

/// Keys and codecs: the previous ones, if the new ones would decrypt more and no signal has
/// confirmed that.
fn converter(
    read: DataConverter,
    occasion: Occasion<'_>,
    waiting: &mut Vec<&'static str>,
) -> Result<Arc<DataConverter>, Error> {
    if read.has_remote() {
        return Err(Error::new(
            Code::Config,
            "codecs: `tdc serve` refuses a configuration that uses remote, because it would relay requests to \
             another codec server: point its clients at that one instead",
        ));
    }
    if let Some(before) = occasion.noticed()
        && let Some(part) = read.loosens(&before.converter)
    {
        waiting.push(part);
        return Ok(Arc::clone(&before.converter));
    }
    Ok(Arc::new(read))
}

/// The `server` section: the previous one, if the new one gives more access and no signal has
/// confirmed that.
fn options(
    launch: &Launch,
    mut options: ServerOptions,
    occasion: Occasion<'_>,
    waiting: &mut Vec<&'static str>,
) -> Result<ServerOptions, Error> {
    if launch.dev {
        dev::set_aside(&mut options);
    }
    let Some(before) = occasion.noticed() else { return Ok(options) };
    let parts = widening::waiting(&options, &before.options);
    if parts.is_empty() {
        return Ok(options);
    }
    // The parts that wait are still validated, so that a mistake in them is reported now and not at
    // the signal.
    Exposure::open(&options, before.listen)?;
    Cors::open(&options.cors)?;
    if let Some(auth) = &options.auth {
        Auth::open(auth, before.auth.as_ref())?;
    }
    waiting.extend(parts);
    Ok(before.options.clone())
}

/// A payload does not say where it comes from: only keys keep namespaces apart.
fn warning(options: &ServerOptions, converter: &DataConverter) -> Option<&'static str> {
    let names_namespaces =
        |auth: &super::options::AuthOptions| auth.rules.iter().any(|rule| rule.namespaces.is_some());
    let has_namespaces = converter.namespace_settings("").is_err();
    (options.auth.as_ref().is_some_and(names_namespaces) && !has_namespaces).then_some(
        "rules name namespaces, but the configuration does not give namespaces keys of their own: anyone allowed to \
         read one namespace can decrypt payloads of all; add `namespaces`",
    )
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
