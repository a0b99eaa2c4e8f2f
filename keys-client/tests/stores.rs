//! Stores, and codec servers, that answer what none should, over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

mod fake;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake::{Fake, keys};
use tdc_keys::{Bytes, Failure, FailureKind, ObjectStore, StoredObject};

const SECRET: &str = "secret-of-the-test";

fn object() -> StoredObject<'static> {
    StoredObject { bucket: "orders", key: "v0/ns/a%3Ab/d", max_bytes: 100, timeout: Duration::from_secs(1) }
}

fn from_s3(fake: &Fake) -> Result<Bytes, Failure> {
    let store = ObjectStore::S3 { region: "r", endpoint: Some(&fake.address), path_style: true };
    let clients = keys(&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", SECRET)]);
    clients.fetch(store, &object())
}

fn from_gcs(fake: &Fake) -> Result<Bytes, Failure> {
    keys(&[]).fetch(ObjectStore::Gcs { endpoint: Some(&fake.address) }, &object())
}

/// Fetches the object.
type Fetch = fn(&Fake) -> Result<Bytes, Failure>;

const STORES: [(&str, Fetch); 2] = [("S3", from_s3), ("GCS", from_gcs)];

#[test]
fn an_object_is_asked_for_by_its_key_and_without_credentials_where_there_is_no_tls() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let fake = Fake::new(move |request, stream| {
        seen.lock().unwrap().push(request.to_owned());
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    });
    for (name, fetch) in STORES {
        assert_eq!(*fetch(&fake).unwrap(), b"abc", "{name}");
    }
    let heads = heads.lock().unwrap();
    assert!(heads[0].starts_with("GET /orders/v0/ns/a%253Ab/d HTTP/1.1\r\n"), "{}", heads[0]);
    assert!(heads[0].to_ascii_lowercase().contains("\r\nauthorization: aws4-hmac-sha256 "), "{}", heads[0]);
    assert!(
        heads[1].starts_with("GET /storage/v1/b/orders/o/v0%2Fns%2Fa%253Ab%2Fd?alt=media "),
        "{}",
        heads[1]
    );
    assert!(!heads[1].to_ascii_lowercase().contains("\r\nauthorization"), "{}", heads[1]);
    assert!(heads.iter().all(|head| !head.contains(SECRET)));
}

