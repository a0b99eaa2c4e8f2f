//! Buckets of stores that answer what none should, over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

mod fake;

use std::io::Write;
use std::sync::{Arc, Mutex};

use fake::{Fake, keys};
use tdc_keys::{Failure, FailureKind, KeyServices, ListedObject, ObjectStore};

const SECRET: &str = "secret-of-the-test";

fn clients() -> KeyServices {
    keys(&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", SECRET)])
}

fn s3(fake: &Fake) -> ObjectStore<'_> {
    ObjectStore::S3 { region: "r", endpoint: Some(&fake.address), path_style: true }
}

fn gcs(fake: &Fake) -> ObjectStore<'_> {
    ObjectStore::Gcs { endpoint: Some(&fake.address) }
}

type Store = for<'f> fn(&'f Fake) -> ObjectStore<'f>;

/// The page of one object, and whether there is another one.
type Page = fn(&str, u64, Option<&str>) -> String;

const STORES: [(&str, Store, Page); 2] = [("S3", s3, xml), ("GCS", gcs, json)];

fn xml(key: &str, len: u64, next: Option<&str>) -> String {
    let next = next.map(|token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
    format!(
        "<ListBucketResult><IsTruncated>{}</IsTruncated>{}<Contents><Key>{key}</Key><Size>{len}</Size>\
         <ETag>\"e\"</ETag></Contents></ListBucketResult>",
        next.is_some(),
        next.unwrap_or_default()
    )
}

fn json(key: &str, len: u64, next: Option<&str>) -> String {
    let next = next.map(|token| format!(",\"nextPageToken\":\"{token}\""));
    format!(
        "{{\"items\":[{{\"name\":\"{key}\",\"size\":\"{len}\",\"generation\":\"7\"}}]{}}}",
        next.unwrap_or_default()
    )
}

/// Answers listings, and writes down what was asked.
fn listing(answer: impl Fn(usize) -> String + Send + Sync + 'static) -> (Fake, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let fake = Fake::new(move |request, stream| {
        let mut seen = seen.lock().unwrap();
        let body = answer(seen.len());
        seen.push(request.lines().next().unwrap().to_owned());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all((head + &body).as_bytes());
    });
    (fake, asked)
}

fn list(store: ObjectStore<'_>) -> Result<Vec<ListedObject>, Failure> {
    clients().list(store, "exports", "a b/", 5000)
}

#[test]
fn a_listing_goes_on_where_the_page_before_ended() {
    for (name, store, page) in STORES {
        let (fake, asked) = listing(move |at| page(&format!("a b/{at}"), 3, [Some("t 1"), None][at.min(1)]));
        let keys: Vec<String> = list(store(&fake)).unwrap().into_iter().map(|object| object.key).collect();
        assert_eq!(keys, ["a b/0", "a b/1"], "{name}");
        let asked = asked.lock().unwrap();
        let expected = match name {
            "S3" => [
                "GET /exports/?encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b%2F HTTP/1.1",
                "GET /exports/?continuation-token=t%201&encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b%2F HTTP/1.1",
            ],
            _ => [
                "GET /storage/v1/b/exports/o?fields=items(name,size,generation,crc32c,updated),nextPageToken&maxResults=1000&prefix=a%20b%2F HTTP/1.1",
                "GET /storage/v1/b/exports/o?fields=items(name,size,generation,crc32c,updated),nextPageToken&maxResults=1000&prefix=a%20b%2F&pageToken=t%201 HTTP/1.1",
            ],
        };
        assert_eq!(*asked, expected);
    }
}

#[test]
fn it_stops_where_there_is_enough() {
    for (name, store, page) in STORES {
        let (fake, _) = listing(move |at| page(&format!("a b/{at}"), 3, Some(&at.to_string())));
        let found = clients().list(store(&fake), "exports", "a b/", 3).unwrap();
        assert_eq!((found.len(), fake.asked()), (3, 3), "{name}");
    }
}

