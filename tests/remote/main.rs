//! The remote codec through every public method, with a codec server in the test's own memory: what
//! is asked for, what becomes of the answers, and what is an error of whom.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

mod answers;
mod refusals;
mod requests;
mod server;
mod whole;
