//! The command line options of the server.

use std::net::SocketAddr;
use std::path::PathBuf;

/// How the server is started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) config: PathBuf,
    /// On a laptop: loopback, the local Web UI, no rules.
    pub(crate) dev: bool,
    /// Takes precedence over the configuration's address.
    pub(crate) listen: Option<SocketAddr>,
    /// Only check whether it could be served.
    pub(super) only_check: bool,
}

impl Launch {
    pub(crate) fn new(config: PathBuf, dev: bool, listen: Option<SocketAddr>) -> Self {
        Self { config, dev, listen, only_check: false }
    }

    /// Opens everything that the server needs, and serves nothing.
    pub(super) fn check(config: PathBuf) -> Self {
        Self { only_check: true, ..Self::new(config, false, None) }
    }
}