#[test]
fn a_listing_without_an_end_is_given_up() {
    for (name, store, page) in STORES {
        let (fake, _) = listing(move |_| page("a b/1", 3, Some("again")));
        let failure = list(store(&fake)).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Refused, "{name}");
        assert!(failure.reason().contains("same continuation token twice"), "{name}: {failure}");
        assert_eq!(fake.asked(), 2, "{name}");
        let long = "t".repeat(10_000);
        let (fake, _) = listing(move |_| page("a b/1", 3, Some(&long)));
        let failure = list(store(&fake)).unwrap_err();
        assert!(failure.reason().contains("token has more than 8192 bytes"), "{name}: {failure}");
    }
}

#[test]
fn more_than_was_asked_for_is_refused() {
    for (name, store, page) in STORES {
        let (fake, _) = listing(move |_| page("b/1", 3, None));
        assert!(list(store(&fake)).unwrap_err().reason().contains("do not begin with the prefix"), "{name}");
        let (fake, _) = listing(move |_| page("a b/1", 3, None) + &" ".repeat(9 << 20));
        assert!(list(store(&fake)).unwrap_err().reason().contains("more than 8388608 bytes"), "{name}");
    }
    let two = "<Contents><Key>a b/1</Key><Size>1</Size><ETag>e</ETag></Contents>".repeat(2);
    for (listed, says) in [
        (two.clone(), "more objects than requested"),
        // An object replaced between two parts would go unnoticed.
        (two.replace("<ETag>e</ETag>", ""), "not its API"),
        (two.replace(">e<", "><"), "not its API"),
    ] {
        let body = format!("<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>");
        let (fake, _) = listing(move |_| body.clone());
        let failure = clients().list(s3(&fake), "exports", "a b/", 1).unwrap_err();
        assert!(failure.reason().contains(says), "{failure}");
    }
}

