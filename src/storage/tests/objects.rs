//! What comes out of an object, and what happens without one.

use super::*;

#[test]
fn what_an_object_holds_takes_the_place_of_its_reference() {
    let converter = open("codecs: [encrypt]\n");
    let inner = payload(PLAIN, b"\"large\"");
    let sealed = converter.encode(b"\x12\x06orders", &list(std::slice::from_ref(&inner))).unwrap();
    let mut stored = Stored::default();
    // Without the tag and length of the list's one item.
    let sealed =
        crate::payload::Payloads::parse(&sealed, &converter.limits(), 0).unwrap().payloads[0].to_vec();
    let (sealed, plain) = (stored.refer(&sealed), stored.refer(&inner));
    let payloads = list(&[sealed.clone(), payload(PLAIN, b"1"), plain, sealed]);
    let expected = list(&[inner.clone(), payload(PLAIN, b"1"), inner.clone(), inner]);
    assert_eq!(stored.decode(&converter, FETCH, &payloads).unwrap(), expected);
    assert_eq!(stored.1.borrow().len(), 2, "one object is fetched once");
    assert_eq!(stored.decode(&converter, References::Keep, &payloads).unwrap(), payloads);
    assert_eq!(stored.decode(&converter, References::Update, &payloads).unwrap(), payloads);
    let error = stored.decode(&converter, References::FetchOnly(9), &payloads).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::Reference, Some(1)));
}

#[test]
fn what_an_object_holds_is_never_followed_and_never_unbounded() {
    let mut stored = Stored::default();
    let first = stored.refer(&payload(PLAIN, b"1"));
    let second = stored.refer(&first);
    let decoded = stored.decode(&open(""), FETCH, &list(std::slice::from_ref(&second))).unwrap();
    assert_eq!(decoded, list(&[first]));
    // 60 000 references to one object are one request, and its bytes count for each.
    let many = list(&vec![second; 60_000]);
    stored.1.borrow_mut().clear();
    let error = stored.decode(&open("limits: { max_decoded_bytes: 1 MiB }\n"), FETCH, &many).unwrap_err();
    assert_eq!((error.code(), stored.1.borrow().len()), (Code::Limit, 1));
    // More objects than the call may fetch.
    let others: Vec<_> = (0..11).map(|n| stored.refer(&payload(PLAIN, format!("{n}").as_bytes()))).collect();
    let decode = |max| stored.decode(&open(""), References::Fetch(max), &list(&others));
    assert_eq!(decode(10).unwrap_err().code(), Code::Limit);
    decode(11).unwrap();
    // An object that grows: 2 MiB of zeros, compressed.
    let zip = open("codecs: [zlib]\nlimits: { max_decoded_bytes: 64 MiB }\n");
    let bomb = zip.encode(b"\x12\x06orders", &list(&[payload(PLAIN, &vec![0; 2 << 20])])).unwrap();
    let bomb = crate::payload::Payloads::parse(&bomb, &zip.limits(), 0).unwrap().payloads[0].to_vec();
    assert!(bomb.len() < 64 << 10);
    let bomb = list(&[stored.refer(&bomb)]);
    let error = stored.decode(&open("limits: { max_decoded_bytes: 1 MiB }\n"), FETCH, &bomb).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    // An object that is not a payload, and one that is larger than allowed.
    let text = stored.refer(b"not a payload at all");
    let error = stored.decode(&open(""), FETCH, &list(&[text])).unwrap_err();
    assert_eq!(error.code(), Code::Reference);
    let large = stored.refer(&payload(PLAIN, &vec![b'1'; 2 << 20]));
    let error =
        stored.decode(&open("limits: { max_decoded_bytes: 1 MiB }\n"), FETCH, &list(&[large])).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
}

