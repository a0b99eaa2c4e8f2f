//! One request to encode or decode, from its head to its line in the audit log.
//!
//! The order is what keeps it cheap to refuse: the token first, then the namespace and the rules, then whether there is such a namespace, and only
//! then the body. A request that is worked on holds a permit, so memory is bounded by permits times limits.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message;
use prost::bytes::Bytes;
use tdc::server_options::Operation;
use tdc::{Code, Error};

use super::audit::{Record, bounded};
use super::listener::Peer;
use super::refusal::Refusal;
use super::reload::Server;
use super::state::State;
use super::{metrics, namespace};
use crate::{body, rounds};

/// Bodies up to this many bytes are worked on at once; for larger ones, which take milliseconds, there are threads apart.
const SMALL: usize = 64 << 10;

/// Answers a request that is for no other route.
pub(super) async fn handle(Shared(server): Shared<Arc<Server>>, request: Request) -> Response<Body> {
    let state = server.state();
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let mut record = Record { peer: peer(&head.extensions), entry: "none".into(), ..Record::default() };
    let work = respond(&server, &state, &head, body, &mut record);
    let answer = tokio::time::timeout(state.limits.timeout, work).await.unwrap_or_else(|_| {
        Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the request took longer than limits.timeout of the codec server",
        ))
    });
    record.duration_ms = started.elapsed().as_secs_f64() * 1e3;
    finish(&state, &mut record, answer)
}

/// The answer to a request that is refused before anything of it is looked at.
pub(super) fn refused(state: &State, request: &Request, refusal: Refusal) -> Response<Body> {
    let operation = namespace::operation(request.uri().path()).map(name);
    let mut record =
        Record { peer: peer(request.extensions()), entry: "none".into(), operation, ..Record::default() };
    finish(state, &mut record, Err(refusal))
}

fn peer(extensions: &axum::http::Extensions) -> Option<std::net::SocketAddr> {
    extensions.get::<Peer>().map(|peer| peer.0)
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Encode => "encode",
        Operation::Decode => "decode",
    }
}

/// Writes the request down, and makes its answer.
fn finish(state: &State, record: &mut Record<'_>, answer: Result<Vec<u8>, Refusal>) -> Response<Body> {
    match &answer {
        Ok(_) => record.status = 200,
        Err(refusal) => {
            record.status = refusal.status.as_u16();
            record.outcome = refusal.outcome;
            record.reason = refusal.reason;
        }
    }
    let answer = match state.audit.write(record) {
        Ok(()) => answer,
        Err(error) => {
            tracing::error!(%error, "cannot write the audit log: the request is not answered");
            record.status = 503;
            record.outcome = "no_audit";
            let text = "the codec server cannot write its audit log";
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "no_audit", text).later(5))
        }
    };
    metrics::count(record);
    match answer {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(refusal) => {
            let not_allowed = refusal.status == StatusCode::METHOD_NOT_ALLOWED;
            let mut response = refusal.into_response();
            if not_allowed {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
            }
            response
        }
    }
}

async fn respond<'a>(
    server: &Arc<Server>,
    state: &Arc<State>,
    head: &'a Parts,
    body: Body,
    record: &mut Record<'a>,
) -> Result<Vec<u8>, Refusal> {
    let operation = namespace::operation(head.uri.path()).ok_or_else(|| {
        let text = "a codec server has POST …/encode and …/decode, and nothing here";
        Refusal::new(StatusCode::NOT_FOUND, "not_found", text)
    })?;
    record.operation = Some(name(operation));
    if head.method != Method::POST {
        let text = "encode and decode are POST";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "bad_method", text));
    }

    let (namespace, pass_through) = judge(state, head, operation, record).await?;
    let settings =
        state.converter.namespace_settings(namespace).map_err(|error| Refusal::of(&error, operation))?;
    record.entry = settings.pattern.unwrap_or_else(|| "all".into());
    record.sealed_with = settings.encrypts_with.filter(|_| operation == Operation::Encode);

    content_type(&head.headers)?;
    let permit = Arc::clone(&state.permits).try_acquire_owned().map_err(|_| {
        let text = "the codec server works on as many requests as limits.concurrency allows: try again";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).later(1)
    })?;
    let body = read(body, &head.headers, state.limits.max_body_bytes).await?;

    let job = Job { operation, pass_through, context: context(namespace), body, _permit: permit };
    let (job, mut done) = job.run(Arc::clone(state)).await?;
    if done.as_ref().is_err_and(|(error, _)| error.code() == Code::ReloadNeeded) && server.search_key().await
    {
        done = job.run(server.state()).await?.1;
    }
    match done {
        Ok((text, payloads)) => {
            record.payloads = Some(payloads);
            record.outcome = if pass_through { "passed_through" } else { name(operation) };
            Ok(text)
        }
        Err((error, payloads)) => {
            record.payloads = payloads;
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
    let Some(auth) = &state.auth else {
        let namespace = namespace::resolve(&head.headers, head.uri.path())?;
        record.namespace = Some(namespace);
        return Ok((namespace, false));
    };
    let caller = auth.caller(&head.headers).await?;
    record.issuer = Some(caller.issuer().to_owned());
    record.sub = caller.subject().map(bounded);
    record.email = caller.email().map(bounded);
    let namespace = namespace::resolve(&head.headers, head.uri.path())?;
    record.namespace = Some(namespace);
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

async fn read(body: Body, headers: &HeaderMap, max: usize) -> Result<Bytes, Refusal> {
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
    context: Vec<u8>,
    body: Bytes,
    _permit: tokio::sync::OwnedSemaphorePermit,
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
        let payloads = body::parse(&self.body).map_err(|error| (error, None))?;
        let count = body::count(&payloads);
        let done = if self.pass_through {
            Ok(payloads)
        } else {
            rounds::without_host(&state.converter, |converter| match self.operation {
                Operation::Encode => converter.encode(&self.context, &payloads),
                Operation::Decode => converter.decode_lenient(&self.context, &payloads),
            })
        };
        done.and_then(body::print).map(|text| (text, count)).map_err(|error| (error, Some(count)))
    }
}