#[test]
fn a_refused_listing_says_which_permission_is_missing() {
    let error = |code: &str| format!("<Error><Code>{code}</Code><X>{SECRET}</X></Error>");
    for (status, body, s3_says, gcs_says) in [
        ("403 Forbidden", error("AccessDenied"), "s3:ListBucket", "storage.objects.list"),
        ("403 Forbidden", String::new(), "s3:ListBucket", "storage.objects.list"),
        ("404 Not Found", error("NoSuchBucket"), "no such bucket", "no such bucket"),
        ("404 Not Found", String::new(), "no such bucket", "no such bucket"),
        ("301 Moved\r\nLocation: http://127.0.0.1:1/", String::new(), "redirect", "redirect"),
        ("307 Temporary Redirect\r\nLocation: /b", error("TemporaryRedirect"), "in this region", "redirect"),
        ("200 OK", "<html>".to_owned(), "not its API", "not its API"),
        ("200 OK", error("AccessDenied"), "not its API", "not its API"),
    ] {
        let fake = Fake::saying(status, &body);
        for (store, says) in [(s3(&fake), s3_says), (gcs(&fake), gcs_says)] {
            let failure = list(store).unwrap_err();
            assert!(failure.reason().contains(says), "{status}: {failure}");
            assert!(!failure.reason().contains(SECRET), "{failure}");
        }
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere =
        Fake::new(|_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")));
    let there = format!("{}/there", elsewhere.address);
    let fake = Fake::saying(&format!("302 Found\r\nLocation: {there}"), "");
    for store in [s3(&fake), gcs(&fake)] {
        list(store).unwrap_err();
    }
    let part = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
    for result in fetched(3, move |_| part.clone()) {
        assert!(result.unwrap_err().reason().contains("redirect"));
    }
    assert_eq!((fake.asked(), elsewhere.asked()), (2, 0));
}

/// An object of some bytes as a store lists it, and what became of fetching it.
fn fetched(
    len: u64,
    answer: impl Fn(&str) -> String + Clone + Send + Sync + 'static,
) -> [Result<Vec<u8>, Failure>; 2] {
    STORES.map(|(_, store, page)| {
        let answer = answer.clone();
        let fake = Fake::new(move |request, stream| {
            let path = request.split(' ').nth(1).unwrap();
            let response = if path.contains("prefix=") {
                let body = page("a b/1", len, None);
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            } else {
                answer(request)
            };
            let _ = stream.write_all(response.as_bytes());
            if !path.contains("prefix=") {
                let _ = stream.shutdown(std::net::Shutdown::Write);
            }
        });
        let clients = clients();
        let listed = clients.list(store(&fake), "exports", "a b/", 1)?;
        let mut download = clients.download(store(&fake), "exports", &listed[0]);
        let mut bytes = Vec::new();
        while let Some(part) = download.next_part()? {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    })
}

#[test]
fn an_object_is_fetched_in_parts_of_one_version() {
    const LEN: u64 = (8 << 20) + 3;
    for result in fetched(LEN, |request| {
        let head = request.to_ascii_lowercase();
        assert!(head.contains("if-match: \"e\"\r\n") || head.contains("&generation=7 "), "{request}");
        let range = head.split("range: bytes=").nth(1).unwrap().lines().next().unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let len = last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1;
        let letter = if first == "0" { "x" } else { "y" };
        format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {len}\r\n\r\n{}", letter.repeat(len))
    }) {
        let bytes = result.unwrap();
        assert_eq!(bytes.len() as u64, LEN);
        assert!(bytes.ends_with(b"xyyy"));
    }
    for result in fetched(0, |_| panic!("there is nothing to fetch")) {
        assert!(result.unwrap().is_empty());
    }
}

#[test]
fn what_is_not_the_object_that_was_listed_is_refused() {
    let part = |len: usize, body: &str| {
        format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {len}\r\n\r\n{body}")
    };
    for (answer, says) in [
        (part(2, "ab"), "sent 2 bytes instead of 3"),
        (part(3, "ab"), "the connection failed"),
        (part(9, "abcdefghi"), "more bytes than requested"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcdefghi".to_owned(), "more bytes than requested"),
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n".to_owned(), "redirect"),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned(), ""),
    ] {
        for result in fetched(3, move |_| answer.clone()) {
            let failure = result.unwrap_err();
            assert!(failure.reason().contains(says), "{failure}");
        }
    }
    let gone = |_: &str| "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n".to_owned();
    let [s3, _] = fetched(3, gone);
    assert!(s3.unwrap_err().reason().contains("replaced after it was listed"));
    // Longer than the object.
    for (code, says) in [
        ("ExpiredToken", "get new ones"),
        ("InvalidObjectState", "restore"),
        ("AccessDenied", "s3:GetObject"),
    ] {
        let [s3, _] = fetched(3, move |_| {
            let body = format!("<Error><Code>{code}</Code></Error>");
            format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        });
        let failure = s3.unwrap_err();
        assert!(failure.reason().contains(code) && failure.reason().contains(says), "{failure}");
    }
    let whole = |_: &str| "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc".to_owned();
    for result in fetched(3, whole) {
        assert_eq!(result.unwrap(), b"abc");
    }
}

#[test]
fn a_damaged_object_is_noticed_where_the_store_says_a_checksum() {
    let fake = Fake::new(|request, stream| {
        let body = if request.contains("prefix=") {
            r#"{"items":[{"name":"a b/1","size":"9","generation":"7","crc32c":"4waSgw=="}]}"#
        } else {
            "123456780"
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all((head + body).as_bytes());
    });
    let clients = clients();
    let listed = list(gcs(&fake)).unwrap();
    let mut download = clients.download(gcs(&fake), "exports", &listed[0]);
    assert_eq!(download.next_part().unwrap().unwrap().len(), 9);
    assert!(download.next_part().unwrap_err().reason().contains("damaged"));
}

#[test]
fn an_emulator_is_found_by_its_variable_and_gets_no_credentials() {
    let (fake, asked) = listing(|_| json("a b/1", 3, None));
    for address in [fake.address.as_str(), fake.address.trim_start_matches("http://")] {
        let clients = keys(&[("STORAGE_EMULATOR_HOST", address)]);
        assert_eq!(clients.list(ObjectStore::Gcs { endpoint: None }, "exports", "a b/", 9).unwrap().len(), 1);
    }
    assert_eq!(asked.lock().unwrap().len(), 2);
    let clients = keys(&[("STORAGE_EMULATOR_HOST", "store.example.com")]);
    let failure = clients.list(ObjectStore::Gcs { endpoint: None }, "exports", "", 9).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused, "{failure}");
}
