//! External payloads: `/download`, and references in `/decode`, as the Web UI and `temporal` ask
//! for them. The store is a directory, as a copy of a bucket is.

mod network;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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

fn golden() -> Value {
    let list: Value = serde_json::from_str(GOLDEN).unwrap();
    list["payloads"][0].clone()
}

/// An object that has the golden payload, and the claim to it.
fn object() -> (Vec<u8>, Value) {
    let object = serialised(&golden());
    let hash = hash(&object);
    let key = format!("v0/ns/orders/wt/Order/wi/o%201/ri/r/d/sha256/{hash}");
    (object, json!({ "bucket": "bucket", "key": key, "hash_algorithm": "sha256", "hash_value": hash }))
}

fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder with this object in a store, and the claim.
fn store() -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let (object, claim) = object();
    let path = folder.path().join("objects/bucket").join(claim["key"].as_str().unwrap());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, object).unwrap();
    (folder, claim)
}

/// Every file below a folder, with its time and bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, SystemTime, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| {
        if path.is_dir() {
            return contents(&path);
        }
        let (time, bytes) = (fs::metadata(&path).unwrap().modified().unwrap(), fs::read(&path).unwrap());
        vec![(path, time, bytes)]
    });
    files.collect()
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
    let stored = contents(&folder.path().join("objects"));
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}"), &[]);
    let reference = reference("aws.s3driver", &claim);
    let one = std::slice::from_ref(&reference);
    for path in ["/download", "/orders/download?preserveStorageRefs=true", "/decode", "/decode?x=1"] {
        assert_eq!(ask(&server, path, one).ok(), TESTING, "{path}");
    }
    for path in ["/decode?preserveStorageRefs=true", "/decode?a=b&preserveStorageRefs=TRUE"] {
        assert_eq!(ask(&server, path, one).json()["payloads"], json!([reference]), "{path}");
    }
    // What the reference says of itself is for the server and the Web UI.
    assert_eq!(ask(&server, "/encode", one).status, 200);
    assert_eq!(contents(&server.path("objects")), stored, "nothing is written");
    let lines = server.audit(7);
    assert_eq!((&lines[0]["operation"], &lines[0]["outcome"]), (&json!("download"), &json!("download")));
    let (object, _) = object();
    for (line, fetches) in lines.iter().zip([true, true, true, true, false, false, false]) {
        let objects = json!({ "stores": ["aws.s3driver"], "count": 1, "bytes": object.len() });
        assert_eq!(line.get("objects"), fetches.then_some(&objects), "{line}");
    }
    let log = lines.iter().map(Value::to_string).collect::<String>();
    assert!(!log.contains("sha256") && !log.contains("v0/"), "{log}");
    let metrics = server.request("GET", "/metrics").send().body;
    assert!(
        metrics.contains("tdc_stored_objects_total{store=\"aws.s3driver\",outcome=\"ok\"} 4"),
        "{metrics}"
    );
}

#[test]
fn order_and_count_of_several_payloads_stay() {
    let (folder, claim) = store();
    let second = put(folder.path(), &serialised(&payload("json/plain", None, &json!("second"))));
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{STORAGE}"), &[]);
    let [first, second] = [claim, second].map(|claim| reference("aws.s3driver", &claim));
    let data = |path: &str, payloads: &[&Value]| {
        let payloads: Vec<_> = payloads.iter().copied().cloned().collect();
        let answer = ask(&server, path, &payloads).json();
        let data = |payload: &Value| BASE64_STANDARD.decode(payload["data"].as_str().unwrap()).unwrap();
        let texts = answer["payloads"].as_array().unwrap().iter().map(data);
        texts.map(|text| String::from_utf8(text).unwrap()).collect::<Vec<_>>()
    };
    let (one, two) = ("\"Testing\"", "\"second\"");
    assert_eq!(data("/download", &[&second, &first, &second, &first]), [two, one, two, one]);
    assert_eq!(data("/decode", &[&golden(), &second, &first, &golden()]), [one, two, one, one]);
    assert_eq!(ask(&server, "/download", &[]).json(), json!({ "payloads": [] }));
    // One that cannot be downloaded, and the answer has none of them.
    for bad in [golden(), reference("gcp.gcsdriver", &json!({}))] {
        let answer = ask(&server, "/download", &[first.clone(), bad, second.clone()]);
        assert!(answer.refused(400).starts_with("TDC_ERR_REFERENCE at payloads[1]: "), "{answer:?}");
    }
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
    let with = |name: &str, value: &str| {
        let mut claim = claim.clone();
        claim[name] = value.into();
        reference("aws.s3driver", &claim)
    };
    let key = claim["key"].as_str().unwrap();
    for (what, payload) in [
        ("not a reference", golden()),
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
        let decoded = ask(&server, "/decode", &[payload.clone(), golden()]).json();
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
fn put(folder: &Path, bytes: &[u8]) -> Value {
    let hash = hash(bytes);
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
    let golden = golden();
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
