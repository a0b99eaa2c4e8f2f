//! External payloads: `/download`, and references in `/decode`, as the Web UI and `temporal` ask
//! for them. The store is a directory, as a copy of a bucket is.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::process::{ENCRYPTED, Server};
use crate::protocol::{GOLDEN, TESTING};
use crate::provider::{SigningKey, claims, set};

const STORAGE: &str =
    "storage: { stores: { aws.s3driver: { directory: objects, buckets: [bucket] }, away: { s3: { region: r,
  endpoint: \"http://127.0.0.1:1\", path_style: true }, buckets: [bucket] } } }\n";
const MESSAGE_TYPE: &str = "temporal.api.sdk.v1.ExternalStorageReference";

/// A folder with the golden payload in a store, and the reference to it.
fn store() -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let object = serialised(&golden["payloads"][0]);
    let hash: String = digest(&SHA256, &object).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!("v0/ns/orders/wt/Order/wi/o%201/ri/r/d/sha256/{hash}");
    let path = folder.path().join("objects/bucket").join(&key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, object).unwrap();
    let claim = json!({ "bucket": "bucket", "key": key, "hash_algorithm": "sha256", "hash_value": hash });
    (folder, claim)
}

/// A payload of JSON as protobuf.
fn serialised(payload: &Value) -> Vec<u8> {
    let field =
        |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let bytes = |value: &Value| BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
    let mut out = Vec::new();
    for (key, value) in payload["metadata"].as_object().unwrap() {
        out.extend(field(1, &[field(1, key.as_bytes()), field(2, &bytes(value))].concat()));
    }
    out.extend(field(2, &bytes(&payload["data"])));
    out
}

fn payload(encoding: &str, message_type: Option<&str>, data: &Value) -> Value {
    let mut metadata = json!({ "encoding": BASE64_STANDARD.encode(encoding) });
    if let Some(name) = message_type {
        metadata["messageType"] = BASE64_STANDARD.encode(name).into();
    }
    json!({ "metadata": metadata, "data": BASE64_STANDARD.encode(data.to_string()),
        "externalPayloads": [{ "sizeBytes": "300000" }] })
}

fn reference(driver: &str, claim: &Value) -> Value {
    payload("json/protobuf", Some(MESSAGE_TYPE), &json!({ "driverName": driver, "claimData": claim }))
}

fn ask(server: &Server, path: &str, payloads: &[Value]) -> Answer {
    let body = json!({ "payloads": payloads }).to_string();
    server.request("POST", path).header("X-Namespace", "orders").json(&body).send()
}

#[test]
fn an_external_payload_is_downloaded_decoded_and_shown() {
    let (folder, claim) = store();
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}"), &[]);
    let reference = reference("aws.s3driver", &claim);
    let one = std::slice::from_ref(&reference);
    for path in ["/download", "/orders/download?preserveStorageRefs=true", "/decode", "/decode?x=1"] {
        assert_eq!(ask(&server, path, one).ok(), TESTING, "{path}");
    }
    for path in ["/decode?preserveStorageRefs=true", "/decode?a=b&preserveStorageRefs=TRUE"] {
        assert_eq!(ask(&server, path, one).json()["payloads"], json!([reference]), "{path}");
    }
    // Order and count stay.
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let plain = &golden["payloads"][0];
    let all = ask(&server, "/decode", &[plain.clone(), reference.clone(), plain.clone()]).json();
    let data: Vec<_> =
        all["payloads"].as_array().unwrap().iter().map(|payload| payload["data"].clone()).collect();
    assert_eq!(data, ["IlRlc3Rpbmci"; 3]);
    // What the reference says of itself is for the server and the Web UI.
    assert_eq!(ask(&server, "/encode", one).status, 200);
    let lines = server.audit(8);
    assert_eq!((&lines[0]["operation"], &lines[0]["outcome"]), (&json!("download"), &json!("download")));
    let objects = json!({ "stores": ["aws.s3driver"], "count": 1, "bytes": 139 });
    assert_eq!(lines[0]["objects"]["stores"], objects["stores"], "{}", lines[0]);
    assert_eq!(lines[0]["objects"]["count"], 1, "{}", lines[0]);
    assert!(lines[4].get("objects").is_none(), "{}", lines[4]);
    let log = lines.iter().map(Value::to_string).collect::<String>();
    assert!(!log.contains("sha256") && !log.contains("v0/"), "{log}");
    let metrics = server.request("GET", "/metrics").send().body;
    assert!(
        metrics.contains("tdc_stored_objects_total{store=\"aws.s3driver\",outcome=\"ok\"} 5"),
        "{metrics}"
    );
}

