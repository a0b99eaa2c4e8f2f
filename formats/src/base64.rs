//! Bytes in JSON: base64, with the CPU's vector instructions if available, because this is most of
//! the work on a payload.

use std::sync::LazyLock;

use ::base64::alphabet::STANDARD;
use ::base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

/// Accepts text with or without padding, and ignores the unused bits of the last letter, like Go,
/// Java and Python.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod engines {
    use ::base64::engine::Simd;

    use super::{LENIENT, LazyLock};

    /// Detects the available instructions once.
    pub(super) static STANDARD_ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::standard(LENIENT));
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod engines {
    use super::{GeneralPurpose, LENIENT, LazyLock, STANDARD};

    pub(super) static STANDARD_ENGINE: LazyLock<GeneralPurpose> =
        LazyLock::new(|| GeneralPurpose::new(&STANDARD, LENIENT));
}

/// Exactly as the standard says.
use ::base64::engine::general_purpose::STANDARD as STRICT;

/// For shorter texts, setting up the vector instructions does not pay off.
const SHORT: usize = 64;
static SHORT_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// Appends the decoded bytes of a text. Returns `false` and leaves `out` unchanged if the text is
/// not base64.
#[must_use]
pub fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let decoded = match text.len() < SHORT {
        true => SHORT_STANDARD.decode_vec(text, out),
        false => engines::STANDARD_ENGINE.decode_vec(text, out),
    };
    if decoded.is_ok() {
        return true;
    }
    out.truncate(start);
    decode_unusual(text, out)
}

/// How many bytes [`decode`] produces from a text without whitespace.
#[must_use]
pub fn decoded_len(text: &[u8]) -> usize {
    let padding = text.iter().rev().take_while(|letter| **letter == b'=').count();
    let letters = text.len() - padding;
    letters / 4 * 3 + (letters % 4).saturating_sub(1)
}

/// Reads the alphabet of URLs, lines as tools wrap them (Go skips line breaks, Python all
/// whitespace), and any padding.
#[cold]
fn decode_unusual(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let letters = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let usual = letters.map(|letter| match letter {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let usual: Vec<u8> = usual.collect();
    let padding = usual.iter().rev().take_while(|letter| **letter == b'=').count();
    let letters = usual.get(..usual.len() - padding).unwrap_or_default();
    let is_base64 = SHORT_STANDARD.decode_vec(letters, out).is_ok();
    if !is_base64 {
        out.truncate(start);
    }
    is_base64
}

/// Decodes a fully padded text in the standard alphabet into the start of `out` and returns the
/// number of bytes. `None` for any other text, or if `out` is too short.
#[must_use]
pub fn decode_strict(text: &[u8], out: &mut [u8]) -> Option<usize> {
    STRICT.decode_slice(text, out).ok()
}

/// `bytes` in the standard alphabet with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STRICT.encode(bytes)
}

/// Appends `bytes` as a JSON string, in the standard alphabet with padding.
pub fn write(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    let written = match bytes.len() < SHORT {
        true => SHORT_STANDARD.encode_slice(bytes, room),
        false => engines::STANDARD_ENGINE.encode_slice(bytes, room),
    };
    debug_assert_eq!(written.ok(), Some(out.len() - start), "the room is what base64 needs");
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        let is_base64 = decode(text.as_bytes(), &mut out);
        let bytes = out.strip_prefix(b"before").unwrap().to_vec();
        assert!(is_base64 || bytes.is_empty(), "{text}");
        is_base64.then_some(bytes)
    }

    /// The result of the crate's plain engine, which is not vectorised.
    #[test]
    fn every_length_around_the_vectors_is_as_the_plain_engine_says() {
        let bytes: Vec<u8> = (0..600_u32).map(|n| u8::try_from(n * 37 % 256).unwrap()).collect();
        for len in 0..bytes.len() {
            let plain = SHORT_STANDARD.encode(&bytes[..len]);
            let mut text = b"x".to_vec();
            write(&bytes[..len], &mut text);
            assert_eq!(std::str::from_utf8(&text).unwrap(), format!("x\"{plain}\""));
            let url = plain.replace('+', "-").replace('/', "_");
            let wrapped = plain.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap());
            let wrapped = wrapped.collect::<Vec<_>>().join("\r\n");
            assert_eq!((decoded_len(plain.as_bytes()), decoded_len(url.as_bytes())), (len, len));
            for form in [plain.trim_end_matches('='), &url, &wrapped, &plain] {
                assert_eq!(decoded(form).as_deref(), Some(&bytes[..len]), "{len}");
            }
        }
    }

    #[test]
    fn what_other_writers_make_is_read() {
        for text in ["+/8=", "-_8=", "+/8", "-_8", "+_8=", "+/9", "+/8===", "+/8=\n", " +\t/\r\n8 = "] {
            assert_eq!(decoded(text).as_deref(), Some(&[0xfb, 0xff][..]), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_base64_is_refused_however_long() {
        for len in [0, 1, 5, 61, 64, 100, 400] {
            let good = "A".repeat(len * 4);
            for bad in ["!", "A=A", "\u{e9}", "+-AA=A", "A", "AAAAA", "YQ==YQ==", "\0"] {
                assert_eq!(decoded(&format!("{good}{bad}")), None, "{len} {bad}");
            }
        }
    }
}
