//! A key service behind the codec server: what it is asked is counted, and what it refuses is in
//! the audit log.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::process::Server;
use crate::protocol::TESTING;

const CONFIG: &str = "\
version: 1
keys:
  primary: orders
  ring: { orders: { service: \"hashivault://orders\" } }
  cache: { lifetime: 1 s }
codecs: [encrypt]
";

/// A Vault that "encrypts" by a prefix, or answers with the status of the moment.
fn vault(status: Arc<AtomicU16>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut room = [0; 4096];
            let body = loop {
                let Ok(len @ 1..) = stream.read(&mut room) else { break None };
                request.extend_from_slice(&room[..len]);
                let text = String::from_utf8_lossy(&request).into_owned();
                // A look at the token has no body.
                if let Some((head, body)) = text.split_once("\r\n\r\n")
                    && (head.starts_with("GET") || body.ends_with('}'))
                {
                    break Some(body.to_owned());
                }
            };
            let Some(body) = body else { continue };
            let status = status.load(Ordering::SeqCst);
            let value = |name: &str| {
                let json: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
                json[name].as_str().map(str::to_owned)
            };
            let answer = match (status, value("plaintext"), value("ciphertext")) {
                (200, Some(plaintext), _) => {
                    format!("{{\"data\":{{\"ciphertext\":\"vault:v1:{plaintext}\"}}}}")
                }
                (200, _, Some(ciphertext)) => {
                    format!(
                        "{{\"data\":{{\"plaintext\":\"{}\"}}}}",
                        ciphertext.trim_start_matches("vault:v1:")
                    )
                }
                _ => "{\"errors\":[\"permission denied\"]}".to_owned(),
            };
            let status = if body.is_empty() { 403 } else { status };
            let head = format!(
                "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            let _ = stream.write_all((head + &answer).as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn what_a_key_service_is_asked_is_counted_and_what_it_refuses_is_in_the_audit_log() {
    let status = Arc::new(AtomicU16::new(200));
    let address = vault(Arc::clone(&status));
    let folder = tempfile::tempdir().unwrap();
    let shell = format!("export VAULT_ADDR={address} VAULT_TOKEN=t; unset VAULT_NAMESPACE");
    let server = Server::start_after(&shell, folder, CONFIG);

    let sealed = server.post("/encode", TESTING).ok();
    assert_eq!(server.post("/decode", &sealed).ok(), TESTING);
    assert_eq!(server.request("GET", "/readyz").send().status, 200);

    // The data key that was unwrapped is forgotten, and the key is taken away.
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    status.store(403, Ordering::SeqCst);
    let refused = server.post("/decode", &sealed);
    assert!(refused.refused(400).contains("TDC_ERR_KEY_REFUSED at payloads[0]"), "{refused:?}");
    let line = server.audit(3).pop().unwrap();
    assert_eq!((line["reason"].as_str(), line["status"].as_u64()), (Some("TDC_ERR_KEY_REFUSED"), Some(400)));
    assert!(!line.to_string().contains("orders"), "{line}");
    assert_eq!(server.request("GET", "/readyz").send().status, 200, "readiness does not depend on it");

    let metrics = server.request("GET", "/metrics").send().body;
    for series in [
        "{service=\"hashivault\",operation=\"wrap\",outcome=\"ok\"} 1",
        "{service=\"hashivault\",operation=\"unwrap\",outcome=\"refused\"} 1",
    ] {
        assert!(metrics.contains(&format!("tdc_key_service_requests_total{series}")), "{metrics}");
    }
    assert!(!metrics.contains("hashivault://"), "{metrics}");
}

#[test]
fn a_key_service_that_is_away_is_503() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let shell = format!("export VAULT_ADDR={address} VAULT_TOKEN=t; unset VAULT_NAMESPACE");
    let server = Server::start_after(&shell, tempfile::tempdir().unwrap(), CONFIG);
    let answer = server.post("/encode", TESTING);
    assert!(answer.refused(503).contains("key service"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(server.request("GET", "/readyz").send().status, 200);
}
