//! Services of the operating system: random bytes, memory for keys, and fork detection. Besides
//! `src/ffi`, the only place with `unsafe`.

mod fork;
mod random;
mod secret;
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod vdso;

pub(crate) use fork::{forks, watch_forks};
pub(crate) use random::random;
pub(crate) use secret::SecretKey;
