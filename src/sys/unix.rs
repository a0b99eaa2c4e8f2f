//! What Linux and other Unix systems do for this module.

use core::ffi::c_void;
use core::ptr;
use std::fs::{File, OpenOptions};
use std::io::Error;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// A page of memory that is only ours, locked and excluded from core dumps if the system allows it.
pub(super) fn map_page(len: usize) -> Option<*mut c_void> {
    // SAFETY: an anonymous private mapping touches no memory that exists.
    let memory = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the page is ours. Both calls are requests that change no byte, and may fail.
    unsafe {
        libc::mlock(memory, len);
        #[cfg(target_os = "linux")]
        libc::madvise(memory, len, libc::MADV_DONTDUMP);
    }
    Some(memory)
}

/// Gives a page back.
///
/// # Safety
/// `memory` is from [`map_page`] with this length, and nobody can reach it any more.
pub(super) unsafe fn unmap_page(memory: *mut c_void, len: usize) {
    // SAFETY: as the caller promises.
    unsafe { libc::munmap(memory, len) };
}

/// Fills `out` with random bytes by a system call.
#[cfg(target_os = "linux")]
pub(super) fn random(mut out: &mut [u8]) -> Result<(), Error> {
    while !out.is_empty() {
        // By its number: glibc has a function for it from 2.25 on only.
        // SAFETY: `out` is valid for writes of its length, which is all that getrandom(2) touches.
        let written = unsafe { libc::syscall(libc::SYS_getrandom, out.as_mut_ptr(), out.len(), 0) };
        match usize::try_from(written) {
            Ok(written) => out = out.get_mut(written..).unwrap_or_default(),
            Err(_) => {
                let cause = Error::last_os_error();
                if cause.kind() != std::io::ErrorKind::Interrupted {
                    return Err(cause);
                }
            }
        }
    }
    Ok(())
}

/// Fills `out` with random bytes by a system call.
#[cfg(not(target_os = "linux"))]
pub(super) fn random(out: &mut [u8]) -> Result<(), Error> {
    // getentropy(3) gives at most 256 bytes a call.
    for part in out.chunks_mut(256) {
        // SAFETY: `part` is valid for writes of its length, which is all that getentropy touches.
        if unsafe { libc::getentropy(part.as_mut_ptr().cast(), part.len()) } != 0 {
            return Err(Error::last_os_error());
        }
    }
    Ok(())
}

/// Has `count` called in every child that this process forks. Returns whether it will be.
pub(super) fn on_fork(count: extern "C" fn()) -> bool {
    // Miri has no fork.
    if cfg!(miri) {
        return true;
    }
    // SAFETY: the handler adds to an atomic and does nothing else, which any child may do. The
    // system forgets it when the library is unloaded.
    unsafe { libc::pthread_atfork(None, None, Some(count)) == 0 }
}

/// Creates a file that only its owner can read and write.
pub(super) fn create_private(path: &Path) -> Result<File, Error> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Who besides its owner can read or write a file, and what to run so that nobody can; `None` if
/// nobody can.
pub(super) fn others_with_access(file: &File) -> Result<Option<(String, &'static str)>, Error> {
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & 0o066 != 0).then(|| (format!("mode {mode:03o}"), "chmod 600 on it")))
}
