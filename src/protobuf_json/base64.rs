//! Bytes in JSON: base64, written in the standard alphabet with padding, read in both alphabets with or
//! without it.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, encoded_len};

use super::problem::Problem;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD_ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL_SAFE_ENGINE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// Appends `bytes` as a JSON string.
pub(super) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + encoded_len(bytes.len(), true).unwrap_or_default(), 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly what it takes.
        let _ = STANDARD_ENGINE.encode_slice(bytes, room);
    }
    out.push(b'"');
}

/// Appends the bytes that `text` stands for.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Problem> {
    let url_safe = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if url_safe { &URL_SAFE_ENGINE } else { &STANDARD_ENGINE };
    engine.decode_vec(text, out).map_err(|_| Problem::json("expected base64"))
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
