//! The remote codec through every door, with a codec server in the test's own memory: what is asked for, what
//! becomes of the answers, and what is an error of whom.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tdc::{Answer, Code, DataConverter, Error, MessageFlags, Request, Usage, payloads_json};

const KEY: &str = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";

fn open(codecs: &str) -> DataConverter {
    open_in(codecs, "orders")
}

fn open_in(codecs: &str, namespace: &str) -> DataConverter {
    let text = format!(
        "version: 1\nkeys: {{ primary: one, host: true, ring: {{ one: {{ insecure_inline: {KEY} }} }} }}\n\
         failures: {{ encode_common_attributes: true }}\ncodecs: {codecs}\n"
    );
    DataConverter::parse(&text, Path::new(""), namespace).unwrap()
}

const REMOTE: &str = "[remote: { url: \"https://codec.example.com\" }]";

/// A codec server: what it encodes is the JSON of the payload in base64, with a number that no other has.
#[derive(Default)]
struct Server {
    requests: Cell<usize>,
    payloads: Cell<usize>,
    last: RefCell<Value>,
}

impl Server {
    fn answer(&self, request: &Request) -> Vec<u8> {
        self.requests.set(self.requests.get() + 1);
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let payloads = body["payloads"].as_array().unwrap().iter();
        let payloads: Vec<Value> = if request.url().ends_with("/encode") {
            payloads.map(|payload| self.encode(payload)).collect()
        } else {
            payloads.map(decode).collect()
        };
        *self.last.borrow_mut() = body;
        json!({ "payloads": payloads }).to_string().into_bytes()
    }

    fn encode(&self, payload: &Value) -> Value {
        self.payloads.set(self.payloads.get() + 1);
        let number = self.payloads.get().to_string();
        json!({ "metadata": { "encoding": base64("binary/far"), "number": base64(&number) }, "data": base64(&payload.to_string()) })
    }
}

fn decode(payload: &Value) -> Value {
    if payload["metadata"]["encoding"] != base64("binary/far") {
        return payload.clone();
    }
    serde_json::from_str(&text(payload["data"].as_str().unwrap())).unwrap()
}

/// By the library's own parser, which is tested elsewhere.
fn base64(text: &str) -> String {
    let list =
        [&[0x0a][..], &varint(field(0x12, text.as_bytes()).len()), &field(0x12, text.as_bytes())].concat();
    let body: Value = serde_json::from_slice(&payloads_json::print(list).unwrap()).unwrap();
    body["payloads"][0]["data"].as_str().unwrap().to_owned()
}

fn text(base64: &str) -> String {
    let list =
        payloads_json::parse(json!({ "payloads": [{ "data": base64 }] }).to_string().as_bytes()).unwrap();
    let payload = &payloads_json::find(list).unwrap()[0];
    let start =
        payload.len() - (0..=payload.len()).find(|n| varint(*n).len() + 1 + n == payload.len()).unwrap();
    String::from_utf8(payload[start..].to_vec()).unwrap()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag][..], &varint(bytes.len()), bytes].concat()
}

/// A serialised list of `json/plain` payloads.
fn list(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| field(0x0a, &plain(text))).collect()
}