#[test]
fn objects_that_are_missing_leave_the_others_in_their_places() {
    let mut stored = Stored::default();
    let plain: Vec<_> = (0..40).map(|n| payload(PLAIN, n.to_string().as_bytes())).collect();
    let references: Vec<_> = plain.iter().map(|payload| stored.refer(payload)).collect();
    // Every third object is missing: some in the requests of each try.
    for (_, payload) in plain.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        let (key, _) = stored.put(payload);
        stored.0.remove(&key);
    }
    let expected: Vec<_> = plain
        .iter()
        .zip(&references)
        .enumerate()
        .map(|(n, (payload, reference))| if n % 3 == 0 { reference } else { payload }.clone())
        .collect();
    let decoded = stored.decode(&open(""), References::TryFetch(40), &list(&references)).unwrap();
    assert_eq!(decoded, list(&expected));
    assert_eq!(stored.1.borrow().len(), 40, "each is asked for once");
}

#[test]
fn objects_without_room_leave_their_references_and_the_other_payloads() {
    let mut stored = Stored::default();
    let plain = |len| payload(PLAIN, &vec![b'1'; len]);
    let zip = open("codecs: [zlib]\n");
    let open = |rest: &str| open(&format!("limits: {{ max_decoded_bytes: 1 MiB }}\n{rest}"));
    let decode = |stored: &Stored, converter: &DataConverter, max, payloads: &[Vec<u8>]| {
        stored.decode(converter, References::TryFetch(max), &list(payloads)).unwrap()
    };
    // One that is larger than any may be.
    let (large, small) = (stored.refer(&plain(2 << 20)), stored.refer(&plain(10)));
    let found = decode(&stored, &open(""), 9, &[large.clone(), small, plain(1)]);
    assert_eq!(found, list(&[large, plain(10), plain(1)]));
    // More than the call accepts together. Of what is still to be asked for, nothing is.
    let objects: Vec<_> = (0..40).map(|n| plain((100 << 10) + n)).collect();
    let references: Vec<_> = objects.iter().map(|object| stored.refer(object)).collect();
    stored.1.borrow_mut().clear();
    let expected = [&objects[..10], &references[10..]].concat();
    assert_eq!(decode(&stored, &open(""), 100, &references), list(&expected));
    assert_eq!(stored.1.borrow().len(), crate::limits::MAX_IN_ROUND);
    // The layers in them count as well.
    let sealing = open("codecs: [encrypt]\n");
    let sealed = sealing.encode(b"\x12\x06orders", &list(&[plain(300 << 10), plain(301 << 10)])).unwrap();
    let sealed = crate::payload::Payloads::parse(&sealed, &sealing.limits(), 0).unwrap().payloads;
    let [one, other] = [sealed[0], sealed[1]].map(|sealed| stored.refer(sealed));
    let found = decode(&stored, &sealing, 9, &[one, other.clone(), plain(1)]);
    assert_eq!(found, list(&[plain(300 << 10), other, plain(1)]));
    // One that grows, again and again.
    let grown = zip.encode(b"\x12\x06orders", &list(&[plain(2 << 20), plain(10 << 10)])).unwrap();
    let grown = crate::payload::Payloads::parse(&grown, &zip.limits(), 0).unwrap().payloads;
    let bombs = vec![stored.refer(grown[0]); 1000];
    let found = decode(&stored, &open(""), 9, &[&bombs[..], &[plain(1)]].concat());
    assert_eq!(found, list(&[&bombs[..], &[plain(1)]].concat()));
    // Payloads that have no room beside the objects take precedence over them.
    let most = stored.refer(&plain((1 << 20) - 100));
    let found = decode(&stored, &open(""), 9, &[most.clone(), grown[1].to_vec()]);
    assert_eq!(found, list(&[most, plain(10 << 10)]));
    // That is so too for one whose layers turned out to have no room.
    let noise: Vec<u8> = (0..19_200_u32).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
    let grows = payload(PLAIN, &[noise, vec![0; 1 << 20]].concat());
    let grown = zip.encode(b"\x12\x06orders", &list(&[grows, plain(500 << 10)])).unwrap();
    let grown = crate::payload::Payloads::parse(&grown, &zip.limits(), 0).unwrap().payloads;
    let grows = stored.refer(grown[0]);
    let found = decode(&stored, &open(""), 9, &[grows.clone(), grown[1].to_vec()]);
    assert_eq!(found, list(&[grows, plain(500 << 10)]));
    // More objects than the call may fetch.
    let found = decode(&stored, &open(""), 3, &references[..5]);
    assert_eq!(found, list(&[&objects[..3], &references[3..5]].concat()));
}

