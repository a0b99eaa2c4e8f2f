//! New wraps of data keys: nothing is decrypted, and nothing but the wrap changes.

use tdc::{Call, Code, DataConverter, Fault};

use crate::service::{Payload, Service, URI, converter, converter_with, list, payloads, plain};

const NEW: &str = "hashivault://orders-2027";

/// Both keys, of which the new one encrypts.
fn both(rest: &str) -> DataConverter {
    let ring = format!("  ring: {{ old: {{ service: \"{URI}\" }}, orders: {{ service: \"{NEW}\" }} }}\n");
    converter_with(&ring, rest, "ns")
}

fn only_new() -> DataConverter {
    converter_with(&format!("  ring: {{ orders: {{ service: \"{NEW}\" }} }}\n"), "", "ns")
}

impl Service {
    fn rewrap(&self, converter: &DataConverter, payloads: &[Payload]) -> Result<Vec<Payload>, tdc::Error> {
        let list = list(payloads);
        self.run(converter, |call| converter.rewrap(call.at(b""), &list))
            .map(|bytes| crate::service::payloads(&bytes))
    }
}

#[test]
fn a_new_wrap_keeps_the_ciphertext_and_costs_one_wrap_for_each_data_key() {
    let service = Service::default();
    let sealed = service.encode(&converter(""), &[plain("1"), plain("2"), plain("3")]).unwrap();
    let foreign = Payload::new(
        &[("encoding", "binary/encrypted"), ("encryption-key-id", "x://other"), ("encryption-dek", "AAAA")],
        &[0; 40],
    );
    let before = service.counts();
    let mixed = [&sealed[..], &[plain("4"), foreign.clone()]].concat();
    let made = service.rewrap(&both(""), &mixed).unwrap();
    assert_eq!((service.wraps.get() - before.0, service.unwraps.get() - before.1), (1, 1));
    for (old, new) in sealed.iter().zip(&made) {
        assert_eq!(new.data, old.data);
        assert_eq!(new.text("encryption-key-id"), NEW);
        assert_ne!(new.text("encryption-dek"), old.text("encryption-dek"));
    }
    assert_eq!(made[3..], [plain("4"), foreign]);
    let opened = service.decode(&only_new(), &made[..4]).unwrap();
    assert_eq!(opened, [plain("1"), plain("2"), plain("3"), plain("4")]);
}

#[test]
fn many_data_keys_are_asked_for_sixteen_at_a_time() {
    let service = Service::default();
    let sealed: Vec<Payload> = (0..40)
        .flat_map(|number| service.encode(&converter(""), &[plain(&number.to_string())]).unwrap())
        .collect();
    let before = service.tries.get();
    let made = service.rewrap(&both(""), &sealed).unwrap();
    assert!(service.tries.get() - before <= 2 * 3 + 3, "{}", service.tries.get() - before);
    assert_eq!(service.decode(&only_new(), &made).unwrap().len(), 40);
}

#[test]
fn a_bound_payload_stays_bound() {
    let bind = |ring: &str, codec: &str| {
        let document = format!("version: 1\nkeys:\n  primary: orders\n{ring}codecs: [{codec}]\n");
        DataConverter::parse(&document, std::path::Path::new(""), "ns").unwrap()
    };
    let codec = "{ encrypt: { bind: { fields: [namespace], required: true } } }";
    let service = Service::default();
    let old = bind(&format!("  ring: {{ orders: {{ service: \"{URI}\" }} }}\n"), codec);
    let sealed = service.encode(&old, &[plain("1")]).unwrap();
    let made = service.rewrap(&both(""), &sealed).unwrap();
    assert_eq!(made[0].text("encoding"), "binary/tdc-encrypted");
    assert_eq!(made[0].metadata["encryption-context"], sealed[0].metadata["encryption-context"]);
    let new = bind(&format!("  ring: {{ orders: {{ service: \"{NEW}\" }} }}\n"), codec);
    assert_eq!(service.decode(&new, &made).unwrap(), [plain("1")]);
}

