//! Bytes in JSON: base64, written in the standard alphabet with padding, read in both alphabets with or
//! without it.

use std::sync::LazyLock;

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, encoded_len};

use super::problem::Problem;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD_ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL_SAFE_ENGINE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// What is shorter is not worth the preparation of the CPU's vector instructions.
const SHORT: usize = 64;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static FAST_ENGINE: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::standard(CONFIG));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static FAST_ENGINE: LazyLock<GeneralPurpose> = LazyLock::new(|| STANDARD_ENGINE);

/// Appends `bytes` as a JSON string.
pub(super) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + encoded_len(bytes.len(), true).unwrap_or_default(), 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly what it takes.
        let _ = match bytes.len() < SHORT {
            true => STANDARD_ENGINE.encode_slice(bytes, room),
            false => FAST_ENGINE.encode_slice(bytes, room),
        };
    }
    out.push(b'"');
}

/// Appends the bytes that `text` stands for.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Problem> {
    let len = out.len();
    let decoded = match text.len() < SHORT {
        true => STANDARD_ENGINE.decode_vec(text, out),
        false => FAST_ENGINE.decode_vec(text, out),
    };
    if decoded.is_ok() {
        return Ok(());
    }
    out.truncate(len);
    URL_SAFE_ENGINE.decode_vec(text, out).map_err(|_| Problem::json("expected base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        for text in ["+/8=", "-_8=", "+/8", "-_8"] {
            let mut out = Vec::new();
            assert!(decode(text.as_bytes(), &mut out).is_ok(), "{text}");
            assert_eq!(out, [0xfb, 0xff], "{text}");
        }
        for text in ["+_8=", "a", "a b=", "====", "YQ==YQ=="] {
            let mut out = Vec::new();
            assert!(decode(text.as_bytes(), &mut out).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_written_in_the_standard_alphabet_with_padding() {
        let mut out = Vec::new();
        push(&mut out, &[0xfb, 0xff]);
        assert_eq!(out, b"\"+/8=\"");
    }
}
