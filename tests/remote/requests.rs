//! What the server is asked for, and what it is not.

use std::time::Duration;

use tdc::{Call, Code, Outcome, payload};

use crate::server::{
    REMOTE, Server, base64, complete, contains, decode_list, encode, field, list, needed, open, open_in,
    plain,
};

#[test]
fn the_request_is_what_a_codec_server_expects() {
    let codecs = "[remote: { url: \"https://codec.example.com/{namespace}/\", timeout: 3 s, \
                  headers: { X-Team: blue, Authorization: { prefix: \"Bearer \", insecure_inline: \"t0ken\" } } }]";
    let converter = open_in(codecs, "orders.a1");
    let (_, _, request) = needed(|call| converter.encode(call.at(&[]), &list(&["\"a\"", "\"b\""])));
    assert_eq!(request.url(), "https://codec.example.com/orders.a1/encode");
    assert_eq!(
        request.headers().collect::<Vec<_>>(),
        [
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("X-Namespace", "orders.a1"),
            ("Authorization", "Bearer t0ken"),
            ("X-Team", "blue"),
        ]
    );
    assert_eq!(request.timeout(), Duration::from_secs(3));
    assert_eq!(
        core::str::from_utf8(request.body()).unwrap(),
        "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"ImEi\"},\
         {\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"ImIi\"}]}\n"
    );
    assert!(request.max_response_bytes() > 64 << 20);
    let shown = format!("{request:?}");
    assert!(!shown.contains("t0ken") && !shown.contains("ImEi"), "{shown}");
}

#[test]
fn a_namespace_of_the_context_goes_before_that_of_the_handle() {
    let context = field(2, b"payments");
    let (_, _, request) = needed(|call| open(REMOTE).decode(call.at(&context), &list(&["1"])));
    assert!(request.headers().any(|header| header == ("X-Namespace", "payments")));
    let (_, _, request) = needed(|call| open_in(REMOTE, "").decode(call.at(&[]), &list(&["1"])));
    assert!(!request.headers().any(|(name, _)| name == "X-Namespace"));
    let error = open(REMOTE).decode(&field(2, b"a\r\nX-Evil: 1"), &list(&["1"])).unwrap_err();
    assert_eq!(error.code(), Code::Namespace);
}

#[test]
fn lists_come_back_whatever_codecs_stand_before() {
    for codecs in [
        REMOTE,
        "[zstd, remote: { url: \"http://localhost:1\" }]",
        "[msgpack, gzip, encrypt: { required: true }, remote: { url: \"https://codec.example.com\" }]",
    ] {
        let (converter, server) = (open(codecs), Server::default());
        let payloads =
            list(&["\"secret secret secret secret secret secret secret\"", "{\"a\":[1,2]}", "null"]);
        let encoded = encode(&converter, &server, &payloads);
        assert!(contains(&encoded, "binary/far"), "{codecs}");
        assert_eq!(payload::count(&encoded), 3);
        assert_eq!(decode_list(&converter, &server, &encoded), payloads, "{codecs}");
        assert_eq!(server.requests.get(), 2, "one request for each direction: {codecs}");
    }
}

#[test]
fn what_the_codecs_hide_the_server_does_not_see() {
    let (converter, server) =
        (open("[encrypt, remote: { url: \"https://codec.example.com\" }]"), Server::default());
    encode(&converter, &server, &list(&["\"secret\""]));
    let sent = &server.last.borrow()["payloads"][0];
    assert_eq!(sent["metadata"]["encoding"], base64("binary/encrypted"));
}

#[test]
fn no_payloads_need_no_server() {
    let converter = open(REMOTE);
    assert_eq!(converter.encode(&[], b"").unwrap(), b"");
    assert_eq!(converter.decode(&[], b"").unwrap(), b"");
}

#[test]
fn requests_stay_below_their_bound_and_a_large_payload_goes_alone() {
    let codecs = "[remote: { url: \"https://codec.example.com\", max_request_bytes: 4 KiB }]";
    let (converter, server) = (open(codecs), Server::default());
    let (small, large) = (format!("\"{}\"", "s".repeat(900)), format!("\"{}\"", "l".repeat(9000)));
    let payloads = list(&[&small, &small, &large, &small, &small, &small]);
    let encoded = encode(&converter, &server, &payloads);
    // Two small ones, the large one, three small ones.
    assert_eq!((server.requests.get(), server.payloads.get()), (3, 6));
    assert_eq!(payload::count(&encoded), 6);
}

#[test]
fn one_payload_comes_in_the_buffer_or_in_memory_of_its_own() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payload = plain("\"secret\"");
    let call = |input: &[u8], encodes: bool, room: usize| {
        complete(&converter, &server, |converter, scope| {
            let mut out = vec![0; room];
            let outcome = if encodes {
                converter.encode_payload(scope, input, &[], &mut out)
            } else {
                converter.decode_payload(scope, input, &[], &mut out)
            }?;
            Ok(match outcome {
                Outcome::Owned { bytes, data } => (true, bytes[data.offset..][..data.len].to_vec(), bytes),
                Outcome::Written { len, data } => {
                    (false, out[data.offset..][..data.len].to_vec(), out[..len].to_vec())
                }
                Outcome::Unchanged => panic!("nothing was written"),
            })
        })
        .unwrap()
    };
    for (room, owned) in [(8, true), (4096, false)] {
        let (was_owned, data, encoded) = call(&payload, true, room);
        assert_eq!(was_owned, owned);
        assert!(contains(&encoded, "binary/far") && data.starts_with(b"{\"data\""));
        let (was_owned, data, decoded) = call(&encoded, false, room);
        assert_eq!((was_owned, data.as_slice(), decoded), (owned, &b"\"secret\""[..], payload.clone()));
    }
}

#[test]
fn a_call_that_fails_anyway_sends_nothing() {
    let payloads = [&list(&["1"])[..], b"\x0a\x02\x12\x05"].concat();
    for encodes in [false, true] {
        let (mut call, converter) = (Call::default(), open(REMOTE));
        let error = if encodes {
            converter.encode(call.at(&[]), &payloads)
        } else {
            converter.decode(call.at(&[]), &payloads)
        }
        .unwrap_err();
        assert_eq!(call.requests().len(), 0);
        assert_eq!((error.code(), error.payload_index()), (Code::Protobuf, Some(1)));
    }
}

#[test]
fn a_call_that_cannot_ask_is_a_transient_error() {
    for result in [open(REMOTE).decode(&[], &list(&["1"])), open(REMOTE).encode(&[], &list(&["1"]))] {
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.code().is_transient()), (Code::Remote, true));
    }
}
