//! Keys from files, environment variables and the document: 32 bytes as base64 text.

use std::path::Path;

use tdc_formats::base64;
use zeroize::Zeroizing;

use super::document::Problem;
use super::document::secret::{self, Permissions};
use super::schema::KeySource;
use crate::error::text;
use crate::sys::SecretKey;

/// A longer file is not a key file.
const MAX_FILE_LEN: usize = 1024;

/// Reads the key that `source` names; relative paths are relative to `base_dir`.
pub(super) fn load(source: &KeySource, base_dir: &Path) -> Result<SecretKey, Problem> {
    if source.permissions == Permissions::Any && source.file.is_none() {
        return Err(Problem::new("permissions only applies to file; remove it").inside("permissions"));
    }
    match (&source.file, &source.env, &source.insecure_inline) {
        (Some(file), None, None) => {
            from_file(&base_dir.join(file), source.permissions).map_err(|problem| problem.inside("file"))
        }
        (None, Some(name), None) => from_variable(name).map_err(|problem| problem.inside("env")),
        (None, None, Some(text)) => {
            decode(text.0.as_bytes()).map_err(|problem| problem.inside("insecure_inline"))
        }
        _ => Err(Problem::new("expected exactly one of file, env and insecure_inline")),
    }
}

fn from_file(path: &Path, permissions: Permissions) -> Result<SecretKey, Problem> {
    let contents = secret::from_file(path, permissions, "key file", MAX_FILE_LEN)?;
    decode(&contents).map_err(|problem| {
        Problem::with_key(format!("the key file {}: {problem}", text::absolute_path(path)))
    })
}

fn from_variable(name: &str) -> Result<SecretKey, Problem> {
    let contents = secret::from_variable(name, "base64")?;
    decode(contents.as_bytes()).map_err(|problem| {
        Problem::with_key(format!("the environment variable {}: {problem}", text::words(name)))
    })
}

fn decode(text: &[u8]) -> Result<SecretKey, Problem> {
    // Room for a key that is a little too long, so that the error can say how long it is.
    let mut bytes = Zeroizing::new([0; MAX_FILE_LEN]);
    let len = base64::decode_strict(text.trim_ascii(), &mut *bytes).ok_or_else(|| {
        Problem::with_key(
            "expected 32 bytes in base64 (44 characters, the last one =); `tdc keygen` makes such a key",
        )
    })?;
    match bytes.get(..len) {
        Some(decoded) if len == SecretKey::LEN => {
            let mut key = SecretKey::zeroed().map_err(|error| Problem::with_key(error.message()))?;
            key.bytes_mut().copy_from_slice(decoded);
            Ok(key)
        }
        _ => Err(Problem::with_key(format!(
            "the key has {len} bytes, expected 32; `tdc keygen` makes such a key"
        ))),
    }
}
