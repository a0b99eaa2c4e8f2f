//! Evaluates the response of a codec server: payloads, or an error that says whether a retry can
//! help.
//!
//! | status | | |
//! |---|---|---|
//! | none | no connection, no TLS, no answer in time | [`Code::Remote`] |
//! | 200 | as many payloads as were sent; anything else is no answer | [`Code::Remote`] |
//! | 400, 413, 422 | the server does not take these payloads | [`Code::RemoteRefused`] |
//! | all others | credentials, namespace, path, load, a redirect, a fault | [`Code::Remote`] |
//!
//! Only an error about the payloads themselves is permanent. Everything else can be repaired while
//! the workflow waits, so it is transient: it fails the workflow task and never the workflow.

use zeroize::Zeroizing;

use super::HttpRequest;
use crate::error::{Code, Error, text};
use crate::limits::Limits;
use crate::payload::{Payloads, Slices, View, json};

/// Bytes of a host's reason that are read.
const MAX_REASON: usize = 4096;

/// The payloads of a response. `status` 0 means that there was no response, and `body` then
/// contains the reason.
///
/// # Errors
/// [`Code::Remote`], [`Code::RemoteRefused`], or [`Code::Limit`] for a response that is too long.
pub(crate) fn judge(
    request: &HttpRequest,
    status: u32,
    body: &[u8],
) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
    if status != 200 {
        return Err(refused(request, status, body));
    }
    if body.len() > request.max_response_bytes() {
        return Err(Error::new(
            Code::Limit,
            format!(
                "the answer of the codec server has more than {} bytes: raise limits.max_decoded_bytes",
                request.max_response_bytes()
            ),
        ));
    }
    let expected = request.entries().len();
    let list = json::parse_at_most(body, expected).map(Zeroizing::new).map_err(|error| {
        if error.code() == Code::Limit {
            return no_answer(
                request,
                &format!("answered more than {expected} payloads, expected {expected}"),
            );
        }
        no_answer(request, &format!("did not answer with a list of payloads: {}", error.message()))
    })?;
    let limits = Limits { max_payloads: expected, ..Limits::default() };
    let payloads = Payloads::parse(&list, &limits, 0)?.payloads;
    let found = payloads.len();
    if found != expected {
        return Err(no_answer(request, &format!("answered {found} payloads, expected {expected}")));
    }
    payloads
        .into_iter()
        .map(|payload| match View::parse(Slices::one(payload)) {
            Ok(_) => Ok(Zeroizing::new(payload.to_vec())),
            Err(cause) => Err(no_answer(request, &format!("answered a malformed payload: {cause}"))),
        })
        .collect()
}

#[cold]
fn no_answer(request: &HttpRequest, what: &str) -> Error {
    Error::new(Code::Remote, format!("the codec server {} {what}", request.url()))
}

#[cold]
fn refused(request: &HttpRequest, status: u32, body: &[u8]) -> Error {
    let operation = request.direction().name();
    match status {
        0 => no_answer(request, &format!("gave no answer: {}", reason(body))),
        400 | 413 | 422 => {
            let error = Error::new(
                Code::RemoteRefused,
                format!(
                    "the codec server {} does not {operation} these payloads (status {status})",
                    request.url()
                ),
            );
            match named_payload(body).and_then(|index| request.entries().get(index)) {
                Some(entry) => error.at_payload(entry.index),
                None => error,
            }
        }
        300..=399 => no_answer(
            request,
            &format!(
                "redirects (status {status}): redirects are not followed, name the right URL in the configuration"
            ),
        ),
        401 | 403 => no_answer(
            request,
            &format!(
                "does not accept the credentials (status {status}): see the headers of the remote codec"
            ),
        ),
        404 => no_answer(
            request,
            "knows no such path or namespace (status 404): see the url of the remote codec",
        ),
        429 | 503 => no_answer(request, &format!("is too busy (status {status})")),
        status => no_answer(request, &format!("failed (status {status})")),
    }
}

/// The host's reason why there was no response.
fn reason(body: &[u8]) -> String {
    let start = body.get(..MAX_REASON).unwrap_or(body);
    match text::words(String::from_utf8_lossy(start).trim()) {
        words if words.is_empty() => "the host says no reason".to_owned(),
        words => words,
    }
}

/// The payload that a refusal names in the form of this library's server (`payloads[3]`). Only the
/// number is used, because a server may repeat the data that it was sent.
fn named_payload(body: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"payloads[";
    let start = body.get(..4096).unwrap_or(body);
    let at = start.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let digits: Vec<u8> = start.get(at..)?.iter().copied().take_while(u8::is_ascii_digit).collect();
    if start.get(at + digits.len()) != Some(&b']') {
        return None;
    }
    core::str::from_utf8(&digits).ok()?.parse().ok()
}
