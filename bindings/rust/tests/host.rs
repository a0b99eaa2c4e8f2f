//! What the library asks of the program: keys, files, key services, a codec server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use support::{NONE, decode, encode};
use temporal_tdc::{Code, Error, Options, Tdc};
use temporalio_common::protos::temporal::api::common::v1::Payload;

const HOST_KEYS: &str = "version: 1\nkeys: { primary: one, host: true }\ncodecs: [encrypt]\n";

fn is_send_and_sync<T: Send + Sync + 'static>(_: &T) {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_need_a_key_at_the_same_time_share_a_request() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let tdc = Options::new()
        .key_provider(move |id| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(200)).await;
                Ok::<_, std::io::Error>((id == "one").then_some([1; 32]))
            }
        })
        .parse(HOST_KEYS, "")
        .unwrap();
    is_send_and_sync(&tdc);
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let converter = tdc.data_converter();
            tokio::spawn(async move { encode(&converter, &format!("secret {number}")).await.unwrap() })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        let payload = call.await.unwrap();
        assert_eq!(payload.metadata["encoding"], b"binary/encrypted");
        assert_eq!(
            decode::<String>(&tdc.data_converter(), &payload).await.unwrap(),
            format!("secret {number}")
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failing_provider_is_a_transient_error_with_its_cause_and_asked_again() {
    let asked = AtomicUsize::new(0);
    let tdc = Options::new()
        .key_provider(move |_| {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move { if first { Err("the vault is sealed") } else { Ok(Some([1; 32])) } }
        })
        .parse(HOST_KEYS, "")
        .unwrap();
    let error = encode(&tdc.data_converter(), "secret").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (Code::KeyProvider, true));
    assert_eq!(error.to_string(), "TDC_ERR_KEY_PROVIDER: the key provider failed for the key \"one\"");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the vault is sealed");
    encode(&tdc.data_converter(), "secret").await.unwrap();
}

#[tokio::test]
async fn without_a_provider_the_error_says_what_to_set() {
    let tdc = Options::new().parse(HOST_KEYS, "").unwrap();
    let error = encode(&tdc.data_converter(), "secret").await.unwrap_err();
    assert_eq!(error.code(), Code::KeyProvider);
    assert!(error.message().contains("Options::key_provider"), "{error}");
}

#[tokio::test]
async fn key_that_was_added_to_the_file_is_found_by_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tdc.yaml");
    let config = |primary: &str, ids: &[&str]| {
        let ring =
            ids.iter().map(|id| format!("    {id}: {{ insecure_inline: {} }}\n", "AAAA".repeat(10) + "AAA="));
        let text = format!(
            "version: 1\nkeys:\n  primary: {primary}\n  ring:\n{}codecs: [encrypt]\n",
            ring.collect::<String>()
        );
        std::fs::write(&path, text).unwrap();
    };
    config("two", &["two"]);
    let writer = Tdc::open(&path).unwrap();
    let payload = encode(&writer.data_converter(), "secret").await.unwrap();
    config("one", &["one"]);
    let reader = Tdc::open(&path).unwrap();
    let error = decode::<String>(&reader.data_converter(), &payload).await.unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::KeyUnknown, Some(0)));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    config("one", &["one", "two"]);
    assert_eq!(decode::<String>(&reader.data_converter(), &payload).await.unwrap(), "secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_payloads_come_back_from_other_threads() {
    let tdc =
        Options::new().key_provider(async |_| Ok::<_, Error>(Some([1; 32]))).parse(HOST_KEYS, "").unwrap();
    let text = "0123456789abcdef".repeat(1 << 18);
    let payload = encode(&tdc.data_converter(), &text).await.unwrap();
    assert_eq!(decode::<String>(&tdc.data_converter(), &payload).await.unwrap(), text);
}

#[test]
fn calls_work_outside_of_a_runtime() {
    let tdc = Options::new().parse("version: 1\ncodecs: [zlib]\n", "").unwrap();
    let text = "0123456789abcdef".repeat(1 << 14);
    let converter = tdc.data_converter();
    let payload = futures_util::FutureExt::now_or_never(encode(&converter, &text)).unwrap().unwrap();
    assert_eq!(payload.metadata["encoding"], b"binary/zlib");
}

