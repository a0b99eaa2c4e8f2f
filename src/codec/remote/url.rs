//! Where a codec server is: `https://codec.example.com/{namespace}`.

use tdc_formats::{is_unreserved, percent_encoded};

use crate::error::{Code, Error};
use crate::origin::{self, Fault};

/// The placeholder for the namespace in a path.
const NAMESPACE: &str = "{namespace}";

/// The address of a codec server, without the operation at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// Scheme, host and port.
    origin: String,
    /// From the first slash on, without a trailing one; may contain `{namespace}`.
    path: String,
}

impl Url {
    /// # Errors
    /// What is wrong with the text. The text itself is not repeated: it may contain a password.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (origin, path) = origin::parse(text).map_err(|fault| match fault {
            Fault::Malformed => "expected a URL such as https://codec.example.com/codec",
            Fault::Query => "expected a URL without query or fragment: the operation is appended to it",
            Fault::Credentials => "expected a URL without user and password: put credentials in headers",
            Fault::Unencrypted => {
                "payloads would cross the network unencrypted: use https (http is accepted for loopback only)"
            }
            Fault::Scheme => "expected a URL that begins with https://",
        })?;
        let literal = path.replace(NAMESPACE, "");
        if literal.contains(['{', '}']) {
            return Err("expected {namespace} and no other braces in the URL's path");
        }
        if !literal.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`|".contains(&byte)) {
            return Err("expected a URL whose path is percent-encoded");
        }
        Ok(Self { origin: origin.to_owned(), path: path.trim_end_matches('/').to_owned() })
    }

    /// The address of an operation for the payloads of `namespace`, which is percent-encoded so
    /// that it cannot escape its path segment.
    ///
    /// # Errors
    /// [`Code::Namespace`] if the path needs a namespace and there is none.
    pub(crate) fn of(&self, operation: &str, namespace: &str) -> Result<String, Error> {
        if !self.path.contains(NAMESPACE) {
            return Ok(format!("{}{}/{operation}", self.origin, self.path));
        }
        // An HTTP client would remove a segment of dots.
        if namespace.is_empty() || namespace.bytes().all(|byte| byte == b'.') {
            return Err(Error::new(
                Code::Namespace,
                "no namespace was given, and the URL of the remote codec has {namespace}: give one at open or in the \
                 serialization context",
            ));
        }
        let path = self.path.replace(NAMESPACE, &percent_encoded(namespace, is_unreserved));
        Ok(format!("{}{path}/{operation}", self.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_or_loopback() {
        for url in [
            "https://codec.example.com",
            "https://codec.example.com:8443/a/{namespace}/",
            "https://[2001:db8::1]/x",
            "http://localhost:8081",
            "http://127.9.9.9",
            "http://[::1]:8081/%7B",
            "http://ui.localhost",
        ] {
            assert!(Url::parse(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "codec.example.com",
            "ftp://localhost",
            "HTTPS://codec.example.com",
            "http://codec.example.com",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "https://",
            "https:///x",
            "https://user:pass@codec.example.com",
            "https://codec.example.com/?x=1",
            "https://codec.example.com?x=1",
            "https://codec.example.com/#x",
            "https://codec.example.com:http",
            "https://codec.example.com:",
            "https://codec.example.com:99999",
            "https://[::1",
            "https://[nonsense]/",
            "https://{namespace}.example.com/",
            "https://codec.example.com/{name}",
            "https://codec.example.com/a b",
            "https://codec.example.com/é",
            "https://codec.example.com/\r\nX: y",
            "https://codec .example.com/",
        ] {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_operation_is_the_last_segment_and_the_namespace_stays_in_its_own() {
        let of = |url: &str, namespace: &str| Url::parse(url).unwrap().of("encode", namespace);
        assert_eq!(of("https://a.example", "").unwrap(), "https://a.example/encode");
        assert_eq!(of("https://a.example/c//", "").unwrap(), "https://a.example/c/encode");
        assert_eq!(
            of("https://a.example/{namespace}", "orders.x1").unwrap(),
            "https://a.example/orders.x1/encode"
        );
        assert_eq!(
            of("https://a.example/{namespace}", "../a?b#c\r\né").unwrap(),
            "https://a.example/..%2Fa%3Fb%23c%0D%0A%C3%A9/encode"
        );
        for namespace in ["", ".", ".."] {
            let error = of("https://a.example/{namespace}", namespace).unwrap_err();
            assert_eq!(error.code(), Code::Namespace, "{namespace}");
        }
    }
}
