//! prost-reflect's JSON as the oracle, over randomly generated messages of Temporal's API.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng};
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, SerializeOptions, Value};

use super::*;

/// Generates messages from a seed.
struct Maker(TestRng);

impl Maker {
    fn number(&mut self) -> u64 {
        match self.0.next_u32() % 4 {
            0 => 0,
            1 => u64::from(self.0.next_u32() % 300),
            2 => u64::from(self.0.next_u32()),
            _ => self.0.next_u64(),
        }
    }

    fn text(&mut self) -> String {
        let letters = ['a', 'Z', '"', '\\', '\n', '\u{1}', '\u{7f}', 'é', '\u{2028}', '😀', '<'];
        let len = self.0.next_u32() % 12;
        (0..len).filter_map(|_| letters.get(self.0.next_u32() as usize % letters.len())).collect()
    }

    fn message(&mut self, descriptor: &MessageDescriptor, depth: u32) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        match descriptor.full_name() {
            // Within the range that JSON can express.
            "google.protobuf.Timestamp" | "google.protobuf.Duration" => {
                let seconds = i64::from(self.0.next_u32());
                message.set_field_by_number(1, Value::I64(seconds));
                message.set_field_by_number(2, Value::I32((self.0.next_u32() % 1_000_000_000) as i32));
                return message;
            }
            "google.protobuf.FieldMask" => {
                let paths = ["foo_bar", "baz.qux_a"].map(|path| Value::String(path.into()));
                message.set_field_by_number(1, Value::List(paths.into()));
                return message;
            }
            "google.protobuf.Any" => {
                let url = "type.googleapis.com/temporal.api.common.v1.WorkflowExecution";
                message.set_field_by_number(1, Value::String(url.into()));
                message.set_field_by_number(2, Value::Bytes(b"\x12\x01r"[..].into()));
                return message;
            }
            "google.protobuf.Value" => {
                message.set_field_by_number(3, Value::String(self.text()));
                return message;
            }
            _ => {}
        }
        for field in descriptor.fields() {
            if depth == 0 && matches!(field.kind(), Kind::Message(_)) || !self.0.next_u32().is_multiple_of(3)
            {
                continue;
            }
            let value = self.field(&field, depth);
            message.set_field(&field, value);
        }
        message
    }

    fn field(&mut self, field: &FieldDescriptor, depth: u32) -> Value {
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { panic!("an entry") };
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let count = self.0.next_u32() % 4;
            let entries = (0..count)
                .map(|_| (self.value(&key, depth).into_map_key().unwrap(), self.value(&value, depth)));
            return Value::Map(entries.collect());
        }
        match field.is_list() {
            true => Value::List((0..self.0.next_u32() % 4).map(|_| self.value(field, depth)).collect()),
            false => self.value(field, depth),
        }
    }

    fn value(&mut self, field: &FieldDescriptor, depth: u32) -> Value {
        match field.kind() {
            Kind::Bool => Value::Bool(self.number().is_multiple_of(2)),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                Value::I32(self.0.next_u32().cast_signed() >> (self.0.next_u32() % 32))
            }
            Kind::Uint32 | Kind::Fixed32 => Value::U32(self.0.next_u32() >> (self.0.next_u32() % 32)),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(self.number().cast_signed()),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(self.number()),
            Kind::Float => Value::F32((self.number() % 1000) as f32 / 8.0),
            Kind::Double => Value::F64((self.number() % 100_000) as f64 / 8.0),
            Kind::String => Value::String(self.text()),
            Kind::Bytes => Value::Bytes(self.text().into_bytes().into()),
            Kind::Enum(values) => {
                let known = values.values().nth(self.0.next_u32() as usize % values.values().len());
                Value::EnumNumber(known.unwrap().number())
            }
            Kind::Message(message) => Value::Message(self.message(&message, depth.saturating_sub(1))),
        }
    }
}

/// Compares both texts as values, ignoring whitespace and the order of members. Floating point is
/// compared as such.
fn same_json(left: &str, right: &str) {
    let value = |text: &str| floats(serde_json::from_str::<serde_json::Value>(text).unwrap());
    assert_eq!(value(left), value(right));
}

fn floats(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => number.as_f64().unwrap().into(),
        serde_json::Value::Array(items) => items.into_iter().map(floats).collect(),
        serde_json::Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, floats(value))).collect()
        }
        other => other,
    }
}

#[test]
fn prost_reflect_reads_what_is_printed_and_prints_what_is_read() {
    let pool = descriptors().pool();
    let types: Vec<_> = pool
        .all_messages()
        .filter(|message| message.full_name().starts_with("temporal.api.") && !message.is_map_entry())
        .collect();
    assert!(types.len() > 800, "{} types", types.len());
    let config = Config { cases: 16, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    proptest!(config, |(seed in any::<[u8; 32]>())| {
        let mut maker = Maker(TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &seed));
        for descriptor in &types {
            let name = descriptor.full_name();
            let message = maker.message(descriptor, 3);
            let wire = message.encode_to_vec();
            let json = to_json(name, &wire).unwrap();
            let mut reader = serde_json::Deserializer::from_str(&json);
            let read = DynamicMessage::deserialize(descriptor.clone(), &mut reader).unwrap();
            // Implicit presence: a field set to its default is absent afterwards.
            let again = DynamicMessage::decode(descriptor.clone(), wire.as_slice()).unwrap();
            prop_assert_eq!(read.encode_to_vec().len(), again.encode_to_vec().len(), "{}", name);

            let mut theirs = Vec::new();
            let mut writer = serde_json::Serializer::new(&mut theirs);
            message.serialize_with_options(&mut writer, &SerializeOptions::new()).unwrap();
            let theirs = String::from_utf8(theirs).unwrap();
            same_json(&json, &theirs);

            let wire = to_wire(name, &theirs).unwrap();
            prop_assert_eq!(&to_json(name, &wire).unwrap(), &json, "{}", name);
            let parsed = DynamicMessage::decode(descriptor.clone(), wire.as_slice()).unwrap();
            prop_assert_eq!(parsed, read, "{}", name);
        }
    });
}