#[test]
fn histories_and_failures_are_wrapped_anew_with_their_attributes() {
    let failures = "failures: { encode_common_attributes: true }\n";
    let service = Service::default();
    let old = converter_with(&format!("  ring: {{ orders: {{ service: \"{URI}\" }} }}\n"), failures, "ns");
    let history = br#"{"events":[{"eventId":"1","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_FAILED","workflowExecutionFailedEventAttributes":{"failure":{"message":"no stock","stackTrace":"at x","applicationFailureInfo":{"details":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]}}}}}]}"#;
    let sealed = service.run(&old, |call| old.encode_history(call.at(b""), history)).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text(&sealed).contains("no stock"));
    let new = both(failures);
    let made = service.run(&new, |call| new.rewrap_history_and_say(call.at(b""), &sealed, &|_| {})).unwrap();
    assert_ne!(text(&made), text(&sealed));
    let mut shown = Vec::new();
    new.visit_history(&made, &mut |payload| shown.push(tdc::inspect(payload).unwrap().key_id.unwrap()))
        .unwrap();
    assert_eq!(shown, [NEW, NEW]);
    let reader = only_new();
    let decoded = service.run(&reader, |call| reader.decode_history(call.at(b""), &made)).unwrap();
    assert!(text(&decoded).contains("no stock") && text(&decoded).contains("at x"), "{}", text(&decoded));

    let failure = br#"{"message":"no stock","applicationFailureInfo":{}}"#;
    let sealed = service.run(&old, |call| old.encode_failure_json(call.at(b""), failure)).unwrap();
    let made = service.run(&new, |call| new.rewrap_failure_json(call.at(b""), &sealed)).unwrap();
    let decoded = service.run(&reader, |call| reader.decode_failure_json(call.at(b""), &made)).unwrap();
    assert!(text(&decoded).contains("no stock"));
}

#[test]
fn a_key_of_the_configuration_wraps_anew_without_a_host() {
    let inline =
        |id: &str, byte: &str| format!("{id}: {{ insecure_inline: {}=, envelope: true }}", byte.repeat(43));
    let old = converter_with(&format!("  ring: {{ {} }}\n", inline("orders", "A")), "", "ns");
    let sealed = payloads(&old.encode(b"", &list(&[plain("1"), plain("2")])).unwrap());
    let ring = format!("  ring: {{ {}, {} }}\n", inline("orders", "A"), inline("next", "E"));
    let document = format!("version: 1\nkeys:\n  primary: next\n{ring}codecs: [encrypt]\n");
    let new = DataConverter::parse(&document, std::path::Path::new(""), "ns").unwrap();
    let made = payloads(&new.rewrap(b"", &list(&sealed)).unwrap());
    assert_eq!(made[0].text("encryption-key-id"), "next");
    assert_eq!(made[0].text("encryption-dek"), made[1].text("encryption-dek"), "one wrap for one data key");
    assert_eq!(payloads(&new.decode(b"", &list(&made)).unwrap()), [plain("1"), plain("2")]);
}

#[test]
fn what_a_service_refuses_is_said_and_what_cannot_be_is_too() {
    let service = Service::default();
    let sealed = service.encode(&converter(""), &[plain("1")]).unwrap();
    for (fault, code) in [(Fault::Refused, Code::KeyRefused), (Fault::Unavailable, Code::KeyService)] {
        let refusing = Service::default();
        refusing.fault.set(Some(fault));
        assert_eq!(refusing.rewrap(&both(""), &sealed).unwrap_err().code(), code);
    }
    // A host that answers nothing.
    let converter = both("");
    let mut call = Call::default();
    let asked = converter.rewrap(call.at(b""), &list(&sealed)).unwrap_err();
    assert_eq!(asked.code(), Code::Requests);
    assert_eq!(converter.rewrap(call.at(b""), &list(&sealed)).unwrap_err().code(), Code::KeyService);
    // A key that wraps nothing.
    let ring = format!(
        "  ring: {{ old: {{ service: \"{URI}\" }}, orders: {{ insecure_inline: {}= }} }}\n",
        "A".repeat(43)
    );
    let plain_key = converter_with(&ring, "", "ns");
    let error = service.rewrap(&plain_key, &sealed).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::Config, Some(0)));
    assert!(error.message().contains("wraps no data keys"), "{error}");
}

#[test]
fn a_kek_of_another_namespace_is_not_wrapped_anew() {
    let service = Service::default();
    let sealed = service.encode(&converter(""), &[plain("1")]).unwrap();
    let rules = format!(
        "version: 1\nkeys:\n  primary: orders\n  ring: {{ old: {{ service: \"{URI}\" }}, orders: {{ service: \"{NEW}\" }} }}\n\
         codecs: [encrypt]\nnamespaces: [{{ match: mine, keys: {{ primary: orders }} }}]\n"
    );
    let converter = DataConverter::parse(&rules, std::path::Path::new(""), "mine").unwrap();
    assert_eq!(service.rewrap(&converter, &sealed).unwrap_err().code(), Code::KeyUnknown);
}
