//! Services that answer what no service should, over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

mod fake;

use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake::{Fake, TOKEN, keys};
use tdc_keys::{FailureKind, KeyService};

fn orders() -> KeyService {
    KeyService { timeout_ms: 1000, ..KeyService::new("hashivault://orders") }
}

/// A wrapped key, as far as its form goes.
const WRAPPED: &[u8] = b"vault:v1:AAAA";

#[test]
fn what_is_no_answer_is_a_fault_of_the_service() {
    let too_much = format!(r#"{{"data":{{"plaintext":"{}"}}}}"#, "A".repeat(70_000));
    let cases = [
        ("200 OK", "", "not its API"),
        ("200 OK", "<html>log in</html>", "not its API"),
        ("200 OK", r#"{"data":{"plaintext":5}}"#, "not its API"),
        ("200 OK", r#"{"data":{"plaintext":"%%"}}"#, "not its API"),
        ("200 OK", &too_much, "more than 65536 bytes"),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", "", "redirect"),
        ("307 Temporary Redirect\r\nLocation: /v1/other", "", "redirect"),
        ("404 Not Found", "nobody here", "status 404"),
        ("200 OK\r\nX: y\u{1}", "", "not HTTP"),
    ];
    for (status, body, expected) in cases {
        let fake = Fake::saying(status, body);
        let failure = fake.keys().unwrap(&orders(), WRAPPED).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unavailable, "{status}: {failure}");
        assert!(failure.reason().contains(expected), "{status}: {failure}");
        assert_eq!(fake.asked(), 1, "{status}");
    }
}

#[test]
fn a_silent_or_trickling_service_has_the_time_of_one_attempt() {
    let silent = Fake::new(|_, _| std::thread::sleep(Duration::from_secs(60)));
    let trickling = Fake::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    for fake in [silent, trickling] {
        let before = Instant::now();
        // A given token is looked up first, in the time of the same attempt.
        let failure = fake.keys().unwrap(&orders(), WRAPPED).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unavailable);
        assert!(failure.reason().contains("in time"), "{failure}");
        assert!(before.elapsed() < Duration::from_millis(1900), "{:?}", before.elapsed());
    }
}

#[test]
fn what_may_pass_is_tried_twice_and_what_is_refused_once() {
    for (status, tries, kind) in [
        ("503 Service Unavailable", 2, FailureKind::Unavailable),
        ("429 Too Many Requests", 2, FailureKind::Unavailable),
        ("403 Forbidden", 1, FailureKind::Refused),
        ("404 Not Found", 1, FailureKind::Refused),
    ] {
        let fake = Fake::saying(status, r#"{"errors":["no"]}"#);
        assert_eq!(fake.keys().wrap(&orders(), &[7; 32]).unwrap_err().kind(), kind, "{status}");
        assert_eq!(fake.asked(), tries, "{status}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = keys(&[("VAULT_ADDR", &format!("http://{closed}")), ("VAULT_TOKEN", TOKEN)])
        .wrap(&orders(), &[7; 32])
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert!(failure.reason().contains("the connection failed"), "{failure}");
}

#[test]
fn a_key_of_another_length_is_an_error_of_the_payload() {
    for plaintext in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="] {
        let fake = Fake::saying("200 OK", &format!(r#"{{"data":{{"plaintext":"{plaintext}"}}}}"#));
        let failure = fake.keys().unwrap(&orders(), WRAPPED).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Invalid, "{failure}");
    }
}

#[test]
fn what_is_not_wrapped_by_the_service_is_not_sent_to_it() {
    let fake = Fake::saying("200 OK", "");
    for wrapped in [&b""[..], b"vault:v1:a b", b"\xff", &[b'a'; 9000]] {
        assert_eq!(fake.keys().unwrap(&orders(), wrapped).unwrap_err().kind(), FailureKind::Invalid);
    }
    assert_eq!(fake.asked(), 0);
}

#[test]
fn a_service_that_repeats_what_it_was_told_does_not_get_it_into_a_reason() {
    let fake = Fake::new(|request, stream| {
        let said: String =
            request.chars().map(|c| if c == '"' || c.is_control() { ' ' } else { c }).collect();
        let body = format!(r#"{{"errors":["{said}"]}}"#);
        let _ = write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    });
    let failure = fake.keys().wrap(&orders(), b"0123456789abcdef0123456789abcdef").unwrap_err();
    assert!(failure.reason().contains("/v1/transit/encrypt/orders"), "{failure}");
    for secret in [TOKEN, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"] {
        assert!(!failure.reason().contains(secret), "{failure}");
    }
}

/// KMS opens a blob by the key that is in it, unless it is told which key is meant; an emulator may
/// not look.
#[test]
fn an_answer_by_another_key_of_aws_is_refused() {
    let key = "arn:aws:kms:eu-central-1:1:key/other";
    let body = format!(r#"{{"KeyId":"{key}","Plaintext":"{}="}}"#, "A".repeat(43));
    let fake = Fake::saying("200 OK", &body);
    let keys = keys(&[
        ("AWS_ENDPOINT_URL", &fake.address),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "not-said"),
    ]);
    let mine = KeyService::new("awskms://mine?region=eu-central-1");
    assert_eq!(keys.unwrap(&mine, b"blob").unwrap_err().kind(), FailureKind::Invalid);
    let earlier = KeyService { earlier: vec!["other".to_owned()], ..mine };
    assert_eq!(keys.unwrap(&earlier, b"blob").unwrap().len(), 32);
}

#[test]
fn a_signature_that_aws_quotes_stays_out_of_the_reason() {
    let body = r#"{"__type":"InvalidSignatureException","message":"host:x x-amz-security-token:hush"}"#;
    let fake = Fake::saying("400 Bad Request", body);
    let keys = keys(&[
        ("AWS_ENDPOINT_URL", &fake.address),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "not-said"),
        ("AWS_SESSION_TOKEN", "hush"),
    ]);
    let failure = keys.wrap(&KeyService::new("awskms://mine?region=eu-central-1"), &[7; 32]).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused);
    assert!(!failure.reason().contains("hush"), "{failure}");
}

/// What KMS says and moto does not.
#[test]
fn refusals_of_aws_are_told_apart() {
    for (status, code, kind, tries) in [
        ("400 Bad Request", "IncorrectKeyException", FailureKind::Invalid, 1),
        ("400 Bad Request", "InvalidCiphertextException", FailureKind::Invalid, 1),
        ("400 Bad Request", "DisabledException", FailureKind::Refused, 1),
        ("400 Bad Request", "KMSInvalidStateException", FailureKind::Refused, 1),
        ("400 Bad Request", "com.amazonaws.kms#AccessDeniedException", FailureKind::Refused, 1),
        ("400 Bad Request", "ThrottlingException", FailureKind::Unavailable, 2),
        ("500 Internal Server Error", "KMSInternalException", FailureKind::Unavailable, 2),
    ] {
        let fake = Fake::saying(status, &format!(r#"{{"__type":"{code}","Message":"because"}}"#));
        let keys = keys(&[
            ("AWS_ENDPOINT_URL", &fake.address),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "not-said"),
        ]);
        let failure =
            keys.unwrap(&KeyService::new("awskms://mine?region=eu-central-1"), b"blob").unwrap_err();
        assert_eq!((failure.kind(), fake.asked()), (kind, tries), "{failure}");
        assert!(failure.reason().ends_with("because"), "{failure}");
    }
}

#[test]
fn all_of_a_message_is_asked_together_and_sixteen_at_a_time() {
    let most = Arc::new(Mutex::new((0, 0)));
    let seen = Arc::clone(&most);
    let fake = Fake::new(move |request, stream| {
        if !request.contains("/v1/auth/") {
            let now = {
                let mut seen = seen.lock().unwrap();
                seen.0 += 1;
                seen.1 = seen.1.max(seen.0);
                seen.0
            };
            assert!(now <= 16);
            std::thread::sleep(Duration::from_millis(30));
            seen.lock().unwrap().0 -= 1;
        }
        let body = format!(r#"{{"data":{{"plaintext":"{}="}}}}"#, "A".repeat(43));
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    });
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    };
    let mut requests = Vec::new();
    for id in 1..=100_u8 {
        let service = field(1, &field(1, b"hashivault://orders"));
        let unwrap = [service, field(2, format!("vault:v1:{id}").as_bytes())].concat();
        requests.extend(field(1, &[vec![8, id], field(7, &unwrap)].concat()));
    }
    let answers = fake.keys().answer(&requests).unwrap();
    // Head, id, head and the key: every one of the hundred is a data key.
    assert_eq!(answers.len(), 100 * (2 + 2 + 2 + 32));
    assert_eq!(fake.asked(), 100);
    assert!(most.lock().unwrap().1 > 4, "{:?}", most.lock().unwrap());
}

#[test]
fn equal_unwraps_in_flight_are_asked_once() {
    let fake = Fake::new(|request, stream| {
        if !request.contains("/v1/auth/") {
            std::thread::sleep(Duration::from_millis(700));
        }
        let body = format!(r#"{{"data":{{"plaintext":"{}="}}}}"#, "A".repeat(43));
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    });
    let keys = fake.keys();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                assert_eq!(keys.unwrap(&KeyService::new("hashivault://orders"), WRAPPED).unwrap().len(), 32)
            });
        }
    });
    assert_eq!(fake.asked(), 1);
}

#[test]
fn nobody_is_asked_outside_of_https_and_no_key_in_a_uri_is_repeated() {
    for (address, uri) in [
        ("http://vault.example.com", "hashivault://orders"),
        ("ftp://127.0.0.1", "hashivault://orders"),
        ("", "base64key://smGbjm71Nxd1Ig5FS0wj9SlbzAIrnolCz9bQQ6uAhl4="),
        ("", "hashivault://orders"),
    ] {
        let keys = keys(&[("VAULT_ADDR", address), ("VAULT_TOKEN", TOKEN)]);
        let check = keys.check(&KeyService::new(uri));
        let failure = check.wrap.clone().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Refused, "{failure}");
        assert!(!format!("{check:?}").contains("smGb"), "{failure}");
        assert!(!check.works() && check.remedy.is_some());
    }
}
