//! Everything that should not be sent: its status, its sentence, and that the server goes on.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::{connect, exchange};
use crate::process::{ENCRYPTED, Server};
use crate::protocol::{GOLDEN, TESTING};

#[test]
fn wrong_requests_have_a_status_and_a_sentence() {
    let server = Server::start(ENCRYPTED);
    for (body, expected) in [
        ("", "TDC_ERR_JSON: the input is empty, expected {\"payloads\":[…]}"),
        ("nope", "TDC_ERR_JSON: line 1, column 1: this is not JSON: expected a value"),
        (
            "[]",
            "TDC_ERR_JSON: line 1, column 1: the body: expected an object {\"payloads\":[…]}, found a list",
        ),
        (
            "{\"payloads\":[{},{\"data\":7}]}",
            "TDC_ERR_JSON at payloads[1]: line 1, column 25: data: expected base64 text, found a number",
        ),
    ] {
        assert_eq!(server.post("/decode", body).refused(400), expected);
        assert_eq!(server.post("/encode", body).refused(400), expected);
    }
    for encoding in ["gzip", "zstd", "identity, gzip"] {
        let request = server.request("POST", "/decode").header("Content-Encoding", encoding).json(GOLDEN);
        assert!(request.send().refused(415).starts_with("the body is compressed"), "{encoding}");
    }
    let identity = server.request("POST", "/decode").header("Content-Encoding", "identity").json(GOLDEN);
    assert_eq!(identity.send().ok(), TESTING);
    // A gzip body that does not say so.
    let mut gzip = server.request("POST", "/decode").json("").header("Content-Length", "10").bytes();
    gzip.extend(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03");
    assert!(exchange(connect(server.address), &gzip).refused(415).starts_with("the body is compressed"));
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""]
    {
        let request = server.request("POST", "/decode").header("Content-Type", content_type).body(GOLDEN);
        assert_eq!(request.send().refused(415), "the body must be application/json");
    }
    server.request("POST", "/decode").body(GOLDEN).send().refused(415);
    let charset = server.request("POST", "/decode").header("Content-Type", "Application/JSON; charset=utf-8");
    assert_eq!(charset.body(GOLDEN).send().ok(), TESTING);
    for method in ["GET", "PUT", "DELETE", "HEAD", "PATCH"] {
        let answer = server.request(method, "/decode").send();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")), "{method}");
    }
    for path in ["/", "/download", "/decode/", "/decode/x", "/%64ecode", "/encode%2f", "/decode;x"] {
        server.post(path, GOLDEN).refused(404);
    }
}

