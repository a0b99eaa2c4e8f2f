//! Linux and other Unix systems.

use std::fs::{Metadata, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tdc::{Code, Error};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How an operator confirms what must not change unseen.
pub(crate) const CONFIRMATION: &str = "SIGHUP";

/// The maximum of descriptors for a process on systems that report no number.
const PLENTY: u64 = 10_240;

/// Turns core dumps off for this process: keys and plaintext must not reach a file. If the system
/// refuses, the command continues: this is one safeguard among several.
pub(crate) fn turn_core_dumps_off() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A core pattern that is a pipe ignores the limit, but not this.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Raises the limit of descriptors as far as allowed. Returns how many this process may have open.
pub(crate) fn raise_descriptor_limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    for more in [maximum, Some(maximum.map_or(PLENTY, |maximum| maximum.min(PLENTY)))] {
        if current.is_some()
            && current != more
            && setrlimit(Resource::Nofile, Rlimit { current: more, maximum }).is_ok()
        {
            break;
        }
    }
    let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
    limit.unwrap_or(usize::MAX)
}

/// A number that another file in the same place does not have.
pub(crate) fn file_number(found: &Metadata) -> u64 {
    found.ino()
}

/// If these options create a file, only its owner can read it.
pub(crate) fn private(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Checks whether this process may create files in a folder.
///
/// # Errors
/// Why it may not.
pub(crate) fn can_create_in(folder: &Path) -> std::io::Result<()> {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(Into::into)
}

/// Completes when the process is told to stop.
///
/// # Errors
/// [`Code::Io`].
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The operator's signal to read everything again.
pub(crate) struct ReloadSignal(Signal);

impl ReloadSignal {
    /// Listens from now on.
    ///
    /// # Errors
    /// [`Code::Io`].
    pub(crate) fn listen() -> Result<Self, Error> {
        on(SignalKind::hangup()).map(Self)
    }

    /// Completes when it has come.
    pub(crate) async fn recv(&mut self) {
        self.0.recv().await;
    }
}

fn on(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|cause| Error::new(Code::Io, format!("cannot listen for signals: {cause}")))
}
