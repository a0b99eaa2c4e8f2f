//! What becomes of the answers: whose they are, and for how long.

use std::path::Path;

use tdc::{Answer, Code, DataConverter, Error, Request, payload};

use crate::server::{
    REMOTE, Server, answer, complete, contains, decode_list, encode, field, list, needed, open,
};

#[test]
fn payloads_of_the_same_contents_have_answers_of_their_own() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payloads = list(&["\"same\"", "\"same\"", "\"same\""]);
    let encoded = encode(&converter, &server, &payloads);
    let encoded = payload::find(&encoded).unwrap();
    assert_eq!((server.requests.get(), server.payloads.get()), (1, 3));
    assert!(encoded[0] != encoded[1] && encoded[1] != encoded[2] && encoded[0] != encoded[2]);
}

#[test]
fn an_answer_serves_one_call() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payloads = list(&["\"a\""]);
    let first = encode(&converter, &server, &payloads);
    let second = encode(&converter, &server, &payloads);
    assert_eq!(server.requests.get(), 2);
    assert_ne!(first, second);
}

#[test]
fn answers_belong_to_their_operation_and_namespace() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payloads = list(&["\"a\""]);
    let answered = || {
        let (mut call, id, request) = needed(|call| converter.encode(call.at(&[]), &payloads));
        answer(&converter, &mut call, id, 200, &server.answer(&request)).unwrap();
        call
    };
    let asks = |result: Result<Vec<u8>, Error>| result.unwrap_err().code() == Code::Requests;
    assert!(asks(converter.decode(answered().at(&[]), &payloads)));
    assert!(asks(converter.encode(answered().at(&field(2, b"other")), &payloads)));
    assert!(asks(converter.encode(answered().at(&[]), &list(&["\"b\""]))));
    assert!(converter.encode(answered().at(&[]), &payloads).is_ok());
}

#[test]
fn answers_outlive_a_reload_as_long_as_there_is_a_server() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("remote-reload.yaml");
    let write = |codecs: &str| std::fs::write(&path, format!("version: 1\ncodecs: {codecs}\n")).unwrap();
    write(REMOTE);
    let (converter, server) = (DataConverter::open(&path, "orders").unwrap(), Server::default());
    let payloads = list(&["\"a\""]);
    let (mut call, id, request) = needed(|call| converter.encode(call.at(&[]), &payloads));
    answer(&converter, &mut call, id, 200, &server.answer(&request)).unwrap();
    converter.reload().unwrap();
    assert!(contains(&converter.encode(call.at(&[]), &payloads).unwrap(), "binary/far"));

    // A call in flight when the server goes away does without it.
    let (mut call, id, request) = needed(|call| converter.encode(call.at(&[]), &payloads));
    answer(&converter, &mut call, id, 200, &server.answer(&request)).unwrap();
    write("[]");
    converter.reload().unwrap();
    assert_eq!(converter.encode(call.at(&[]), &payloads).unwrap(), payloads);
}

#[test]
fn a_call_that_asks_for_something_else_keeps_its_answers() {
    let codecs = "[encrypt, remote: { url: \"https://codec.example.com\" }]";
    let (other, server) = (open(codecs), Server::default());
    let encoded = encode(&other, &server, &list(&["\"a\"", "\"b\""]));

    let text = format!("version: 1\nkeys: {{ primary: one, host: true }}\ncodecs: {codecs}\n");
    let converter = DataConverter::parse(&text, Path::new(""), "orders").unwrap();
    let (mut call, id, request) = needed(|call| converter.decode(call.at(&[]), &encoded));
    answer(&converter, &mut call, id, 200, &server.answer(&request)).unwrap();
    assert_eq!(converter.decode(call.at(&[]), &encoded).unwrap_err().code(), Code::Requests);
    let asked: Vec<_> = call.requests().map(|(id, request)| (id, request.clone())).collect();
    let [(id, Request::Key(name))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(name, "one");
    converter.answer(&mut call, &[(*id, Answer::Key(b"test-key-test-key-test-key-test!"))]).unwrap();
    assert_eq!(converter.decode(call.at(&[]), &encoded).unwrap(), list(&["\"a\"", "\"b\""]));
}

#[test]
fn keys_of_the_servers_own_layers_are_not_asked_for() {
    let payload =
        b"\x0a\x1c\x0a\x08encoding\x12\x10binary/encrypted\x0a\x1b\x0a\x11encryption-key-id\x12\x06theirs";
    needed(|call| open(REMOTE).decode(call.at(&[]), &field(1, payload)));
}

#[test]
fn the_server_decodes_once_and_what_must_be_encrypted_must_be() {
    let (converter, server) = (open(REMOTE), Server::default());
    let twice = encode(&converter, &server, &encode(&converter, &server, &list(&["1"])));
    let requests = server.requests.get();
    let once = decode_list(&converter, &server, &twice);
    assert_eq!(server.requests.get(), requests + 1);
    assert!(contains(&once, "binary/far"));

    let strict = open("[encrypt: { required: true }, remote: { url: \"https://codec.example.com\" }]");
    let error = complete(&strict, &server, |converter, scope| converter.decode(scope, &once)).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::NotEncrypted, Some(0)));
}

#[test]
fn threads_with_the_same_contents_all_come_to_an_end() {
    let converter = open(REMOTE);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let server = Server::default();
                for _ in 0..20 {
                    let encoded = encode(&converter, &server, &list(&["\"a\"", "\"a\"", "\"b\""]));
                    assert_eq!(payload::count(&encoded), 3);
                    assert!(contains(&encoded, "binary/far"));
                    assert_eq!(
                        decode_list(&converter, &server, &encoded),
                        list(&["\"a\"", "\"a\"", "\"b\""])
                    );
                }
            });
        }
    });
}
