//! Every message type of the API, with a payload at every position.

use super::*;

/// A message with every possible field set, down to a depth; `choice` selects the member of each
/// oneof.
fn filled(descriptor: &MessageDescriptor, depth: usize, choice: usize) -> Option<DynamicMessage> {
    let depth = depth.checked_sub(1)?;
    if descriptor.full_name() == "temporal.api.common.v1.Payload" {
        return payload().as_message().cloned();
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if field
            .containing_oneof()
            .is_some_and(|oneof| oneof.fields().nth(choice % oneof.fields().count()).as_ref() != Some(&field))
        {
            continue;
        }
        let Some(value) = single(&field.kind(), depth, choice) else { continue };
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { continue };
            let (Kind::String, Some(value)) = (
                entry.map_entry_key_field().kind(),
                single(&entry.map_entry_value_field().kind(), depth, choice),
            ) else {
                continue;
            };
            message.set_field(&field, map("key", value));
        } else if field.is_list() {
            message.set_field(&field, Value::List(vec![value.clone(), value]));
        } else {
            message.set_field(&field, value);
        }
    }
    // A failure's attributes must contain valid attributes.
    if descriptor.full_name() == "temporal.api.failure.v1.Failure" {
        message.clear_field_by_name("encoded_attributes");
    }
    Some(message)
}

fn single(kind: &Kind, depth: usize, choice: usize) -> Option<Value> {
    match kind {
        Kind::Message(inner) if inner.full_name().starts_with("google.protobuf.") => None,
        Kind::Message(inner) => filled(inner, depth, choice).map(Value::Message),
        Kind::String => Some(text("text")),
        Kind::Bool => Some(Value::Bool(true)),
        _ => None,
    }
}

/// Counts payloads, except where they are never encoded: `(hidden, plain)`.
fn count(message: &DynamicMessage, plain: bool) -> (usize, usize) {
    let name = message.descriptor().full_name().to_owned();
    if name == "temporal.api.common.v1.Payload" {
        return if plain { (0, 1) } else { (1, 0) };
    }
    let mut total = (0, 0);
    for (field, value) in message.fields() {
        let plain = plain
            || name.ends_with(".SearchAttributes")
            || name.ends_with(".AggregationGroup")
            || name == "temporal.api.common.v1.Header"
            || [
                ("ComputeProvider", "details"),
                ("ComputeScaler", "details"),
                ("EndpointSpec", "description"),
            ]
            .iter()
            .any(|(parent, name)| field.full_name().ends_with(&format!(".{parent}.{name}")));
        let mut add = |value: &Value| {
            if let Value::Message(inner) = value {
                let (hidden, open) = count(inner, plain);
                total = (total.0 + hidden, total.1 + open);
            }
        };
        match value {
            Value::List(values) => values.iter().for_each(&mut add),
            Value::Map(values) => values.values().for_each(&mut add),
            value => add(value),
        }
    }
    total
}

#[test]
fn every_payload_of_every_type_is_hidden_unless_the_sdks_leave_it_plain() {
    let converter = encrypting();
    let mut types = 0;
    for descriptor in temporal_pool().unwrap().all_messages() {
        let name = descriptor.full_name();
        if descriptor.is_map_entry() || name.starts_with("google.") {
            continue;
        }
        let choices = descriptor.oneofs().map(|oneof| oneof.fields().count()).max().unwrap_or(1);
        let mut hidden_ever = false;
        for message in (0..choices).filter_map(|choice| filled(&descriptor, 6, choice)) {
            let bytes = message.encode_to_vec();
            let encoded = converter.encode_message(&[], name, MessageFlags::default(), &bytes).unwrap();
            let (hidden, plain) = match name {
                // A message that is itself a header counts as a request for headers.
                "temporal.api.common.v1.Header" => (1, 0),
                _ => count(&message, false),
            };
            let left = encoded.windows(8).filter(|window| window == b"\"secret\"").count();
            assert_eq!(left, plain, "{name}");
            let parsed = DynamicMessage::decode(descriptor.clone(), encoded.as_slice()).unwrap();
            assert_eq!(parsed.encoded_len(), encoded.len(), "{name}: lengths are as short as can be");
            let decoded = converter.decode_message(&[], name, MessageFlags::default(), &encoded).unwrap();
            assert!(decoded == bytes, "{name}");
            hidden_ever |= hidden > 0;
        }
        types += usize::from(hidden_ever);
    }
    // The API only grows: fewer would mean that this test is broken.
    assert!(types > 140, "{types}");
}
