//! One request to encode or decode, from its head to its line in the audit log.
//!
//! The order keeps refusals cheap: the token first, then the namespace and the rules, then whether
//! the namespace exists, and only then the body (`reading`). A request whose body has been read
//! takes a permit (`permits`) and keeps it until its response is sent, so memory is bounded by
//! permits times limits.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State as Shared};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use prost::bytes::Bytes;
use tdc::{Code, DataConverter, Error, References};

use super::auth::Auth;
use super::client::Client;
use super::connections::Connection;
use super::options::Operation;
use super::permits::Permit;
use super::record::{Record, bounded};
use super::refusal::Refusal;
use super::reload::Server;
use super::request_log::Entry;
use super::state::State;
use super::{answer, metrics, namespace, reading, time_slice};
use crate::objects::Fetches;
use crate::{body, host};

/// Bodies up to this many bytes are processed on the spot; larger ones, which take milliseconds, go
/// to separate threads.
const SMALL: usize = 64 << 10;
/// Most stored objects that a request may have fetched.
const MAX_OBJECTS: usize = 100;
/// How long the rest of a refused request is read, so that its client sees the response.
const LINGER: Duration = Duration::from_secs(2);
/// How long a small rest may take before the response is sent.
const SMALL_REST: Duration = Duration::from_millis(250);

/// Answers a request that no other route handles.
pub(super) async fn handle(Shared(server): Shared<Arc<Server>>, request: Request) -> Response<Body> {
    let state = server.state();
    let (head, mut body) = request.into_parts();
    let mut entry = Entry::open(&state.audit, state.traces.as_deref(), &head);
    let work = respond(&server, &state, &head, &mut body, &mut entry);
    time_slice::yield_if_over();
    let answer = tokio::time::timeout(state.limits.timeout.0, work).await.unwrap_or_else(|_| {
        Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "server.limits.timeout",
            "the request took longer than server.limits.timeout allows",
        ))
    });
    match entry.close(answer).await {
        Ok(body) => {
            let mut response = Response::new(body);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(refusal) => {
            discard(body, state.limits.max_body_bytes.0).await;
            refusal.into_response()
        }
    }
}

/// The response to a request that is refused before any of it is inspected.
pub(super) async fn refuse(
    mut entry: Entry<'_>,
    head: &Parts,
    body: Body,
    max_body_bytes: usize,
    refusal: Refusal,
) -> Response<Body> {
    entry.record.operation = namespace::operation(head.uri.path()).map(name);
    entry.record.namespace = namespace::resolve(&head.headers, head.uri.path()).ok().map(str::to_owned);
    let refusal = entry.close(Err::<(), _>(refusal)).await.err();
    discard(body, max_body_bytes).await;
    refusal.unwrap_or_else(|| Refusal::internal("refusal")).into_response()
}

/// Reads the rest of a request that is refused. If a connection is closed with a body half read, it
/// is reset, and so is an HTTP/2 stream: the client might then never see why. A small rest, which
/// is already on its way, is read before the response, and a larger one while the response is sent.
async fn discard(body: Body, max: usize) {
    if body.is_end_stream() {
        return;
    }
    let mut rest = Limited::new(body, max.saturating_mul(2));
    let mut small = SMALL;
    let small_rest = async {
        while let Some(Ok(frame)) = rest.frame().await {
            small = small.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if small == 0 {
                return false;
            }
        }
        true
    };
    if tokio::time::timeout(SMALL_REST, small_rest).await != Ok(true) {
        tokio::spawn(async move {
            let to_end = async { while let Some(Ok(_)) = rest.frame().await {} };
            let _ = tokio::time::timeout(LINGER, to_end).await;
        });
    }
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Encode => "encode",
        Operation::Decode => "decode",
        Operation::Download => "download",
    }
}

