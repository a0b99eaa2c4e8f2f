//! Running it: reload, shutdown, audit, metrics, health.

use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::connect;
use crate::process::{ENCRYPTED, PATIENCE, Server};
use crate::protocol::{GOLDEN, TESTING};

const TWO_KEYS: &str = "\
version: 1
keys:
  primary: new
  ring:
    new: { insecure_inline: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= }
    test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }
codecs: [encrypt]
";

/// base64 of `new`.
const NEW: &str = "\"encryption-key-id\":\"bmV3\"";

#[track_caller]
fn until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_command_health_asks_a_server() {
    let mut server = Server::start(ENCRYPTED);
    let ask = |path: &str| {
        let url = format!("http://{}{path}", server.address);
        let output = Command::new(env!("CARGO_BIN_EXE_tdc")).args(["health", &url]).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap() + str::from_utf8(&output.stderr).unwrap(),
        )
    };
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(path), (Some(0), String::new()), "{path}");
    }
    let (status, said) = ask("/encode");
    assert_eq!(status, Some(1));
    assert!(said.contains("TDC_ERR_REMOTE") && said.contains("/encode: the server answered 405"), "{said}");
    let address = server.address;
    server.stop();
    let output = Command::new(env!("CARGO_BIN_EXE_tdc"))
        .args(["health", &format!("http://{address}/healthz")])
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("cannot connect: Connection refused"), "{said}");
}

#[test]
fn a_machine_without_certificate_authorities_is_told_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_tdc"))
        .args(["health", "https://127.0.0.1:9/"])
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", "/dev/null")
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("install ca-certificates, or set SSL_CERT_FILE"), "{said}");
}

#[test]
fn a_changed_file_is_read_again_and_a_bad_one_is_not() {
    let server = Server::start(ENCRYPTED);
    server.write("tdc.yaml", "version: 1\ncodecs: [nonsense]\n");
    let error = server.wait_for("refused reload", |line| line["level"] == "ERROR");
    assert!(
        error["error"].as_str().unwrap().contains("line 2, column 10: codecs[0]: found nonsense"),
        "{error}"
    );
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING, "the old one stays");
    // What only the server can judge keeps the old one too.
    server.write("tdc.yaml", &format!("{TWO_KEYS}server: {{ cors: {{ origins: [nonsense] }} }}\n"));
    server.wait_for("refused reload", |line| {
        line["error"].as_str().is_some_and(|error| error.contains("server.cors.origins[0]"))
    });
    assert!(!server.post("/encode", TESTING).ok().contains(NEW));
    server.write("tdc.yaml", TWO_KEYS);
    until(|| server.post("/encode", TESTING).ok().contains(NEW));
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    // They count after the new state does.
    until(|| {
        let metrics = server.request("GET", "/metrics").send().body;
        metrics.contains("tdc_reloads_total{outcome=\"error\"} 2\n")
            && metrics.contains("tdc_reloads_total{outcome=\"ok\"} 1\n")
    });
}

#[test]
fn a_reload_that_would_make_it_a_relay_is_refused() {
    let server = Server::start(ENCRYPTED);
    let remote = "{ remote: { url: \"http://127.0.0.1:1\" } }";
    for config in [
        ENCRYPTED.replace("[encrypt]", &format!("[encrypt, {remote}]")),
        format!("{ENCRYPTED}namespaces: [{{ match: orders, codecs: [{remote}] }}]\n"),
    ] {
        let before = server.lines().len();
        server.write("tdc.yaml", &config);
        server.signal("HUP");
        until(|| {
            server.lines().iter().skip(before).any(|line| {
                line["message"] == "cannot reload the configuration: the previous one stays in use"
                    && line["error"].as_str().is_some_and(|error| error.contains("uses remote"))
            })
        });
        assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
        let encoded =
            server.request("POST", "/encode").header("X-Namespace", "orders").json(TESTING).send().ok();
        assert_eq!(server.post("/decode", &encoded).ok(), TESTING, "the old one stays");
    }
    server.write("tdc.yaml", TWO_KEYS);
    until(|| server.post("/encode", TESTING).ok().contains(NEW));
}

