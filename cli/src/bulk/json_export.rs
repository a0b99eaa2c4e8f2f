//! Finds the histories in an export as JSON, `{"items":[{"history":…}]}`.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Where the items with a history are in `text`; `None` if it is another document, or malformed:
/// the reader of whole documents then reports why.
pub(super) fn items(text: &[u8]) -> Option<Vec<Range<usize>>> {
    let found = serde_json::Deserializer::from_slice(text).deserialize_map(Export).ok()?;
    found.iter().filter(|item| has_history(item)).map(|item| range(text, item)).collect()
}

fn has_history(item: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Item {
        history: Option<IgnoredAny>,
    }
    serde_json::from_str::<Item>(item.get()).is_ok_and(|item| item.history.is_some())
}

/// The place of a part of `text`.
fn range(text: &[u8], part: &RawValue) -> Option<Range<usize>> {
    let start = part.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(start..start.checked_add(part.get().len())?)
}

/// Stops at the first member that is another document's, so that a long history is not read twice.
struct Export;

impl<'de> Visitor<'de> for Export {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match &*name {
                "items" if found.is_none() => found = Some(map.next_value()?),
                "items" | "events" | "history" => return Err(A::Error::custom("another document")),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        found.ok_or_else(|| A::Error::missing_field("items"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_are_found_and_other_documents_are_not_divided() {
        let text = r#"{"newer":1, "items": [ {"history":{"events":[]}}, {}, {"history":null},{"newer":[],"history":{}}]}"#;
        let found: Vec<&str> = items(text.as_bytes()).unwrap().into_iter().map(|item| &text[item]).collect();
        assert_eq!(found, [r#"{"history":{"events":[]}}"#, r#"{"newer":[],"history":{}}"#]);
        for other in [
            r#"{"events":[]}"#,
            r#"{"history":{}}"#,
            r#"{"items":[],"items":[]}"#,
            r#"{"items":[{]}"#,
            r#"{"items":[]} x"#,
            "[]",
            "{}",
            "",
        ] {
            let found = items(other.as_bytes());
            assert!(found.is_none_or(|found| found.is_empty()), "{other}");
        }
    }
}