fn plain(text: &str) -> Vec<u8> {
    [&b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain"[..], &field(0x12, text.as_bytes())].concat()
}

/// Makes `call` until it needs no more of the server.
fn settle<T>(
    converter: &DataConverter,
    server: &Server,
    call: impl Fn(&DataConverter) -> Result<T, Error>,
) -> Result<T, Error> {
    for _ in 0..100 {
        match call(converter) {
            Err(error) if error.code() == Code::RemoteNeeded => {
                let request = error.request().unwrap();
                converter.provide_remote(request, 200, &server.answer(request))?;
            }
            settled => return settled,
        }
    }
    panic!("the call never comes to an end");
}

fn encode(converter: &DataConverter, server: &Server, payloads: &[u8]) -> Vec<u8> {
    settle(converter, server, |converter| converter.encode(&[], payloads)).unwrap()
}

fn decode_list(converter: &DataConverter, server: &Server, payloads: &[u8]) -> Vec<u8> {
    settle(converter, server, |converter| converter.decode(&[], payloads)).unwrap()
}

fn needed(result: Result<Vec<u8>, Error>) -> Request {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::RemoteNeeded, "{error}");
    error.request().unwrap().clone()
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn the_request_is_what_a_codec_server_expects() {
    let codecs = "[remote: { url: \"https://codec.example.com/{namespace}/\", timeout: 3 s, \
                  headers: { X-Team: blue, Authorization: { prefix: \"Bearer \", insecure_inline: \"t0ken\" } } }]";
    let request = needed(open_in(codecs, "orders.a1").encode(&[], &list(&["\"a\"", "\"b\""])));
    assert_eq!(request.url(), "https://codec.example.com/orders.a1/encode");
    assert_eq!(
        request.headers().collect::<Vec<_>>(),
        [
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("X-Namespace", "orders.a1"),
            ("Authorization", "Bearer t0ken"),
            ("X-Team", "blue"),
        ]
    );
    assert_eq!(request.timeout(), Duration::from_secs(3));
    assert_eq!(
        core::str::from_utf8(request.body()).unwrap(),
        "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"ImEi\"},\
         {\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"ImIi\"}]}\n"
    );
    assert!(request.max_response_bytes() > 64 << 20);
    let shown = format!("{request:?}");
    assert!(!shown.contains("t0ken") && !shown.contains("ImEi"), "{shown}");
}

#[test]
fn a_namespace_of_the_context_goes_before_that_of_the_handle() {
    let context = field(0x12, b"payments");
    let request = needed(open(REMOTE).decode(&context, &list(&["1"])));
    assert!(request.headers().any(|header| header == ("X-Namespace", "payments")));
    let request = needed(open_in(REMOTE, "").decode(&[], &list(&["1"])));
    assert!(!request.headers().any(|(name, _)| name == "X-Namespace"));
    let error = open(REMOTE).decode(&field(0x12, b"a\r\nX-Evil: 1"), &list(&["1"])).unwrap_err();
    assert_eq!(error.code(), Code::Namespace);
}

#[test]
fn lists_come_back_whatever_codecs_stand_before() {
    for codecs in [
        REMOTE,
        "[zstd, remote: { url: \"http://localhost:1\" }]",
        "[msgpack, gzip, encrypt: { required: true }, remote: { url: \"https://codec.example.com\" }]",
    ] {
        let (converter, server) = (open(codecs), Server::default());
        let payloads =
            list(&["\"secret secret secret secret secret secret secret\"", "{\"a\":[1,2]}", "null"]);
        let encoded = encode(&converter, &server, &payloads);
        assert!(contains(&encoded, "binary/far"), "{codecs}");
        assert_eq!(payloads_json::count(&encoded), 3);
        assert_eq!(decode_list(&converter, &server, &encoded), payloads, "{codecs}");
        assert_eq!(server.requests.get(), 2, "one request for each direction: {codecs}");
    }
}

#[test]
fn what_the_codecs_hide_the_server_does_not_see() {
    let (converter, server) =
        (open("[encrypt, remote: { url: \"https://codec.example.com\" }]"), Server::default());
    encode(&converter, &server, &list(&["\"secret\""]));
    let sent = &server.last.borrow()["payloads"][0];
    assert_eq!(sent["metadata"]["encoding"], base64("binary/encrypted"));
}

#[test]
fn no_payloads_need_no_server() {
    let converter = open(REMOTE);
    assert_eq!(converter.encode(&[], b"").unwrap(), b"");
    assert_eq!(converter.decode(&[], b"").unwrap(), b"");
}

#[test]
fn payloads_of_the_same_contents_have_answers_of_their_own() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payloads = list(&["\"same\"", "\"same\"", "\"same\""]);
    let encoded = payloads_json::find(encode(&converter, &server, &payloads)).unwrap();
    assert_eq!((server.requests.get(), server.payloads.get()), (1, 3));
    assert!(encoded[0] != encoded[1] && encoded[1] != encoded[2] && encoded[0] != encoded[2]);
}

#[test]
fn an_answer_serves_one_call() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payloads = list(&["\"a\""]);
    let first = encode(&converter, &server, &payloads);
    let second = encode(&converter, &server, &payloads);
    assert_eq!(server.requests.get(), 2);
    assert_ne!(first, second);
}

#[test]
fn answers_belong_to_their_operation_and_namespace() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payloads = list(&["\"a\""]);
    let request = needed(converter.encode(&[], &payloads));
    converter.provide_remote(&request, 200, &server.answer(&request)).unwrap();
    needed(converter.decode(&[], &payloads));
    needed(converter.encode(&field(0x12, b"other"), &payloads));
    assert!(converter.encode(&[], &payloads).is_ok());
}

