//! Values that no converter accepts, payloads whose encoding none knows, and MessagePack.

use super::{Texts, field, number, parse, payloads, plain};

pub(super) fn raise(texts: &mut Texts) {
    let converter = plain();
    texts.add("a value without a form", converter.to_payload(b"", &payloads(&[], "1")));
    texts.add(
        "a value of an unknown form",
        converter.to_payload(b"", &payloads(&[("encoding", "text/xml")], "1")),
    );
    texts.add("a payload without an encoding", converter.from_payload(b"", &payloads(&[], "1")));
    let unknown = payloads(&[("encoding", "text/xml")], "1");
    texts.add("a payload of an unknown encoding", converter.from_payload(b"", &unknown));
    let encrypted = payloads(&[("encoding", "binary/encrypted")], "1");
    texts.add("a payload that is still encoded", converter.from_payload(b"", &encrypted));
    for encoding in ["binary/protobuf", "json/protobuf"] {
        let list = payloads(&[("encoding", encoding)], "{}");
        let result = match encoding {
            "json/protobuf" => converter.from_payload(b"", &list),
            _ => converter.to_payload(b"", &list),
        };
        texts.add(&format!("{encoding} without a type"), result);
    }
    let binary = parse("converters: [binary-protobuf]").unwrap();
    texts.add(
        "binary-protobuf without a type",
        binary.to_payload(b"", &payloads(&[("encoding", "binary/protobuf")], "")),
    );

    let msgpack = parse("converters: [msgpack]").unwrap();
    let json = |text: &str| payloads(&[("encoding", "json/plain")], text);
    for text in ["18446744073709551617", "1e400", "1e99999999999999999999", "\"\\ud800\"", "[1"] {
        texts.add(&format!("msgpack of the JSON {text}"), msgpack.to_payload(b"", &json(text)));
    }
    let canonical = parse("converters: [json: { canonical: true }]").unwrap();
    for text in ["{\"a\":1,\"a\":2}", "\"\\ud800\"", "1e99999999999999999999", "[1"] {
        texts.add(&format!("canonical form of the JSON {text}"), canonical.to_payload(b"", &json(text)));
    }
    let values: [(&str, &[u8]); 6] = [
        ("a key that is a number", b"\x81\x01\x01"),
        ("an extension", b"\xd4\x01\x01"),
        ("infinity", b"\xcb\x7f\xf0\0\0\0\0\0\0"),
        ("a byte that is not used", b"\xc1"),
        ("an end too early", b"\x92\x01"),
        ("an empty message", b""),
    ];
    for (what, data) in values {
        let list = payloads(&[("encoding", "binary/msgpack")], data);
        texts.add(&format!("MessagePack with {what}"), msgpack.from_payload(b"", &list));
    }
    let small = parse("limits: { max_decoded_bytes: 4 B }").unwrap();
    let list = payloads(&[("encoding", "binary/msgpack")], b"\xabhello world");
    texts.add("MessagePack of more than the limit", small.from_payload(b"", &list));
    let name = ("messageType", "google.protobuf.ListValue");
    let list = payloads(&[("encoding", "binary/protobuf"), name], field(1, number(1, 0)).repeat(9));
    texts.add("a message of more than the limit", small.to_payload(b"", &list));
}
