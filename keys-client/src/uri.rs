//! The URI of a KEK, from the configuration: never one from a payload.

use crate::failure::Failure;

/// Bytes of a URI.
const MAX_LEN: usize = 2048;

/// `scheme://host/path?name=value`, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyUri {
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// With its first slash.
    pub(crate) path: String,
    pub(crate) parameters: Vec<(String, String)>,
}

impl KeyUri {
    pub(crate) fn parse(uri: &str) -> Result<Self, Failure> {
        // The text is not repeated: a `base64key://` contains the key.
        let expected =
            || Failure::refused("the key's name is not a URI: expected one such as hashivault://orders");
        if uri.len() > MAX_LEN || !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(expected());
        }
        let (scheme, rest) = uri.split_once("://").ok_or_else(expected)?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match place.find('/') {
            Some(at) => place.split_at(at),
            None => (place, ""),
        };
        let decode = |text: &str| percent_decoded(text).ok_or_else(expected);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let parameters = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        });
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: decode(host)?,
            path: decode(path)?,
            parameters: parameters.collect::<Result<_, Failure>>()?,
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that would be ignored.
    pub(crate) fn allow(&self, known: &[&str]) -> Result<(), Failure> {
        match self.parameters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(_) => Err(Failure::refused(format!(
                "the key's URI has a parameter that is not known here: expected {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ))),
        }
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    percent_decoded_any(text).filter(|text| !text.chars().any(char::is_control))
}

/// A value as forms have it, where a space is a plus.
pub(crate) fn form_decoded(text: &str) -> Option<String> {
    percent_decoded_any(&text.replace('+', " "))
}

fn percent_decoded_any(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(digits[0])? << 4 | digit(digits[1])?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// A name or value for a path, a query or a form.
pub(crate) fn percent_encoded(text: &str) -> String {
    tdc_formats::percent_encoded(text, tdc_formats::is_unreserved)
}

/// A path whose segments are encoded one by one.
pub(crate) fn percent_encoded_path(path: &str) -> String {
    path.split('/').map(percent_encoded).collect::<Vec<_>>().join("/")
}

/// A form's body.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", percent_encoded(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_come_apart_as_gocloud_reads_them() {
        let uri =
            KeyUri::parse("awskms:///arn:aws:kms:eu-central-1:1:key/a?region=eu-central-1&context_a=b%20c+d")
                .unwrap();
        assert_eq!((uri.scheme.as_str(), uri.host.as_str()), ("awskms", ""));
        assert_eq!(uri.path, "/arn:aws:kms:eu-central-1:1:key/a");
        assert_eq!(uri.parameter("context_a"), Some("b c d"));
        assert_eq!(uri.parameter("region"), Some("eu-central-1"));
        assert!(uri.allow(&["region", "context_a"]).is_ok());
        assert!(uri.allow(&["region"]).is_err());
        let uri = KeyUri::parse("HASHIVAULT://orders").unwrap();
        assert_eq!((uri.scheme.as_str(), uri.host.as_str(), uri.path.as_str()), ("hashivault", "orders", ""));
    }

    #[test]
    fn what_is_no_uri_is_refused_and_not_repeated() {
        let long = format!("hashivault://{}", "a".repeat(2048));
        for text in [
            "",
            "orders",
            "base64key:c2VjcmV0",
            "hashivault://a b",
            "hashivault://%zz",
            "hashivault://%0a",
            "hashivault://%ff",
            &long,
        ] {
            let failure = KeyUri::parse(text).unwrap_err();
            assert!(!failure.reason().contains("c2VjcmV0"), "{text}");
        }
    }

    #[test]
    fn names_are_encoded_for_a_path() {
        assert_eq!(percent_encoded("a/b c.d~\u{e4}"), "a%2Fb%20c.d~%C3%A4");
        assert_eq!(percent_encoded_path("a b/c%/"), "a%20b/c%25/");
        assert_eq!(form(&[("a", "1&2"), ("b", "")]), "a=1%262&b=");
    }
}
