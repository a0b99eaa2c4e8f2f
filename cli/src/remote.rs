//! The request that a call asks for when the configuration has `remote`: the command line has no
//! host program, so it sends the request itself.

use axum::body::Bytes;
use axum::http::Request;

use crate::outgoing::Destination;

/// Sends a request. Returns the status and body of the response, or why there is none.
pub(crate) fn send(request: &tdc::HttpRequest) -> Result<(u16, Bytes), String> {
    let destination = Destination::trusted(request.url())?;
    let mut builder = Request::post("/");
    for (name, value) in request.headers() {
        builder = builder.header(name, value);
    }
    let post = builder.body(Bytes::copy_from_slice(request.body())).map_err(|cause| cause.to_string())?;
    let answer = destination.send_and_wait(post, request.timeout(), request.max_response_bytes())?;
    Ok((answer.status().as_u16(), answer.into_body()))
}
