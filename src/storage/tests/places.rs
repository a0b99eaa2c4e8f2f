//! References in histories and messages, and in what is encoded.

use super::*;

#[test]
fn encode_leaves_the_references_of_histories_and_seals_those_of_workers() {
    let reference = Stored::default().refer(&payload(PLAIN, b"\"large\""));
    let payloads = list(&[reference.clone(), payload(PLAIN, b"\"small\"")]);
    // An event that a workflow was signaled.
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 2, &payloads);
    let mut event = b"\x08\x01\xd2\x01".to_vec();
    tdc_formats::wire::push_varint(&mut event, attributes.len() as u64);
    event.extend_from_slice(&attributes);
    let history = list(&[event]);
    let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let outcome = |encoded: Result<Vec<u8>, Error>| {
        let encoded = encoded.unwrap();
        (has(&encoded, &reference), has(&encoded, b"small"))
    };
    let context = b"\x12\x06orders";
    for (more, stays) in [("", true), ("  sealed_after_storing: true\n", false)] {
        let converter = open_with(more, "codecs: [encrypt]\n");
        assert_eq!(outcome(converter.encode_history(context, &history)), (stays, false));
        for (references, stays) in [(References::Leave, stays), (References::Keep, false)] {
            let encode = |call: &mut Call| converter.encode(call.at(context), &payloads);
            assert_eq!(outcome(Stored::default().run(references, encode, &converter)), (stays, false));
        }
    }
}

#[test]
fn references_in_histories_are_followed() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let data = tdc_formats::base64::encode(reference("s3", "bucket", &key, &hash).as_bytes());
    let history = |payload: &str| {
        format!(
            r#"{{"events":[{{"eventId":"1","workflowExecutionStartedEventAttributes":{{"input":{{"payloads":[{payload}]}}}}}}]}}"#
        )
    };
    let reference = history(&format!(
        r#"{{"metadata":{{"encoding":"anNvbi9wcm90b2J1Zg==","messageType":"dGVtcG9yYWwuYXBpLnNkay52MS5FeHRlcm5hbFN0b3JhZ2VSZWZlcmVuY2U="}},"data":"{data}"}}"#
    ));
    let converter = open("");
    let decode = |call: &mut Call| converter.decode_history(call.at(b"\x12\x06orders"), reference.as_bytes());
    let decoded = stored.run(FETCH, decode, &converter).unwrap();
    let expected = history(r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}"#);
    assert_eq!(String::from_utf8(decoded).unwrap(), expected);
}

#[test]
fn references_in_messages_are_followed() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let converter = open("");
    // WorkflowExecutionStartedEventAttributes has `input` as field 3 of an event's field 6.
    let message = |item: &[u8]| {
        let (mut attributes, mut event) = (Vec::new(), Vec::new());
        push_bytes(&mut attributes, 6, &list(&[item.to_vec()]));
        push_bytes(&mut event, 6, &attributes);
        event
    };
    let (name, flags) = ("temporal.api.history.v1.HistoryEvent", crate::MessageFlags::default());
    let reference = message(&stored.refer(&inner));
    let decode =
        |call: &mut Call| converter.decode_message(call.at(b"\x12\x06orders"), name, flags, &reference);
    assert_eq!(stored.run(FETCH, decode, &converter).unwrap(), message(&inner));
    assert_eq!(stored.run(References::Keep, decode, &converter).unwrap(), reference);
}