#[test]
fn an_object_that_is_no_payload_leaves_its_reference() {
    let mut stored = Stored::default();
    let (key, hash) = stored.put(b"not a payload at all");
    let modern = payload(MODERN, reference("s3", "bucket", &key, &hash).as_bytes());
    let claim = reference("s3", "bucket", &key, &hash);
    let claim = claim.split_once(",\"claimData\":").unwrap().1.trim_end_matches('}');
    let legacy = payload(
        LEGACY,
        format!(r#"{{"driver_name":"s3","driver_claim":{{"claim_data":{claim}}}}}}}"#).as_bytes(),
    );
    let rest = [payload(PLAIN, b"1")];
    let payloads = [&[modern.clone(), legacy][..], &rest].concat();
    let found = stored.decode(&open(""), References::TryFetch(9), &list(&payloads)).unwrap();
    let updated = format!(
        r#"{{"claimData":{{"bucket":"bucket","hash_algorithm":"sha256","hash_value":"{hash}","key":"{key}"}},"driverName":"s3"}}"#
    );
    let updated = payload(MODERN, updated.as_bytes());
    assert_eq!(found, list(&[&[modern.clone(), updated][..], &rest].concat()));
    // The same under a layer.
    let keys = format!("keys: {{ primary: k, ring: {{ k: {{ {KEY} }} }} }}\ncodecs: [encrypt]\n");
    let stores =
        "storage: { sealed_after_storing: true, stores: { s3: { s3: { region: r }, buckets: [bucket] } } }";
    let sealing = DataConverter::parse(&format!("version: 1\n{keys}{stores}\n"), Path::new(""), "").unwrap();
    let sealed = sealing.encode(b"\x12\x06orders", &list(std::slice::from_ref(&modern))).unwrap();
    assert_eq!(stored.decode(&sealing, References::TryFetch(9), &sealed).unwrap(), list(&[modern]));
}

/// A codec server is asked once, also where its answers leave no room for objects.
#[test]
fn a_codec_server_is_not_asked_again_by_a_try_that_begins_once_more() {
    let mut stored = Stored::default();
    let most = stored.refer(&payload(PLAIN, &vec![b'1'; (1 << 20) - 1000]));
    let rest =
        "limits: { max_decoded_bytes: 1 MiB }\ncodecs: [remote: { url: 'https://codec.example.com' }]\n";
    let (converter, own) = (open(rest), payload(&[("encoding", "binary/own")], b"x"));
    let payloads = list(&[most.clone(), own]);
    let answered = payload(PLAIN, &vec![b'2'; 10 << 10]);
    let (mut call, mut asked) = (Call::default().with_references(References::TryFetch(9)), Vec::new());
    let decoded = loop {
        match converter.decode(call.at(b"\x12\x06orders"), &payloads) {
            Err(error) if error.code() == Code::Requests => {}
            result => break result.unwrap(),
        }
        let requests: Vec<_> = call.requests().collect();
        let bodies: Vec<String> = requests
            .iter()
            .map(|(_, request)| {
                let Request::Http(request) = request else { return String::new() };
                let body = str::from_utf8(request.body()).unwrap();
                asked.push(body.matches("\"metadata\"").count());
                let mut body: serde_json::Value = serde_json::from_str(body).unwrap();
                for payload in body["payloads"].as_array_mut().unwrap() {
                    if payload["metadata"]["encoding"] == "YmluYXJ5L293bg==" {
                        let data = tdc_formats::base64::encode(&vec![b'2'; 10 << 10]);
                        *payload =
                            serde_json::json!({"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": data});
                    }
                }
                body.to_string()
            })
            .collect();
        let answers: Vec<_> = requests
            .iter()
            .zip(&bodies)
            .map(|((id, request), body)| match request {
                Request::Object(object) => (*id, Answer::Object(&stored.0[object.key()])),
                _ => (*id, Answer::Http { status: 200, body: body.as_bytes() }),
            })
            .collect();
        converter.answer(&mut call, &answers).unwrap();
    };
    assert_eq!(decoded, list(&[most, answered]));
    assert_eq!(asked.len(), 1, "{asked:?}");
}