#[test]
fn answers_outlive_a_reload_as_long_as_there_is_a_server() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("remote-reload.yaml");
    let write = |codecs: &str| std::fs::write(&path, format!("version: 1\ncodecs: {codecs}\n")).unwrap();
    write(REMOTE);
    let (converter, server) = (DataConverter::open(&path, "orders").unwrap(), Server::default());
    let payloads = list(&["\"a\""]);
    let answered = || {
        let request = needed(converter.encode(&[], &payloads));
        converter.provide_remote(&request, 200, &server.answer(&request)).unwrap();
    };
    answered();
    converter.reload().unwrap();
    assert!(contains(&converter.encode(&[], &payloads).unwrap(), "binary/far"));
    answered();
    for codecs in ["[]", REMOTE] {
        write(codecs);
        converter.reload().unwrap();
    }
    needed(converter.encode(&[], &payloads));
}

#[test]
fn a_call_that_asks_for_something_else_keeps_its_answers() {
    let codecs = "[encrypt, remote: { url: \"https://codec.example.com\" }]";
    let (other, server) = (open(codecs), Server::default());
    let encoded = encode(&other, &server, &list(&["\"a\"", "\"b\""]));

    let text = format!("version: 1\nkeys: {{ primary: one, host: true }}\ncodecs: {codecs}\n");
    let converter = DataConverter::parse(&text, Path::new(""), "orders").unwrap();
    let request = needed(converter.decode(&[], &encoded));
    converter.provide_remote(&request, 200, &server.answer(&request)).unwrap();
    let error = converter.decode(&[], &encoded).unwrap_err();
    assert_eq!((error.code(), error.key_ids()), (Code::KeyNeeded, &["one".to_owned()][..]));
    converter.provide_key(b"one", b"test-key-test-key-test-key-test!").unwrap();
    assert_eq!(converter.decode(&[], &encoded).unwrap(), list(&["\"a\"", "\"b\""]));
}

#[test]
fn keys_of_the_servers_own_layers_are_not_asked_for() {
    let payload =
        b"\x0a\x1c\x0a\x08encoding\x12\x10binary/encrypted\x0a\x1b\x0a\x11encryption-key-id\x12\x06theirs";
    needed(open(REMOTE).decode(&[], &field(0x0a, payload)));
}

#[test]
fn the_server_decodes_once_and_what_must_be_encrypted_must_be() {
    let (converter, server) = (open(REMOTE), Server::default());
    let twice = encode(&converter, &server, &encode(&converter, &server, &list(&["1"])));
    let requests = server.requests.get();
    let once = decode_list(&converter, &server, &twice);
    assert_eq!(server.requests.get(), requests + 1);
    assert!(contains(&once, "binary/far"));

    let strict = open("[encrypt: { required: true }, remote: { url: \"https://codec.example.com\" }]");
    let error = settle(&strict, &server, |converter| converter.decode(&[], &once)).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::NotEncrypted, Some(0)));
}

#[test]
fn requests_stay_below_their_bound_and_a_large_payload_goes_alone() {
    let codecs = "[remote: { url: \"https://codec.example.com\", max_request_bytes: 4 KiB }]";
    let (converter, server) = (open(codecs), Server::default());
    let (small, large) = (format!("\"{}\"", "s".repeat(900)), format!("\"{}\"", "l".repeat(9000)));
    let payloads = list(&[&small, &small, &large, &small, &small, &small]);
    let encoded = encode(&converter, &server, &payloads);
    // Two small ones, the large one, three small ones.
    assert_eq!((server.requests.get(), server.payloads.get()), (3, 6));
    assert_eq!(payloads_json::count(&encoded), 6);
}

#[test]
fn one_payload_comes_in_the_buffer_or_in_memory_of_its_own() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payload = plain("\"secret\"");
    let call = |input: &[u8], encodes: bool, room: usize| {
        settle(&converter, &server, |converter| {
            let mut out = vec![0; room];
            let usage = &mut Usage::default();
            let answer = if encodes {
                converter.encode_payload(&[], usage, input, &[], &mut out)
            } else {
                converter.decode_payload(&[], usage, input, &[], &mut out)
            }?;
            Ok(match answer {
                Answer::Owned { bytes, data } => (true, bytes[data.offset..][..data.len].to_vec(), bytes),
                Answer::Written { len, data } => {
                    (false, out[data.offset..][..data.len].to_vec(), out[..len].to_vec())
                }
                Answer::Unchanged => panic!("nothing was written"),
            })
        })
        .unwrap()
    };
    for (room, owned) in [(8, true), (4096, false)] {
        let (was_owned, data, encoded) = call(&payload, true, room);
        assert_eq!(was_owned, owned);
        assert!(contains(&encoded, "binary/far") && data.starts_with(b"{\"data\""));
        let (was_owned, data, decoded) = call(&encoded, false, room);
        assert_eq!((was_owned, data.as_slice(), decoded), (owned, &b"\"secret\""[..], payload.clone()));
    }
}

