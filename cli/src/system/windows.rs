//! Windows.

use std::fs::{Metadata, OpenOptions};
use std::os::windows::fs::MetadataExt;
use std::path::Path;

use tdc::{Code, Error};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

/// How an operator confirms what must not change unseen: Windows has no signal for it.
pub(crate) const CONFIRMATION: &str = "a restart";

/// Windows writes no dump of a process unless an administrator asked for it.
pub(crate) fn turn_core_dumps_off() {}

/// Windows has no limit of sockets for a process.
pub(crate) fn raise_descriptor_limit() -> usize {
    usize::MAX
}

/// A number that another file in the same place does not have, mostly: when it was created.
pub(crate) fn file_number(found: &Metadata) -> u64 {
    found.creation_time()
}

/// A file has the access control list that its folder hands down.
pub(crate) fn private(_: &mut OpenOptions) {}

/// Checks whether a folder exists. Its access control list is not read.
///
/// # Errors
/// Why it cannot be opened.
pub(crate) fn can_create_in(folder: &Path) -> std::io::Result<()> {
    std::fs::read_dir(folder).map(drop)
}

/// Completes when the process is told to stop: by Ctrl-C, Ctrl-Break, the end of its console, or
/// the end of the system.
///
/// # Errors
/// [`Code::Io`].
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let failed = |cause: std::io::Error| Error::new(Code::Io, format!("cannot listen for Ctrl-C: {cause}"));
    let (mut interrupt, mut stop) = (ctrl_c().map_err(failed)?, ctrl_break().map_err(failed)?);
    let (mut close, mut shutdown) = (ctrl_close().map_err(failed)?, ctrl_shutdown().map_err(failed)?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}

/// The operator's signal to read everything again, which never comes.
pub(crate) struct ReloadSignal;

impl ReloadSignal {
    /// As on other systems.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unnecessary_wraps, reason = "other systems can refuse")]
    pub(crate) fn listen() -> Result<Self, Error> {
        Ok(Self)
    }

    /// Never completes.
    pub(crate) async fn recv(&mut self) {
        std::future::pending::<()>().await;
    }
}
