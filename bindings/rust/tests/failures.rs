//! Failures: message and stack trace are hidden if the configuration says so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

use temporal_tdc::{Options, Tdc};
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::error::{ApplicationFailure, OutgoingActivityError, OutgoingError};
use temporalio_common::payload_visitor::{decode_payloads, encode_payloads};
use temporalio_common::protos::temporal::api::failure::v1::Failure;

const NONE: SerializationContextData = SerializationContextData::None;

fn open(failures: &str) -> Tdc {
    let config = format!(
        "version: 1\nkeys: {{ primary: one, host: true }}\ncodecs: [encrypt]\nfailures: {{ encode_common_attributes: {failures} }}\n"
    );
    Options::new().key_provider(async |_| Ok::<_, std::io::Error>(Some([1; 32]))).parse(&config, "").unwrap()
}

async fn written(tdc: &Tdc) -> Failure {
    let error = ApplicationFailure::new("the card 4929 is stolen");
    let error = OutgoingError::Activity(OutgoingActivityError::Application(error.into()));
    let mut failure = tdc.data_converter().to_failure(&NONE, error);
    encode_payloads(&mut failure, &tdc.payload_codec(), &NONE).await.unwrap();
    failure
}

async fn read(tdc: &Tdc, mut failure: Failure) -> String {
    decode_payloads(&mut failure, &tdc.payload_codec(), &NONE).await.unwrap();
    let converter = tdc.data_converter();
    let error = converter.failure_converter().to_error(failure, converter.payload_converter(), &NONE);
    error.unwrap().failure().message.clone()
}

#[tokio::test]
async fn attributes_are_hidden_and_read_back_whatever_the_reader_is_configured_to_write() {
    let (hiding, open) = (open("true"), open("false"));
    let hidden = written(&hiding).await;
    assert_eq!(hidden.message, "Encoded failure");
    let attributes = hidden.encoded_attributes.clone().unwrap();
    assert_eq!(attributes.metadata["encoding"], b"binary/encrypted");
    let plain = written(&open).await;
    assert_eq!((plain.message.as_str(), &plain.encoded_attributes), ("the card 4929 is stolen", &None));
    for reader in [&hiding, &open] {
        for failure in [&hidden, &plain] {
            assert_eq!(read(reader, failure.clone()).await, "the card 4929 is stolen");
        }
    }
}

#[tokio::test]
async fn library_reads_what_the_sdk_hid() {
    use prost::Message as _;
    let tdc = open("true");
    let bytes = written(&tdc).await.encode_to_vec();
    let decoded =
        tdc.run(bytes.len(), move |it, call| it.decode_failure(call.at(&[]), &bytes)).await.unwrap();
    let failure = Failure::decode(decoded.as_slice()).unwrap();
    assert_eq!((failure.message.as_str(), failure.encoded_attributes), ("the card 4929 is stolen", None));
}

#[tokio::test]
async fn workflow_that_passes_a_failure_on_keeps_the_text_of_its_cause() {
    use temporalio_common::data_converters::ActivityExecutionDecodeHint;
    use temporalio_common::error::OutgoingWorkflowError;
    use temporalio_common::protos::temporal::api::failure::v1::ActivityFailureInfo;
    use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;

    let tdc = open("true");
    let mut failure = Failure {
        message: "activity error".to_owned(),
        failure_info: Some(FailureInfo::ActivityFailureInfo(ActivityFailureInfo::default())),
        cause: Some(Box::new(written(&tdc).await)),
        ..Failure::default()
    };
    decode_payloads(&mut failure, &tdc.payload_codec(), &NONE).await.unwrap();
    let converter = tdc.data_converter();
    let error = converter.to_error(&NONE, failure, ActivityExecutionDecodeHint::new(false)).unwrap();
    let error = OutgoingError::Workflow(OutgoingWorkflowError::ActivityExecution(error.into()));
    let mut passed = converter.to_failure(&NONE, error);
    encode_payloads(&mut passed, &tdc.payload_codec(), &NONE).await.unwrap();
    let cause = passed.cause.clone().unwrap();
    assert_eq!((passed.message.as_str(), cause.message.as_str()), ("Encoded failure", "Encoded failure"));
    assert_eq!(read(&tdc, *cause).await, "the card 4929 is stolen");
    assert_eq!(read(&tdc, passed).await, "activity error");
}
