//! What the operating system is asked for: random bytes, memory for keys, and whether it forked.
//! Beside `src/ffi` the only place with `unsafe`.

mod fork;
mod random;
mod secret;
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod vdso;

pub(crate) use fork::{forks, watch_forks};
pub(crate) use random::random;
pub(crate) use secret::SecretKey;
