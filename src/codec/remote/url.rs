//! Where a codec server is: `https://codec.example.com/{namespace}`.

use std::net::IpAddr;

use crate::error::{Code, Error};

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
        const EXPECTED: &str = "expected a URL such as https://codec.example.com/codec";
        let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains(['?', '#']) || authority.contains(['?', '#']) {
            return Err("expected a URL without query or fragment: the operation is appended to it");
        }
        if authority.contains('@') {
            return Err("expected a URL without user and password: put credentials in headers");
        }
        let host = host(authority).ok_or(EXPECTED)?;
        match scheme {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => {
                return Err(
                    "payloads would cross the network unencrypted: use https (http is accepted for loopback only)",
                );
            }
            _ => return Err("expected a URL that begins with https://"),
        }
        let literal = path.replace(NAMESPACE, "");
        if literal.contains(['{', '}']) {
            return Err("expected {namespace} and no other braces in the URL's path");
        }
        if !literal.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`|".contains(&byte)) {
            return Err("expected a URL whose path is percent-encoded");
        }
        Ok(Self { origin: format!("{scheme}://{authority}"), path: path.trim_end_matches('/').to_owned() })
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
        let path = self.path.replace(NAMESPACE, &percent_encoded(namespace));
        Ok(format!("{}{path}/{operation}", self.origin))
    }
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The host of an authority, without the brackets of an IPv6 address.
fn host(authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (address, port)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if host.is_empty() || !host.bytes().all(fits) {
                return None;
            }
            (host, port)
        }
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => {}
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u16>().is_ok() => {
        }
        _ => return None,
    }
    Some(host.to_ascii_lowercase())
}

/// Whether a name always means loopback. `*.localhost` does, by RFC 6761.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
