//! What browsers are told, on every route, with errors too.

use crate::client::Answer;
use crate::process::{ENCRYPTED, Server};
use crate::protocol::TESTING;

const ORIGIN: &str = "https://ui.example.com";

fn start() -> Server {
    let origins = "[\"http://localhost:8233\", \"https://*.example.com\"]";
    Server::start(&format!("{ENCRYPTED}server: {{ cors: {{ origins: {origins}, credentials: true }} }}\n"))
}

fn origin(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.header("vary"), Some("Origin"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    answer.header("access-control-allow-origin")
}

#[test]
fn preflights_are_answered_on_every_route_without_a_token() {
    let server = start();
    for path in ["/decode", "/encode", "/download", "/healthz", "/", "/x/y"] {
        let answer = server
            .request("OPTIONS", path)
            .header("Origin", ORIGIN)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "authorization,authorization-extras,content-type,x-namespace",
            )
            .send();
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(origin(&answer), Some(ORIGIN));
        assert_eq!(answer.header("access-control-allow-methods"), Some("POST, OPTIONS"));
        let headers = "Content-Type, X-Namespace, Authorization, Authorization-Extras";
        assert_eq!(answer.header("access-control-allow-headers"), Some(headers));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-allow-private-network"), None);
    }
}

#[test]
fn a_page_of_the_internet_may_ask_for_the_private_network() {
    let server = start();
    let ask = |from| {
        let request = server.request("OPTIONS", "/decode").header("Origin", from);
        request.header("Access-Control-Request-Private-Network", "true").send()
    };
    assert_eq!(ask(ORIGIN).header("access-control-allow-private-network"), Some("true"));
    assert_eq!(ask("https://evil.org").header("access-control-allow-private-network"), None);
}

#[test]
fn a_foreign_origin_gets_no_headers() {
    let server = start();
    for foreign in [
        "https://evil.org",
        "null",
        "https://example.com",
        "http://ui.example.com",
        "https://a.b.example.com",
    ] {
        let preflight = server.request("OPTIONS", "/decode").header("Origin", foreign).send();
        assert_eq!((preflight.status, origin(&preflight)), (204, None), "{foreign}");
        assert_eq!(preflight.header("access-control-allow-headers"), None);
        assert_eq!(preflight.header("access-control-allow-credentials"), None);
        let post = server.request("POST", "/decode").header("Origin", foreign).json(TESTING).send();
        assert_eq!((post.status, origin(&post)), (403, None), "{foreign}");
    }
    let two = server.request("POST", "/decode").header("Origin", ORIGIN).header("Origin", "https://evil.org");
    assert_eq!(two.json(TESTING).send().status, 403);
}

#[test]
fn errors_carry_the_headers_too() {
    let server = start();
    for (method, path, content_type, body, status) in [
        ("POST", "/decode", "application/json", "{", 400),
        ("GET", "/decode", "application/json", "", 405),
        ("POST", "/download", "application/json", "{}", 404),
        ("POST", "/decode", "text/plain", "{}", 415),
    ] {
        let request = server.request(method, path).header("Origin", ORIGIN);
        let answer = request.header("Content-Type", content_type).body(body).send();
        answer.refused(status);
        assert_eq!(origin(&answer), Some(ORIGIN), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    }
}

/// An answer for which there is no permit, because a client does not take its own.
fn busy() -> Answer {
    use std::io::Write;
    let config = format!(
        "{}server: {{ cors: {{ origins: [\"{ORIGIN}\"] }}, limits: {{ concurrency: 1, timeout: 1 min, max_body_bytes: 40 MiB }} }}\n",
        ENCRYPTED.replace("[encrypt]", "[]")
    );
    let server = Server::start(&config);
    let large = format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "QUJD".repeat(4 << 20));
    let mut lazy = crate::client::connect(server.address);
    lazy.write_all(&server.request("POST", "/decode").json(&large).bytes()).unwrap();
    server.audit(1);
    let busy = server.request("POST", "/decode").header("Origin", ORIGIN).json(TESTING).send();
    assert!(busy.refused(503).contains("server.limits.concurrency"));
    assert_eq!(busy.header("retry-after"), Some("1"));
    busy
}

#[test]
fn limits_carry_the_headers_too() {
    use std::io::{Read, Write};
    let start = |timeout: &str| {
        Server::start(&format!(
            "{ENCRYPTED}server: {{ cors: {{ origins: [\"{ORIGIN}\"] }}, limits: {{ concurrency: 1, timeout: {timeout}, max_body_bytes: 1 KiB }} }}\n"
        ))
    };
    let ask = |server: &Server| server.request("POST", "/decode").header("Origin", ORIGIN);
    let slow = |server: &Server| {
        let mut stream = crate::client::connect(server.address);
        stream.write_all(&ask(server).json("").header("Content-Length", "100").bytes()).unwrap();
        stream
    };
    let server = start("1 min");
    let large = ask(&server).json(&" ".repeat(2000)).send();
    large.refused(413);
    for answer in [large, busy()] {
        assert_eq!(origin(&answer), Some(ORIGIN), "{answer:?}");
    }
    let mut late = String::new();
    slow(&start("1 s")).read_to_string(&mut late).unwrap();
    assert!(
        late.starts_with("HTTP/1.1 408 ")
            && late.contains(&format!("access-control-allow-origin: {ORIGIN}\r\n")),
        "{late}"
    );
}

#[test]
fn routes_that_are_read_only_say_so() {
    let server = start();
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = server.request("POST", path).header("Origin", ORIGIN).json("{}").send();
        assert_eq!(answer.refused(405), "this path only supports GET", "{path}");
        assert_eq!((answer.header("allow"), origin(&answer)), (Some("GET, HEAD, OPTIONS"), Some(ORIGIN)));
    }
}
