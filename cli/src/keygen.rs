//! `tdc keygen`: a new key file, and how to use it.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tdc::{Code, Error};
use zeroize::Zeroizing;

use crate::new_file::{self, Readers};
use crate::{stdio, terminal};

/// Length of an AES-256 key, in bytes.
const KEY_LEN: usize = 32;

pub(crate) fn run(path: &Path) -> Result<(), Error> {
    if path == Path::new("-") {
        return Err(Error::new(
            Code::Argument,
            "keys are never printed: give a file name, such as keys/orders-2026-11.key",
        ));
    }
    create(path)?;
    stdio::write(advice(path).as_bytes())
}

/// Creates a key file.
pub(crate) fn create(path: &Path) -> Result<(), Error> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    tdc::random(&mut key[..])?;
    // The capacity is reserved up front: a string that reallocates would leave a copy of the key
    // behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * KEY_LEN));
    STANDARD.encode_string(&key[..], &mut text);
    text.push('\n');
    let why_not = "keys are never overwritten, because payloads may need them: choose another name";
    new_file::create(path, text.as_bytes(), Readers::Owner, why_not)
}

fn advice(path: &Path) -> String {
    let id = key_id(path);
    // A JSON string is always a valid YAML string.
    let file = serde_json::Value::from(path.display().to_string());
    let shown = terminal::path(path);
    format!(
        "\
wrote {shown}: a key of {KEY_LEN} random bytes as base64, readable only by you

Add it to tdc.yaml; the path is relative to that file:

  keys:
    primary: {id}
    ring:
      {id}: {{ file: {file} }}

If there is a primary key already, add this one to the ring of every program first, and only then make it primary.
"
    )
}

/// The file name without its extension, if that is a valid key id.
fn key_id(path: &Path) -> &str {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if is_plain_id(stem) { stem } else { "my-key" }
}

/// Whether `text` is a valid key id that also works as a file name and needs no quotes in YAML.
pub(crate) fn is_plain_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    // A word that begins with a letter needs no quotes in YAML, apart from a few reserved ones.
    let begins = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let word = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    begins && !word && text.len() <= 128 && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_id_comes_from_the_file_name_where_it_can() {
        assert_eq!(key_id(Path::new("keys/orders-2026-11.key")), "orders-2026-11");
        for name in ["", "keys/kéy.key", "1e3.key", "two words.key", ".key", "NULL.key", "no"] {
            assert_eq!(key_id(Path::new(name)), "my-key", "{name}");
        }
    }

    #[test]
    fn advice_quotes_the_path() {
        assert!(advice(Path::new("a \"b\".key")).contains(r#"{ file: "a \"b\".key" }"#));
    }
}
