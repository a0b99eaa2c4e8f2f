//! Clients that take nothing, go away or send on: what they cost, and what is known of them
//! afterwards.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::client::connect;
use crate::process::{ENCRYPTED, PATIENCE, Server};
use crate::protocol::{GOLDEN, TESTING};

/// Bytes that are more than the sockets between server and client take.
const LARGE: usize = 16 << 20;

/// A small body that decodes to a large one.
fn grows() -> String {
    let server = compressing("timeout: 1 min");
    let body = format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "QUJD".repeat(LARGE / 4));
    let encoded = server.post("/encode", &body).ok();
    assert!(encoded.len() < 64 << 10, "{}", encoded.len());
    encoded
}

fn compressing(limits: &str) -> Server {
    Server::start(&ENCRYPTED.replace(
        "codecs: [encrypt]",
        &format!("codecs: [zstd, encrypt]\nserver: {{ limits: {{ max_body_bytes: 40 MiB, {limits} }} }}"),
    ))
}

#[test]
fn answers_that_nobody_takes_keep_their_permits_and_then_lose_their_connections() {
    let server = compressing("concurrency: 2, timeout: 6 s");
    let body = grows();
    let request = server.request("POST", "/decode").json(&body).bytes();
    let mut lazy: Vec<_> = (0..2).map(|_| connect(server.address)).collect();
    for stream in &mut lazy {
        stream.write_all(&request).unwrap();
    }
    // Their answers are ready, and are not taken. However many more ask meanwhile, memory stays
    // what two requests need.
    server.audit(2);
    for _ in 0..5 {
        assert!(server.post("/decode", &body).refused(503).contains("server.limits.concurrency"));
    }
    let peak = server.peak_kib();
    assert!(peak < 300 << 10, "{peak} KiB");
    server.wait_for_in_flight(0);
    for mut stream in lazy {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.len() < LARGE, "its connection was cut, so the answer is not whole");
    }
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
}

#[test]
fn a_slow_reader_that_does_read_gets_all_of_its_answer() {
    let server = compressing("concurrency: 1, timeout: 30 s");
    let body = grows();
    let mut stream = connect(server.address);
    stream.write_all(&server.request("POST", "/decode").json(&body).bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.len() > LARGE && answer.ends_with(b"]}\n"));
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING, "its place is free again");
}

/// Requests that are worked on while everything is read again count as before.
#[test]
fn a_reload_makes_no_more_permits() {
    let server = compressing("concurrency: 1, timeout: 30 s");
    let mut lazy = connect(server.address);
    lazy.write_all(&server.request("POST", "/decode").json(&grows()).bytes()).unwrap();
    server.audit(1);
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal");
    server.post("/decode", GOLDEN).refused(503);
    drop(lazy);
    let start = Instant::now();
    while server.post("/decode", GOLDEN).status == 503 {
        assert!(start.elapsed() < PATIENCE);
    }
}

#[test]
fn a_client_that_goes_away_is_written_down_too() {
    let server = Server::start(ENCRYPTED);
    let request = server.request("POST", "/orders/decode").json("{\"pay").header("Content-Length", "100");
    let mut stream = connect(server.address);
    stream.write_all(&request.bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    let line = server.audit(1).remove(0);
    assert_eq!((line["namespace"].as_str(), line["operation"].as_str()), (Some("orders"), Some("decode")));
    // Whether the end of the body or that of the connection is seen first.
    let outcome = (line["status"].as_u64(), line["outcome"].as_str());
    assert!([(Some(400), Some("bad_request")), (Some(499), Some("abandoned"))].contains(&outcome), "{line}");
}

/// Work that has started continues after its client has gone: its encrypted payloads are counted,
/// whether or not they were received.
#[test]
fn what_was_encrypted_for_a_client_that_went_away_counts() {
    let server = Server::start(ENCRYPTED);
    let body = format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "QUJD".repeat(2 << 20));
    let request = server.request("POST", "/encode").json(&body).bytes();
    let start = Instant::now();
    // Whether a client goes before, during or after the work is its luck, and during is what is
    // asked for.
    for attempt in 1.. {
        let mut stream = connect(server.address);
        stream.write_all(&request).unwrap();
        std::thread::sleep(Duration::from_millis(attempt * 5 % 500));
        drop(stream);
        let lines = server.audit(attempt.try_into().unwrap());
        server.wait_for_in_flight(0);
        let answered = lines.iter().filter(|line| line["status"] == 200).count();
        if server.sealed("test-key-id") > answered {
            assert!(lines.iter().any(|line| line["outcome"] == "abandoned"), "{lines:?}");
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{} sealed, {answered} answered", server.sealed("test-key-id"));
    }
}

/// A connection that is closed on a client that still sends is reset, and many clients then drop
/// the answer that they have.
#[test]
fn a_client_that_is_refused_early_can_send_to_the_end_and_read_why() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ limits: {{ max_body_bytes: 4 MiB }} }}\n"));
    for (path, len, status) in
        [("/nowhere", 4 << 20, 404), ("/decode", 6 << 20, 413), ("/decode", 4 << 20, 415)]
    {
        let body = "x".repeat(len);
        let request = server.request("POST", path).body(&body);
        let request =
            if status == 413 { request.header("Content-Type", "application/json") } else { request };
        let mut stream = connect(server.address);
        stream.write_all(&request.bytes()).unwrap_or_else(|error| panic!("{path} {len}: {error}"));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}
