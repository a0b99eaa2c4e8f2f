//! Turns a JSON Web Key Set into the keys that verify signatures, and those that are meant to but
//! cannot.
//!
//! Providers write numbers in more ways than the standard allows: with leading zero bytes, with
//! padding, in the other base64 alphabet. Only the value of a number matters. An entry that still
//! cannot be a key is left out and logged: otherwise the only sign of it would be users who are
//! told to log in again.

use std::sync::Arc;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::serve::record::bounded;

/// No provider publishes a set with more keys.
const MAX_KEYS: usize = 256;
/// Sizes of a modulus that the verification accepts, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// More bytes than any exponent in use has.
const MAX_EXPONENT: usize = 8;

const READER: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A key that verifies signatures.
#[derive(Clone)]
pub(crate) struct Key {
    pub(super) id: Option<String>,
    /// The algorithm it is for, if the set or the kind of key says so.
    algorithm: Option<String>,
    pub(crate) verifies: Arc<DecodingKey>,
}

/// A key that is for signatures but cannot verify any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    pub(super) id: Option<String>,
    pub(super) why: String,
}

/// What a text has.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) keys: Vec<Key>,
    pub(super) unusable: Vec<Unusable>,
}

impl Key {
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.verifies.family() == algorithm.family()
            && self.algorithm.as_ref().is_none_or(|name| *name == format!("{algorithm:?}"))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Reads a set. Keys for another purpose, such as encryption, are skipped.
pub(super) fn parse(text: &[u8]) -> Option<Set> {
    #[derive(Deserialize)]
    struct Text {
        keys: Vec<Value>,
    }
    let text: Text = serde_json::from_slice(text).ok()?;
    let mut set = Set::default();
    for value in text.keys.into_iter().take(MAX_KEYS) {
        let id = value.get("kid").and_then(Value::as_str).map(str::to_owned);
        let found = Entry::deserialize(value)
            .map_err(|_| "expected an object whose members are texts".to_owned())
            .and_then(|entry| if entry.is_for_signatures() { entry.key().map(Some) } else { Ok(None) });
        match found {
            Ok(key) => set.keys.extend(key),
            Err(why) => set.unusable.push(Unusable { id: id.map(|id| bounded(&id)), why }),
        }
    }
    Some(set)
}

/// A key as the set has it.
#[derive(Deserialize)]
struct Entry {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    is_for: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Entry {
    fn is_for_signatures(&self) -> bool {
        self.is_for.as_ref().is_none_or(|is_for| is_for == "sig")
            && self.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"))
    }

    fn key(self) -> Result<Key, String> {
        let (verifies, only) = match self.kty.as_str() {
            "RSA" => (self.rsa()?, None),
            "EC" => self.elliptic().map(|(key, only)| (key, Some(only)))?,
            "OKP" => (self.edwards()?, Some("EdDSA")),
            "oct" => return Err("kty oct is a shared secret, expected a public key".to_owned()),
            other => return Err(format!("kty {}: expected RSA, EC or OKP", bounded(other))),
        };
        if let (Some(said), Some(only)) = (&self.alg, only)
            && said != only
        {
            return Err(format!("alg {} does not fit the curve, which is for {only}", bounded(said)));
        }
        let algorithm = self.alg.or_else(|| only.map(str::to_owned));
        Ok(Key { id: self.kid, algorithm, verifies: Arc::new(verifies) })
    }

    fn rsa(&self) -> Result<DecodingKey, String> {
        let (n, e) = (number("n", self.n.as_ref())?, number("e", self.e.as_ref())?);
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            let (min, max) = (RSA_BITS.start(), RSA_BITS.end());
            return Err(format!("n has {bits} bits, expected {min} to {max}"));
        }
        let is_odd = e.last().is_some_and(|last| last % 2 == 1);
        if !is_odd || e == [1] || e.len() > MAX_EXPONENT {
            return Err("e is not a usable exponent: expected an odd number such as 65537".to_owned());
        }
        Ok(DecodingKey::from_rsa_raw_components(&n, &e))
    }

