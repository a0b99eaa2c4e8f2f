//! A key, and the rules for key ids.

use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};
use tdc_formats::wire;

use super::cipher::{Aead, Cipher};

/// The longest id of a key of the ring.
const MAX_KEY_ID_LEN: usize = 128;

/// The longest id of a key in a key service, which is a URI.
const MAX_SERVICE_ID_LEN: usize = 2048;

/// The entry for the encoding that the samples and Temporal Proxy encrypt with, in wire form.
const ENCRYPTED_ENTRY: &[u8] = b"\x0a\x1c\x0a\x08encoding\x12\x10binary/encrypted";

/// The same of payloads that only tdc reads: those bound to their context.
pub(crate) const TDC_ENCRYPTED_ENTRY: &[u8] = b"\x0a\x20\x0a\x08encoding\x12\x14binary/tdc-encrypted";

/// One key, ready for use. The raw bytes are not kept.
pub(crate) struct Key {
    pub(crate) cipher: Cipher,
    /// The metadata entries that name the codec and this key, in wire form and in the order of
    /// their names, as written before `data`.
    pub(crate) metadata: Vec<u8>,
    /// Where in it the entries are; the last one is empty except for a data key.
    positions: [Range<usize>; 3],
    /// Where in it the wrapped form of a data key is; empty for any other key.
    wrapped: Range<usize>,
    /// SHA-256 of the key, to recognise the Java sample's key ids, which are the key itself.
    pub(super) fingerprint: Fingerprint,
}

/// SHA-256 of a key.
pub(crate) type Fingerprint = [u8; 32];

impl Key {
    pub(crate) fn new(id: &str, key: &[u8; 32]) -> Self {
        let mut metadata = ENCRYPTED_ENTRY.to_vec();
        push_entry(&mut metadata, "encryption-key-id", id.as_bytes());
        let end = metadata.len();
        Self::with_metadata(metadata, end, 0..0, key)
    }

    /// A data key that the key `id` of a key service wrapped: `wrapped` is base64.
    pub(crate) fn data_key(id: &str, wrapped: &[u8], key: &[u8; 32]) -> Self {
        let mut metadata = ENCRYPTED_ENTRY.to_vec();
        push_entry(&mut metadata, "encryption-dek", wrapped);
        let end = metadata.len();
        push_entry(&mut metadata, "encryption-key-id", id.as_bytes());
        Self::with_metadata(metadata, end, end - wrapped.len()..end, key)
    }

    /// The second entry ends at `second`.
    fn with_metadata(metadata: Vec<u8>, second: usize, wrapped: Range<usize>, key: &[u8; 32]) -> Self {
        let first = ENCRYPTED_ENTRY.len();
        let positions = [0..first, first..second, second..metadata.len()];
        Self {
            cipher: Cipher::new(key),
            metadata,
            positions,
            wrapped,
            fingerprint: Sha256::digest(key).into(),
        }
    }

    /// What follows the metadata of this key in `head`, the entries in any order; `None` if `head`
    /// does not begin with exactly these.
    #[inline]
    pub(super) fn skip_metadata<'h>(&self, head: &'h [u8]) -> Option<&'h [u8]> {
        head.strip_prefix(self.metadata.as_slice()).or_else(|| self.skip_in_any_order(head))
    }

    /// A map has no order: protobuf in Python, and in Go, writes the entries in any.
    fn skip_in_any_order<'h>(&self, head: &'h [u8]) -> Option<&'h [u8]> {
        let mut left = self.positions.each_ref().map(|at| self.metadata.get(at.clone()).unwrap_or_default());
        let mut rest = head;
        while left.iter().any(|entry| !entry.is_empty()) {
            rest = left.iter_mut().find_map(|entry| {
                // The second byte is a length: it differs nearly always, and costs no call.
                if entry.is_empty() || entry.get(1) != rest.get(1) {
                    return None;
                }
                let after = rest.strip_prefix(*entry)?;
                *entry = &[];
                Some(after)
            })?;
        }
        Some(rest)
    }

    /// The wrapped form of a data key, as payloads have it.
    pub(super) fn wrapped(&self) -> &[u8] {
        self.metadata.get(self.wrapped.clone()).unwrap_or_default()
    }

    /// The most bytes that the metadata of a data key has, whose wrapped form has so many
    /// characters.
    pub(super) fn metadata_of_data_key(id: &str, wrapped_len: usize) -> usize {
        Self::data_key(id, &vec![b'='; wrapped_len], &[0; 32]).longest_metadata()
    }

    /// The metadata entries that name this key.
    pub(crate) fn entries(&self) -> &[u8] {
        self.metadata.get(ENCRYPTED_ENTRY.len()..).unwrap_or_default()
    }

    /// The most bytes that its metadata has.
    pub(super) fn longest_metadata(&self) -> usize {
        TDC_ENCRYPTED_ENTRY.len() + self.entries().len()
    }
}

