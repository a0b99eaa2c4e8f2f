//! Bytes ⇄ base64, with the CPU's vector instructions where it has them: it is most of the work on a body.

use std::sync::LazyLock;

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

/// Base64 with or without padding, and whatever stands in the bits behind the last byte: Go, Java and Python read it so.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod engines {
    use base64::engine::Simd;

    use super::{LENIENT, LazyLock};

    /// Looks once which instructions there are.
    pub(super) static STANDARD_ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::standard(LENIENT));
    pub(super) static URL_ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(LENIENT));

    pub(super) type Fast = Simd;
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod engines {
    use super::{GeneralPurpose, LENIENT, LazyLock, STANDARD, URL_SAFE};

    pub(super) static STANDARD_ENGINE: LazyLock<GeneralPurpose> =
        LazyLock::new(|| GeneralPurpose::new(&STANDARD, LENIENT));
    pub(super) static URL_ENGINE: LazyLock<GeneralPurpose> =
        LazyLock::new(|| GeneralPurpose::new(&URL_SAFE, LENIENT));

    pub(super) type Fast = GeneralPurpose;
}

/// Texts shorter than this are not worth the vectors' preparation.
const SHORT: usize = 64;
static SHORT_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
static SHORT_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Reads a text of either alphabet.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let decode = |short: &GeneralPurpose, long: &engines::Fast| {
        if text.len() < SHORT { short.decode(text) } else { long.decode(text) }.ok()
    };
    // Looking which alphabet it is would take longer than decoding.
    decode(&SHORT_STANDARD, &engines::STANDARD_ENGINE).or_else(|| decode(&SHORT_URL, &engines::URL_ENGINE))
}

/// Writes `bytes` in the standard alphabet, with padding.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    let room = out.get_mut(start..).unwrap_or_default();
    let written = if bytes.len() < SHORT {
        SHORT_STANDARD.encode_slice(bytes, room)
    } else {
        engines::STANDARD_ENGINE.encode_slice(bytes, room)
    };
    debug_assert_eq!(written.ok(), Some(out.len() - start), "the room is what base64 needs");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the crate's plain engine, which is not vectorised, says.
    #[test]
    fn every_length_around_the_vectors_is_as_the_plain_engine_says() {
        let bytes: Vec<u8> = (0..600_u32).map(|n| u8::try_from(n * 37 % 256).unwrap()).collect();
        for len in 0..bytes.len() {
            let plain = SHORT_STANDARD.encode(&bytes[..len]);
            let mut text = b"x".to_vec();
            encode(&bytes[..len], &mut text);
            assert_eq!(std::str::from_utf8(&text).unwrap(), format!("x{plain}"));
            for form in
                [plain.clone(), plain.trim_end_matches('=').to_owned(), SHORT_URL.encode(&bytes[..len])]
            {
                assert_eq!(decode(&form).as_deref(), Some(&bytes[..len]), "{len}");
            }
        }
    }

    #[test]
    fn what_is_no_base64_is_none_however_long() {
        for len in [1, 5, 61, 64, 100, 400] {
            let good = "A".repeat(len * 4);
            for bad in ["!", "A=A", "é", "+-AA", " ", "AAAAA"] {
                assert_eq!(decode(&format!("{good}{bad}")), None, "{len} {bad}");
            }
        }
    }
}
