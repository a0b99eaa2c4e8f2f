//! OpenTelemetry traces: one for each request, as OTLP over HTTP. They record what was done and how
//! long it took, never the data and never the caller.
//!
//! They are sent in the background from a bounded queue, which drops what the collector does not
//! take in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, Method};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tdc::{Code, Error};

use super::options;
use super::record::Record;
use crate::outgoing::Destination;

/// How long sending the last traces may take when the server stops.
const FLUSH: Duration = Duration::from_secs(3);

/// Where traces go.
#[derive(Debug)]
pub(super) struct Traces {
    options: options::TracesOptions,
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Takes over those of `before` if the options are unchanged.
    pub(super) fn open(
        options: &options::TracesOptions,
        before: Option<&Arc<Self>>,
    ) -> Result<Arc<Self>, Error> {
        if let Some(before) = before.filter(|before| before.options == *options) {
            return Ok(Arc::clone(before));
        }
        let problem = |option: &str, why: &dyn std::fmt::Display| {
            Error::new(Code::Config, format!("server.traces.{option}: {why}"))
        };
        if !(0.0..=1.0).contains(&options.ratio) {
            return Err(problem("ratio", &"expected a fraction of requests, from 0 to 1"));
        }
        let collector = Collector {
            destination: Destination::parse(&options.endpoint).map_err(|why| problem("endpoint", &why))?,
            runtime: tokio::runtime::Handle::current(),
            is_away: Arc::default(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(&options.endpoint)
            .build()
            .map_err(|why| problem("endpoint", &why))?;
        let resource = Resource::builder()
            .with_service_name("tdc")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            // The ratio decides, not the sampling flag in a client's own trace.
            .with_sampler(Sampler::TraceIdRatioBased(options.ratio))
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer("tdc");
        Ok(Arc::new(Self { options: options.clone(), provider, tracer }))
    }

    /// Starts the trace of a request, as a child of the client's trace if the request names one.
    pub(super) fn begin(&self, method: &Method, headers: &HeaderMap) -> Trace {
        let parent =
            TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        let span = self
            .tracer
            .span_builder("request")
            .with_kind(SpanKind::Server)
            .with_attributes([KeyValue::new("http.request.method", known(method))])
            .start_with_context(&self.tracer, &parent);
        Trace { tracer: self.tracer.clone(), context: Context::new().with_span(span) }
    }

    /// Sends what is left. Blocks: not for async threads.
    pub(super) fn stop(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The trace of one request.
#[derive(Debug)]
pub(super) struct Trace {
    tracer: SdkTracer,
    context: Context,
}

impl Trace {
    /// A part of the request, from now until it is dropped.
    pub(super) fn part(&self, name: &'static str) -> Part {
        Part { _span: self.tracer.start_with_context(name, &self.context) }
    }

    /// Ends it with the fields of the audit log, without the caller.
    pub(super) fn end(&self, record: &Record) {
        let span = self.context.span();
        if let Some(operation) = record.operation {
            span.update_name(operation);
            span.set_attribute(KeyValue::new("tdc.operation", operation));
        }
        if let Some(namespace) = &record.namespace {
            span.set_attribute(KeyValue::new("tdc.namespace", namespace.clone()));
        }
        if let Some(payloads) = record.payloads {
            span.set_attribute(KeyValue::new("tdc.payloads", i64::try_from(payloads).unwrap_or(i64::MAX)));
        }
        span.set_attribute(KeyValue::new("tdc.outcome", record.outcome));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(record.status)));
        if record.status >= 500 {
            span.set_status(Status::error(record.outcome));
        }
        span.end();
    }
}

/// A part of a request.
#[derive(Debug)]
pub(super) struct Part {
    _span: opentelemetry_sdk::trace::Span,
}

/// A non-standard method can be any text.
fn known(method: &Method) -> &'static str {
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::PATCH]
        .iter()
        .zip(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
        .find_map(|(known, name)| (known == method).then_some(name))
        .unwrap_or("_OTHER")
}

/// Sends for the exporter, whose thread has no runtime.
#[derive(Debug)]
struct Collector {
    destination: Destination,
    runtime: tokio::runtime::Handle,
    is_away: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let destination = self.destination.clone();
        let answer = self.runtime.spawn(async move { destination.send(request).await }).await?;
        let failed = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("status {}", answer.status().as_u16())),
            Err(why) => Some(why.clone()),
        };
        let outcome = if failed.is_some() { "error" } else { "ok" };
        metrics::counter!("tdc_trace_exports_total", "outcome" => outcome).increment(1);
        match (&failed, self.is_away.swap(failed.is_some(), Ordering::Relaxed)) {
            (Some(why), false) => tracing::warn!(why, "cannot send traces to the collector"),
            (None, true) => tracing::info!("the collector accepts traces again"),
            _ => {}
        }
        answer.map_err(Into::into)
    }
}
