//! What a driver recorded about an object. The drivers of the SDKs spell the same things
//! differently, so one cannot read what another wrote; here every spelling is read.
//!
//! | | Go | Python | TypeScript |
//! |---|---|---|---|
//! | the hash | `hash_algorithm`, `hash_value` | the same | `hashAlgorithm`, `hashValue` |
//! | the key, Amazon S3 | `key` | `key` | `key` |
//! | the key, Google Cloud Storage | `object_name` and `key`; `key` alone in driver 0.1 | `object_name` | `object` |

use std::collections::BTreeMap;

use crate::error::{Code, Error, text};

/// Where an object is, and the SHA-256 of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    pub(super) bucket: Option<&'a str>,
    pub(super) key: &'a str,
    pub(super) sha256: [u8; 32],
}

pub(super) const KEY: [&str; 3] = ["key", "object", "object_name"];
pub(super) const ALGORITHM: [&str; 2] = ["hash_algorithm", "hashAlgorithm"];
pub(super) const HASH: [&str; 2] = ["hash_value", "hashValue"];

impl<'a> Claim<'a> {
    /// Reads a claim.
    ///
    /// # Errors
    /// [`Code::Reference`] if something is missing, or written twice and not alike.
    pub(super) fn of(claim: &'a BTreeMap<String, String>) -> Result<Self, Error> {
        let key = one_of(claim, KEY)?.ok_or_else(|| missing("key"))?;
        let algorithm = one_of(claim, ALGORITHM)?.ok_or_else(|| missing("hash_algorithm"))?;
        if !matches!(algorithm, "sha256" | "SHA256" | "sha-256" | "SHA-256") {
            return Err(wrong(&format!(
                "its hash_algorithm is {}, expected sha256",
                text::quoted(algorithm)
            )));
        }
        let hash = one_of(claim, HASH)?.ok_or_else(|| missing("hash_value"))?;
        let sha256 =
            of_hex(hash).ok_or_else(|| wrong("its hash_value is not the 64 hex digits of a SHA-256"))?;
        Ok(Self { bucket: claim.get("bucket").map(String::as_str), key, sha256 })
    }
}

/// The value under any spelling of a name.
fn one_of<'a, const N: usize>(
    claim: &'a BTreeMap<String, String>,
    names: [&str; N],
) -> Result<Option<&'a str>, Error> {
    let mut found: Option<(&str, &str)> = None;
    for name in names {
        let Some(value) = claim.get(name) else { continue };
        match found {
            Some((first, other)) if other != value => {
                return Err(wrong(&format!("its {first} and {name} disagree")));
            }
            Some(_) => {}
            None => found = Some((name, value)),
        }
    }
    Ok(found.map(|(_, value)| value))
}

fn of_hex(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn missing(name: &str) -> Error {
    wrong(&format!("its claim has no {name}"))
}

#[cold]
pub(super) fn wrong(why: &str) -> Error {
    Error::new(Code::Reference, format!("the reference to a stored object was not followed: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_drivers_spelling_says_the_same() {
        let hash = "ab".repeat(32);
        let go = claim(&[("bucket", "b"), ("key", "k"), ("hash_algorithm", "sha256"), ("hash_value", &hash)]);
        let typescript =
            claim(&[("bucket", "b"), ("object", "k"), ("hashAlgorithm", "sha256"), ("hashValue", &hash)]);
        let python = claim(&[
            ("bucket", "b"),
            ("object_name", "k"),
            ("hash_algorithm", "sha256"),
            ("hash_value", &hash),
        ]);
        let expected = Claim { bucket: Some("b"), key: "k", sha256: [0xab; 32] };
        for one in [&go, &typescript, &python] {
            assert_eq!(Claim::of(one).unwrap(), expected);
        }
        let all: BTreeMap<_, _> = go.into_iter().chain(typescript).chain(python).collect();
        assert_eq!(Claim::of(&all).unwrap(), expected);
    }

    #[test]
    fn what_is_missing_wrong_or_contradictory_is_named() {
        let hash = "ab".repeat(32);
        let whole =
            [("bucket", "b"), ("key", "k"), ("hash_algorithm", "sha256"), ("hash_value", hash.as_str())];
        let with = |more: (&'static str, &'static str)| {
            let mut claim = claim(&whole);
            claim.insert(more.0.to_owned(), more.1.to_owned());
            Claim::of(&claim).unwrap_err().message().to_owned()
        };
        let prefix = "the reference to a stored object was not followed: ";
        for (more, why) in [
            (("object", "other"), "its key and object disagree"),
            (("object_name", "other"), "its key and object_name disagree"),
            (("hashValue", "other"), "its hash_value and hashValue disagree"),
            (("hashAlgorithm", "md5"), "its hash_algorithm and hashAlgorithm disagree"),
            (("hash_algorithm", "md5"), "its hash_algorithm is \"md5\", expected sha256"),
            (("hash_value", "xyz"), "its hash_value is not the 64 hex digits of a SHA-256"),
        ] {
            assert_eq!(with(more), format!("{prefix}{why}"));
        }
        for name in ["key", "hash_algorithm", "hash_value"] {
            let mut claim = claim(&whole);
            claim.remove(name);
            assert_eq!(Claim::of(&claim).unwrap_err().message(), format!("{prefix}its claim has no {name}"));
        }
    }
}
