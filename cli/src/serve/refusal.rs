//! The response to a refused request: a status, a sentence, one word for audit and metrics, and the
//! reason for the audit log.
//!
//! The sentence is for the person who uses the Web UI or the command line. It leaves out what could
//! help an attacker (why a token was refused, which keys exist).

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use tdc::{Code, Error, Kind};

use super::options::Operation;

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// One word for audit and metrics.
    pub(super) outcome: &'static str,
    /// The reason, for the audit log only.
    pub(super) reason: &'static str,
    text: String,
    /// Seconds after which the client may retry.
    retry_after: Option<u32>,
    /// The methods of the route.
    allow: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        outcome: &'static str,
        reason: &'static str,
        text: impl Into<String>,
    ) -> Self {
        Self { status, outcome, reason, text: text.into(), retry_after: None, allow: None }
    }

    /// The same, with a time in seconds after which the client may retry.
    fn later(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// No token, or an invalid one. Which of the two, and why, is in the audit log only.
    pub(super) fn unauthenticated(reason: &'static str) -> Self {
        let text = "this codec server requires a valid access token: log in again, or check server.auth in its configuration";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", reason, text)
    }

    /// A person, or a web page, that is not allowed.
    pub(super) fn forbidden(reason: &'static str, text: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", reason, text)
    }

    /// The server cannot tell at the moment whether a token is valid.
    pub(super) fn provider_away() -> Self {
        let text = "the identity provider's keys cannot be fetched at the moment: try again shortly";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "provider_away", "no keys of the issuer", text).later(5)
    }

    /// The audit log cannot be written: an operation without a record is refused.
    pub(super) fn no_audit() -> Self {
        let text = "the codec server cannot write its audit log, so it answers no requests: see its log";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_audit", "audit log", text).later(5)
    }

    /// Other clients use all of the server. The same request may succeed in a moment.
    pub(super) fn busy(reason: &'static str) -> Self {
        let text =
            "the codec server is at its limit of concurrent requests (server.limits.concurrency): try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", reason, text).later(1)
    }

    /// The client itself uses its whole share. Trying again at once would make that worse.
    pub(super) fn too_many(reason: &'static str) -> Self {
        let text = "too many concurrent requests from one connection or user: wait for some to finish, or raise server.limits.concurrency";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", reason, text).later(1)
    }

    pub(super) fn bad_request(reason: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", reason, text)
    }

    pub(super) fn bad_type(reason: &'static str, text: &'static str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad_content_type", reason, text)
    }

    /// A method that the route does not have; `allowed` lists those it has.
    pub(super) fn bad_method(allowed: &'static str, text: &'static str) -> Self {
        Self {
            allow: Some(allowed),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "bad_method", "method", text)
        }
    }

    /// What the library said.
    pub(super) fn of(error: &Error, operation: Operation) -> Self {
        let index = error.payload_index();
        let code = error.code();
        let reason = code.name();
        let bad = |text| Self::bad_request(reason, text);
        match (code, code.kind()) {
            // These sentences consist of names, numbers and positions only. What a reference says,
            // the person has in the history anyway.
            (Code::Json | Code::Reference, _) => bad(error.to_string()),
            (Code::Limit, _) if index.is_some() => bad(error.to_string()),
            (Code::Limit, _) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", reason, error.to_string())
            }
            (Code::Namespace, _) => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_namespace",
                reason,
                "the codec server's configuration has no such namespace: name another in X-Namespace, or in the path before the operation",
            ),
            (Code::KeyService, _) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "key_service",
                reason,
                "the key service that the codec server needs could not be reached: try again",
            )
            .later(1),
            (Code::Storage, _) => Self::new(
                StatusCode::BAD_GATEWAY,
                "storage",
                reason,
                "the store of an external payload could not be reached, or refused: see the codec server's log",
            ),
            (Code::Random, _) | (_, Kind::Config | Kind::Internal | Kind::Environment | Kind::Misuse) => {
                Self::internal(reason)
            }
            (_, Kind::Key) if operation == Operation::Encode => Self::internal(reason),
            _ => bad(match index {
                Some(index) => format!("{} at payloads[{index}]: {}", code.name(), code.description()),
                None => format!("{}: {}", code.name(), code.description()),
            }),
        }
    }

    pub(super) fn internal(reason: &'static str) -> Self {
        let text = "the codec server failed: see its log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "error", reason, text)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.text + "\n"));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
