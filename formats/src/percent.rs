//! Percent-encoding (RFC 3986, 2.1), upper case, byte by byte of the UTF-8.

/// A text in which every byte that is not safe is `%XX`.
#[must_use]
pub fn percent_encoded(text: &str, is_safe: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).bytes();
        if bytes.clone().all(&is_safe) {
            out.push(character);
        } else {
            bytes.for_each(|byte| out.push_str(&format!("%{byte:02X}")));
        }
    }
    out
}

/// The unreserved characters of RFC 3986, 2.3, which need no escape anywhere in a URL.
#[must_use]
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_safe_is_escaped() {
        assert_eq!(percent_encoded("a/b c.d~\u{e4}", is_unreserved), "a%2Fb%20c.d~%C3%A4");
        assert_eq!(percent_encoded("a/\u{e4}%", |byte| byte != b'%'), "a/\u{e4}%25");
        assert_eq!(percent_encoded("", is_unreserved), "");
    }
}
