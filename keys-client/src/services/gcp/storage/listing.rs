//! The answer to `objects.list`, which is JSON.

use serde::Deserialize;

use crate::buckets::{ListedObject, ObjectVersion, Page};
use crate::json::from_base64;
use crate::time::at;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    items: Vec<Item>,
    next_page_token: Option<String>,
}

/// Numbers of 64 bits are texts in Google's JSON.
#[derive(Deserialize)]
struct Item {
    name: String,
    size: String,
    generation: String,
    updated: Option<String>,
    crc32c: Option<String>,
}

/// Reads a page; `None` if it is not one.
pub(super) fn read(body: &[u8]) -> Option<Page> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let objects = answer.items.into_iter().map(|item| {
        Some(ListedObject {
            len: item.size.parse().ok()?,
            version: ObjectVersion::Generation(item.generation.parse().ok()?),
            modified: item.updated.as_deref().and_then(at),
            checksum: item.crc32c.as_deref().and_then(checksum),
            key: item.name,
        })
    });
    let objects = objects.collect::<Option<_>>()?;
    Some(Page { objects, next: answer.next_page_token.filter(|token| !token.is_empty()) })
}

fn checksum(text: &str) -> Option<u32> {
    Some(u32::from_be_bytes(from_base64(text)?.as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_what_continues_the_listing_are_read() {
        let text = r#"{"items":[{"name":"a/b","size":"9","generation":"1700000000000001",
            "updated":"2015-08-30T12:36:00.123Z","crc32c":"4waSgw=="}],"nextPageToken":"t"}"#;
        let page = read(text.as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), Some("t"));
        let object = &page.objects[0];
        assert_eq!((object.key.as_str(), object.len), ("a/b", 9));
        assert_eq!(object.version.to_string(), "generation:1700000000000001");
        assert_eq!(object.checksum, Some(0xe306_9283));
        assert!(object.modified.is_some());
        assert!(read(b"{}").unwrap().objects.is_empty());
    }

    #[test]
    fn what_is_no_listing_is_not_read() {
        for text in [
            "",
            "[]",
            "<html>",
            r#"{"items":[{}]}"#,
            r#"{"items":[{"name":"a","size":"-1","generation":"1"}]}"#,
            r#"{"items":[{"name":"a","size":"1","generation":"x&alt=json"}]}"#,
            r#"{"items":{}}"#,
        ] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
