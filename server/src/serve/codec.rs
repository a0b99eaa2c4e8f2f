//! One request to encode or decode, from its head to its line in the audit log.
//!
//! The order is what keeps it cheap to refuse: the token first, then the namespace and the rules, then whether there is such a namespace, and only
//! then the body. A request that is worked on holds a permit until its answer has gone out, so memory is bounded by permits times limits.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State as Shared};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message;
use prost::bytes::Bytes;
use tdc::server_options::Operation;
use tdc::{Code, Error};
use tokio::sync::OwnedSemaphorePermit;

use super::audit::{Entry, Record, bounded};
use super::listener::Connection;
use super::refusal::Refusal;
use super::reload::Server;
use super::state::State;
use super::{answer, metrics, namespace, turns};
use crate::{body, rounds};

/// Bodies up to this many bytes are worked on at once; for larger ones, which take milliseconds, there are threads apart.
const SMALL: usize = 64 << 10;
/// How long the rest of a refused request is read: until its client has seen the answer.
const LINGER: Duration = Duration::from_secs(2);

/// Answers a request that is for no other route.
pub(super) async fn handle(Shared(server): Shared<Arc<Server>>, request: Request) -> Response<Body> {
    let state = server.state();
    let (head, mut body) = request.into_parts();
    let mut entry = Entry::open(&state, &head);
    let work = respond(&server, &state, &head, &mut body, &mut entry);
    turns::take();
    let answer = tokio::time::timeout(state.limits.timeout, work).await.unwrap_or_else(|_| {
        Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the request took longer than limits.timeout of the codec server",
        ))
    });
    match entry.close(answer) {
        Ok(body) => {
            let mut response = Response::new(body);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(refusal) => {
            discard(body, &head, state.limits.max_body_bytes);
            refusal.into_response()
        }
    }
}

/// The answer to a request that is refused before anything of it is looked at.
pub(super) fn refused(state: &State, request: Request, refusal: Refusal) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut entry = Entry::open(state, &head);
    entry.record.operation = namespace::operation(head.uri.path()).map(name);
    entry.record.namespace = namespace::resolve(&head.headers, head.uri.path()).ok();
    let refusal = entry.close(Err::<(), _>(refusal)).err();
    discard(body, &head, state.limits.max_body_bytes);
    refusal.unwrap_or_else(Refusal::internal).into_response()
}

/// Reads on while a refusal goes out: a connection that is closed with a body half read is reset, and then the client may never see why.
fn discard(body: Body, head: &Parts, max: usize) {
    // A stream of HTTP/2 ends without that.
    if body.is_end_stream() || head.version == Version::HTTP_2 {
        return;
    }
    let read = Limited::new(body, max.saturating_mul(2));
    tokio::spawn(async move {
        let mut read = read;
        let to_end = async { while let Some(Ok(_)) = read.frame().await {} };
        let _ = tokio::time::timeout(LINGER, to_end).await;
    });
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Encode => "encode",
        Operation::Decode => "decode",
    }
}

async fn respond<'a>(
    server: &Arc<Server>,
    state: &Arc<State>,
    head: &'a Parts,
    body: &mut Body,
    entry: &mut Entry<'a>,
) -> Result<Body, Refusal> {
    let operation = namespace::operation(head.uri.path()).ok_or_else(|| {
        let text = "a codec server has POST …/encode and …/decode, and nothing here";
        Refusal::new(StatusCode::NOT_FOUND, "not_found", text)
    })?;
    entry.record.operation = Some(name(operation));
    if head.method != Method::POST {
        return Err(Refusal::bad_method("POST, OPTIONS", "encode and decode are POST"));
    }

    let part = entry.part("authorize");
    let (namespace, pass_through) = judge(state, head, operation, &mut entry.record).await?;
    drop(part);
    let settings =
        state.converter.namespace_settings(namespace).map_err(|error| Refusal::of(&error, operation))?;
    entry.record.entry = settings.pattern.unwrap_or_else(|| "all".into());

    content_type(&head.headers)?;
    let permit = Arc::clone(&state.permits).try_acquire_owned().map_err(|_| {
        let text = "the codec server works on as many requests as limits.concurrency allows: try again";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).later(1)
    })?;
    let part = entry.part("read");
    let body = read(body, &head.headers, state.limits.max_body_bytes).await?;
    drop(part);

    let seals_with = settings.encrypts_with.filter(|_| operation == Operation::Encode);
    let mut job = Job { operation, pass_through, seals_with, context: context(namespace), body, permit };
    let part = entry.part("convert");
    let mut done;
    (job, done) = job.run(Arc::clone(state)).await?;
    if done.as_ref().is_err_and(|(error, _)| error.code() == Code::ReloadNeeded)
        && server.search_key(state).await
    {
        (job, done) = job.run(server.state()).await?;
    }
    drop(part);
    match done {
        Ok((text, payloads)) => {
            entry.record.payloads = Some(payloads);
            entry.record.outcome = if pass_through { "passed_through" } else { name(operation) };
            let waiting = head.extensions.get::<Connection>().map(|from| Arc::clone(&from.waiting));
            Ok(answer::body(text, job.permit, waiting.unwrap_or_default()))
        }
        Err((error, payloads)) => {
            entry.record.payloads = payloads;
            let refusal = Refusal::of(&error, operation);
            if refusal.status.is_server_error() {
                tracing::error!(error = %error, "a request failed");
            } else {
                tracing::debug!(error = %error, "a request was refused");
            }
            Err(refusal)
        }
    }
}

