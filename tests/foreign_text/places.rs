//! Every place of a configuration where text of others can be, by its JSON Schema: each value of
//! any type, each name that may be chosen freely, and a name that is not known in each mapping.
//!
//! What the schema cannot say, a few rows here say: what a text looks like that is accepted, and
//! which other options it needs.

use serde_json::{Map, Value, json};

/// Stands for the text in a document.
const MARK: &str = "@";

/// 32 bytes in base64.
const KEY: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";

/// A place, and the smallest document that has it.
pub(crate) struct Place {
    /// Such as `keys.ring.*.file`; `?` is a name that is not known, `*!` a name that is free.
    pub(crate) name: String,
    /// With [`MARK`] as the value or the name.
    document: Value,
    /// What is accepted instead of the mark, or no value for a name that is not known.
    accepted: Option<Value>,
}

impl Place {
    /// Documents with this text: as it is, and where it is a value also in a list and in a mapping.
    pub(crate) fn documents(&self, text: &str) -> Vec<Value> {
        let forms = [json!(text), json!([text]), json!({ text: text })];
        let is_value = self.accepted.is_some() && !self.name.ends_with("*!");
        let count = if is_value { forms.len() } else { 1 };
        forms.iter().take(count).map(|form| with(&self.document, text, Some(form))).collect()
    }

    /// The same document without anything wrong.
    pub(crate) fn accepted(&self) -> Value {
        with(&self.document, "a", self.accepted.as_ref())
    }
}

/// Puts `name` for the mark where it is a name, and `value` where it is a value; without a value
/// the name goes, too.
fn with(document: &Value, name: &str, value: Option<&Value>) -> Value {
    match document {
        Value::String(text) if text == MARK => value.cloned().unwrap_or_default(),
        Value::Array(items) => items.iter().map(|item| with(item, name, value)).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, _)| *key != MARK || value.is_some());
            let put = |(key, member): (&String, &Value)| {
                (if key == MARK { name.to_owned() } else { key.clone() }, with(member, name, value))
            };
            kept.map(put).collect()
        }
        _ => document.clone(),
    }
}

/// All places, in the order of the schema.
pub(crate) fn all(schema: &Value) -> Vec<Place> {
    let walk = Walk { definitions: &schema["$defs"] };
    let mut places = walk.places("", schema);
    // An alternative, such as text beside a mapping, has its places once.
    let mut seen = std::collections::BTreeSet::new();
    places.retain(|place| !place.name.is_empty() && seen.insert(place.name.clone()));
    for place in &mut places {
        if NEED_A_KEY.iter().any(|start| place.name.starts_with(start)) {
            let keys = json!({ "primary": "a", "ring": { "a": { "insecure_inline": KEY } } });
            merge(&mut place.document, &json!({ "keys": keys }));
        }
    }
    places
}

/// Beside places that begin so, the document must have a key.
const NEED_A_KEY: &[&str] =
    &["codecs[].encrypt", "namespaces[].codecs[].encrypt", "namespaces[].keys", "keys.primary"];

/// What a mapping must have beside a member, or to be one, as the schema does not say.
fn beside(mapping: &str, member: &str) -> Value {
    if mapping.ends_with("remote.headers.*") {
        return match member {
            "file" | "env" | "insecure_inline" => json!({}),
            _ => json!({ "insecure_inline": "a" }),
        };
    }
    if mapping.ends_with("codecs[].json") {
        return json!({ "canonical": true });
    }
    match (mapping, member) {
        ("keys.ring.*", "file" | "env" | "insecure_inline" | "service") => json!({}),
        ("keys.ring.*", "also" | "data_key" | "timeout") => json!({ "service": "hashivault://a" }),
        ("keys.ring.*", "earlier") => json!({ "service": "awskms://alias/a" }),
        ("keys.ring.*", _) => json!({ "insecure_inline": KEY }),
        ("server.auth.rules[]", "allow" | "pass_through") => json!({}),
        ("server.auth.rules[]", _) => json!({ "allow": ["decode"] }),
        ("storage", _) => json!({ "stores": { "a": { "directory": "a" } } }),
        ("storage.stores", "") => json!({ "b": { "directory": "a" } }),
        ("storage.stores.*", "directory") => json!({}),
        ("storage.stores.*", "s3" | "gcs") => json!({ "buckets": ["abc"] }),
        ("storage.stores.*", _) => json!({ "directory": "a" }),
        _ => json!({}),
    }
}

