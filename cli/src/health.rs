//! `tdc health`: whether a codec server answers, for images and scripts that have no HTTP client.

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use tdc::{Code, Error};

use crate::outgoing::{Destination, TIMEOUT};

/// Asks `url` once. Anything but 200 within 5 seconds is an error.
pub(crate) fn run(url: &str) -> Result<(), Error> {
    ask(url).map_err(|cause| Error::new(Code::Remote, format!("{url}: {cause}")))
}

fn ask(url: &str) -> Result<(), String> {
    let destination = Destination::trusted(url)?;
    let answer = destination.send_and_wait(Request::new(Bytes::new()), TIMEOUT, 0)?;
    match answer.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("the server answered {status}")),
    }
}
