//! The request that a call asks for when the configuration has `remote`: a command line has no
//! host, so it makes it itself.

use axum::body::Bytes;
use axum::http::Request;
use tdc::{Code, DataConverter, Error};

use crate::outgoing::Place;

/// Sends what `error` asks for and hands in what came of it.
pub(crate) fn answer(converter: &DataConverter, error: &Error) -> Result<(), Error> {
    let Some(request) = error.request() else {
        return Err(Error::new(Code::Panic, "the library asks for a request, and gives none"));
    };
    match send(request) {
        Ok((status, body)) => converter.provide_remote(request, u32::from(status), &body),
        Err(reason) => converter.provide_remote(request, 0, reason.as_bytes()),
    }
}

fn send(request: &tdc::Request) -> Result<(u16, Bytes), String> {
    let place = Place::trusted(request.url())?;
    let mut builder = Request::post("/");
    for (name, value) in request.headers() {
        builder = builder.header(name, value);
    }
    let post = builder.body(Bytes::copy_from_slice(request.body())).map_err(|cause| cause.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| format!("cannot start: {cause}"))?;
    let answer =
        runtime.block_on(place.send_within(post, request.timeout(), request.max_response_bytes()))?;
    Ok((answer.status().as_u16(), answer.into_body()))
}
