//! What every call looks at first: the context, the list of payloads, the limits, the buffer, keys
//! of the host.

use tdc::{Answer, Call};

use super::{Texts, field, number, parse, payload, payloads, plain, varint, with_key};

pub(super) fn raise(texts: &mut Texts) {
    let converter = plain();
    let one = payloads(&[], "1");

    texts.add("a context cut short", converter.encode(b"\x12\x05a", &one));
    texts.add("a context that is not UTF-8", converter.encode(&field(2, b"\xff"), &one));
    texts.add("a context with a number for a text", converter.encode(&number(2, 1), &one));

    let malformed: [(&str, Vec<u8>); 7] = [
        ("cut short", vec![0x0a, 5, 1]),
        ("with a long varint", [vec![0x08], vec![0xff; 11]].concat()),
        ("with the field number 0", vec![0x02, 0]),
        ("with the wire type 7", vec![0x0f]),
        ("with an open group", vec![0x0b]),
        ("with deep groups", [vec![0x0b; 102], vec![0x0c; 102]].concat()),
        ("with a long field number", varint(u64::MAX)),
    ];
    for (what, bytes) in &malformed {
        texts.add(&format!("Payloads {what}"), converter.encode(b"", bytes));
        texts.add(&format!("a payload {what}"), converter.encode(b"", &field(1, bytes)));
    }
    let key = field(1, [field(1, b"\xff"), field(2, "1")].concat());
    texts.add("a metadata key that is not UTF-8", converter.encode(b"", &field(1, key)));
    let (head, data) = (field(2, "12"), b"12345");
    let split = with_key("codecs: [encrypt]").encode_payload(b"", &head, data, &mut [0; 200]);
    texts.add("a payload in slices that do not fit", split);

    texts.add(
        "more payloads than allowed",
        parse("limits: { max_payloads: 1 }").unwrap().encode(b"", &one.repeat(2)),
    );
    let limited = parse("limits: { max_input_bytes: 4 B }").unwrap();
    texts.add("more bytes than allowed", limited.encode(b"", &one.repeat(2)));
    texts.add("more bytes than allowed to decode", limited.decode(b"", &one.repeat(2)));

    let encrypting = with_key("codecs: [encrypt]");
    let plaintext = payload(&[("encoding", "json/plain")], "1");
    texts.add("a buffer too small to encode", encrypting.encode_payload(b"", &plaintext, b"", &mut []));
    let list = encrypting.encode(b"", &field(1, &plaintext)).unwrap();
    texts.add("a buffer too small to decode", encrypting.decode_payload(b"", &list[2..], b"", &mut []));

    let document = "namespaces: [{ match: orders, codecs: [] }]";
    let converter = parse(document).unwrap();
    texts.add("no namespace", converter.encode(b"", &one));
    texts.add("another namespace", converter.encode(&field(2, "payments"), &one));
    texts.add("a long namespace", converter.encode(&field(2, "a".repeat(256)), &one));
    texts.add("settings of another namespace", converter.namespace_settings("payments"));

    let host = parse("keys: { host: true }").unwrap();
    texts.add("a key of the host that is short", host.provide_key(b"one", b"1"));
    texts.add("a key's id with a space", host.provide_key(b"o ne", &[1; 32]));
    texts.add("a rejected key without an id", host.reject_key(b""));
    texts.add("a key that nobody asked for", plain().provide_key(b"one", &[1; 32]));
    let host = parse("keys: { primary: one, host: true }\ncodecs: [encrypt]").unwrap();
    texts.add("a key that the host has", host.encode(b"", &one));
    let mut call = Call::default();
    texts.add("a key that the host is asked for", host.encode(call.at(b""), &one));
    let (id, answers) = (1, [Answer::Done, Answer::Key(b"1")]);
    texts.add("an answer that nobody asked for", host.answer(&mut call, &[(7, answers[0])]));
    texts.add("an answer of another kind", host.answer(&mut call, &[(id, answers[0])]));
    texts.add("two answers to one request", host.answer(&mut call, &[(id, Answer::Unknown); 2]));
    texts.add("an answer that is cut short", host.answer_message(&mut call, b"\x0a\x05"));
    texts.add("an answer that says nothing", host.answer_message(&mut call, b"\x0a\x02\x08\x01"));
    texts.add("a million answers", host.answer_message(&mut call, &b"\x0a\x02\x4a\x00".repeat(1_000_000)));
    texts.add("an answer that is no key", host.answer(&mut call, &[(id, answers[1])]));
    host.reject_key(b"one").unwrap();
    texts.add("a key that the host does not have", host.encode(b"", &one));
}
