//! Keys of key services, and bound payloads.

use std::path::Path;

use tdc::{Answer, Call, Code, DataConverter, Error, Fault, Request};

use super::{KEY, Texts, field, with_key};

const SERVICE: &str = "keys: { primary: one, ring: { one: { service: \"awskms://alias/one\" }, two: { service: \"hashivault://two\" } } }\ncodecs: [encrypt]";

fn open(rest: &str, namespace: &str) -> DataConverter {
    DataConverter::parse(&format!("version: 1\n{SERVICE}\n{rest}"), Path::new(""), namespace).unwrap()
}

/// A list of one payload with these entries of metadata.
fn list(entries: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let entry = |(name, value): &(&str, &str)| field(1, [field(1, name), field(2, value)].concat());
    let metadata: Vec<u8> = entries.iter().flat_map(entry).collect();
    field(1, [metadata, field(2, data)].concat())
}

fn envelope(kek: &str, wrapped: &str) -> Vec<u8> {
    let entries = [("encoding", "binary/encrypted"), ("encryption-key-id", kek), ("encryption-dek", wrapped)];
    list(&entries, &[7; 40])
}

/// What becomes of a call whose requests are all answered so.
fn answered(
    converter: &DataConverter,
    answer: Answer<'_>,
    attempt: impl Fn(&mut Call) -> Result<Vec<u8>, Error>,
) -> Result<Vec<u8>, Error> {
    let mut call = Call::default();
    loop {
        match attempt(&mut call) {
            Err(error) if error.code() == Code::Requests => {
                let ids: Vec<u64> = call.requests().map(|(id, _)| id).collect();
                let answers: Vec<(u64, Answer<'_>)> = ids.into_iter().map(|id| (id, answer)).collect();
                assert!(call.requests().all(|(_, request)| !matches!(request, Request::Http(_))));
                converter.answer(&mut call, &answers)?;
            }
            result => return result,
        }
    }
}

pub(super) fn raise(texts: &mut Texts) {
    let (plain, sealed) = (field(1, field(2, "1")), envelope("awskms://alias/one", "AAAA"));
    texts.add("encode: nobody asks the key service", open("", "").encode(b"", &plain));
    texts.add("decode: nobody asks the key service", open("", "").decode(b"", &sealed));
    for (name, fault) in [
        ("away", Fault::Unavailable),
        ("refuses", Fault::Refused),
        ("says that it is not its key", Fault::Invalid),
    ] {
        let failed = Answer::KeyServiceFailed { fault, reason: "because of the test" };
        let converter = open("", "");
        let encoded = answered(&converter, failed, |call| converter.encode(call.at(b""), &plain));
        texts.add(&format!("encode: the key service {name}"), encoded);
        let decoded = answered(&converter, failed, |call| converter.decode(call.at(b""), &sealed));
        texts.add(&format!("decode: the key service {name}"), decoded);
    }
    let converter = open("", "");
    let decoded = answered(&converter, Answer::Unknown, |call| converter.decode(call.at(b""), &sealed));
    texts.add("decode: the host has no key service", decoded);
    let converter = open("", "");
    let decoded =
        answered(&converter, Answer::DataKey(&[1; 16]), |call| converter.decode(call.at(b""), &sealed));
    texts.add("decode: a data key of another length", decoded);
    let encoded = answered(&converter, Answer::Wrapped(b""), |call| converter.encode(call.at(b""), &plain));
    texts.add("encode: an empty wrapped key", encoded);
    texts.add("decode: not base64", open("", "").decode(b"", &envelope("awskms://alias/one", "?")));

    let own = "namespaces: [{ match: \"*\", keys: { primary: \"{namespace}\" } }]";
    texts.add("decode: a key of another namespace", open(own, "two").decode(b"", &sealed));
    texts.add("encode: a namespace without a key of its own", open(own, "three").encode(b"", &plain));

    let bind = "codecs: [{ encrypt: { bind: { fields: [namespace], required: true } } }]";
    let bound = with_key(bind);
    texts.add("encode: nothing to bind to", bound.encode(b"", &plain));
    texts.add("decode: not bound", bound.decode(b"", &plain));
    let entries = |context| {
        [("encoding", "binary/tdc-encrypted"), ("encryption-key-id", "one"), ("encryption-context", context)]
    };
    texts.add("decode: no record of ours", bound.decode(b"", &list(&entries("nonsense"), &[7; 40])));
    let elsewhere = list(&entries("\u{12}\u{2}ns"), &[7; 40]);
    texts.add("decode: bound to another namespace", bound.decode(b"\x12\x05other", &elsewhere));

    for (name, ring) in [
        ("a service and a key", format!("one: {{ service: \"x://y\", insecure_inline: {KEY} }}")),
        ("not a URI", "one: { service: orders }".to_owned()),
        ("a URI with a space", "one: { service: \"x://a b\" }".to_owned()),
        ("no time for the service", "one: { service: \"x://y\", timeout: 0 s }".to_owned()),
        (
            "one id twice",
            "one: { service: \"x://y\" }, two: { service: \"x://z\", also: [\"x://y\"] }".to_owned(),
        ),
        (
            "one key twice",
            format!("one: {{ insecure_inline: {KEY}, envelope: true }}, two: {{ insecure_inline: {KEY} }}"),
        ),
        ("an option of services", format!("one: {{ insecure_inline: {KEY}, envelope: true, earlier: [x] }}")),
        ("an option of envelopes", format!("one: {{ insecure_inline: {KEY}, also: [x] }}")),
        ("no id", format!("one: {{ insecure_inline: {KEY}, envelope: true, also: [\"a b\"] }}")),
        ("too many payloads", "one: { service: \"x://y\", data_key: { messages: 4294967297 } }".to_owned()),
        ("a short lifetime", "one: { service: \"x://y\", data_key: { lifetime: 1 ms } }".to_owned()),
        ("renewed too early", "one: { service: \"x://y\", data_key: { renew_before: 1 h } }".to_owned()),
    ] {
        let document = format!("version: 1\nkeys: {{ primary: one, ring: {{ {ring} }} }}\n");
        texts.add(&format!("configuration: {name}"), DataConverter::parse(&document, Path::new(""), ""));
    }
    for (name, rest) in
        [("an empty cache", "cache: { entries: 0 }"), ("a cache of no time", "cache: { lifetime: 0 s }")]
    {
        let document = format!("version: 1\nkeys: {{ {rest} }}\n");
        texts.add(&format!("configuration: {name}"), DataConverter::parse(&document, Path::new(""), ""));
    }
    let twice = "codecs: [{ encrypt: { bind: { fields: [namespace, namespace] } } }]";
    for (name, rest) in
        [("no field", "codecs: [{ encrypt: { bind: { fields: [] } } }]"), ("a field twice", twice)]
    {
        let document = format!(
            "version: 1\nkeys: {{ primary: one, ring: {{ one: {{ insecure_inline: {KEY} }} }} }}\n{rest}\n"
        );
        texts
            .add(&format!("configuration: bind: {name}"), DataConverter::parse(&document, Path::new(""), ""));
    }
    let template = "version: 1\nkeys: { ring: { one: { service: \"x://y\" } } }\nnamespaces: [{ match: a, keys: { primary: \"{namespace}{namespace}\" } }]\n";
    texts.add("configuration: the namespace twice", DataConverter::parse(template, Path::new(""), ""));
}
