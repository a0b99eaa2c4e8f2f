//! The routes, and the headers of every response.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

use super::codec;
use super::cors::Cors;
use super::refusal::Refusal;
use super::reload::Server;
use super::request_log::Entry;

/// What the server's own address serves.
pub(super) fn main(server: Arc<Server>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(only_get)
        .fallback(codec::handle)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&server), guard))
        .with_state(server)
}

/// What a separate metrics address serves.
pub(super) fn metrics_apart(server: Arc<Server>) -> Router {
    Router::new()
        .route("/metrics", get(rendered))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&server), guard_metrics))
        .with_state(server)
}

/// Wraps every request: refuses those that are not accepted, answers preflights, and sets the
/// headers of every response, including errors and panics.
async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response<Body> {
    let state = server.state();
    let headers = request.headers();
    let origin = state.cors.allowed(headers).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        Cors::preflight(origin.is_some(), headers)
    } else {
        match state.exposure.admit(request.uri(), headers, origin.is_some()) {
            Ok(()) => next.run(request).await,
            Err(refusal) => {
                let (head, body) = request.into_parts();
                let entry = Entry::open(&state.audit, state.traces.as_deref(), &head);
                codec::refuse(entry, &head, body, state.limits.max_body_bytes.0, refusal).await
            }
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    state.cors.mark(origin, headers);
    response
}

/// Wraps every request to the separate metrics address. No web page reads it.
async fn guard_metrics(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response<Body> {
    match server.state().metrics_exposure.admit(request.uri(), request.headers(), false) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn only_get() -> Response<Body> {
    Refusal::bad_method("GET, HEAD, OPTIONS", "this path only supports GET").into_response()
}

async fn readyz(State(server): State<Arc<Server>>) -> (StatusCode, &'static str) {
    if server.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: stopping, or the keys of an issuer are missing\n")
    }
}

async fn metrics(State(server): State<Arc<Server>>) -> Response<Body> {
    if server.state().metrics_listen.is_some() {
        let text = "metrics are served at server.metrics.listen";
        return Refusal::new(StatusCode::NOT_FOUND, "not_found", "route", text).into_response();
    }
    rendered(State(server)).await
}

async fn rendered(State(server): State<Arc<Server>>) -> Response<Body> {
    let state = server.state();
    super::metrics::in_flight(state.readers.count() + state.permits.taken());
    let mut response = Response::new(Body::from(server.metrics.render()));
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// The panic's own text went to the log; it may contain anything.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    Refusal::internal("panic").into_response()
}
