//! One client among others: however it uses what it may, the others are served.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::client::{Answer, connect};
use crate::http2::Streams;
use crate::process::{ENCRYPTED, Server};
use crate::protocol::{GOLDEN, TESTING};
use crate::provider::{SigningKey, claims, set};

/// Bytes that are more than the sockets between server and client take.
const LARGE: usize = 16 << 20;

/// A server with rules for two groups, and what makes the tokens.
fn with_rules(limits: &str) -> (Server, SigningKey) {
    let key = SigningKey::elliptic("k");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set(&[&key])).unwrap();
    let rules = "[{ allow: [decode, encode], claims: { groups: payments } }, { pass_through: [decode] }]";
    let config = format!(
        "{}server: {{ auth: {{ issuers: [{{ issuer: i, audience: tdc, jwks: {{ file: jwks.json }} }}], rules: {rules} }}, {limits} }}\n",
        ENCRYPTED.replace("[encrypt]", "[zstd, encrypt]")
    );
    (Server::start_in(folder, &config, &[]), key)
}

fn token(key: &SigningKey, subject: &str, group: &str) -> String {
    key.sign(&claims("i", &json!({ "sub": subject, "groups": group })))
}

fn decode(server: &Server, token: &str) -> Answer {
    server.request("POST", "/decode").bearer(token).json(GOLDEN).send()
}

/// Two partners, so that the share of one is not what protects the others: a request takes no
/// permit before its body is here.
#[test]
fn streams_without_bodies_block_no_one_else() {
    let (server, key) = with_rules("limits: { concurrency: 4, timeout: 1 min }");
    let employee = token(&key, "employee", "payments");
    let mut partners: Vec<_> = ["one", "two"]
        .map(|subject| {
            let authorization = format!("Bearer {}", token(&key, subject, "partners"));
            let mut streams = Streams::open(server.address);
            let begun: Vec<_> =
                (0..32).map(|_| streams.begin("/decode", &[("authorization", &authorization)])).collect();
            (streams, begun)
        })
        .into();
    server.wait_for_in_flight(64);
    for _ in 0..20 {
        assert_eq!(decode(&server, &employee).ok(), TESTING);
    }
    // They are still served when their bodies come.
    for (streams, begun) in &mut partners {
        assert_eq!(streams.end(begun[0], GOLDEN.as_bytes()).trim_end(), GOLDEN);
    }
}

/// Complete bodies, and responses that are not read: without rules there are no persons, so the
/// share of each connection protects the others.
#[test]
fn streams_that_take_no_answers_get_half_of_the_permits() {
    let config = ENCRYPTED.replace("[encrypt]", "[zstd, encrypt]");
    let server =
        Server::start(&format!("{config}server: {{ limits: {{ concurrency: 4, timeout: 1 min }} }}\n"));
    // More than a connection of HTTP/2 takes before its client asks for more.
    let large = format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "QUJD".repeat(64 << 10));
    let large = server.post("/encode", &large).ok();
    assert!(large.len() < 16 << 10, "{} bytes", large.len());
    let mut streams = Streams::open(server.address);
    for _ in 0..8 {
        let number = streams.begin("/decode", &[]);
        streams.finish(number, large.as_bytes());
    }
    let audit = server.audit(9);
    let with = |status: u16| audit[1..].iter().filter(|line| line["status"] == status).count();
    assert_eq!((with(200), with(429)), (2, 6), "{audit:?}");
    for _ in 0..20 {
        assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    }
}

#[test]
fn connections_with_a_byte_each_block_no_one_else() {
    let server =
        Server::start(&format!("{ENCRYPTED}server: {{ limits: {{ concurrency: 4, timeout: 1 min }} }}\n"));
    let begun = server.request("POST", "/decode").json("{").header("Content-Length", "100").bytes();
    let slow: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = connect(server.address);
            stream.write_all(&begun).unwrap();
            stream
        })
        .collect();
    server.wait_for_in_flight(64);
    for _ in 0..20 {
        assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    }
    drop(slow);
}

/// Answers that one person does not take, over several connections.
#[test]
fn one_person_gets_half_of_the_permits_and_is_told_so() {
    let (server, key) = with_rules("limits: { concurrency: 4, timeout: 1 min, max_body_bytes: 40 MiB }");
    let (greedy, other) = (token(&key, "greedy", "payments"), token(&key, "other", "payments"));
    let body = format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "QUJD".repeat(LARGE / 4));
    let body = server.request("POST", "/encode").bearer(&other).json(&body).send().ok();
    let request = server.request("POST", "/decode").bearer(&greedy).json(&body).bytes();
    let mut lazy: Vec<_> = (0..2).map(|_| connect(server.address)).collect();
    for stream in &mut lazy {
        stream.write_all(&request).unwrap();
    }
    server.audit(3);
    let more = decode(&server, &greedy);
    assert!(more.refused(429).contains("one connection or user"), "{more:?}");
    assert_eq!(more.header("retry-after"), Some("1"));
    assert_eq!(decode(&server, &other).ok(), TESTING);
    for stream in &mut lazy {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.len() > LARGE);
    }
    assert_eq!(decode(&server, &greedy).ok(), TESTING, "its permits are free again");
}

/// What curl 7.88 made of it: "stream error" instead of the refusal, because the stream was reset
/// while it still sent.
#[test]
fn an_early_refusal_does_not_reset_a_stream_that_still_sends() {
    let (server, _) = with_rules("");
    let mut streams = Streams::open(server.address);
    for len in [0, 10, 8 << 10, 32 << 10] {
        let stream = streams.begin("/decode", &[]);
        streams.send(stream, &vec![b'x'; len]);
        let body = streams.end(stream, b"the end");
        assert!(body.contains("requires a valid access token"), "{len}: {body}");
        assert!(!streams.is_reset(stream), "{len}");
    }
}
