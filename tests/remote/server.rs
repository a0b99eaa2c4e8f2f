//! A codec server in the memory of the test, and calls that ask it.

use std::cell::{Cell, RefCell};
use std::path::Path;

use serde_json::{Value, json};
use tdc::{Answer, Call, Code, DataConverter, Error, HttpRequest, Request, Scope, payload};
use tdc_formats::wire::{push_bytes, push_varint};

pub(crate) const KEY: &str = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";

pub(crate) fn open(codecs: &str) -> DataConverter {
    open_in(codecs, "orders")
}

pub(crate) fn open_in(codecs: &str, namespace: &str) -> DataConverter {
    let text = format!(
        "version: 1\nkeys: {{ primary: one, host: true, ring: {{ one: {{ insecure_inline: {KEY} }} }} }}\n\
         failures: {{ encode_common_attributes: true }}\ncodecs: {codecs}\n"
    );
    DataConverter::parse(&text, Path::new(""), namespace).unwrap()
}

pub(crate) const REMOTE: &str = "[remote: { url: \"https://codec.example.com\" }]";

/// A codec server: what it encodes is the JSON of the payload in base64, with a number that no
/// other has.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) requests: Cell<usize>,
    pub(crate) payloads: Cell<usize>,
    pub(crate) last: RefCell<Value>,
}

impl Server {
    pub(crate) fn answer(&self, request: &HttpRequest) -> Vec<u8> {
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

    pub(crate) fn encode(&self, payload: &Value) -> Value {
        self.payloads.set(self.payloads.get() + 1);
        let number = self.payloads.get().to_string();
        json!({ "metadata": { "encoding": base64("binary/far"), "number": base64(&number) }, "data": base64(&payload.to_string()) })
    }
}

pub(crate) fn decode(payload: &Value) -> Value {
    if payload["metadata"]["encoding"] != base64("binary/far") {
        return payload.clone();
    }
    serde_json::from_str(&text(payload["data"].as_str().unwrap())).unwrap()
}

/// By the library's own parser, which is tested elsewhere.
pub(crate) fn base64(text: &str) -> String {
    let list = [&[0x0a][..], &varint(field(2, text.as_bytes()).len()), &field(2, text.as_bytes())].concat();
    let body: Value = serde_json::from_slice(&payload::json::print(&list).unwrap()).unwrap();
    body["payloads"][0]["data"].as_str().unwrap().to_owned()
}

pub(crate) fn text(base64: &str) -> String {
    let list =
        payload::json::parse(json!({ "payloads": [{ "data": base64 }] }).to_string().as_bytes()).unwrap();
    let payload = &payload::find(&list).unwrap()[0];
    let start =
        payload.len() - (0..=payload.len()).find(|n| varint(*n).len() + 1 + n == payload.len()).unwrap();
    String::from_utf8(payload[start..].to_vec()).unwrap()
}

pub(crate) fn varint(value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    push_varint(&mut out, value as u64);
    out
}

pub(crate) fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}

/// A serialised list of `json/plain` payloads.
pub(crate) fn list(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| field(1, &plain(text))).collect()
}

pub(crate) fn plain(text: &str) -> Vec<u8> {
    [&b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain"[..], &field(2, text.as_bytes())].concat()
}

/// Makes tries until the call needs no more of the server.
pub(crate) fn complete<T>(
    converter: &DataConverter,
    server: &Server,
    make: impl Fn(&DataConverter, Scope<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut call = Call::default();
    loop {
        match make(converter, call.at(&[])) {
            Err(error) if error.code() == Code::Requests => {
                let (id, request) = pending(&call);
                answer(converter, &mut call, id, 200, &server.answer(&request))?;
            }
            settled => return settled,
        }
    }
}

/// The request for the server that the last try asks for, alone.
pub(crate) fn pending(call: &Call) -> (u64, HttpRequest) {
    let requests: Vec<_> = call.requests().collect();
    match requests[..] {
        [(id, Request::Http(request))] => (id, request.clone()),
        _ => panic!("{requests:?}"),
    }
}

/// Hands in what came of a request.
pub(crate) fn answer(
    converter: &DataConverter,
    call: &mut Call,
    id: u64,
    status: u32,
    body: &[u8],
) -> Result<(), Error> {
    converter.answer(call, &[(id, Answer::Http { status, body })])
}

pub(crate) fn encode(converter: &DataConverter, server: &Server, payloads: &[u8]) -> Vec<u8> {
    complete(converter, server, |converter, scope| converter.encode(scope, payloads)).unwrap()
}

pub(crate) fn decode_list(converter: &DataConverter, server: &Server, payloads: &[u8]) -> Vec<u8> {
    complete(converter, server, |converter, scope| converter.decode(scope, payloads)).unwrap()
}

/// A call that asks the server, and what for.
pub(crate) fn needed(make: impl FnOnce(&mut Call) -> Result<Vec<u8>, Error>) -> (Call, u64, HttpRequest) {
    let mut call = Call::default();
    let error = make(&mut call).unwrap_err();
    assert_eq!(error.code(), Code::Requests, "{error}");
    let (id, request) = pending(&call);
    (call, id, request)
}

pub(crate) fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
