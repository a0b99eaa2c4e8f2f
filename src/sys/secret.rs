//! Memory for a key while it moves from a file or variable into a cipher.
//!
//! Each key has its own page, locked in memory and excluded from core dumps if the system allows
//! it, and erased on drop. A refusal to lock (`RLIMIT_MEMLOCK`, or the working set
//! of a process on Windows) is not an error: the key still works and is still erased.

use core::fmt;

use zeroize::Zeroize;

use super::system;
use crate::error::{Code, Error};

/// 32 secret bytes.
pub(crate) struct SecretKey {
    memory: *mut [u8; Self::LEN],
}

const PAGE: usize = 4096;

impl SecretKey {
    pub(crate) const LEN: usize = 32;

    /// Zeroes, to be filled by [`SecretKey::bytes_mut`].
    pub(crate) fn zeroed() -> Result<Self, Error> {
        let Some(memory) = system::map_page(PAGE) else {
            return Err(Error::new(Code::Io, "the system has no memory left for a key"));
        };
        Ok(Self { memory: memory.cast() })
    }

    pub(crate) fn bytes(&self) -> &[u8; Self::LEN] {
        // SAFETY: the page is mapped until drop, longer than the array, and only reached through
        // `self`.
        unsafe { &*self.memory }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; Self::LEN] {
        // SAFETY: as in `bytes`; `&mut self` makes it the only reference.
        unsafe { &mut *self.memory }
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        // SAFETY: the page is ours and nobody can reach it any more.
        unsafe { system::unmap_page(self.memory.cast(), PAGE) };
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let mut key = SecretKey::zeroed().unwrap();
        key.bytes_mut().copy_from_slice(b"test-key-test-key-test-key-test!");
        assert_eq!(format!("{key:?}"), "SecretKey(redacted)");
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn memory_is_left_out_of_core_dumps() {
        let key = SecretKey::zeroed().unwrap();
        let address = format!("{:x}-", key.memory as usize);
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let flags = maps
            .split(&address)
            .nth(1)
            .and_then(|rest| rest.lines().find(|line| line.starts_with("VmFlags")))
            .unwrap();
        assert!(flags.contains(" dd"), "{flags}");
    }
}
