//! The answer to `ListObjectsV2`, which is XML.

use quick_xml::de::from_str;
use serde::Deserialize;

use crate::buckets::{ListedObject, ObjectVersion, Page};
use crate::time::at;
use crate::uri::form_decoded;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    /// Without it, this is another document, such as an error.
    is_truncated: bool,
    next_continuation_token: Option<String>,
    encoding_type: Option<String>,
    #[serde(default)]
    contents: Vec<Contents>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    size: u64,
    #[serde(rename = "ETag")]
    e_tag: String,
    last_modified: Option<String>,
}

/// Reads a page; `None` if it is not one.
pub(super) fn read(body: &[u8]) -> Option<Page> {
    let answer: Answer = from_str(core::str::from_utf8(body).ok()?).ok()?;
    // A store that does not know the parameter writes keys as they are.
    let is_encoded = answer.encoding_type.as_deref() == Some("url");
    let objects = answer.contents.into_iter().map(|contents| {
        Some(ListedObject {
            key: if is_encoded { form_decoded(&contents.key)? } else { contents.key },
            len: contents.size,
            // Without it, an object replaced between two parts would go unnoticed.
            version: ObjectVersion::ETag(Some(contents.e_tag).filter(|tag| !tag.is_empty())?),
            modified: contents.last_modified.as_deref().and_then(at),
            checksum: None,
        })
    });
    let objects = objects.collect::<Option<_>>()?;
    let next = match (answer.is_truncated, answer.next_continuation_token) {
        (false, _) => None,
        (true, Some(token)) if !token.is_empty() => Some(token),
        // It says that there is more and not how to get it.
        (true, _) => return None,
    };
    Some(Page { objects, next })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>exports</Name><Prefix>a/</Prefix>
<KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextContinuationToken>1ueGcx/+=</NextContinuationToken>
<Contents><Key>a/1+%2B%C3%BC%0A%26</Key><LastModified>2015-08-30T12:36:00.000Z</LastModified>
<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>a/2</Key><ETag>e</ETag><Size>0</Size><Owner><ID>x</ID></Owner></Contents></ListBucketResult>"#;

    #[test]
    fn objects_and_what_continues_the_listing_are_read() {
        let page = read(ANSWER.as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), Some("1ueGcx/+="));
        let [first, second] = &page.objects[..] else { panic!("two objects") };
        assert_eq!((first.key.as_str(), first.len), ("a/1 +\u{fc}\n&", 434_234));
        assert_eq!(first.version.to_string(), "etag:\"fba9dede5f27731c9771645a39863328\"");
        assert_eq!(first.modified, Some(UNIX_EPOCH + Duration::from_secs(1_440_938_160)));
        assert_eq!((second.key.as_str(), second.len, second.modified), ("a/2", 0, None));
        let plain = ANSWER.replace("<EncodingType>url</EncodingType>", "");
        assert_eq!(read(plain.as_bytes()).unwrap().objects[0].key, "a/1+%2B%C3%BC%0A%26");
        let last = ANSWER.replace("true", "false");
        assert_eq!(read(last.as_bytes()).unwrap().next, None);
        let none = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        assert!(read(none).unwrap().objects.is_empty());
    }

    #[test]
    fn what_is_no_listing_is_not_read() {
        let deep = "<a>".repeat(1 << 20);
        let entity = "<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult><IsTruncated>&b;</IsTruncated></ListBucketResult>";
        for text in [
            "",
            "{}",
            "<Error><Code>AccessDenied</Code></Error>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            &ANSWER.replace("<ETag>e</ETag>", ""),
            &ANSWER.replace("434234", "-1"),
            &ANSWER.replace("434234", "99999999999999999999"),
            &ANSWER.replace("%C3", "%zz"),
            &ANSWER.replace("%C3", "%ff"),
            &ANSWER[..ANSWER.len() / 2],
            &deep,
            &format!("<ListBucketResult><IsTruncated>false</IsTruncated>{deep}"),
            entity,
        ] {
            assert!(read(text.as_bytes()).is_none(), "{}", &text[..text.len().min(200)]);
        }
        assert!(read(b"<ListBucketResult>\xff</ListBucketResult>").is_none());
    }
}
