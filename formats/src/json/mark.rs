//! The beginning of a JSON file: editors and PowerShell write a byte order mark, or UTF-16.

use crate::{Error, ErrorKind};

/// The input without a leading byte order mark.
///
/// # Errors
/// [`ErrorKind::Json`] if the input is UTF-16.
pub fn without_mark(input: &[u8]) -> Result<&[u8], Error> {
    match input {
        [0xef, 0xbb, 0xbf, json @ ..] => Ok(json),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..] => Err(utf16()),
        _ => Ok(input),
    }
}

#[cold]
fn utf16() -> Error {
    Error::new(
        ErrorKind::Json,
        "the input is UTF-16, expected UTF-8: save it as UTF-8 (in Windows PowerShell: | Out-File -Encoding utf8, in place of >)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_passed_over_and_utf_16_is_named() {
        assert_eq!(without_mark(b"\xef\xbb\xbf{}").unwrap(), b"{}");
        for same in [&b""[..], b"{}", b"\xef\xbb", b"\x0a\0", b"\xff"] {
            assert_eq!(without_mark(same).unwrap(), same);
        }
        for utf16 in [&b"\xff\xfe{\0"[..], b"\xfe\xff\0[", b"{\0}\0", b"\0[\0]"] {
            let error = without_mark(utf16).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Json);
            assert!(error.message().contains("the input is UTF-16, expected UTF-8"), "{error}");
        }
    }
}
