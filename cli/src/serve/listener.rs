//! Accepts and serves connections over HTTP/1.1 and HTTP/2: bounds their number, closes idle ones,
//! and ends them when the server stops.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::connections::{Connection, Connections, Open};

/// How long a client has for the TLS handshake and for the head of a request; an idle connection is
/// closed after this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest head of a request, in bytes. Access tokens with many groups are large.
const MAX_HEAD: usize = 64 << 10;
/// Requests that one HTTP/2 connection may have in flight.
const MAX_STREAMS: u32 = 128;
/// Connections that are just being closed to make room for others.
const CLOSING: usize = 32;
/// How long a listener that failed (no descriptors left) waits before it tries again.
const BREATH: Duration = Duration::from_millis(100);

/// How a connection is served.
pub(super) struct Terms {
    pub(super) tls: Option<TlsAcceptor>,
    /// How long a response may wait for its client to read it.
    pub(super) patience: Duration,
}

/// What is served at one address.
pub(super) struct Endpoint<T, U> {
    pub(super) listener: TcpListener,
    /// Number of connections that may be open.
    pub(super) room: usize,
    pub(super) router: Router,
    /// Called for each connection.
    pub(super) terms: T,
    /// Called with the response to a request that was not valid HTTP and therefore reached no
    /// handler.
    pub(super) unreadable: U,
}

/// A listener, and the connections that it has accepted.
struct Acceptor {
    listener: TcpListener,
    connections: Arc<Connections>,
    /// Bounds the open connections and those that are being closed.
    permits: Arc<Semaphore>,
}

/// A client that has connected.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    open: Open,
    _permit: OwnedSemaphorePermit,
}

impl Endpoint<fn() -> Terms, fn(SocketAddr, StatusCode)> {
    /// Without TLS, and without a log of requests that are not valid HTTP.
    pub(super) fn plain(listener: TcpListener, router: Router, room: usize) -> Self {
        let terms = || Terms { tls: None, patience: PATIENCE };
        Self { listener, room, router, terms, unreadable: |_, _| () }
    }
}

/// Serves until `stop`, then lets the requests in flight end.
pub(super) async fn serve<T, U>(endpoint: Endpoint<T, U>, stop: impl Future<Output = ()>)
where
    T: Fn() -> Terms,
    U: Fn(SocketAddr, StatusCode) + Clone + Send + 'static,
{
    let Endpoint { listener, room, router, terms, unreadable } = endpoint;
    let acceptor = Acceptor::new(listener, room);
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let next = tokio::select! {
            next = acceptor.next() => next,
            () = &mut stop => break,
        };
        let Some(accepted) = next else { continue };
        let Terms { tls, patience } = terms();
        let (router, unreadable, watcher) = (router.clone(), unreadable.clone(), graceful.watcher());
        tokio::spawn(async move {
            let Accepted { stream, peer, open, _permit } = accepted;
            let from = Connection { peer, activity: Arc::clone(&open.activity) };
            let request = async {
                match tls {
                    None => connection(stream, from, router, watcher, patience).await,
                    Some(tls) => match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
                        Ok(Ok(stream)) => connection(stream, from, router, watcher, patience).await,
                        // A client that does not speak TLS, or shows no certificate where one is
                        // required, is dropped silently.
                        _ => None,
                    },
                }
            };
            if let Some(status) = until_closed(&open, request).await {
                unreadable(peer, status);
            }
        });
    }
    drop(acceptor);
    let patience = terms().patience + Duration::from_secs(1);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests still in flight after server.limits.timeout were aborted");
    }
}

/// Serves a connection until it ends or has to make room.
async fn until_closed(open: &Open, served: impl Future<Output = Option<StatusCode>>) -> Option<StatusCode> {
    tokio::select! {
        unreadable = served => unreadable,
        () = open.activity.is_to_close() => None,
    }
}

impl Acceptor {
    fn new(listener: TcpListener, room: usize) -> Self {
        let permits = Arc::new(Semaphore::new(room + CLOSING));
        Self { listener, connections: Connections::new(room), permits }
    }

    /// Accepts the next client. Another one may have to be closed for it.
    async fn next(&self) -> Option<Accepted> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, peer)) => {
                // Responses are small, and must not wait for more data.
                let _ = stream.set_nodelay(true);
                Some(Accepted { stream, peer, open: self.connections.enter(), _permit: permit })
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                self.connections.close_one();
                tokio::time::sleep(BREATH).await;
                None
            }
        }
    }
}

/// Serves one connection; `patience` is how long a response may wait for its client. If the
/// connection ended because a request was not valid HTTP, returns the status of the response, which
/// no handler has seen.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: Connection,
    router: Router,
    watcher: Watcher,
    patience: Duration,
) -> Option<StatusCode> {
    let waiting = Arc::clone(&from.activity.waiting);
    let with_connection = tower::service_fn(move |mut request: Request<Incoming>| {
        let is_here = from.activity.request();
        request.extensions_mut().insert(from.clone());
        let answer = tower::Service::call(&mut router.clone(), request);
        async move {
            let answer = answer.await;
            drop(is_here);
            answer
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .keep_alive_interval(PATIENCE)
        .keep_alive_timeout(PATIENCE);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(with_connection));
    tokio::select! {
        // Anything else that a client does to its connection is not worth a log line.
        ended = watcher.watch(served.into_owned()) => {
            let error = ended.err()?.downcast::<hyper::Error>().ok()?;
            if error.is_parse_too_large() {
                return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            }
            error.is_parse().then_some(StatusCode::BAD_REQUEST)
        }
        () = waiting.is_left_waiting(patience) => {
            tracing::debug!("a client did not read its response: closed its connection");
            None
        }
    }
}
