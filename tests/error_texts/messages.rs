//! Messages of Temporal's API and failures.

use tdc::MessageFlags;

use super::{Texts, field, number, parse, payload, payloads, with_key};

pub(super) fn raise(texts: &mut Texts) {
    let flags = MessageFlags::default();
    let encrypting = with_key("codecs: [encrypt]");
    texts.add("a message of an unknown type", encrypting.encode_message(b"", "example.Unknown", flags, b""));
    texts.add(
        "a message cut short",
        encrypting.encode_message(b"", "temporal.api.common.v1.Payloads", flags, b"\x0a\x05a"),
    );
    texts.add("a message with a malformed payload", {
        encrypting.encode_message(b"", "temporal.api.common.v1.Payloads", flags, &field(1, [0x0f]))
    });
    texts.add("a failure that is not UTF-8", {
        with_key("codecs: [encrypt]\nfailures: { encode_common_attributes: true }")
            .encode_failure(b"", &field(1, b"\xff"))
    });
    let mut causes = field(1, "a");
    for _ in 0..120 {
        causes = field(4, causes);
    }
    texts.add("a failure with 120 causes", encrypting.encode_failure(b"", &causes));
    let limited = parse("limits: { max_payloads: 1 }\ncodecs: [zlib]").unwrap();
    let two = payloads(&[("encoding", "json/plain")], "1").repeat(2);
    let details = field(5, field(3, &two));
    texts.add("a message with more payloads than allowed", limited.encode_failure(b"", &details));
    let split = field(4, number(99, 1)).repeat(4);
    texts.add("a message that is split into many parts", limited.encode_failure(b"", &split));

    // The attributes of a failure.
    let strict = parse("failures: { malformed: error }").unwrap();
    let attributes = |metadata: &[(&str, &str)], data: &str| field(20, payload(metadata, data));
    let json = &[("encoding", "json/plain")];
    texts.add(
        "attributes of another encoding",
        strict.decode_failure(b"", &attributes(&[("encoding", "binary/plain")], "")),
    );
    texts.add("attributes that are no JSON", strict.decode_failure(b"", &attributes(json, "{")));
    texts.add("attributes with a number", strict.decode_failure(b"", &attributes(json, "{\"message\":1}")));
    texts.add("attributes that are no object", strict.decode_failure(b"", &attributes(json, "[]")));

    let failures = [
        "",
        "[]",
        "{",
        "{\"message\":1}",
        "{\"stackTrace\":[]}",
        "{\"encodedAttributes\":{\"data\":1}}",
        "{\"encodedAttributes\":1}",
        "{\"encodedAttributes\":{\"metadata\":{\"encoding\":\"json/plain\"},\"data\":1}}",
        "{\"applicationFailureInfo\":{\"details\":[1]}}",
        "{\"applicationFailureInfo\":{\"details\":{\"payloads\":[null]}}}",
        "{\"applicationFailureInfo\":{\"details\":{\"payloads\":[{\"data\":\"?\"}]}}}",
    ];
    let both =
        parse("codecs: [zlib]\nfailures: { encode_common_attributes: true, malformed: error }").unwrap();
    for text in failures {
        texts.add(&format!("a failure as JSON: {text}"), both.encode_failure_json(b"", text.as_bytes()));
    }
    texts.add(
        "a failure as JSON with an escape in a name",
        both.encode_failure_json(b"", b"{\"mess\\u0061ge\":\"\"}"),
    );
    texts
        .add("a failure as JSON that is not UTF-8", both.encode_failure_json(b"", b"{\"message\":\"\xff\"}"));
    let deep = format!("{}{{}}{}", "{\"cause\":".repeat(200), "}".repeat(200));
    texts.add("a failure as JSON with 200 causes", both.encode_failure_json(b"", deep.as_bytes()));

    // The envelope of an operation of Temporal's own endpoint.
    let schedule = |input: &[u8]| {
        let attributes = [field(1, "__temporal_system"), field(4, input)].concat();
        field(1, [number(1, 5), field(53, attributes)].concat())
    };
    let history = "temporal.api.history.v1.History";
    let envelope = |metadata: &[(&str, &str)], data: &[u8]| payload(metadata, data);
    let cases = [
        ("that is JSON", envelope(&[("encoding", "json/plain")], b"{}")),
        (
            "of an unknown type",
            envelope(&[("encoding", "binary/protobuf"), ("messageType", "example.Unknown")], b""),
        ),
        (
            "with two data",
            [envelope(&[("encoding", "binary/protobuf"), ("messageType", "a")], b""), field(2, "")].concat(),
        ),
    ];
    for (what, input) in cases {
        texts.add(
            &format!("an envelope {what}"),
            encrypting.encode_message(b"", history, flags, &schedule(&input)),
        );
    }
    let split = {
        let attributes = [field(1, "__temporal_system"), field(4, field(2, "")).repeat(2)].concat();
        field(1, [number(1, 5), field(53, attributes)].concat())
    };
    texts.add("an envelope that is split", encrypting.encode_message(b"", history, flags, &split));
}