#[test]
fn a_key_file_that_is_replaced_counts_and_a_signal_reads_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = |server: &Server, text: &str| {
        server.write("k.key", text);
        std::fs::set_permissions(server.path("k.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    };
    let first = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
    std::fs::write(folder.path().join("k.key"), first).unwrap();
    std::fs::set_permissions(
        folder.path().join("k.key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let config = "version: 1\nkeys: { primary: k, ring: { k: { file: k.key } } }\ncodecs: [encrypt]\n";
    let server = Server::start_in(folder, config, &[]);
    let encoded = server.post("/encode", TESTING).ok();
    key(&server, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    until(|| server.post("/decode", &encoded).status == 400);
    key(&server, first);
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal");
    assert_eq!(server.post("/decode", &encoded).ok(), TESTING);
}

#[test]
fn a_key_that_requests_meet_at_the_same_time_is_found_for_all_of_them() {
    let server = Server::start(ENCRYPTED);
    let other = Server::start(TWO_KEYS);
    let encoded = other.post("/encode", TESTING).ok();
    server.write("tdc.yaml", TWO_KEYS);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(server.post("/decode", &encoded).ok(), TESTING));
        }
    });
}

#[test]
fn a_key_that_nobody_knew_is_looked_for_in_the_files_once_a_second() {
    let server = Server::start(ENCRYPTED);
    let other = Server::start(TWO_KEYS);
    let encoded = other.post("/encode", TESTING).ok();
    server.write("tdc.yaml", TWO_KEYS);
    until(|| server.post("/decode", &encoded).status == 200);
    let unknown = encoded.replace("bmV3", "dW5rbm93bg==");
    let before = server.lines().len();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1500) {
        assert!(
            server.post("/decode", &unknown).refused(400).starts_with("TDC_ERR_KEY_UNKNOWN at payloads[0]")
        );
    }
    let searches = server.lines()[before..].iter().filter(|line| line["why"] == "unknown key").count();
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
    assert!((1..=seconds + 2).contains(&searches), "{searches} in {seconds} seconds");
}

/// The search belongs to no request: clients that disconnect during it do not make the next one
/// come earlier.
#[test]
fn clients_that_disconnect_do_not_make_it_search_more_often() {
    let server = Server::start(ENCRYPTED);
    let unknown = GOLDEN.replace("dGVzdC1rZXktaWQ=", "dW5rbm93bg==");
    let request = server.request("POST", "/decode").json(&unknown).bytes();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (request, address) = (&request, server.address);
            scope.spawn(move || {
                for round in 0.. {
                    if start.elapsed() > Duration::from_secs(3) {
                        break;
                    }
                    connect(address).write_all(request).unwrap();
                    std::thread::sleep(Duration::from_micros((client * 7 + round) * 100 % 2000));
                }
            });
        }
    });
    assert!(server.post("/decode", &unknown).refused(400).starts_with("TDC_ERR_KEY_UNKNOWN"));
    let searches = server.lines().iter().filter(|line| line["why"] == "unknown key").count();
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
    assert!((1..=seconds + 2).contains(&searches), "{searches} in {seconds} seconds");
}

#[test]
fn keys_of_a_host_need_a_key_provider_which_the_server_does_not_have() {
    let host = "version: 1\nkeys: { primary: test-key-id, host: true }\ncodecs: [encrypt]\n";
    let server = Server::start(host);
    let encoded = Server::start(ENCRYPTED).post("/encode", TESTING).ok();
    let answer = server.post("/decode", &encoded);
    assert!(answer.refused(400).starts_with("TDC_ERR_KEY_PROVIDER at payloads[0]: "), "{answer:?}");
    server.post("/encode", TESTING).refused(500);
    server.wait_for("a request failed", |line| {
        line["error"].as_str().is_some_and(|error| error.contains("TDC_ERR_KEY_PROVIDER at payloads[0]: "))
    });
    // A key that was added to the file meanwhile is found all the same.
    server.write("tdc.yaml", ENCRYPTED);
    until(|| server.post("/decode", &encoded).status == 200);
}

#[test]
fn requests_in_flight_end_before_it_stops() {
    let mut server = Server::start(ENCRYPTED);
    let request = server.request("POST", "/decode").json(GOLDEN).bytes();
    let (head, tail) = request.split_at(request.len() - 10);
    let mut stream = connect(server.address);
    stream.write_all(head).unwrap();
    server.wait_for_in_flight(1);
    server.signal("TERM");
    let address = server.address;
    until(|| std::net::TcpStream::connect(address).is_err());
    stream.write_all(tail).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(TESTING), "{answer}");
    assert_eq!(server.ended(), Some(0));
    server.wait_for_last_line();
}

