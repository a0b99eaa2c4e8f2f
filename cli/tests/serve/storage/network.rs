//! Stores over the network: how they are asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::json;

use super::{ask, golden, object, payload, reference};
use crate::process::{ENCRYPTED, Server};

/// What a shell gives the server: credentials of the tests.
const AWS: &str =
    "export AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY=of-the-test AWS_EC2_METADATA_DISABLED=true";
const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Answers the head of each request, on as many connections as there are.
fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let (mut stream, mut byte, mut head) = (stream.unwrap(), [0], Vec::new());
                while stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        stream.write_all(&answer(std::str::from_utf8(&head).unwrap())).unwrap();
                        head.clear();
                    }
                }
            });
        }
    });
    address
}

/// Both kinds of stores, under the names of their drivers.
fn stores(endpoint: &str, more: &str) -> String {
    format!(
        "{ENCRYPTED}storage: {{ {more} stores: {{ aws.s3driver: {{ s3: {{ region: r, endpoint: \"{endpoint}\" }}, \
         buckets: [bucket] }}, gcp.gcsdriver: {{ gcs: {{ endpoint: \"{endpoint}\" }}, buckets: [bucket] }} }} }}\n"
    )
}

#[test]
fn a_store_is_only_read_and_only_to_show_something() {
    let (object, claim) = object();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let address = answering(move |head| {
        let (request, _) = head.split_once(" HTTP/1.1").unwrap();
        seen.lock().unwrap().push(request.to_owned());
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", object.len()).as_bytes(), &object].concat()
    });
    let config = stores(&format!("http://{address}"), "");
    let server = Server::start_after(AWS, tempfile::tempdir().unwrap(), &config);
    let large = payload("json/plain", None, &json!("1".repeat(1 << 20)));
    let both = ["aws.s3driver", "gcp.gcsdriver"].map(|driver| reference(driver, &claim));
    assert_eq!(ask(&server, "/encode", &[large, both[0].clone(), both[1].clone()]).status, 200);
    assert_eq!(ask(&server, "/decode?preserveStorageRefs=true", &both).json()["payloads"], json!(both));
    assert!(asked.lock().unwrap().is_empty(), "{asked:?}");

    let key = claim["key"].as_str().unwrap();
    let in_s3 = format!("GET /bucket/{}", key.replace('%', "%25"));
    let in_gcs =
        format!("GET /storage/v1/b/bucket/o/{}?alt=media", key.replace('%', "%25").replace('/', "%2F"));
    for path in ["/decode", "/download"] {
        let shown = ask(&server, path, &both).json();
        assert_eq!(shown["payloads"][0]["data"], "IlRlc3Rpbmci", "{shown}");
        let mut asked = std::mem::take(&mut *asked.lock().unwrap());
        asked.sort();
        assert_eq!(asked, [in_s3.as_str(), &in_gcs], "{path}");
    }
    ask(&server, "/download", &[golden()]).refused(400);
    assert!(asked.lock().unwrap().is_empty(), "{asked:?}");
}

#[test]
fn four_objects_are_fetched_at_once() {
    let waiting = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let counts = Arc::clone(&waiting);
    let address = answering(move |_| {
        // Nobody is answered before four wait, and then they have some time to be more.
        let (lock, changed) = &*counts;
        let mut state = lock.lock().unwrap();
        state.0 += 1;
        changed.notify_all();
        let patience = Duration::from_secs(20);
        state = changed.wait_timeout_while(state, patience, |state| state.0 < 4).unwrap().0;
        drop(state);
        std::thread::sleep(Duration::from_millis(300));
        let mut state = lock.lock().unwrap();
        state.1 = state.1.max(state.0);
        drop(state);
        std::thread::sleep(Duration::from_millis(300));
        lock.lock().unwrap().0 -= 1;
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()
    });
    let config = stores(&format!("http://{address}"), "");
    let server = Server::start_after(AWS, tempfile::tempdir().unwrap(), &config);
    let claim = |n: usize| json!({ "bucket": "bucket", "key": format!("v0/ns/orders/{n}"), "hash_algorithm": "sha256", "hash_value": HASH });
    for count in [4, 8] {
        let references: Vec<_> = (0..count).map(|n| reference("aws.s3driver", &claim(n))).collect();
        assert_eq!(ask(&server, "/decode", &references).json()["payloads"], json!(references));
    }
    assert_eq!(waiting.0.lock().unwrap().1, 4, "the most at the same time");
}

#[test]
fn objects_do_not_go_through_the_proxies_of_the_environment() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = proxy.local_addr().unwrap();
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    let proxies: String = names.iter().map(|name| format!(" {name}=http://{address}")).collect();
    let claim = json!({ "bucket": "bucket", "key": "v0/ns/orders/a", "hash_algorithm": "sha256", "hash_value": HASH });
    // Without TLS there are no credentials to get first.
    for endpoint in ["https://127.0.0.1:1", "http://127.0.0.1:1"] {
        let config = stores(endpoint, "timeout: 2 s,");
        let server = Server::start_after(&format!("{AWS}{proxies}"), tempfile::tempdir().unwrap(), &config);
        for driver in ["aws.s3driver", "gcp.gcsdriver"] {
            ask(&server, "/decode", &[reference(driver, &claim)]).refused(502);
            assert!(proxy.accept().is_err(), "{driver} at {endpoint}: the proxy was asked");
        }
    }
}
