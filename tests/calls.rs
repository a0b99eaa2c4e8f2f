//! Calls that are made again: what they ask for, that they come to an end, and what they take for
//! an answer.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tdc::{Answer, Call, Code, DataConverter, Request};

const KEY: [u8; 32] = [7; 32];

/// Payloads encrypted under `count` keys of the host, in one list.
fn sealed(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|index| {
            let converter = hosted(&format!("key-{index}"));
            converter.provide_key(format!("key-{index}").as_bytes(), &KEY).unwrap();
            converter.encode(b"", b"\x0a\x03\x12\x01a").unwrap()
        })
        .collect()
}

fn hosted(primary: &str) -> DataConverter {
    let text = format!("{{version: 1, keys: {{primary: {primary}, host: true}}, codecs: [encrypt]}}");
    DataConverter::parse(&text, Path::new(""), "").unwrap()
}

fn asked(call: &Call) -> Vec<(u64, Request)> {
    call.requests().map(|(id, request)| (id, request.clone())).collect()
}

#[test]
fn more_keys_than_one_request_names_are_asked_for_over_several_tries() {
    let (converter, payloads, mut call) = (hosted("none"), sealed(40), Call::default());
    let mut tries = 0;
    while let Err(error) = converter.decode(call.at(b""), &payloads) {
        assert_eq!(error.code(), Code::Requests, "{error}");
        tries += 1;
        let requests = asked(&call);
        assert!(requests.len() <= 16);
        let answers: Vec<_> = requests.iter().map(|(id, _)| (*id, Answer::Key(&KEY))).collect();
        converter.answer(&mut call, &answers).unwrap();
    }
    assert_eq!((tries, call.requests().len(), call.usage().payloads), (3, 0, 40));
}

#[test]
fn what_is_left_out_is_asked_again_and_a_round_without_an_answer_is_the_last() {
    let (converter, payloads, mut call) = (hosted("none"), sealed(3), Call::default());
    for left in [3, 2] {
        assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::Requests);
        let requests = asked(&call);
        assert_eq!(requests.len(), left);
        converter.answer(&mut call, &[(requests[0].0, Answer::Key(&KEY))]).unwrap();
    }
    assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::Requests);
    converter.answer(&mut call, &[]).unwrap();
    let error = converter.decode(call.at(b""), &payloads).unwrap_err();
    assert_eq!((error.code(), call.requests().len()), (Code::KeyUnknown, 0));
    // The next try is one of another call: it may ask.
    assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::Requests);
}

#[test]
fn what_was_answered_is_not_asked_again_but_after_a_reload() {
    let (converter, payloads, mut call) = (hosted("none"), sealed(1), Call::default());
    for answer in [Answer::Key(&KEY), Answer::Unknown] {
        assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::Requests);
        let id = asked(&call)[0].0;
        converter.answer(&mut call, &[(id, answer)]).unwrap();
        if matches!(answer, Answer::Key(_)) {
            // Forgets the host's keys.
            converter.reload().unwrap();
        }
    }
    let error = converter.decode(call.at(b""), &payloads).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::KeyUnknown, Some(0)));
}

#[test]
fn a_call_has_the_files_read_once() {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calls-reload.yaml");
    std::fs::write(
        &path,
        "{version: 1, keys: {primary: a, ring: {a: {insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}, codecs: [encrypt]}",
    )
    .unwrap();
    let (converter, payloads, mut call) =
        (DataConverter::open(&path, "").unwrap(), sealed(1), Call::default());
    assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::Requests);
    let requests = asked(&call);
    assert_eq!(requests[0].1, Request::Reload);
    converter.answer(&mut call, &[(requests[0].0, Answer::Done)]).unwrap();
    assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::KeyUnknown);
}

#[test]
fn without_a_call_nothing_is_asked() {
    let error = hosted("none").decode(b"", &sealed(2)).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::KeyUnknown, Some(0)));
    assert!(error.message().contains("\"key-0\""), "{error}");
}