#[test]
fn a_legacy_reference_is_given_back_in_the_form_that_the_web_ui_knows() {
    let (folder, claim) = store();
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}"), &[]);
    let data = json!({ "driver_name": "aws.s3driver", "driver_claim": { "claim_data": claim } });
    let legacy = payload("json/external-storage-reference", None, &data);
    let one = std::slice::from_ref(&legacy);
    assert_eq!(ask(&server, "/download", one).ok(), TESTING);
    let given = ask(&server, "/decode?preserveStorageRefs=true", one).json();
    let given = &given["payloads"][0];
    assert_eq!(given["metadata"]["messageType"], BASE64_STANDARD.encode(MESSAGE_TYPE));
    assert_eq!(given["externalPayloads"], json!([{ "sizeBytes": "300000" }]));
    assert_eq!(ask(&server, "/download", std::slice::from_ref(given)).ok(), TESTING);
}

#[test]
fn what_cannot_be_downloaded_is_400_and_never_404() {
    let (folder, claim) = store();
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}"), &[]);
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let with = |name: &str, value: &str| {
        let mut claim = claim.clone();
        claim[name] = value.into();
        reference("aws.s3driver", &claim)
    };
    let key = claim["key"].as_str().unwrap();
    for (what, payload) in [
        ("not a reference", golden["payloads"][0].clone()),
        ("another driver", reference("gcp.gcsdriver", &claim)),
        ("another bucket", with("bucket", "other")),
        ("a missing object", with("key", &key.replace("Order", "Orders"))),
        ("another namespace", with("key", &key.replace("/orders/", "/orders-eu/"))),
        ("a way out", with("key", &key.replace("wt/Order", "../.."))),
        ("a wrong hash", with("hash_value", &"0".repeat(64))),
        ("no claim", reference("aws.s3driver", &json!({}))),
    ] {
        let one = std::slice::from_ref(&payload);
        let answer = ask(&server, "/download", one);
        assert!(answer.refused(400).starts_with("TDC_ERR_REFERENCE at payloads[0]: "), "{what}: {answer:?}");
        // The rest of a history is of use without it.
        let decoded = ask(&server, "/decode", &[payload.clone(), golden["payloads"][0].clone()]).json();
        assert_eq!(decoded["payloads"][1]["data"], "IlRlc3Rpbmci", "{what}: {decoded}");
    }
    let answer = ask(&server, "/download", &[with("bucket", "other")]);
    assert!(answer.refused(400).contains("its bucket \"other\" is not one that"), "{answer:?}");
    let malformed = payload("json/protobuf", Some(MESSAGE_TYPE), &json!(1));
    let one = std::slice::from_ref(&malformed);
    assert!(ask(&server, "/download", one).refused(400).starts_with("TDC_ERR_REFERENCE"));
    for path in ["/decode", "/decode?preserveStorageRefs=true"] {
        assert_eq!(ask(&server, path, one).json()["payloads"], json!([malformed]));
    }
    let answer = ask(&server, "/download", &[reference("away", &claim)]);
    assert!(answer.refused(502).contains("the store of an external payload"), "{answer:?}");
    ask(&server, "/decode", &[reference("away", &claim)]).refused(502);
    let many: Vec<_> = (0..101).map(|n| with("key", &format!("v0/ns/orders/{n}"))).collect();
    assert!(ask(&server, "/download", &many).refused(400).contains("more than 100 stored objects"));
}

/// Puts bytes into the store of a folder, and gives the claim of their object.
fn put(folder: &std::path::Path, bytes: &[u8]) -> Value {
    let hash: String = digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!("v0/ns/orders/{hash}");
    fs::write(folder.join("objects/bucket").join(&key), bytes).unwrap();
    json!({ "bucket": "bucket", "key": key, "hash_algorithm": "sha256", "hash_value": hash })
}

#[test]
fn what_has_no_room_or_is_no_payload_stays_a_reference_and_the_rest_is_shown() {
    let (folder, claim) = store();
    let (large, text) = (put(folder.path(), &[b'1'; 300]), put(folder.path(), b"not a payload at all"));
    // Room for an object with its layer, and no second one.
    let limits = "limits: { max_decoded_bytes: 256 B }\n";
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}{limits}"), &[]);
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let golden = &golden["payloads"][0];
    let of = |claim: &Value| reference("aws.s3driver", claim);
    for (what, payload) in [("a large object", of(&large)), ("no payload", of(&text))] {
        ask(&server, "/download", std::slice::from_ref(&payload)).refused(400);
        let decoded = ask(&server, "/decode", &[payload.clone(), golden.clone()]).json();
        assert_eq!(decoded["payloads"][0], payload, "{what}");
        assert_eq!(decoded["payloads"][1]["data"], "IlRlc3Rpbmci", "{what}: {decoded}");
    }
    let decoded = ask(&server, "/decode", &[of(&claim), of(&claim), golden.clone()]).json();
    assert_eq!(decoded["payloads"][0]["data"], "IlRlc3Rpbmci", "{decoded}");
    assert_eq!(decoded["payloads"][1], of(&claim));
    assert_eq!(decoded["payloads"][2]["data"], "IlRlc3Rpbmci", "{decoded}");
    // One object more than a request may have fetched: none of these is there.
    let missing = |n: usize| {
        let mut claim = claim.clone();
        claim["key"] = format!("v0/ns/orders/{n}").into();
        of(&claim)
    };
    let many: Vec<_> = (0..100).map(missing).chain([of(&claim), golden.clone()]).collect();
    let decoded = ask(&server, "/decode", &many).json();
    assert_eq!(decoded["payloads"].as_array().unwrap()[..101], many[..101]);
    assert_eq!(decoded["payloads"][101]["data"], "IlRlc3Rpbmci");
}