/// Who asks for which namespace, and whether the payloads are to come back as they are. Without rules everybody here may.
async fn judge<'a>(
    state: &State,
    head: &'a Parts,
    operation: Operation,
    record: &mut Record<'a>,
) -> Result<(&'a str, bool), Refusal> {
    let named = namespace::resolve(&head.headers, head.uri.path());
    record.namespace = named.as_ref().ok().copied();
    let Some(auth) = &state.auth else { return Ok((named?, false)) };
    let caller = auth.caller(&head.headers).await?;
    record.issuer = Some(caller.issuer().to_owned());
    record.sub = caller.subject().map(bounded);
    record.email = caller.email().map(bounded);
    let namespace = named?;
    let decision = auth.decide(&caller, namespace, operation).ok_or_else(|| {
        let text = if namespace.is_empty() {
            // The command sends none unless it is told one.
            "your access token is valid, but no rule of this codec server lets you do this without a namespace: name one \
             (temporal -n NAMESPACE)"
        } else {
            "your access token is valid, but no rule of this codec server lets you do this in this namespace"
        };
        Refusal::new(StatusCode::FORBIDDEN, "forbidden", text)
    })?;
    record.rule = Some(decision.rule);
    Ok((namespace, decision.pass_through))
}

/// Only JSON: a page of a stranger can send other types without asking first.
fn content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let text = "the body must be application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad_content_type", text))
}

async fn read(body: &mut Body, headers: &HeaderMap, max: usize) -> Result<Bytes, Refusal> {
    let too_large = || {
        let text = format!("the body has more than the {max} bytes that limits.max_body_bytes allows");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
    };
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|len| len > max) {
        return Err(too_large());
    }
    match Limited::new(body, max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => {
            Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "the body ended before it was complete"))
        }
    }
}

/// The library's context of a namespace.
fn context(namespace: &str) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Context {
        #[prost(string, tag = "2")]
        namespace: String,
    }
    Context { namespace: namespace.to_owned() }.encode_to_vec()
}

/// The work itself. It holds its permit for as long as it runs, even when nobody waits for it any more.
struct Job {
    operation: Operation,
    pass_through: bool,
    /// The key that encode seals with.
    seals_with: Option<Arc<str>>,
    context: Vec<u8>,
    body: Bytes,
    permit: OwnedSemaphorePermit,
}

/// The answer's body and how many payloads it has; or what is wrong, and how many there were if that is known.
type Done = Result<(Vec<u8>, usize), (Error, Option<usize>)>;

impl Job {
    async fn run(self, state: Arc<State>) -> Result<(Self, Done), Refusal> {
        if self.body.len() <= SMALL {
            let done = self.work(&state);
            return Ok((self, done));
        }
        tokio::task::spawn_blocking(move || {
            let done = self.work(&state);
            (self, done)
        })
        .await
        .map_err(|_| Refusal::internal())
    }

    fn work(&self, state: &State) -> Done {
        let payloads =
            body::parse_at_most(&self.body, state.limits.max_payloads).map_err(|error| (error, None))?;
        let count = body::count(&payloads);
        let done = if self.pass_through {
            Ok(payloads)
        } else {
            rounds::without_host(&state.converter, |converter| match self.operation {
                Operation::Encode => converter.encode(&self.context, &payloads),
                Operation::Decode => converter.decode_lenient(&self.context, &payloads),
            })
        };
        if let (Ok(_), Some(key)) = (&done, &self.seals_with) {
            metrics::sealed(key, count);
        }
        done.and_then(body::print).map(|text| (text, count)).map_err(|error| (error, Some(count)))
    }
}
