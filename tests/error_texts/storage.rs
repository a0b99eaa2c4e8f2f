//! Stored objects: references that are not followed, and what became of their objects.

use tdc::{Answer, Call, DataConverter, Error, ObjectFault, References};

use super::{Texts, parse, payloads};

const STORES: &str = "storage: { stores: { s3: { s3: { region: eu-central-1 }, buckets: [orders] } } }";
const NAMESPACE: &[u8] = b"\x12\x06orders";

pub(super) fn raise(texts: &mut Texts) {
    for document in [
        "storage: {}",
        "storage: { stores: { a: {} } }",
        "storage: { stores: { \"\": { directory: a } } }",
        "storage: { stores: { a: { gcs: {} } } }",
        "storage: { stores: { a: { gcs: {}, buckets: [a/b] } } }",
        "storage: { stores: { a: { gcs: { endpoint: ftp://a }, buckets: [abc] } } }",
        "storage: { stores: { a: { gcs: { endpoint: \"http://a\" }, buckets: [abc] } } }",
        "storage: { stores: { a: { s3: { region: a/b }, buckets: [abc] } } }",
        "storage: { stores: { a: { directory: a } }, timeout: 0 s }",
        "storage: { stores: { a: { directory: a } }, max_object_bytes: 0 B }",
        "storage: { stores: { a: { directory: a } }, objects_of: [\"\"] }",
    ] {
        texts.add(document, parse(document));
    }
    let converter = parse(STORES).unwrap();
    let hash = "0".repeat(64);
    let key = format!("v0/ns/orders/d/sha256/{hash}");
    for (bucket, key, algorithm, value) in [
        ("orders", key.as_str(), "md5", hash.as_str()),
        ("orders", &key, "sha256", "0"),
        ("other", &key, "sha256", &hash),
        ("orders", "", "sha256", &hash),
        ("orders", "v0/ns/orders/../d", "sha256", &hash),
        ("orders", "v0/ns/orders\\u0001/d", "sha256", &hash),
        ("orders", "v0/d/sha256/a", "sha256", &hash),
        ("orders", "v0/ns/orders-eu/d", "sha256", &hash),
    ] {
        let claim = format!(
            r#""bucket":"{bucket}","key":"{key}","hash_algorithm":"{algorithm}","hash_value":"{value}""#
        );
        texts.add(&claim, ask(&converter, &reference("s3", &claim), NAMESPACE, None));
    }
    for claim in ["", r#""key":"a""#, r#""key":"a","object":"b""#, r#""key":"a","hash_algorithm":"sha256""#] {
        texts.add(claim, ask(&converter, &reference("s3", claim), NAMESPACE, None));
    }
    let claim = format!(r#""bucket":"orders","key":"{key}","hash_algorithm":"sha256","hash_value":"{hash}""#);
    let whole = reference("s3", &claim);
    texts.add("another driver", ask(&converter, &reference("gcs", &claim), NAMESPACE, None));
    let without_bucket = claim.replace("bucket", "x");
    texts.add("no bucket", ask(&converter, &reference("s3", &without_bucket), NAMESPACE, None));
    texts.add("no namespace", ask(&converter, &whole, b"", None));
    texts.add("a host that answers nothing", ask(&converter, &whole, NAMESPACE, None));
    for (what, answer) in [
        ("a host without a client", Answer::Unknown),
        ("other bytes", Answer::Object(b"\x12\x01a")),
        ("no such object", Answer::NoObject { fault: ObjectFault::Missing, reason: "" }),
        ("a store that is away", Answer::NoObject { fault: ObjectFault::Unavailable, reason: "it is away" }),
    ] {
        texts.add(what, ask(&converter, &whole, NAMESPACE, Some(answer)));
    }
    for data in ["", "[]", "{}", "{\"driverName\":1}", "{\"driverName\":\"a\",\"claimData\":{\"a\":1}}"] {
        texts.add(data, ask(&converter, &payload(data), NAMESPACE, None));
    }
    let mut call = Call::default().with_references(References::FetchOnly(1));
    let plain = payloads(&[("encoding", "json/plain")], "1");
    texts.add("no reference", converter.decode(call.at(NAMESPACE), &plain));
    let mut call = Call::default().with_references(References::Fetch(0));
    texts.add("too many objects", converter.decode(call.at(NAMESPACE), &whole));
    let small = parse(&format!("{STORES}\nlimits: {{ max_decoded_bytes: 1 B }}")).unwrap();
    texts.add("a large object", ask(&small, &whole, NAMESPACE, Some(Answer::Object(b"\x12\x01a"))));
}

fn payload(data: &str) -> Vec<u8> {
    let name = "temporal.api.sdk.v1.ExternalStorageReference";
    payloads(&[("encoding", "json/protobuf"), ("messageType", name)], data)
}

fn reference(driver: &str, claim: &str) -> Vec<u8> {
    payload(&format!(r#"{{"driverName":"{driver}","claimData":{{{claim}}}}}"#))
}

/// Decodes with the objects, and gives the answer to what is asked.
fn ask(
    converter: &DataConverter,
    payloads: &[u8],
    namespace: &[u8],
    answer: Option<Answer<'_>>,
) -> Result<Vec<u8>, Error> {
    let mut call = Call::default().with_references(References::Fetch(1));
    let first = converter.decode(call.at(namespace), payloads);
    let Some((id, _)) = call.requests().next() else { return first };
    let answers: Vec<_> = answer.map(|answer| (id, answer)).into_iter().collect();
    converter.answer(&mut call, &answers)?;
    converter.decode(call.at(namespace), payloads)
}