#[test]
fn failures_go_through_the_server() {
    let (converter, server) = (open(REMOTE), Server::default());
    let failure = br#"{"message":"secret","stackTrace":"at x","cause":{"message":"deeper","applicationFailureInfo":{"details":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]}}}}"#;
    let encoded =
        settle(&converter, &server, |converter| converter.encode_failure_json(&[], failure)).unwrap();
    assert!(!contains(&encoded, "secret") && !contains(&encoded, "deeper"));
    assert_eq!((server.requests.get(), server.payloads.get()), (1, 3));
    let decoded =
        settle(&converter, &server, |converter| converter.decode_failure_json(&[], &encoded)).unwrap();
    assert_eq!(server.requests.get(), 2);
    let (decoded, failure): (Value, Value) =
        (serde_json::from_slice(&decoded).unwrap(), serde_json::from_slice(failure).unwrap());
    assert_eq!(decoded, failure);

    let binary = [&field(0x0a, b"secret")[..], &field(0x22, &field(0x0a, b"deeper"))].concat();
    let encoded = settle(&converter, &server, |converter| converter.encode_failure(&[], &binary)).unwrap();
    let decoded = settle(&converter, &server, |converter| converter.decode_failure(&[], &encoded)).unwrap();
    assert_eq!(decoded, binary);
}

/// `StartWorkflowExecutionRequest`: 5 input, 16 header, 15 search_attributes.
#[test]
fn messages_leave_search_attributes_alone() {
    let (converter, server) = (open(REMOTE), Server::default());
    let entry = |value: &[u8]| field(0x0a, &[&field(0x0a, b"key")[..], &field(0x12, value)].concat());
    let attributes = [&[0x7a][..], &field(0, &entry(&plain("\"indexed\"")))[1..]].concat();
    let header = [&[0x82, 0x01][..], &field(0, &entry(&plain("\"header\"")))[1..]].concat();
    let message = [&field(0x2a, &list(&["\"secret\""]))[..], &attributes, &header].concat();
    let name = "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest";
    let flags = MessageFlags::default();
    let encoded =
        settle(&converter, &server, |converter| converter.encode_message(&[], name, flags, &message))
            .unwrap();
    assert_eq!(server.payloads.get(), 1, "{}", server.last.borrow());
    assert!(
        contains(&encoded, "indexed") && contains(&encoded, "header") && !contains(&encoded, "\"secret\"")
    );
    let decoded =
        settle(&converter, &server, |converter| converter.decode_message(&[], name, flags, &encoded))
            .unwrap();
    assert_eq!(decoded, message);
    assert_eq!(
        server.last.borrow()["payloads"].as_array().unwrap().len(),
        1,
        "what the SDKs write plain is not asked for"
    );
}

#[test]
fn histories_come_with_as_few_requests_as_they_can() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payload = json!({ "metadata": { "encoding": base64("json/plain") }, "data": base64("\"secret\"") });
    let events = |payload: &dyn Fn() -> Value| {
        let event = |index: usize| {
            json!({ "eventId": index.to_string(), "eventType": "EVENT_TYPE_ACTIVITY_TASK_COMPLETED",
                "activityTaskCompletedEventAttributes": { "result": { "payloads": [payload()] } } })
        };
        json!({ "events": (1..=50).map(event).collect::<Vec<_>>() }).to_string().into_bytes()
    };
    let encoded = events(&|| server.encode(&payload));
    let decoded = settle(&converter, &server, |converter| converter.decode_history(&[], &encoded)).unwrap();
    let (decoded, expected): (Value, Value) = (
        serde_json::from_slice(&decoded).unwrap(),
        serde_json::from_slice(&events(&|| payload.clone())).unwrap(),
    );
    assert_eq!(decoded, expected);
    assert_eq!(server.requests.get(), 1);
}