#[test]
fn a_longer_object_is_cut_one_byte_past_the_limit() {
    for announced in ["Content-Length: 1000000\r\n", ""] {
        let response =
            format!("HTTP/1.1 200 OK\r\n{announced}Connection: close\r\n\r\n{}", "x".repeat(1_000_000));
        let fake = Fake::new(move |_, stream| {
            let _ = stream.write_all(response.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
        });
        for (name, fetch) in STORES {
            assert_eq!(fetch(&fake).unwrap().len(), 101, "{name}, announced by {announced:?}");
        }
    }
}

#[test]
fn what_is_not_the_object_has_a_kind_and_no_secret() {
    let xml =
        |code: &str| format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><X>{SECRET}</X></Error>");
    for (status, body, kind) in [
        ("404 Not Found", xml("NoSuchKey"), FailureKind::Invalid),
        ("404 Not Found", String::new(), FailureKind::Invalid),
        ("403 Forbidden", xml("AccessDenied"), FailureKind::Refused),
        ("403 Forbidden", xml("SignatureDoesNotMatch"), FailureKind::Refused),
        ("503 Slow Down", xml("SlowDown"), FailureKind::Unavailable),
        ("500 Internal Server Error", "<html>".to_owned(), FailureKind::Unavailable),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", String::new(), FailureKind::Unavailable),
        ("307 Temporary Redirect\r\nLocation: /elsewhere", String::new(), FailureKind::Unavailable),
        ("206 Partial Content", "abc".to_owned(), FailureKind::Unavailable),
    ] {
        let fake = Fake::saying(status, &body);
        for (name, fetch) in STORES {
            let failure = fetch(&fake).unwrap_err();
            assert_eq!(failure.kind(), kind, "{name}, {status}: {failure}");
            assert!(!failure.reason().contains(SECRET), "{name}, {status}: {failure}");
        }
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fake::saying("200 OK", "abc");
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let fake = Fake::saying(&format!("{status}\r\nLocation: {}/there", elsewhere.address), "");
        for (count, (name, fetch)) in (1..).zip(STORES) {
            let failure = fetch(&fake).unwrap_err();
            assert!(failure.reason().contains("redirect"), "{name}, {status}: {failure}");
            assert_eq!(fake.asked(), count, "{name}, {status}");
        }
    }
    assert_eq!(elsewhere.asked(), 0);
}

#[test]
fn a_refusal_that_may_be_a_missing_object_names_both_permissions() {
    let failure = from_gcs(&Fake::saying("403 Forbidden", "{}")).unwrap_err();
    assert_eq!(
        failure.reason(),
        "Google Cloud Storage answered 403: the object is missing, or the account lacks storage.objects.get; \
         allow storage.objects.list to tell them apart"
    );
    let failure =
        from_s3(&Fake::saying("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>")).unwrap_err();
    assert_eq!(
        failure.reason(),
        "the store answered 403 AccessDenied: the object is missing, or the role lacks s3:GetObject; \
         allow s3:ListBucket to tell them apart"
    );
}

#[test]
fn an_object_that_looks_like_an_error_is_an_object() {
    const OBJECT: &str = "<Error><Code>ExpiredToken</Code></Error>";
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let fake = Fake::new(move |request, stream| {
        let path = request.split(' ').nth(1).unwrap().to_owned();
        let body = if path == "/credentials" {
            format!(
                r#"{{"AccessKeyId":"id","SecretAccessKey":"{SECRET}","Token":"t","Expiration":"2999-01-01T00:00:00Z"}}"#
            )
        } else {
            OBJECT.to_owned()
        };
        seen.lock().unwrap().push(path);
        let _ = stream
            .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    });
    let clients = keys(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/credentials", fake.address))]);
    let store = ObjectStore::S3 { region: "r", endpoint: Some(&fake.address), path_style: true };
    assert_eq!(*clients.fetch(store, &object()).unwrap(), OBJECT.as_bytes());
    assert_eq!(*asked.lock().unwrap(), ["/credentials", "/orders/v0/ns/a%253Ab/d"]);
}

#[test]
fn a_silent_or_trickling_store_has_its_time_and_no_more() {
    let silent = Fake::new(|_, _| std::thread::sleep(Duration::from_secs(30)));
    let trickling = Fake::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    for (name, fetch) in STORES {
        for fake in [&silent, &trickling] {
            let start = Instant::now();
            assert_eq!(fetch(fake).unwrap_err().kind(), FailureKind::Unavailable, "{name}");
            assert!(start.elapsed() < Duration::from_secs(5), "{name} took {:?}", start.elapsed());
        }
    }
}

#[test]
fn a_lost_connection_is_tried_twice() {
    let fake = Fake::new(|_, stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    for (count, (name, fetch)) in (1..).zip(STORES) {
        assert_eq!(fetch(&fake).unwrap_err().kind(), FailureKind::Unavailable, "{name}");
        assert_eq!(fake.asked(), 2 * count, "{name}");
    }
}

#[test]
fn no_credentials_and_no_request_go_over_plain_http_off_loopback() {
    let start = Instant::now();
    let store = ObjectStore::S3 { region: "r", endpoint: Some("http://store.example.com"), path_style: true };
    let clients = keys(&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", SECRET)]);
    let failure = clients.fetch(store, &object()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused, "{failure}");
    let store = ObjectStore::Gcs { endpoint: Some("http://store.example.com") };
    assert_eq!(keys(&[]).fetch(store, &object()).unwrap_err().kind(), FailureKind::Refused);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_post_gives_back_whatever_came() {
    let fake = Fake::saying("302 Found\r\nLocation: http://127.0.0.1:1/", "elsewhere");
    let post =
        |url: &str, max| keys(&[]).post(url, [("x-namespace", "orders")], b"{}", Duration::from_secs(1), max);
    assert_eq!(post(&fake.address, 100).unwrap(), (302, b"elsewhere".to_vec().into()));
    assert_eq!(post(&fake.address, 3).unwrap().1.len(), 4);
    assert_eq!(fake.asked(), 2);
    assert_eq!(post("http://codec.example.com/", 3).unwrap_err().kind(), FailureKind::Refused);
}
