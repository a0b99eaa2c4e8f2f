//! JSON values, each expected at its place. Errors say what was expected and the *type* of what was found, never its content: serde's own
//! messages quote the value, and the value may be plaintext.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What may stand at a place. Whatever an implementation does not take is refused.
pub(super) trait Expected<'de>: Sized {
    type Value;

    /// In words, for errors.
    const EXPECTED: &'static str;

    /// The place inside its payload, for errors.
    fn place(&self) -> String;

    fn null<E: Error>(self) -> Result<Self::Value, E> {
        Err(self.refused("null"))
    }

    fn text<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(self.refused("text"))
    }

    fn integer<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(self.refused("a number"))
    }

    fn float<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(self.refused("a number that is not an integer of 64 bits"))
    }

    fn list<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(self.refused("a list"))
    }

    fn object<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(self.refused("an object"))
    }

    /// The error for `found`.
    fn refused<E: Error>(&self, found: &str) -> E {
        E::custom(format!("{}: expected {}, found {found}", self.place(), Self::EXPECTED))
    }
}

/// Makes serde ask an [`Expected`].
pub(super) struct At<T>(pub(super) T);

impl<'de, T: Expected<'de>> DeserializeSeed<'de> for At<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Every method that serde's default would answer with the value itself.
impl<'de, T: Expected<'de>> Visitor<'de> for At<T> {
    type Value = T::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<T::Value, E> {
        self.0.null()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T::Value, E> {
        Err(self.0.refused("true or false"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T::Value, E> {
        self.0.integer(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T::Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.0.integer(value),
            Err(_) => Err(self.0.refused("a number past 64 bits with sign")),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T::Value, E> {
        self.0.float(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T::Value, E> {
        self.0.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T::Value, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T::Value, A::Error> {
        self.0.object(object)
    }
}

/// Whether an object had members that are known, and others.
#[derive(Clone, Copy, Default)]
pub(super) struct Met {
    pub(super) known: bool,
    pub(super) unknown: bool,
}

/// Walks an object. `names` holds the spellings of each field's name; `read` gets the field's place in it and reads the value. What is newer
/// than this library is left out.
pub(super) fn fields<'de, A: MapAccess<'de>>(
    mut object: A,
    names: &[&[&str]],
    mut read: impl FnMut(usize, &mut A) -> Result<(), A::Error>,
) -> Result<Met, A::Error> {
    let mut met = Met::default();
    while let Some(name) = object.next_key::<String>()? {
        match names.iter().position(|spellings| spellings.contains(&&*name)) {
            Some(field) => {
                met.known = true;
                read(field, &mut object)?;
            }
            None => {
                met.unknown = true;
                object.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(met)
}

/// A name out of the input as an error may show it: as it is where it is short and plain, otherwise its length.
pub(super) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/: $@".contains(c);
    if name.len() <= 64 && name.chars().all(plain) {
        format!("\"{name}\"")
    } else {
        format!("(a name of {} bytes)", name.len())
    }
}