/// The most bytes that the metadata of a key has, whatever its id: 34 for the encoding, 25 and
/// the id for the rest. Data keys have more.
pub(crate) const LONGEST_METADATA: usize = 34 + 25 + MAX_KEY_ID_LEN;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// Appends an entry of a payload's metadata.
pub(crate) fn push_entry(metadata: &mut Vec<u8>, name: &str, value: &[u8]) {
    let mut entry = Vec::new();
    wire::push_bytes(&mut entry, 1, name.as_bytes());
    wire::push_bytes(&mut entry, 2, value);
    wire::push_bytes(metadata, 1, &entry);
}

/// `id` as text if it is the id of a key of the ring: `[A-Za-z0-9._:/-]{1,128}`.
pub(crate) fn key_id(id: &[u8]) -> Option<&str> {
    let fits = (1..=MAX_KEY_ID_LEN).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(byte));
    if fits { core::str::from_utf8(id).ok() } else { None }
}

/// Whether `id` can name a key of a key service: 1 to 2,048 printable characters of ASCII.
pub(crate) fn is_service_id(id: &[u8]) -> bool {
    (1..=MAX_SERVICE_ID_LEN).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

/// Whether `id` is the key itself, as with Temporal Proxy's test keys: it must never be shown.
pub(crate) fn is_key_itself(id: &[u8]) -> bool {
    ["base64key:", "testing:"].iter().any(|scheme| {
        id.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    })
}

/// The id of a key of the ring or of a key service as text, if it may be shown.
pub(crate) fn shown_id(id: &[u8]) -> Option<&str> {
    let is_shown = (key_id(id).is_some() || is_service_id(id)) && !is_key_itself(id);
    core::str::from_utf8(id).ok().filter(|_| is_shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_metadata_is_longer_than_that_of_the_longest_id() {
        assert_eq!(Key::new(&"x".repeat(MAX_KEY_ID_LEN), &[0; 32]).longest_metadata(), LONGEST_METADATA);
    }

    #[test]
    fn entries_are_in_the_order_of_their_names() {
        let key = Key::data_key("id", b"ZGVr", &[0; 32]);
        let expected = b"\x0a\x1c\x0a\x08encoding\x12\x10binary/encrypted\
            \x0a\x16\x0a\x0eencryption-dek\x12\x04ZGVr\x0a\x17\x0a\x11encryption-key-id\x12\x02id";
        assert_eq!((key.metadata.as_slice(), key.wrapped()), (&expected[..], &b"ZGVr"[..]));
        assert_eq!(Key::new("id", &[0; 32]).wrapped(), b"");
    }

    #[test]
    fn metadata_is_recognised_in_any_order() {
        let one = Key::data_key("id", b"ZGVr", &[0; 32]);
        let two = Key::new("id", &[0; 32]);
        for (key, orders) in [
            (&one, &[[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][..]),
            (&two, &[[0, 1, 2], [1, 0, 2]]),
        ] {
            for order in orders {
                let entries = order.map(|index| &key.metadata[key.positions[index].clone()]);
                let head = [entries.concat(), b"rest".to_vec()].concat();
                assert_eq!(key.skip_metadata(&head), Some(&b"rest"[..]), "{order:?}");
                assert_eq!(key.skip_metadata(&entries[..2].concat()).is_some(), key.wrapped().is_empty());
                let twice = [entries[0], entries[0], entries[1], entries[2]].concat();
                assert_eq!(key.skip_metadata(&twice), None);
            }
        }
        assert_eq!(one.skip_metadata(&two.metadata), None);
        assert_eq!(two.skip_metadata(&one.metadata), None);
    }

    #[test]
    fn ids_that_are_a_key_are_known_in_any_case() {
        for id in ["base64key://c2VjcmV0", "BASE64KEY:c2VjcmV0", "testing://x", "Testing:"] {
            assert!(is_key_itself(id.as_bytes()), "{id}");
            assert_eq!(shown_id(id.as_bytes()), None);
        }
        assert!(!is_key_itself(b"base64key") && !is_key_itself(b"awskms://testing:"));
    }

    #[test]
    fn ids_of_a_key_service_are_printable_and_bounded() {
        assert!(is_service_id(&[b'x'; 2048]) && is_service_id(b"awskms:///a?b=c&d=~%7B"));
        for id in [&b""[..], b"a b", b"a\n", b"\xc3\xa9", &[b'x'; 2049]] {
            assert!(!is_service_id(id));
        }
    }
}