#[tokio::test]
async fn own_converters_apply_around_the_sdks() {
    let tdc =
        Options::new().parse("version: 1\nconverters: [null, bytes, msgpack]\ncodecs: []\n", "").unwrap();
    let payload = encode(&tdc.data_converter(), "a value").await.unwrap();
    assert_eq!(payload.metadata["encoding"], b"binary/msgpack");
    assert_eq!(decode::<String>(&tdc.data_converter(), &payload).await.unwrap(), "a value");
    let bytes = tdc.data_converter().to_payload(&NONE, &vec![1_u8, 2]).await.unwrap();
    assert_eq!(bytes.metadata["encoding"], b"binary/plain");
    assert_eq!(decode::<Vec<u8>>(&tdc.data_converter(), &bytes).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn messages_that_others_wrote_as_json_are_read() {
    use temporalio_common::data_converters::ProstSerializable;
    use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
    let tdc =
        Options::new().parse("version: 1\nconverters: [json-protobuf, json]\ncodecs: []\n", "").unwrap();
    let metadata =
        [("encoding", "json/protobuf"), ("messageType", "temporal.api.common.v1.WorkflowExecution")];
    let payload = Payload {
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec())).into(),
        data: br#"{"workflowId":"w"}"#.to_vec(),
        ..Payload::default()
    };
    let read: ProstSerializable<WorkflowExecution> = decode(&tdc.data_converter(), &payload).await.unwrap();
    assert_eq!(read.0.workflow_id, "w");
    // What the SDK writes does not say which message it is, and stays.
    let written = tdc.data_converter().to_payload(&NONE, &read).await.unwrap();
    assert_eq!(written.metadata["encoding"], b"binary/protobuf");
}

#[tokio::test]
async fn key_service_that_is_away_is_a_transient_error() {
    let config = "version: 1\nkeys: { primary: kek, ring: { kek: { service: \"awskms:///alias/x?region=eu-central-1\" } } }\ncodecs: [encrypt]\n";
    // There are no credentials here, so nothing is sent.
    let error = match Options::new().parse(config, "") {
        Ok(tdc) => encode(&tdc.data_converter(), "secret").await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error.code(), Code::KeyService | Code::KeyRefused), "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn payloads_are_bound_to_the_namespace_of_the_options_and_not_to_a_workflow() {
    let open = |namespace: &str, field: &str| {
        let codecs = format!("codecs: [encrypt: {{ bind: {{ fields: [{field}] }} }}]\n");
        Options::new()
            .namespace(namespace)
            .key_provider(async |_| Ok::<_, Error>(Some([1; 32])))
            .parse(&HOST_KEYS.replace("codecs: [encrypt]\n", &codecs), "")
            .unwrap()
            .data_converter()
    };
    let payload = encode(&open("orders", "namespace"), "secret").await.unwrap();
    assert_eq!(decode::<String>(&open("orders", "namespace"), &payload).await.unwrap(), "secret");
    let error = decode::<String>(&open("bills", "namespace"), &payload).await.unwrap_err();
    assert_eq!(error.code(), Code::Context);
    let error = encode(&open("orders", "workflow_id"), "secret").await.unwrap_err();
    assert_eq!(error.code(), Code::Context, "the SDK does not name the workflow");
}

/// A codec server for one request, which answers with `status`, and with the request's body. Gives
/// its address, and later what it was sent.
fn server(status: u16) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            head.push(line.trim().to_lowercase());
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        let mut stream = reader.into_inner();
        stream.write_all(&[answer.as_bytes(), &body].concat()).unwrap();
        head
    });
    (url, served)
}

fn remote(url: &str) -> Tdc {
    Options::new()
        .namespace("orders")
        .remote_headers(async |url: String| {
            Ok::<_, Error>(vec![(
                "Authorization".to_owned(),
                format!("Bearer for {}", &url[url.len() - 7..]),
            )])
        })
        .parse(&format!("version: 1\ncodecs: [remote: {{ url: \"{url}\" }}]\n"), Path::new(""))
        .unwrap()
}

#[tokio::test]
async fn codec_server_is_sent_the_payloads_with_the_programs_headers() {
    let (url, served) = server(200);
    let payload = encode(&remote(&url).data_converter(), "a value").await.unwrap();
    assert_eq!(payload.data, b"\"a value\"");
    let head = served.join().unwrap();
    for line in ["post /encode http/1.1", "authorization: bearer for /encode", "x-namespace: orders"] {
        assert!(head.iter().any(|found| found == line), "{line} is not in {head:?}");
    }
}

#[tokio::test]
async fn codec_server_that_fails_or_is_away_is_a_transient_error() {
    let (url, served) = server(503);
    let error = encode(&remote(&url).data_converter(), "a value").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (Code::Remote, true), "{error}");
    served.join().unwrap();
    let error = encode(&remote(&url).data_converter(), "a value").await.unwrap_err();
    assert_eq!(error.code(), Code::Remote);
    assert!(error.message().contains("the connection failed"), "{error}");
}