/// Adds what is missing; the first items of two lists are one.
fn merge(document: &mut Value, beside: &Value) {
    match (document, beside) {
        (Value::Object(document), Value::Object(beside)) => {
            for (key, value) in beside {
                merge(document.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(document), Value::Array(beside)) => {
            document.iter_mut().zip(beside).for_each(|(item, beside)| merge(item, beside));
        }
        (document @ Value::Null, beside) => *document = beside.clone(),
        _ => {}
    }
}

struct Walk<'a> {
    definitions: &'a Value,
}

impl<'a> Walk<'a> {
    /// The places of a value by its schema; each document is such a value.
    fn places(&self, name: &str, schema: &'a Value) -> Vec<Place> {
        let mut places = Vec::new();
        for schema in self.alternatives(schema) {
            let accepted = Some(sample(self, name, schema));
            places.push(Place { name: name.to_owned(), document: json!(MARK), accepted });
            if let Some(items) = schema.get("items") {
                let list = |item| json!([item]);
                places.extend(inside(self.places(&format!("{name}[]"), items), list));
            }
            let of = |member: &str, value: Value| {
                let mut members = self.needed(name, schema, member);
                members.insert(member.to_owned(), value);
                Value::Object(members)
            };
            let start = if name.is_empty() { String::new() } else { format!("{name}.") };
            for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
                let found = self.places(&format!("{start}{member}"), schema);
                places.extend(inside(found, |value| of(member, value)));
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => {
                    let document = of(MARK, json!(1));
                    places.push(Place { name: format!("{start}?"), document, accepted: None });
                }
                Some(values) => {
                    let name = format!("{start}*");
                    let document = of(MARK, sample(self, &name, values));
                    places.push(Place { name: format!("{name}!"), document, accepted: Some(json!(1)) });
                    places.extend(inside(self.places(&name, values), |value| of("a", value)));
                }
                None => {}
            }
        }
        places
    }

    /// The schema, or those that it is one of; null is in all of them.
    fn alternatives(&self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            let definition = &self.definitions[reference.trim_start_matches("#/$defs/")];
            assert!(definition.is_object(), "{reference}");
            return self.alternatives(definition);
        }
        let several = schema.get("oneOf").or_else(|| schema.get("anyOf"));
        let Some(several) = several.and_then(Value::as_array) else { return vec![schema] };
        let is_null = |schema: &&Value| schema["type"] == "null";
        several
            .iter()
            .filter(|schema| !is_null(schema))
            .flat_map(|schema| self.alternatives(schema))
            .collect()
    }

    /// What a mapping must have beside a member.
    fn needed(&self, name: &str, schema: &'a Value, member: &str) -> Map<String, Value> {
        let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let start = if name.is_empty() { String::new() } else { format!("{name}.") };
        let mut members: Map<_, _> = names
            .map(|member| {
                let value = sample(self, &format!("{start}{member}"), &schema["properties"][member]);
                (member.to_owned(), value)
            })
            .collect();
        members.extend(beside(name, member).as_object().unwrap().clone());
        members
    }
}

fn inside(mut places: Vec<Place>, outer: impl Fn(Value) -> Value) -> Vec<Place> {
    for place in &mut places {
        place.document = outer(std::mem::take(&mut place.document));
    }
    places
}

/// Texts that are accepted at places that end so; elsewhere it is `a`, or the first of a list.
const TEXTS: &[(&str, &str)] = &[
    ("insecure_inline", KEY),
    ("remote.url", "https://a.example"),
    ("endpoint", "https://a.example"),
    ("jwks", "https://a.example/keys"),
    ("service", "hashivault://a"),
    ("also[]", "hashivault://b"),
    ("origins[]", "https://a.example"),
    ("pass_through[]", "decode"),
    ("listen", "127.0.0.1:8081"),
    ("buckets[]", "abc"),
];

/// A value that the schema allows.
fn sample(walk: &Walk<'_>, name: &str, schema: &Value) -> Value {
    let schema = *walk.alternatives(schema).first().unwrap();
    let text = TEXTS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, text)| json!(text));
    let constant =
        schema.get("const").or_else(|| schema["enum"].as_array()?.iter().find(|value| !value.is_null()));
    if let Some(constant) = constant {
        return text.unwrap_or_else(|| constant.clone());
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") if schema["pattern"].is_string() => json!("5 s"),
        Some("string") => text.unwrap_or_else(|| json!("a")),
        // Limits and sizes, that leave room for what is tried out.
        Some("integer") if schema.get("maximum").is_none() && name != "version" => json!(1 << 20),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([sample(walk, &format!("{name}[]"), &schema["items"])]),
        Some("object") => Value::Object(walk.needed(name, schema, "")),
        _ => panic!("{name}: {schema}"),
    }
}
