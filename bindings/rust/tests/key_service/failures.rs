//! What the failures of a key service come to.

use std::error::Error as StdError;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use temporal_tdc::{Code, Error, KeyServiceError};
use temporalio_common::data_converters::PayloadCodec as _;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tokio::time::sleep;

use crate::service::{Failure, Service, envelopes};
use crate::support::{NONE, decode, encode, own};

#[tokio::test]
async fn what_a_service_says_is_an_error_with_its_source() {
    #[derive(Debug)]
    struct Around(KeyServiceError);
    impl std::fmt::Display for Around {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the client said no")
        }
    }
    impl StdError for Around {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    /// What a service fails with, the words of it, and the codes of encode and decode.
    type Case = (fn() -> Failure, &'static str, Code, Code);

    let envelope = envelopes(1).await.remove(0);
    let cases: [Case; 5] = [
        (
            || KeyServiceError::refused("access denied").into(),
            "access denied",
            Code::KeyRefused,
            Code::KeyRefused,
        ),
        (
            || Around(KeyServiceError::refused("denied")).into(),
            "the client said no",
            Code::KeyRefused,
            Code::KeyRefused,
        ),
        (|| KeyServiceError::invalid("changed").into(), "changed", Code::KeyService, Code::Ciphertext),
        (|| KeyServiceError::unavailable("away").into(), "away", Code::KeyService, Code::KeyService),
        (|| io::Error::other("reset").into(), "reset", Code::KeyService, Code::KeyService),
    ];
    for (fails, reason, of_encode, of_decode) in cases {
        let is = |error: &Error, code: Code, index: usize| {
            assert_eq!((error.code(), error.payload_index()), (code, Some(index)), "{error}");
            assert_eq!(error.is_transient(), code != Code::Ciphertext);
            assert!(error.message().ends_with(reason), "{error}");
            assert_eq!(StdError::source(error).unwrap().to_string(), reason);
        };
        let codec = Service::failing(fails).open("").payload_codec();
        let plain = Payload { metadata: [("encoding".into(), b"x".to_vec())].into(), ..Payload::default() };
        let error = codec.decode(&NONE, vec![plain, envelope.clone()]).await.unwrap_err();
        is(&own(error), of_decode, 1);
        // Everybody who waits for an answer learns why there is none.
        let service = Service::failing(fails);
        service.takes(50);
        let converter = service.open("").data_converter();
        for result in join_all((0..3).map(|_| encode(&converter, "secret"))).await {
            is(&result.unwrap_err(), of_encode, 0);
        }
    }
    let converter = Service::failing(|| io::Error::other("reset").into()).open("").data_converter();
    let error = decode::<String>(&converter, &envelope).await.unwrap_err();
    assert!(StdError::source(&error).unwrap().is::<io::Error>(), "the program's own type");
}

#[tokio::test]
async fn source_is_that_of_the_failure_that_is_reported_however_many_tries_fail() {
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    let envelopes = envelopes(40).await;
    let service = Service::failing(|| {
        io::Error::other(format!("failure {}", FAILED.fetch_add(1, Ordering::SeqCst))).into()
    });
    let error = own(service.open("").payload_codec().decode(&NONE, envelopes).await.unwrap_err());
    assert!(FAILED.load(Ordering::SeqCst) > 16, "more than one try failed");
    assert_eq!(error.payload_index(), Some(0), "{error}");
    let source = StdError::source(&error).unwrap().to_string();
    assert!(error.message().ends_with(&format!(": {source}")), "{error}, because of {source}");
}

#[tokio::test]
async fn refusal_is_cached_and_an_unavailable_service_is_soon_asked_again() {
    for (fails, asked) in [
        ((|| KeyServiceError::refused("denied").into()) as fn() -> Failure, 1),
        (|| KeyServiceError::unavailable("away").into(), 2),
    ] {
        let service = Service::failing(fails);
        let converter = service.open("").data_converter();
        for _ in 0..3 {
            encode(&converter, "secret").await.unwrap_err();
        }
        sleep(Duration::from_millis(1100)).await;
        *service.0.fails.lock().unwrap() = None;
        assert_eq!(encode(&converter, "secret").await.is_ok(), asked == 2);
        assert_eq!(service.counts(), (asked, 0));
    }
}

#[tokio::test]
async fn key_of_a_wrong_length_is_an_error() {
    let envelope = envelopes(1).await.remove(0);
    for length in [0, 31, 33] {
        let converter = Service::giving(&vec![1; length]).open("").data_converter();
        let error = decode::<String>(&converter, &envelope).await.unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::Ciphertext, Some(0)), "{error}");
        assert!(error.message().contains(&format!("{length} bytes")), "{error}");
    }
    for length in [0, 64 * 1024] {
        let converter = Service::giving(&vec![1; length]).open("").data_converter();
        let error = encode(&converter, "secret").await.unwrap_err();
        assert_eq!(error.code(), Code::KeyService, "{error}");
        assert!(error.message().contains(&format!("{length} bytes")), "{error}");
    }
}

#[tokio::test]
async fn another_data_key_than_the_wrapped_one_does_not_authenticate() {
    let envelope = envelopes(1).await.remove(0);
    let converter = Service::giving(&[9; 32]).open("").data_converter();
    let error = decode::<String>(&converter, &envelope).await.unwrap_err();
    assert_eq!(error.code(), Code::Authentication, "{error}");
}

#[tokio::test]
async fn panic_of_a_service_is_its_failure() {
    let converter =
        Service::failing(|| std::panic::resume_unwind(Box::new("a bug"))).open("").data_converter();
    let error = encode(&converter, "secret").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (Code::KeyService, true));
    assert!(error.message().ends_with("the key service panicked"), "{error}");
}

#[test]
fn runtime_without_a_timer_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let converter = Service::giving(&[1; 32]).open("").data_converter();
    let error = runtime.block_on(encode(&converter, "secret")).unwrap_err();
    assert_eq!(error.code(), Code::KeyService, "{error}");
    assert!(error.message().ends_with("has no timer: build it with enable_time"), "{error}");
}

#[tokio::test]
async fn service_that_is_too_slow_is_given_up() {
    let envelope = envelopes(1).await.remove(0);
    let service = Service::slow(60_000);
    let converter = service.open(", timeout: 100 ms").data_converter();
    let encoded = encode(&converter, "secret").await.unwrap_err();
    let decoded = decode::<String>(&converter, &envelope).await.unwrap_err();
    for error in [encoded, decoded] {
        assert_eq!((error.code(), error.is_transient()), (Code::KeyService, true));
        assert!(error.message().ends_with("no answer in 0.1 s"), "{error}");
    }
    assert_eq!(service.0.now.load(Ordering::SeqCst), 0, "the requests were dropped");
}