#[test]
fn statuses_say_who_can_mend_it() {
    let converter = open(REMOTE);
    let request = needed(converter.decode(&[], &list(&["\"secret\"", "\"b\""])));
    for (status, body, code, says) in [
        (0, "connection refused\n\u{1b}[2J", Code::Remote, "no answer: connection refused"),
        (0, "", Code::Remote, "the host says no reason"),
        (301, "", Code::Remote, "redirects are not followed"),
        (401, "secret", Code::Remote, "credentials (status 401)"),
        (403, "secret", Code::Remote, "credentials (status 403)"),
        (404, "secret", Code::Remote, "path or namespace"),
        (429, "", Code::Remote, "too busy"),
        (500, "secret", Code::Remote, "failed (status 500)"),
        (503, "", Code::Remote, "too busy"),
        (204, "", Code::Remote, "failed (status 204)"),
        (400, "bad \"secret\"", Code::RemoteRefused, "does not decode these payloads (status 400)"),
        (413, "", Code::RemoteRefused, "status 413"),
        (422, "", Code::RemoteRefused, "status 422"),
        (200, "", Code::Remote, "no list of payloads"),
        (200, "<html>secret", Code::Remote, "no list of payloads"),
        (200, "{\"payloads\":[{}]}", Code::Remote, "answered 1 payloads, expected 2"),
        (200, "{\"payloads\":[{},{},{}]}", Code::Remote, "answered more than 2 payloads, expected 2"),
        (200, "{\"payloads\":[{\"data\":\"!secret\"},{}]}", Code::Remote, "expected base64 text"),
    ] {
        let error = converter.provide_remote(&request, status, body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        assert!(error.message().contains(says), "{error}");
        assert!(!error.message().contains("secret") && !error.message().contains('\u{1b}'), "{error}");
        assert!(error.message().contains("https://codec.example.com/decode"), "{error}");
        assert_eq!(code.is_transient(), code == Code::Remote);
    }
    needed(converter.decode(&[], &list(&["\"secret\"", "\"b\""])));
}

#[test]
fn a_refusal_names_the_payload_of_the_call() {
    let codecs = "[remote: { url: \"https://codec.example.com\", max_request_bytes: 250 B }]";
    let (converter, server) = (open(codecs), Server::default());
    let payloads = list(&["1", "2", "3", "4"]);
    let first = needed(converter.decode(&[], &payloads));
    converter.provide_remote(&first, 200, &server.answer(&first)).unwrap();
    let second = needed(converter.decode(&[], &payloads));
    let index =
        |body: &str| converter.provide_remote(&second, 400, body.as_bytes()).unwrap_err().payload_index();
    assert_eq!(index("TDC_ERR_KEY_UNKNOWN at payloads[0]: …"), Some(2));
    for body in
        ["payloads[9]", "payloads[", "payloads[x]", "payloads[99999999999999999999999]", "", "payloads[0"]
    {
        assert_eq!(index(body), None, "{body}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_a_limit() {
    let text = format!("version: 1\nlimits: {{ max_decoded_bytes: 4 KiB }}\ncodecs: {REMOTE}\n");
    let converter = DataConverter::parse(&text, Path::new(""), "").unwrap();
    let payloads = list(&["1"]);
    let request = needed(converter.decode(&[], &payloads));
    let body = |len: usize| format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "A".repeat(len)).into_bytes();
    let error = converter.provide_remote(&request, 200, &body(request.max_response_bytes())).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    converter.provide_remote(&request, 200, &body(8192)).unwrap();
    assert_eq!(converter.decode(&[], &payloads).unwrap_err().code(), Code::Limit);
}

#[test]
fn a_call_that_fails_anyway_sends_nothing() {
    let payloads = [&list(&["1"])[..], b"\x0a\x02\x12\x05"].concat();
    for result in [open(REMOTE).decode(&[], &payloads), open(REMOTE).encode(&[], &payloads)] {
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::Protobuf, Some(1)));
    }
}

#[test]
fn threads_with_the_same_contents_all_come_to_an_end() {
    let converter = open(REMOTE);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let server = Server::default();
                for _ in 0..20 {
                    let encoded = encode(&converter, &server, &list(&["\"a\"", "\"a\"", "\"b\""]));
                    assert_eq!(payloads_json::count(&encoded), 3);
                    assert!(contains(&encoded, "binary/far"));
                    assert_eq!(
                        decode_list(&converter, &server, &encoded),
                        list(&["\"a\"", "\"a\"", "\"b\""])
                    );
                }
            });
        }
    });
}