    fn elliptic(&self) -> Result<(DecodingKey, &'static str), String> {
        let (len, algorithm): (usize, _) = match self.crv.as_deref() {
            Some("P-256") => (32, "ES256"),
            Some("P-384") => (48, "ES384"),
            other => return Err(curve(other, "P-256 or P-384")),
        };
        // The uncompressed form of a point, each half padded with leading zeroes.
        let mut point = vec![4];
        for (name, text) in [("x", self.x.as_ref()), ("y", self.y.as_ref())] {
            let half = number(name, text)?;
            let Some(missing) = len.checked_sub(half.len()) else {
                return Err(format!("{name} has {} bytes, expected {len}", half.len()));
            };
            point.resize(point.len() + missing, 0);
            point.extend(half);
        }
        Ok((DecodingKey::from_ec_der(&point), algorithm))
    }

    fn edwards(&self) -> Result<DecodingKey, String> {
        if self.crv.as_deref() != Some("Ed25519") {
            return Err(curve(self.crv.as_deref(), "Ed25519"));
        }
        // These bytes have their own order; they are not a number.
        let x = bytes("x", self.x.as_ref())?;
        if x.len() != 32 {
            return Err(format!("x has {} bytes, expected 32", x.len()));
        }
        Ok(DecodingKey::from_ed_der(&x))
    }
}

fn curve(found: Option<&str>, expected: &str) -> String {
    format!("the curve {} is not supported, expected {expected}", bounded(found.unwrap_or("(none)")))
}

fn bytes(name: &str, text: Option<&String>) -> Result<Vec<u8>, String> {
    let text = text.ok_or_else(|| format!("{name} is missing"))?;
    let text = text.replace('+', "-").replace('/', "_");
    READER.decode(text).map_err(|_| format!("{name} is not base64url"))
}

/// A number, without leading zero bytes.
fn number(name: &str, text: Option<&String>) -> Result<Vec<u8>, String> {
    let mut bytes = bytes(name, text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    Ok(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    const N: &str = "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw";

    fn read(entries: &[String]) -> Set {
        parse(format!(r#"{{"keys":[{}]}}"#, entries.join(",")).as_bytes()).unwrap()
    }

    /// The same RSA key with other members.
    pub(in super::super) fn set(entries: &[&str]) -> Set {
        let rsa = format!(r#""kty":"RSA","e":"AQAB","n":"{N}""#);
        read(&entries.iter().map(|entry| format!("{{{entry},{rsa}}}")).collect::<Vec<_>>())
    }

    fn ids(set: &Set) -> Vec<&str> {
        set.keys.iter().filter_map(|key| key.id.as_deref()).collect()
    }

    fn bytes_of(key: &Key) -> Vec<u8> {
        match key.verifies.kind() {
            jsonwebtoken::DecodingKeyKind::SecretOrDer(bytes) => bytes.clone(),
            jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, e } => [n.as_slice(), e].concat(),
        }
    }

    #[test]
    fn keys_that_do_not_verify_signatures_are_left_out() {
        let keys = set(&[
            r#""kid":"plain""#,
            r#""kid":"sig","use":"sig","alg":"RS256""#,
            r#""kid":"enc","use":"enc","alg":"RSA-OAEP""#,
            r#""kid":"signs","key_ops":["sign"]"#,
            r#""kid":"verifies","key_ops":["verify"]"#,
        ]);
        assert_eq!(ids(&keys), ["plain", "sig", "verifies"]);
        assert_eq!(keys.unusable, [], "what is for something else is not worth a word");
        assert!(parse(b"{}").is_none() && parse(b"[]").is_none());
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        let n = URL_SAFE_NO_PAD.decode(N).unwrap();
        let zeros = [&[0, 0], n.as_slice()].concat();
        let texts = [
            (N.to_owned(), "AQAB"),
            (URL_SAFE_NO_PAD.encode(&zeros), "AAEAAQ"),
            (STANDARD.encode(&n), "AQAB"),
            (STANDARD.encode(&zeros), "AAEAAQ=="),
        ];
        let entries = texts.map(|(n, e)| format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#));
        let found = read(&entries);
        assert_eq!(found.unusable, []);
        let expected = [n.as_slice(), &[1, 0, 1]].concat();
        assert!(found.keys.len() == 4 && found.keys.iter().all(|key| bytes_of(key) == expected));

        // A coordinate whose first byte is zero, written without it, as it is, and with one too
        // many.
        let short = [7; 31];
        let y = URL_SAFE_NO_PAD.encode([9; 32]);
        for x in [&short[..], &[&[0], &short[..]].concat(), &[&[0, 0], &short[..]].concat()] {
            let x = URL_SAFE_NO_PAD.encode(x);
            let found = read(&[format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}="}}"#)]);
            assert_eq!(bytes_of(&found.keys[0]), [&[4, 0], &short[..], &[9; 32]].concat());
            assert!(found.keys[0].fits(Algorithm::ES256) && !found.keys[0].fits(Algorithm::ES384));
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_said_with_its_id() {
        let of = |len: usize| URL_SAFE_NO_PAD.encode(vec![0xff; len]);
        let (n256, n32, n33) = (of(256), of(32), of(33));
        for (entry, why) in [
            (
                format!(r#""kty":"RSA","n":"{}","e":"AQAB""#, of(128)),
                "n has 1024 bits, expected 2048 to 8192",
            ),
            (
                format!(r#""kty":"RSA","n":"{}","e":"AQAB""#, of(1025)),
                "n has 8200 bits, expected 2048 to 8192",
            ),
            (
                format!(r#""kty":"RSA","n":"{n256}","e":"AQAA""#),
                "e is not a usable exponent: expected an odd number such as 65537",
            ),
            (
                format!(r#""kty":"RSA","n":"{n256}","e":"AQ""#),
                "e is not a usable exponent: expected an odd number such as 65537",
            ),
            (format!(r#""kty":"RSA","n":"{n256}""#), "e is missing"),
            (format!(r#""kty":"RSA","n":"{n256}","e":"!""#), "e is not base64url"),
            (r#""kty":"RSA","n":7,"e":"AQAB""#.to_owned(), "expected an object whose members are texts"),
            (
                format!(r#""kty":"EC","crv":"P-521","x":"{n32}","y":"{n32}""#),
                "the curve P-521 is not supported, expected P-256 or P-384",
            ),
            (format!(r#""kty":"EC","crv":"P-256","x":"{n33}","y":"{n32}""#), "x has 33 bytes, expected 32"),
            (
                format!(r#""kty":"EC","crv":"P-256","alg":"ES384","x":"{n32}","y":"{n32}""#),
                "alg ES384 does not fit the curve, which is for ES256",
            ),
            (
                format!(r#""kty":"OKP","crv":"Ed448","x":"{n32}""#),
                "the curve Ed448 is not supported, expected Ed25519",
            ),
            (format!(r#""kty":"OKP","crv":"Ed25519","x":"{n33}""#), "x has 33 bytes, expected 32"),
            (r#""kty":"oct","k":"AAAA""#.to_owned(), "kty oct is a shared secret, expected a public key"),
            (r#""kty":"new""#.to_owned(), "kty new: expected RSA, EC or OKP"),
        ] {
            let found = read(&[format!(r#"{{"kid":"k",{entry}}}"#)]);
            assert!(found.keys.is_empty(), "{entry}");
            assert_eq!(
                found.unusable,
                [Unusable { id: Some("k".to_owned()), why: why.to_owned() }],
                "{entry}"
            );
        }
    }
}
