//! JSON strings: what must be escaped, and how far a text goes without.

/// Appends `text` as a JSON string: escaped are the quote, the backslash and control characters, nothing
/// else.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, from) = rest.split_at_checked(plain_len(rest)).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((byte, after)) = from.split_first() else { break };
        push_escaped(out, *byte);
        rest = after;
    }
    out.push(b'"');
}

#[cold]
fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes come before the first quote, backslash or control character. Looks at eight at a time: the
/// high bit of each byte of `special` says whether that byte may be one.
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special = control | has_zero(word ^ (ONES * 0x22)) | has_zero(word ^ (ONES * 0x5c));
        if special != 0 {
            // A borrow may mark a byte after the first special one, never one before it.
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    words.len() * 8 + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_len_agrees_with_one_byte_at_a_time() {
        let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        for byte in 0..=255_u8 {
            for place in 0..20 {
                let mut bytes = [0xe9; 20];
                bytes[place] = byte;
                let expected = if special(byte) { place } else { 20 };
                assert_eq!(plain_len(&bytes), expected, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn only_what_json_must_escape_is_escaped() {
        let mut out = Vec::new();
        push_string(&mut out, "a\"b\\c/\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}<>&é\u{2028}😀");
        let expected = "\"a\\\"b\\\\c/\\b\\t\\n\\f\\r\\u0001\\u001f\u{7f}<>&é\u{2028}😀\"";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