async fn respond(
    server: &Arc<Server>,
    state: &Arc<State>,
    head: &Parts,
    body: &mut Body,
    entry: &mut Entry<'_>,
) -> Result<Body, Refusal> {
    let operation = namespace::operation(head.uri.path()).ok_or_else(|| {
        let text = "not found: this codec server has POST …/encode, …/decode and …/download";
        Refusal::new(StatusCode::NOT_FOUND, "not_found", "route", text)
    })?;
    entry.record.operation = Some(name(operation));
    if head.method != Method::POST {
        return Err(Refusal::bad_method("POST, OPTIONS", "encode, decode and download require POST"));
    }

    let part = entry.part("authorize");
    let Judged { namespace, pass_through, person, may_fetch } =
        judge(state.auth.as_ref(), head, operation, &mut entry.record).await?;
    drop(part);
    if operation == Operation::Download && !state.converter.has_stores() {
        let text = "not found: the codec server's configuration has no storage section, so it cannot download external payloads";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "no_storage", "storage", text));
    }
    let settings =
        state.converter.namespace_settings(namespace).map_err(|error| Refusal::of(&error, operation))?;
    entry.record.entry = settings.pattern.unwrap_or_else(|| "all".into());

    reading::check_type(&head.headers)?;
    let connection = head.extensions.get::<Connection>().filter(|_| state.has_own_connections);
    let client = Client { connection: connection.map(|from| from.activity.number), person };
    let part = entry.part("read");
    let is_reading = head.extensions.get::<Connection>().map(|from| from.activity.reading());
    let (body, reading) = reading::read(&state.readers, &client, &head.headers, body, &state.limits).await?;
    reading::check_start(&body)?;
    drop(is_reading);
    let permit = state.permits.take(&client).await?;
    drop((part, reading));

    let seals_with = settings.encrypts_with.filter(|_| operation == Operation::Encode);
    let context = body::context(namespace);
    let max_payloads = state.converter.limits().max_payloads;
    let references = match operation {
        Operation::Encode => References::Keep,
        Operation::Download => References::FetchOnly(MAX_OBJECTS),
        Operation::Decode if !state.converter.has_stores() => References::Keep,
        Operation::Decode if may_fetch && !namespace::preserves_references(head.uri.query()) => {
            References::TryFetch(MAX_OBJECTS)
        }
        Operation::Decode => References::Update,
    };
    let mut job = Job {
        operation,
        pass_through,
        references,
        seals_with,
        context,
        body,
        max_payloads,
        permit,
        asks_for_reload: false,
        objects: Fetches::default(),
    };
    let part = entry.part("convert");
    let mut done;
    (job, done) = job.run(Arc::clone(&state.converter)).await?;
    let needs_provider = |error: &Error| error.code() == Code::KeyProvider;
    let misses_a_key = done.as_ref().is_err_and(|(error, _)| job.asks_for_reload || needs_provider(error));
    if misses_a_key && server.search_key(state).await {
        (job, done) = job.run(Arc::clone(&server.state().converter)).await?;
    }
    drop(part);
    entry.record.objects = Some(job.objects).filter(|objects| !objects.stores.is_empty());
    match done {
        Ok((text, payloads)) => {
            entry.record.payloads = Some(payloads);
            entry.record.outcome = if pass_through { "passed_through" } else { name(operation) };
            let waiting = head.extensions.get::<Connection>().map(|from| Arc::clone(&from.activity.waiting));
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

/// What a request may do.
struct Judged<'a> {
    namespace: &'a str,
    pass_through: bool,
    person: Option<(Arc<str>, Arc<str>)>,
    /// Whether stored objects are fetched as well.
    may_fetch: bool,
}

/// The caller, the namespace, and whether the payloads are returned as they are. Without rules,
/// every caller is allowed.
async fn judge<'a>(
    auth: Option<&Auth>,
    head: &'a Parts,
    operation: Operation,
    record: &mut Record,
) -> Result<Judged<'a>, Refusal> {
    let named = namespace::resolve(&head.headers, head.uri.path());
    record.namespace = named.as_ref().ok().map(|name| (*name).to_owned());
    let Some(auth) = auth else {
        return Ok(Judged { namespace: named?, pass_through: false, person: None, may_fetch: true });
    };
    let caller = auth.caller(&head.headers).await?;
    record.issuer = Some(caller.issuer().to_owned());
    record.sub = caller.subject().map(bounded);
    record.email = caller.email().map(bounded);
    let namespace = named?;
    let decision = auth.decide(&caller, namespace, operation).ok_or_else(|| {
        // The `temporal` command sends no namespace unless it is told one.
        if namespace.is_empty() && auth.asks_for_namespace(&caller, operation) {
            let text = "your access token is valid, but no rule of this codec server allows this request without a namespace: name one \
                 (temporal -n NAMESPACE)";
            return Refusal::forbidden("no namespace", text);
        }
        let text = if namespace.is_empty() {
            "your access token is valid, but no rule of this codec server allows this request"
        } else {
            "your access token is valid, but no rule of this codec server allows this request in this namespace"
        };
        Refusal::forbidden("no rule", text)
    })?;
    record.rule = Some(decision.rule);
    let person = Some((caller.issuer().into(), caller.subject().unwrap_or_default().into()));
    let may_fetch = auth.decide(&caller, namespace, Operation::Download).is_some();
    Ok(Judged { namespace, pass_through: decision.pass_through, person, may_fetch })
}

/// The work itself. It keeps its permit for as long as it runs, even if its client no longer waits.
struct Job {
    operation: Operation,
    pass_through: bool,
    references: References,
    /// The key that encode encrypts with.
    seals_with: Option<Arc<str>>,
    context: Vec<u8>,
    body: Bytes,
    max_payloads: usize,
    permit: Permit,
    /// Whether the unknown key may be in files that have not been read for a while.
    asks_for_reload: bool,
    /// The stored objects that were fetched.
    objects: Fetches,
}

/// The response body and its number of payloads; or the error, and the number of payloads if known.
type Done = Result<(Vec<u8>, usize), (Error, Option<usize>)>;

impl Job {
    async fn run(mut self, converter: Arc<DataConverter>) -> Result<(Self, Done), Refusal> {
        // These wait for a key service, or a store.
        let waits = converter.has_key_services()
            || matches!(self.references, References::TryFetch(_) | References::FetchOnly(_));
        if self.body.len() <= SMALL && !waits {
            let done = self.work(&converter);
            return Ok((self, done));
        }
        tokio::task::spawn_blocking(move || {
            let done = self.work(&converter);
            (self, done)
        })
        .await
        .map_err(|_| Refusal::internal("panic"))
    }

    fn work(&mut self, converter: &DataConverter) -> Done {
        let payloads = body::parse_at_most(&self.body, self.max_payloads).map_err(|error| (error, None))?;
        let count = body::count(&payloads);
        let done = if self.pass_through {
            Ok(payloads)
        } else {
            // The files are reloaded once for all waiting requests.
            let is_reload = |request: &tdc::Request| matches!(request, tdc::Request::Reload);
            let completed = host::complete_except(converter, self.references, is_reload, |call| {
                let scope = call.at(&self.context);
                match self.operation {
                    Operation::Encode => converter.encode(scope, &payloads),
                    Operation::Decode | Operation::Download => converter.decode_lenient(scope, &payloads),
                }
            });
            (self.asks_for_reload, self.objects) = (completed.left, completed.objects);
            completed.result
        };
        if let (Ok(_), Some(key)) = (&done, &self.seals_with) {
            metrics::sealed(key, count);
        }
        done.and_then(|list| body::print(&list))
            .map(|text| (text, count))
            .map_err(|error| (error, Some(count)))
    }
}
