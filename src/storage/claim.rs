//! What a driver recorded about an object. The drivers of the SDKs spell the same things
//! differently, so one cannot read what another wrote; here every spelling is read.
//!
//! | | Go | Python | TypeScript |
//! |---|---|---|---|
//! | the hash | `hash_algorithm`, `hash_value` | the same | `hashAlgorithm`, `hashValue` |
//! | the key, Amazon S3 | `key` | `key` | `key` |
//! | the key, Google Cloud Storage | `object_name` and `key`; `key` alone in driver 0.1 | `object_name` | `object` |
//!
//! A folder is a copy of either, so it has the names of both.

use std::collections::BTreeMap;

use super::options::StoreKind;
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
    /// Reads a claim of an object in a store of this kind.
    ///
    /// # Errors
    /// [`Code::Reference`] if something is missing, or written twice and not alike.
    pub(super) fn of(claim: &'a BTreeMap<String, String>, kind: &StoreKind) -> Result<Self, Error> {
        let (key, algorithm, hash) = (key(claim, kind)?, one_of(claim, &ALGORITHM)?, one_of(claim, &HASH)?);
        let key = key.ok_or_else(|| missing("key"))?;
        let algorithm = algorithm.ok_or_else(|| missing("hash_algorithm"))?;
        if !matches!(algorithm, "sha256" | "SHA256" | "sha-256" | "SHA-256") {
            return Err(wrong(&format!(
                "its hash_algorithm is {}, expected sha256",
                text::quoted(algorithm)
            )));
        }
        let hash = hash.ok_or_else(|| missing("hash_value"))?;
        let sha256 =
            of_hex(hash).ok_or_else(|| wrong("its hash_value is not the 64 hex digits of a SHA-256"))?;
        Ok(Self { bucket: claim.get("bucket").map(String::as_str), key, sha256 })
    }
}

/// The key of the object. To Amazon S3 `object_name` may be anything, such as a name for people; it
/// is the key if there is no other, as where Google's driver writes to what speaks S3's protocol.
fn key<'a>(claim: &'a BTreeMap<String, String>, kind: &StoreKind) -> Result<Option<&'a str>, Error> {
    match kind {
        StoreKind::S3 { .. } => Ok(one_of(claim, &["key", "object"])?.or(one_of(claim, &["object_name"])?)),
        StoreKind::Gcs { .. } | StoreKind::Directory { .. } => one_of(claim, &KEY),
    }
}

/// The value under any spelling of a name.
fn one_of<'a>(claim: &'a BTreeMap<String, String>, names: &[&str]) -> Result<Option<&'a str>, Error> {
    let mut found: Option<(&str, &str)> = None;
    for &name in names {
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
    use std::path::Path;

    use super::*;

    fn claim(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn kinds() -> [StoreKind; 3] {
        let region = "eu-central-1".to_owned();
        [
            StoreKind::S3 { region, endpoint: None, path_style: false },
            StoreKind::Gcs { endpoint: None },
            StoreKind::Directory { path: "objects".into() },
        ]
    }

    /// The vectors are for those who wrap drivers: what they add changes nothing for a reader, and
    /// what they refuse a reader refuses too.
    #[test]
    fn claims_of_the_vectors_are_read_as_drivers_are_asked() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/claims/claims.json");
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let claim_in = |value: &serde_json::Value| -> BTreeMap<String, String> {
            serde_json::from_value(value.clone()).unwrap()
        };
        let [s3, gcs, directory] = kinds();
        let (mut read, mut refused) = (0, 0);
        for vector in file["vectors"].as_array().unwrap() {
            let kind = match vector["type"].as_str().unwrap() {
                "aws.s3driver" => &s3,
                "gcp.gcsdriver" => &gcs,
                _ => &directory,
            };
            let (name, written) = (&vector["name"], claim_in(&vector["claim"]));
            let found = Claim::of(&written, kind).map_err(|error| error.message().to_owned());
            if let Some(names) = vector["expect"]["names"].as_array() {
                let why = format!("its {} and {} disagree", names[0], names[1]).replace('"', "");
                assert!(found.as_ref().is_err_and(|error| error.ends_with(&why)), "{name}: {found:?}");
                refused += 1;
                continue;
            }
            let all = claim_in(&vector["expect"]["claim"]);
            assert_eq!(found, Claim::of(&all, kind).map_err(|error| error.message().to_owned()), "{name}");
            if let Ok(found) = found {
                assert_eq!(found.bucket, Some("orders"), "{name}");
                assert!(found.key.ends_with(&all["hash_value"]), "{name}: {found:?}");
                assert_eq!(of_hex(&all["hash_value"]), Some(found.sha256), "{name}");
                read += 1;
            }
        }
        // The others are no claims of objects: they lack a key or a hash.
        assert_eq!((read, refused, file["vectors"].as_array().unwrap().len()), (13, 6, 24));
    }

    #[test]
    fn a_kind_of_store_has_its_names_of_the_key() {
        let hash = "ab".repeat(32);
        let key_of = |names: &[(&str, &str)], kind: &StoreKind| {
            let mut claim = claim(names);
            claim.extend(self::claim(&[("hash_algorithm", "sha256"), ("hash_value", &hash)]));
            Claim::of(&claim, kind).map(|claim| claim.key.to_owned()).map_err(|error| error.code())
        };
        let [s3, gcs, directory] = kinds();
        for name in KEY {
            for kind in [&s3, &gcs, &directory] {
                assert_eq!(key_of(&[(name, "k")], kind), Ok("k".to_owned()), "{name} {kind:?}");
            }
        }
        let named = [("key", "k"), ("object_name", "order 1")];
        assert_eq!(key_of(&named, &s3), Ok("k".to_owned()));
        assert_eq!(key_of(&[("object", "k"), ("object_name", "order 1")], &s3), Ok("k".to_owned()));
        assert_eq!(key_of(&[("key", "k"), ("object", "o")], &s3), Err(Code::Reference));
        for kind in [&gcs, &directory] {
            assert_eq!(key_of(&named, kind), Err(Code::Reference), "{kind:?}");
        }
    }

    #[test]
    fn what_is_missing_wrong_or_contradictory_is_named() {
        let [_, gcs, _] = kinds();
        let hash = "ab".repeat(32);
        let whole =
            [("bucket", "b"), ("key", "k"), ("hash_algorithm", "sha256"), ("hash_value", hash.as_str())];
        let with = |more: (&'static str, &'static str)| {
            let mut claim = claim(&whole);
            claim.insert(more.0.to_owned(), more.1.to_owned());
            Claim::of(&claim, &gcs).unwrap_err().message().to_owned()
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
            assert_eq!(
                Claim::of(&claim, &gcs).unwrap_err().message(),
                format!("{prefix}its claim has no {name}")
            );
        }
    }
}