#[test]
fn one_bad_payload_of_many_is_named_by_its_place() {
    let server = Server::start(ENCRYPTED);
    let good = GOLDEN.trim_start_matches(r#"{"payloads":["#).trim_end_matches("]}");
    for (bad, expected) in [
        (good.replace("S+em", "S+en"), "TDC_ERR_AUTHENTICATION at payloads[2]: "),
        (good.replace("dGVzdC1rZXktaWQ=", "cGF5cm9sbA=="), "TDC_ERR_KEY_UNKNOWN at payloads[2]: "),
        (r#"{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAAA"}"#.to_owned(),
         "TDC_ERR_CIPHERTEXT at payloads[2]: "),
        (r#"{"metadata":{"encoding":"YmluYXJ5L3pzdGQ="},"data":"KLUv/QAA"}"#.to_owned(), "TDC_ERR_COMPRESSED at payloads[2]: "),
    ] {
        let answer = server.post("/decode", &format!(r#"{{"payloads":[{good},{good},{bad}]}}"#));
        let text = answer.refused(400);
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains("payroll"), "{text}");
    }
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
}

#[test]
fn more_than_the_limits_is_refused() {
    let limits = "limits: { max_payloads: 100, max_decoded_bytes: 1 MiB }\nserver: { limits: { max_body_bytes: 64 KiB } }\n";
    let server = Server::start(&format!("{ENCRYPTED}{limits}"));
    let large = format!(r#"{{"payloads":[{{"data":"{}"}}]}}"#, "A".repeat(64 << 10));
    let expected = "the body has more than 65536 bytes, the limit set by server.limits.max_body_bytes";
    assert_eq!(server.post("/decode", &large).refused(413), expected);
    // A length that is not said is counted.
    let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let request = server.request("POST", "/decode").header("Transfer-Encoding", "chunked").json(&chunked);
    assert_eq!(request.send().refused(413), expected);

    let tiny = |count: usize| format!(r#"{{"payloads":[{}]}}"#, vec!["{}"; count].join(","));
    server.post("/encode", &tiny(100)).ok();
    let expected =
        "TDC_ERR_LIMIT: more than 100 payloads in one call: split it, or raise limits.max_payloads";
    assert_eq!(server.post("/encode", &tiny(101)).refused(413), expected);
    // Nothing after the last allowed payload is read.
    let garbage = tiny(101).replace("]}", ",nonsense");
    assert_eq!(server.post("/decode", &garbage).refused(413), expected);
    let garbage = tiny(99).replace("]}", ",nonsense");
    assert!(server.post("/decode", &garbage).refused(400).starts_with("TDC_ERR_JSON"));

    // A zip bomb: 2 MiB of zeros.
    let bomb = {
        let mut raw = vec![0x12, 0x80, 0x80, 0x80, 0x01];
        raw.resize(raw.len() + (2 << 20), 0);
        let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(&raw).unwrap();
        STANDARD.encode(deflate.finish().unwrap())
    };
    let bomb =
        format!(r#"{{"payloads":[{{}},{{"metadata":{{"encoding":"YmluYXJ5L3psaWI="}},"data":"{bomb}"}}]}}"#);
    let answer = server.post("/decode", &bomb);
    let text = answer.refused(400);
    assert!(
        text.starts_with("TDC_ERR_LIMIT at payloads[1]: ") && text.contains("max_decoded_bytes"),
        "{text}"
    );
}

#[test]
fn a_million_tiny_payloads_cost_no_memory_to_speak_of() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ limits: {{ timeout: 1 min }} }}\n"));
    let body = format!(r#"{{"payloads":[{}]}}"#, vec!["{}"; 1_000_000].join(","));
    let answer = server.post("/encode", &body);
    assert!(answer.refused(413).contains("limits.max_payloads"), "{answer:?}");
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    let peak = server.peak_kib();
    assert!(peak < 200 << 10, "{peak} KiB");
}

#[test]
fn a_slow_client_is_sent_away_and_nobody_waits_for_it() {
    let with_two_slow = |timeout: &str| {
        let server = Server::start(&format!(
            "{ENCRYPTED}server: {{ limits: {{ timeout: {timeout}, concurrency: 2 }} }}\n"
        ));
        let head = server.request("POST", "/decode").json("").header("Content-Length", "100").bytes();
        let mut slow = [(); 2].map(|()| connect(server.address));
        for stream in &mut slow {
            stream.write_all(&head).unwrap();
        }
        (server, slow)
    };
    let (server, _slow) = with_two_slow("1 min");
    server.wait_for_in_flight(2);
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);

    let (server, slow) = with_two_slow("1 s");
    for mut stream in slow {
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        assert!(text.contains("server.limits.timeout"), "{text}");
    }
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
}

#[test]
fn broken_http_is_the_clients_own_problem() {
    let server = Server::start(ENCRYPTED);
    let host = server.address;
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (format!("POST /decode HTTP/1.1\r\nHost: {host}\r\nX-Namespace: a\r\n b\r\n\r\n"), "400"),
        (format!("POST /decode HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n"), "400"),
        (format!("POST /decode HTTP/1.1\r\nHost: {host}\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000)), "431"),
    ] {
        let mut stream = connect(server.address);
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.split(' ').nth(1), Some(status), "{request:.60} {answer}");
    }
    let cut = server.request("POST", "/decode").json("{\"pay").header("Content-Length", "100").bytes();
    let stream = connect(server.address);
    stream.shutdown(std::net::Shutdown::Read).ok();
    drop({
        let mut stream = stream;
        stream.write_all(&cut).unwrap();
        stream
    });
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
}

#[test]
fn headers_cannot_be_smuggled_into_logs_or_answers() {
    let server = Server::start(ENCRYPTED);
    let request = format!(
        "POST /decode HTTP/1.1\r\nHost: {}\r\nX-Namespace: a\tb\\\"\r\nOrigin: http://x\\r\\nSet-Cookie: a\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: 2\r\n\r\n{{}}",
        server.address
    );
    let answer = exchange(connect(server.address), request.as_bytes());
    answer.refused(403);
    assert_eq!(answer.header("set-cookie"), None);
    let without_origin = request.replace("Origin: http://x\\r\\nSet-Cookie: a\r\n", "");
    exchange(connect(server.address), without_origin.as_bytes()).refused(400);
    let audit = server.audit(2);
    assert!(audit.iter().all(|line| line["namespace"].is_null()), "{audit:?}");
}

/// Every answer says nothing of keys and plaintext, and neither does the log.
#[test]
fn no_secret_is_in_answers_or_logs() {
    let server = Server::start(ENCRYPTED);
    let secret = STANDARD.encode("\"SECRET-4711\"");
    let encoded = server.post("/encode", &format!(r#"{{"payloads":[{{"data":"{secret}"}}]}}"#)).ok();
    let answers = [
        server.post("/decode", &encoded.replace("\"data\":\"", "\"data\":\"AAAA")).body,
        server.post("/decode", r#"{"payloads":[{"data":"!SECRET-4711"}]}"#).body,
        server.post("/SECRET-4711", "{}").body,
        server.request("GET", "/metrics").send().body,
        format!("{:?}", server.audit(4)),
        format!("{:?}", server.lines()),
    ];
    for answer in answers {
        assert!(!answer.contains("SECRET-4711") && !answer.contains(&secret), "{answer}");
        assert!(!answer.contains("dGVzdC1rZXktdGVzdC1r") && !answer.contains("test-key-test"), "{answer}");
    }
}

#[test]
fn what_is_not_http_is_in_the_audit_log_too() {
    let mut server = Server::start(&format!("{ENCRYPTED}server: {{ audit: stderr }}\n"));
    let long = format!("POST /decode HTTP/1.1\r\nX-Long: {}\r\n\r\n", "a".repeat(80 << 10));
    let requests = [("POST /decode\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n\r\n", 400), (long.as_str(), 431)];
    for (number, (request, status)) in requests.into_iter().enumerate() {
        assert_eq!(exchange(connect(server.address), request.as_bytes()).status, status, "{request:.40}");
        let line = &server.audit(number + 1)[number];
        assert_eq!((&line["status"], &line["outcome"]), (&status.into(), &"bad_request".into()), "{line}");
        assert!(line["peer"].is_string() && line["operation"].is_null());
    }
    // One that says nothing, or not enough, has asked for nothing.
    drop(connect(server.address));
    assert_eq!(server.request("GET", "/healthz").send().status, 200, "it has seen that connection");
    server.stop();
    server.audit(requests.len());
}
