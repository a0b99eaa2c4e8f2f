//! Traces, as a collector gets them: OTLP over HTTP, read with messages that are written down here
//! from the protocol's own files.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use prost::Message;

use crate::process::{ENCRYPTED, Server};
use crate::protocol::{GOLDEN, TESTING};

/// `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`, as much of it as is looked
/// at.
#[derive(Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

fn values(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |pair: &KeyValue| {
        let value = pair.value.clone().unwrap();
        value.text.unwrap_or_else(|| value.number.unwrap().to_string())
    };
    attributes.iter().map(|pair| (pair.key.clone(), value(pair))).collect()
}

/// The head and the body of a request.
type Seen = (String, Vec<u8>);

struct Collector {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Collector {
    fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let into = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut len) = (String::new(), 0);
                for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty())
                {
                    let line = line.to_ascii_lowercase();
                    if let Some(said) = line.strip_prefix("content-length: ") {
                        len = said.parse().unwrap();
                    }
                    head += &(line + "\n");
                }
                let mut body = vec![0; len];
                reader.read_exact(&mut body).unwrap();
                into.lock().unwrap().push((head, body));
                let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { port, seen }
    }

    fn config(&self, more: &str) -> String {
        let endpoint = format!("http://127.0.0.1:{}/v1/traces", self.port);
        format!("{ENCRYPTED}server: {{ traces: {{ endpoint: \"{endpoint}\"{more} }} }}\n")
    }

    fn spans(&self) -> Vec<Span> {
        let seen = self.seen.lock().unwrap();
        let exports = seen.iter().map(|(_, body)| Export::decode(&**body).unwrap());
        exports
            .flat_map(|export| export.resource_spans)
            .flat_map(|of| of.scope_spans)
            .flat_map(|of| of.spans)
            .collect()
    }
}

#[test]
fn a_collector_gets_a_trace_of_each_request_with_what_was_done_and_nothing_of_what_was_in_it() {
    let collector = Collector::answering("200 OK");
    let mut server = Server::start(&collector.config(""));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let decode =
        server.request("POST", "/decode").header("X-Namespace", "orders").header("traceparent", parent);
    assert_eq!(decode.json(GOLDEN).send().ok(), TESTING);
    server
        .post("/SECRET-4711/encode?SECRET-4711", "{\"payloads\":[{\"data\":\"!SECRET-4711\"}]}")
        .refused(400);
    server.request("SECRET4711", "/nowhere").header("traceparent", "nonsense").send().refused(404);
    // What is left is sent before it ends.
    server.stop();

    let seen = collector.seen.lock().unwrap().clone();
    assert!(!seen.is_empty());
    for (head, body) in &seen {
        assert!(head.starts_with("post /v1/traces http/1.1\n"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf\n"), "{head}");
        assert!(head.contains(&format!("host: 127.0.0.1:{}\n", collector.port)), "{head}");
        let text = String::from_utf8_lossy(body);
        for secret in ["SECRET4711", "!SECRET", "?SECRET", "Testing", "IlRlc3Rpbmci", "test-key"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let export = Export::decode(&**body).unwrap();
        let resource = values(&export.resource_spans[0].resource.as_ref().unwrap().attributes);
        assert_eq!(resource["service.name"], "tdc");
    }

    let spans = collector.spans();
    let of = |name: &str| {
        spans
            .iter()
            .find(|span| span.name == name)
            .unwrap_or_else(|| panic!("no {name} in {spans:?}"))
            .clone()
    };
    let decode = of("decode");
    assert_eq!(
        decode.trace_id,
        [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c]
    );
    assert_eq!(decode.parent_span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    assert_eq!(decode.kind, 2, "that of a server");
    assert!(decode.start > 0 && decode.end > decode.start);
    let expected = [
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("tdc.namespace", "orders"),
        ("tdc.operation", "decode"),
        ("tdc.outcome", "decode"),
        ("tdc.payloads", "1"),
    ];
    assert_eq!(values(&decode.attributes), expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    for name in ["authorize", "read", "convert"] {
        let part =
            spans.iter().find(|span| span.name == name && span.parent_span_id == decode.span_id).unwrap();
        assert!(part.start >= decode.start && part.end <= decode.end && part.trace_id == decode.trace_id);
    }
    let refused = values(&of("encode").attributes);
    assert_eq!((&*refused["tdc.outcome"], &*refused["http.response.status_code"]), ("bad_request", "400"));
    let nowhere = of("request");
    assert_eq!(values(&nowhere.attributes)["http.request.method"], "_OTHER");
    assert!(nowhere.parent_span_id.is_empty());
    assert_eq!(
        nowhere.status.map_or(0, |status| status.code),
        0,
        "the client's own fault is no error of the server"
    );
}

#[test]
fn the_ratio_is_kept_whatever_a_client_says_of_its_trace() {
    let collector = Collector::answering("200 OK");
    let mut server = Server::start(&collector.config(", ratio: 0"));
    let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(
        server.request("POST", "/decode").header("traceparent", sampled).json(GOLDEN).send().ok(),
        TESTING
    );
    server.stop();
    assert_eq!(collector.spans(), []);
}

#[test]
fn a_collector_that_refuses_is_said_once_and_off_is_off() {
    let collector = Collector::answering("403 Forbidden");
    let mut server = Server::start(&collector.config(""));
    for _ in 0..3 {
        assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    }
    let warned = |server: &Server| {
        server.lines().iter().filter(|line| line["message"] == "cannot send traces to the collector").count()
    };
    // Traces that are turned off are sent first, as far as they can be.
    server.write("tdc.yaml", ENCRYPTED);
    server.signal("HUP");
    server.wait_for("warning", |line| line["message"] == "cannot send traces to the collector");
    server.wait_for("reload", |line| line["why"] == "signal");
    assert_eq!(warned(&server), 1);
    assert!(
        server.request("GET", "/metrics").send().body.contains("tdc_trace_exports_total{outcome=\"error\"} ")
    );
    let sent = collector.seen.lock().unwrap().len();
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    server.stop();
    assert_eq!(collector.seen.lock().unwrap().len(), sent, "off is off");
}