/// What a shell gives the server: credentials of the tests.
const AWS: &str =
    "export AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY=of-the-test AWS_EC2_METADATA_DISABLED=true";

#[test]
fn four_objects_are_fetched_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let counts = Arc::clone(&waiting);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let counts = Arc::clone(&counts);
            std::thread::spawn(move || {
                let (mut stream, mut byte, mut head) = (stream.unwrap(), [0], Vec::new());
                while stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if !head.ends_with(b"\r\n\r\n") {
                        continue;
                    }
                    head.clear();
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
                    stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
                }
            });
        }
    });
    let storage = format!(
        "storage: {{ stores: {{ aws.s3driver: {{ s3: {{ region: r, endpoint: \"http://{address}\" }}, buckets: [bucket] }} }} }}\n"
    );
    let server = Server::start_after(AWS, tempfile::tempdir().unwrap(), &format!("{ENCRYPTED}{storage}"));
    let hash = "0".repeat(64);
    let claim = |n: usize| json!({ "bucket": "bucket", "key": format!("v0/ns/orders/{n}"), "hash_algorithm": "sha256", "hash_value": hash });
    let references: Vec<_> = (0..4).map(|n| reference("aws.s3driver", &claim(n))).collect();
    assert_eq!(ask(&server, "/decode", &references).json()["payloads"], json!(references));
    let references: Vec<_> = (0..8).map(|n| reference("aws.s3driver", &claim(n))).collect();
    assert_eq!(ask(&server, "/decode", &references).json()["payloads"], json!(references));
    assert_eq!(waiting.0.lock().unwrap().1, 4, "the most at the same time");
}

#[test]
fn objects_do_not_go_through_the_proxies_of_the_environment() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxies = format!("{AWS} HTTPS_PROXY=http://{0} ALL_PROXY=http://{0}", proxy.local_addr().unwrap());
    let storage = "storage: { timeout: 2 s, stores: { aws.s3driver: { s3: { region: r, endpoint: \"https://127.0.0.1:1\" }, buckets: [bucket] },
  gcp: { gcs: { endpoint: \"https://127.0.0.1:1\" }, buckets: [bucket] } } }\n";
    let server =
        Server::start_after(&proxies, tempfile::tempdir().unwrap(), &format!("{ENCRYPTED}{storage}"));
    let hash = "0".repeat(64);
    let claim = json!({ "bucket": "bucket", "key": "v0/ns/orders/a", "hash_algorithm": "sha256", "hash_value": hash });
    let answer = ask(&server, "/decode", &[reference("aws.s3driver", &claim)]);
    answer.refused(502);
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

#[test]
fn without_stores_there_is_nothing_to_download() {
    let server = Server::start(ENCRYPTED);
    let answer = ask(&server, "/download", &[reference("aws.s3driver", &json!({}))]);
    assert!(answer.refused(404).contains("no storage section"), "{answer:?}");
}

#[test]
fn links_in_a_directory_are_not_followed() {
    let (folder, claim) = store();
    let inside = folder.path().join("objects/bucket/v0/ns");
    fs::rename(inside.join("orders"), folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), inside.join("orders")).unwrap();
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}"), &[]);
    let answer = ask(&server, "/download", &[reference("aws.s3driver", &claim)]);
    answer.refused(400);
}

#[test]
fn whoever_may_not_download_gets_the_reference() {
    let (folder, claim) = store();
    let key = SigningKey::elliptic("one");
    fs::write(folder.path().join("jwks.json"), set(&[&key])).unwrap();
    let rules = "server: { auth: { issuers: [{ issuer: i, audience: tdc, jwks: { file: jwks.json } }],
  rules: [{ allow: [decode, download], claims: { role: all } }, { allow: [decode] }] } }\n";
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}{rules}"), &[]);
    let reference = reference("aws.s3driver", &claim);
    let body = json!({ "payloads": [reference] }).to_string();
    let ask = |path: &str, claims: &Value| {
        let request = server.request("POST", path).header("X-Namespace", "orders").json(&body);
        request.bearer(&key.sign(claims)).send()
    };
    let (all, few) = (claims("i", &json!({ "role": "all" })), claims("i", &json!({})));
    assert_eq!(ask("/decode", &all).ok(), TESTING);
    assert_eq!(ask("/download", &all).ok(), TESTING);
    assert_eq!(ask("/decode", &few).json()["payloads"], json!([reference]));
    ask("/download", &few).refused(403);
}