#[test]
fn ids_are_never_used_again() {
    let (converter, mut call) = (hosted("none"), Call::default());
    let mut seen = std::collections::HashSet::new();
    for list in [sealed(2), sealed(1)] {
        converter.reload().unwrap();
        assert_eq!(converter.decode(call.at(b""), &list).unwrap_err().code(), Code::Requests);
        let requests = asked(&call);
        for (id, _) in &requests {
            assert!(*id > 0 && seen.insert(*id));
        }
        let answers: Vec<_> = requests.iter().map(|(id, _)| (*id, Answer::Key(&KEY))).collect();
        converter.answer(&mut call, &answers).unwrap();
        converter.decode(call.at(b""), &list).unwrap();
        let error = converter.answer(&mut call, &answers).unwrap_err();
        assert_eq!(error.code(), Code::Argument, "an answer that comes late is none");
    }
}

#[test]
fn an_answer_of_another_kind_is_not_taken() {
    let (converter, payloads, mut call) = (hosted("none"), sealed(1), Call::default());
    assert_eq!(converter.decode(call.at(b""), &payloads).unwrap_err().code(), Code::Requests);
    let id = asked(&call)[0].0;
    let http = Answer::Http { status: 200, body: b"{}" };
    for answers in [
        &[(id, Answer::Done)][..],
        &[(id, http)],
        &[(id, Answer::Descriptor(b""))],
        &[(id + 1, Answer::Key(&KEY))],
        &[(0, Answer::Key(&KEY))],
        &[(id, Answer::Key(&KEY)), (id, Answer::Unknown)],
        &[(id, Answer::Key(&KEY)), (id + 1, Answer::Key(&KEY))],
    ] {
        assert_eq!(converter.answer(&mut call, answers).unwrap_err().code(), Code::Argument);
        assert_eq!(asked(&call).len(), 1, "nothing was taken");
    }
    let error = converter.answer(&mut call, &[(id, Answer::Key(b"short"))]).unwrap_err();
    assert_eq!((error.code(), asked(&call).len()), (Code::KeyInvalid, 0));
}

proptest! {
    /// Whatever a host answers, a call ends, and it accepts only answers to its requests.
    #[test]
    fn any_answer_is_judged(message in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (converter, mut call) = (hosted("k"), Call::default());
        converter.encode(call.at(b""), b"\x0a\x03\x12\x01a").unwrap_err();
        match converter.answer_message(&mut call, &message) {
            Ok(()) => {}
            Err(error) => prop_assert!(
                [Code::Protobuf, Code::Argument, Code::KeyInvalid].contains(&error.code()),
                "{error}"
            ),
        }
        for _ in 0..3 {
            let _ = converter.encode(call.at(b""), b"\x0a\x03\x12\x01a");
        }
    }

    /// The message says the same as the requests.
    #[test]
    fn the_message_has_every_request(count in 1_usize..16) {
        let (converter, mut call) = (hosted("none"), Call::default());
        converter.decode(call.at(b""), &sealed(count)).unwrap_err();
        let ids: Vec<String> = asked(&call)
            .into_iter()
            .map(|(_, request)| match request {
                Request::Key(id) => id,
                other => panic!("{other:?}"),
            })
            .collect();
        let message = call.requests_message().to_vec();
        prop_assert_eq!(ids.len(), count);
        for (index, id) in ids.iter().enumerate() {
            let field = [&[0x12, u8::try_from(id.len() + 2).unwrap(), 0x0a, u8::try_from(id.len()).unwrap()][..], id.as_bytes()].concat();
            let request = [&[0x08, u8::try_from(index + 1).unwrap()][..], &field].concat();
            let expected = [&[0x0a, u8::try_from(request.len()).unwrap()][..], &request].concat();
            prop_assert!(message.windows(expected.len()).any(|window| window == expected));
        }
    }
}