#[test]
fn it_stops_although_a_client_does_not() {
    let mut server = Server::start(&format!("{ENCRYPTED}server: {{ limits: {{ timeout: 300 ms }} }}\n"));
    let _idle = connect(server.address);
    let mut half = connect(server.address);
    half.write_all(b"POST /decode HTTP/1.1\r\n").unwrap();
    // Connections are taken in their order, so both are open when a later one has its answer.
    assert_eq!(server.request("GET", "/healthz").send().status, 200);
    let start = Instant::now();
    server.signal("INT");
    assert_eq!(server.ended(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(8), "a timeout of its own, and not the usual 10 s");
}

#[test]
fn the_audit_log_has_a_line_for_each_request_and_follows_a_rotation() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ audit: {{ file: audit.jsonl }} }}\n"));
    server.post("/decode", GOLDEN).ok();
    server.post("/decode", "{").refused(400);
    server.post("/nowhere", "{").refused(404);
    server.request("GET", "/healthz").send();
    server.request("OPTIONS", "/decode").send();
    let read = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(server.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let lines = read("audit.jsonl");
    let shown: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["operation"].as_str(),
                line["payloads"].as_u64(),
                line["status"].as_u64(),
                line["outcome"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Some("decode"), Some(1), Some(200), Some("decode")),
            (Some("decode"), None, Some(400), Some("bad_request")),
            (None, None, Some(404), Some("not_found")),
        ]
    );
    assert!(lines[0]["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(server.path("audit.jsonl")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    std::fs::rename(server.path("audit.jsonl"), server.path("audit.1")).unwrap();
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal");
    server.post("/decode", GOLDEN).ok();
    assert_eq!((read("audit.jsonl").len(), read("audit.1").len()), (1, 3));
}

#[test]
fn a_request_that_cannot_be_written_down_is_not_answered() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ audit: {{ file: /dev/full }} }}\n"));
    let answer = server.post("/decode", GOLDEN);
    assert!(answer.refused(503).contains("audit log") && !answer.body.contains("IlRlc3Rpbmci"));
    assert_eq!(server.request("GET", "/healthz").send().status, 200);
}

#[test]
fn metrics_can_have_an_address_of_their_own() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ metrics: {{ listen: \"127.0.0.1:0\" }} }}\n"));
    server.post("/decode", GOLDEN).ok();
    server.request("GET", "/metrics").send().refused(404);
    let apart = crate::client::Request::new(server.metrics_apart(), "GET", "/metrics").send();
    assert_eq!(apart.status, 200);
    assert!(
        apart.body.contains("tdc_requests_total{operation=\"decode\",namespace=\"all\",status=\"200\""),
        "{apart:?}"
    );
    assert!(apart.body.contains("tdc_request_duration_seconds_bucket"));
    assert!(apart.body.contains("tdc_requests_in_flight 0"));
    // A name that was pointed at this machine, and a web page.
    let ask = || crate::client::Request::new(server.metrics_apart(), "GET", "/metrics");
    assert_eq!(ask().header("Host", "evil.example").send().status, 403);
    assert_eq!(ask().header("Origin", "https://evil.example").send().status, 403);
    assert_eq!(ask().header("Host", "localhost:9090").send().status, 200);
}

/// Prometheus scrapes by the name of a service. Nothing but metrics is there.
#[test]
fn metrics_for_the_network_hear_every_host() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ metrics: {{ listen: \"0.0.0.0:0\" }} }}\n"));
    let apart = server.metrics_apart();
    assert!(apart.ip().is_unspecified());
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], apart.port()));
    let ask = |method: &str, path: &str, host: &str| {
        crate::client::Request::new(here, method, path).header("Host", host).json(GOLDEN).send().status
    };
    assert_eq!(ask("GET", "/metrics", "tdc.payments.svc.cluster.local:9090"), 200);
    assert_eq!(ask("POST", "/decode", "tdc.payments.svc.cluster.local:9090"), 404);
    // The server's own address is another thing.
    let own = server.request("POST", "/decode").header("Host", "tdc.payments.svc.cluster.local");
    own.json(GOLDEN).send().refused(403);
}
