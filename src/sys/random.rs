//! Random bytes from the kernel, requested for each call.
//!
//! Nothing is buffered: a buffer kept across calls repeats after `fork()` or when a virtual machine
//! is restored from a snapshot, and a repeated nonce breaks AES-GCM. On Linux the kernel's own code
//! in the vDSO answers without a system call and is safe in both cases, so we need no random number
//! generator of our own; elsewhere the system call is used.

use super::system;
use crate::error::{Code, Error};

/// Fills `out` with random bytes.
pub(crate) fn random(out: &mut [u8]) -> Result<(), Error> {
    #[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
    if super::vdso::random(out) {
        return Ok(());
    }
    system_call(out)
}

fn system_call(out: &mut [u8]) -> Result<(), Error> {
    system::random(out).map_err(|cause| {
        Error::new(Code::Random, format!("the operating system's random source failed: {cause}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sources_fill_the_whole_slice_and_never_repeat() {
        type Source = fn(&mut [u8]) -> Result<(), Error>;
        for source in [random as Source, system_call] {
            let mut seen = std::collections::HashSet::new();
            for _ in 0..1000 {
                let mut nonce = [0; 12];
                source(&mut nonce).unwrap();
                assert!(seen.insert(nonce));
            }
            let mut long = vec![0; 1000];
            source(&mut long).unwrap();
            assert!(long.chunks(100).all(|part| part.iter().any(|byte| *byte != 0)));
        }
    }
}
