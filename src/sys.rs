//! What the operating system is asked for: random bytes and memory for keys. Beside `src/ffi` the only
//! place with `unsafe`.

mod random;
mod secret;
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod vdso;

pub(crate) use random::random;
pub(crate) use secret::SecretKey;
