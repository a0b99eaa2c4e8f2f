//! Which references are read, and which may be followed.

use super::*;

#[test]
fn every_form_of_a_reference_is_read() {
    let converter = open("");
    let inner = payload(PLAIN, b"\"large\"");
    let mut stored = Stored::default();
    let (key, hash) = stored.put(&inner);
    for (metadata, data) in [
        (MODERN, reference("s3", "bucket", &key, &hash)),
        (
            MODERN,
            format!(
                r#" {{ "claim_data" : {{"hashValue":"{hash}","object":"{key}","bucket":"bucket","hashAlgorithm":"sha256"}},
                "new":[{{}},null], "driver_name":"s3" }} "#
            ),
        ),
        // Java's protobuf printer: on several lines, and with what HTML would read escaped.
        (
            MODERN,
            format!(
                "{{\n  \"driverName\": \"s3\",\n  \"claimData\": {{\n    \"note\": \"a\\u003db\\u0026c\\u0027\",\n    \
                 \"bucket\": \"bucket\",\n    \"key\": \"{key}\",\n    \"hash_algorithm\": \"sha256\",\n    \
                 \"hash_value\": \"{hash}\"\n  }}\n}}"
            ),
        ),
        (
            LEGACY,
            format!(
                r#"{{"driver_name":"s3","driver_claim":{{"x":1,"claim_data":{{"bucket":"bucket","key":"{key}","hash_algorithm":"sha256","hash_value":"{hash}"}}}}}}"#
            ),
        ),
    ] {
        let mut reference = payload(metadata, data.as_bytes());
        let decoded = stored.decode(&converter, FETCH, &list(std::slice::from_ref(&reference))).unwrap();
        assert_eq!(decoded, list(std::slice::from_ref(&inner)), "{data}");
        // A hint, which may be wrong.
        push_bytes(&mut reference, 3, b"\x08\x07");
        let decoded = stored.decode(&converter, FETCH, &list(std::slice::from_ref(&reference))).unwrap();
        assert_eq!(decoded, list(std::slice::from_ref(&inner)), "{data}");
    }
    for (metadata, data) in [
        (MODERN, r#"{"driverName":"s3","claimData":null}"#),
        (LEGACY, r#"{"driver_name":"s3","driver_claim":null}"#),
        (LEGACY, r#"{"driver_name":"s3","driver_claim":{"claim_data":null}}"#),
    ] {
        let payloads = list(&[payload(metadata, data.as_bytes())]);
        let error = stored.decode(&converter, FETCH, &payloads).unwrap_err();
        assert!(error.message().ends_with("its claim has no key"), "{data}: {error}");
    }
    let legacy = r#"{"driver_name":"s3","driver_claim":{"claim_data":{"b":"\"","a":"1"}}}"#;
    let mut legacy = payload(LEGACY, legacy.as_bytes());
    push_bytes(&mut legacy, 3, b"\x08\x07");
    let mut updated = payload(MODERN, br#"{"claimData":{"a":"1","b":"\""},"driverName":"s3"}"#);
    push_bytes(&mut updated, 3, b"\x08\x07");
    let decoded = stored.decode(&converter, References::Update, &list(&[legacy])).unwrap();
    assert_eq!(decoded, list(&[updated]));
}

#[test]
fn nothing_that_a_reference_says_decides_where_a_request_goes() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let zeros = "0".repeat(64);
    for (data, why) in [
        (reference("other", "bucket", &key, &hash), "its driver \"other\" is not one of storage.stores"),
        (
            reference("s3", "other", &key, &hash),
            "its bucket \"other\" is not one that storage.stores names for \"s3\"",
        ),
        (
            reference("s3", "bucket", &key.replace("orders", "orders-eu"), &hash),
            "its object does not belong to the namespace \"orders\"; objects_of can allow others",
        ),
        (
            reference("s3", "bucket", &key.replace("wt/t", ".."), &hash),
            "its key has an empty segment, or one that is . or ..",
        ),
        (
            reference("s3", "bucket", &format!("v0/d/sha256/{hash}"), &hash),
            "its key names no namespace, and the configuration does not say unscoped: true",
        ),
        (
            reference("s3", "bucket", &key, &zeros),
            "the bytes of its object do not have the hash that it names",
        ),
        (
            reference("s3", "bucket", &key.replace("/w/", "/v/"), &hash),
            "its object is not in the store \"s3\"",
        ),
    ] {
        let error = stored.decode(&open(""), FETCH, &list(&[payload(MODERN, data.as_bytes())])).unwrap_err();
        let expected = format!("the reference to a stored object was not followed: {why}");
        assert_eq!((error.code(), error.message()), (Code::Reference, expected.as_str()));
    }
    // Readers may prefer the reference to an error.
    let foreign = payload(MODERN, reference("other", "bucket", &key, &hash).as_bytes());
    let payloads = list(&[foreign.clone(), stored.refer(&inner)]);
    let decoded = stored.decode(&open(""), References::TryFetch(9), &payloads).unwrap();
    assert_eq!(decoded, list(&[foreign, inner]));
    for data in ["", "{", "[]", "{}", r#"{"driverName":1}"#, r#"{"driverName":"s3","claimData":{"key":1}}"#] {
        let error = stored.decode(&open(""), FETCH, &list(&[payload(MODERN, data.as_bytes())])).unwrap_err();
        assert_eq!(error.code(), Code::Reference, "{data}");
    }
}

#[test]
fn references_under_layers_are_followed_where_something_seals_after_storing() {
    let inner = payload(PLAIN, b"\"large\"");
    let mut stored = Stored::default();
    let reference = stored.refer(&inner);
    let rest = "codecs: [{ encrypt: { required: true } }]\n";
    let (closed, sealing) = (open(rest), open_with("  sealed_after_storing: true\n", "codecs: [encrypt]\n"));
    let sealed = closed.encode(b"\x12\x06orders", &list(std::slice::from_ref(&reference))).unwrap();
    assert_eq!(stored.decode(&closed, FETCH, &sealed).unwrap(), list(std::slice::from_ref(&reference)));
    let error = stored.decode(&closed, References::FetchOnly(9), &sealed).unwrap_err();
    assert_eq!(error.code(), Code::Reference);
    assert_eq!(stored.decode(&sealing, FETCH, &sealed).unwrap(), list(std::slice::from_ref(&inner)));
    assert_eq!(stored.decode(&sealing, References::FetchOnly(9), &sealed).unwrap(), list(&[inner]));
    // `required` applies to the payload in the object, and that is plain.
    let error = stored.decode(&closed, FETCH, &list(&[reference])).unwrap_err();
    assert_eq!(error.code(), Code::NotEncrypted);
}

#[test]
fn a_reference_that_stays_is_not_encrypted_in_either_form() {
    let converter = open("codecs: [{ encrypt: { required: true } }]\n");
    let modern = payload(MODERN, br#"{"driverName":"s3","claimData":{}}"#);
    let legacy = payload(LEGACY, br#"{"driver_name":"s3","driver_claim":{"claim_data":{}}}"#);
    for reference in [modern, legacy] {
        for references in [References::Update, References::TryFetch(9)] {
            let payloads = list(std::slice::from_ref(&reference));
            let error = Stored::default().decode(&converter, references, &payloads).unwrap_err();
            assert_eq!(error.code(), Code::NotEncrypted, "{references:?}");
        }
    }
}

#[test]
fn an_endpoint_in_a_claim_is_of_no_account() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let claim = reference("s3", "bucket", &key, &hash).replace(
        "\"bucket\":",
        "\"endpoint\":\"http://127.0.0.1:9\",\"endpoint_url\":\"https://a.example\",\"region\":\"x\",\"bucket\":",
    );
    let converter = open("");
    let payloads = list(&[payload(MODERN, claim.as_bytes())]);
    let mut call = Call::default().with_references(FETCH);
    converter.decode(call.at(b"\x12\x06orders"), &payloads).unwrap_err();
    let requests: Vec<_> = call.requests().map(|(_, request)| request).collect();
    let [Request::Object(object)] = requests[..] else { panic!("{requests:?}") };
    let own =
        crate::storage::StoreKind::S3 { region: "eu-central-1".into(), endpoint: None, path_style: false };
    assert_eq!((&object.store().kind, object.bucket(), object.key()), (&own, Some("bucket"), key.as_str()));
    assert_eq!(stored.decode(&converter, FETCH, &payloads).unwrap(), list(&[inner]));
}

/// Nexus hands references from one namespace to another.
#[test]
fn an_entry_of_a_namespace_adds_the_objects_of_others() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let key = key.replace("/orders/", "/payments/");
    stored.0.insert(key.clone(), inner.clone());
    let payments = payload(MODERN, reference("s3", "bucket", &key, &hash).as_bytes());
    let orders = stored.refer(&inner);
    let namespaces = "namespaces: [{ match: orders, objects_of: [payments] }, { match: \"*\" }]\n";
    let decode = |converter: &DataConverter, context: &[u8], reference: &[u8]| {
        let list = list(&[reference.to_vec()]);
        let decoded = stored.run(FETCH, |call| converter.decode(call.at(context), &list), converter);
        decoded.map_err(|error| error.code())
    };
    let (plain, refused) = (Ok(list(std::slice::from_ref(&inner))), Err(Code::Reference));
    let (in_orders, in_payments) = (&b"\x12\x06orders"[..], &b"\x12\x08payments"[..]);
    let converter = open(namespaces);
    for (context, reference, expected) in [
        (in_orders, &orders, &plain),
        (in_orders, &payments, &plain),
        (in_payments, &payments, &plain),
        (in_payments, &orders, &refused),
    ] {
        assert_eq!(&decode(&converter, context, reference), expected);
    }
    assert_eq!(decode(&open(""), in_orders, &payments), refused);

    // The result of an operation that a workflow of `orders` called: field 2 of an event's
    // field 55.
    let event = |result: &[u8]| {
        let (mut attributes, mut event) = (Vec::new(), Vec::new());
        push_bytes(&mut attributes, 2, result);
        push_bytes(&mut event, 55, &attributes);
        list(&[event])
    };
    let (name, flags, history) =
        ("temporal.api.history.v1.History", crate::MessageFlags::default(), event(&payments));
    let decode = |call: &mut Call| converter.decode_message(call.at(in_orders), name, flags, &history);
    assert_eq!(stored.run(FETCH, decode, &converter).unwrap(), event(&inner));
}

#[test]
fn an_object_has_50_mib_at_most_unless_more_is_configured() {
    let mut stored = Stored::default();
    let payloads = list(&[stored.refer(&payload(PLAIN, b"1"))]);
    for (more, rest, expected) in [
        ("", "", 50 << 20),
        ("  max_object_bytes: 60 MiB\n", "", 60 << 20),
        ("", "limits: { max_decoded_bytes: 1 MiB }\n", 1 << 20),
    ] {
        let mut call = Call::default().with_references(FETCH);
        open_with(more, rest).decode(call.at(b"\x12\x06orders"), &payloads).unwrap_err();
        let asked: Vec<_> = call.requests().map(|(_, request)| request).collect();
        let [Request::Object(object)] = asked[..] else { panic!("{asked:?}") };
        assert_eq!(object.max_bytes(), expected);
    }
}

#[test]
fn stores_are_read_and_what_is_wrong_with_them_is_said() {
    let converter = open("");
    assert!(converter.has_stores());
    let read = |storage: &str| {
        let text = format!("version: 1\nstorage:\n{storage}");
        DataConverter::parse(&text, Path::new("/base"), "").map_err(|error| error.message().to_owned())
    };
    read("  stores: { a: { directory: objects } }\n").unwrap();
    read("  stores: { a: { gcs: {}, buckets: [one, two] } }\n  unscoped: true\n  objects_of: [b]\n").unwrap();
    for (storage, expected) in [
        ("  unscoped: true\n", "expected at least one store"),
        ("  stores: { a: {} }\n", "expected exactly one of s3, gcs and directory"),
        ("  stores: { a: { directory: x, gcs: {} } }\n", "expected exactly one of s3, gcs and directory"),
        ("  stores: { a: { gcs: {} } }\n", "expected at least one bucket"),
        ("  stores: { a: { gcs: {}, buckets: [\"../b\"] } }\n", "expected the name of a bucket"),
        ("  stores: { a: { s3: { region: \"\" }, buckets: [abc] } }\n", "expected a region"),
        (
            "  stores: { a: { gcs: { endpoint: \"https://a/b?c\" }, buckets: [abc] } }\n",
            "expected an address",
        ),
        ("  stores: { a: { directory: x } }\n  max_object_bytes: 0\n", "expected more than 0, found 0"),
        ("  stores: { a: { directory: x } }\n  timeout: 6 min\n", "expected more than 0 and at most 5 min"),
        ("  stores: { a: { directory: x } }\n  objects_of: [\"\"]\n", "found an empty name"),
    ] {
        let error = read(storage).err().unwrap();
        assert!(error.contains(expected), "{error}");
    }
}
