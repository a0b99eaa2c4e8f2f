//! Services of the operating system: random bytes, memory for keys, a cheap clock, and fork
//! detection. Besides `src/ffi`, the only place with `unsafe`.

use std::fs::File;
use std::io::Error;
use std::path::Path;

mod clock;
mod fork;
mod random;
mod secret;
#[cfg(unix)]
mod unix;
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod vdso;
#[cfg(windows)]
mod windows;

pub(crate) use clock::CoarseInstant;
pub(crate) use fork::{forks, watch_forks};
pub(crate) use random::random;
pub(crate) use secret::SecretKey;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// Who besides its owner can read or write a file, and what to run so that nobody can; `None` if
/// nobody can.
pub(crate) fn others_with_access(file: &File) -> Result<Option<(String, &'static str)>, Error> {
    system::others_with_access(file)
}

/// Creates a file that only its owner can read and write, and opens it for both.
pub(crate) fn create_private(path: &Path) -> Result<File, Error> {
    system::create_private(path)
}
