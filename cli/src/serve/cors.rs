//! Which web pages may read the answers. Browsers ask with an `Origin`, and before a POST with a
//! preflight.
//!
//! Errors carry the headers too: without them the browser hides the answer, and the Web UI can only
//! say that it could not connect.

use super::options;
use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tdc::{Code, Error};

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The headers that the Web UI sends. `*` would not cover Authorization, and has no effect together
/// with credentials.
const HEADERS: HeaderValue =
    HeaderValue::from_static("Content-Type, X-Namespace, Authorization, Authorization-Extras");
const METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");
/// How long a browser may cache a preflight, in seconds: two hours, the maximum that Chromium
/// accepts.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origins that may call.
#[derive(Debug)]
pub(super) struct Cors {
    origins: Vec<Origin>,
    credentials: bool,
}

/// `scheme://host[:port]`; in a pattern a label of the host may be `*`.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    https: bool,
    labels: Vec<String>,
    port: u16,
}

impl Cors {
    pub(super) fn open(options: &options::CorsOptions) -> Result<Self, Error> {
        let pattern = |(index, text): (usize, &String)| {
            Origin::parse(text, true).ok_or_else(|| {
                Error::new(
                    Code::Config,
                    format!(
                        "server.cors.origins[{index}]: expected an origin such as https://cloud.temporal.io or \
                         https://*.example.com, where * is one whole label of the host"
                    ),
                )
            })
        };
        let origins = options.origins.iter().enumerate().map(pattern).collect::<Result<_, _>>()?;
        Ok(Self { origins, credentials: options.credentials })
    }

    /// The request's origin, if it is allowed.
    pub(super) fn allowed<'a>(&self, request: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let mut said = request.get_all(ORIGIN).iter();
        let (Some(value), None) = (said.next(), said.next()) else { return None };
        let origin = Origin::parse(value.to_str().ok()?, false)?;
        self.origins.iter().any(|pattern| pattern.matches(&origin)).then_some(value)
    }

    /// Adds the headers to a response for `origin`, if that is allowed.
    pub(super) fn mark(&self, origin: Option<HeaderValue>, response: &mut HeaderMap) {
        // Always set, so that no cache serves one origin's response to another.
        response.insert(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            if self.credentials {
                response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        }
    }

    /// The response to `OPTIONS`, whatever it asks for.
    pub(super) fn preflight(allowed: bool, request: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if allowed {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            // A page from the internet calls a server in the private network.
            if request.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value == "true") {
                headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
            }
        }
        response
    }
}

impl Origin {
    fn parse(text: &str, pattern: bool) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        // An IPv6 address is in brackets and counts as one label.
        let (labels, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (vec![address.to_owned()], port)
        } else {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (host.split('.').map(str::to_owned).collect(), port)
        };
        let named = |label: &String| {
            (pattern && label == "*")
                || !label.is_empty()
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte))
        };
        if !labels.iter().all(named) {
            return None;
        }
        let port = match port.strip_prefix(':') {
            Some(digits) => digits.parse().ok()?,
            None if port.is_empty() => {
                if https {
                    443
                } else {
                    80
                }
            }
            None => return None,
        };
        Some(Self { https, labels, port })
    }

    fn matches(&self, origin: &Self) -> bool {
        let same = |(pattern, label): (&String, &String)| pattern == "*" || pattern == label;
        self.https == origin.https
            && self.port == origin.port
            && self.labels.len() == origin.labels.len()
            && self.labels.iter().zip(&origin.labels).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_match_by_scheme_labels_and_port() {
        let cases = [
            ("http://localhost:8233", "http://localhost:8233", true),
            ("http://localhost:8233", "http://LOCALHOST:8233", true),
            ("http://localhost:8233", "http://localhost:8234", false),
            ("http://localhost:8233", "https://localhost:8233", false),
            ("https://a.example.com", "https://a.example.com:443", true),
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", false),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://a.example.com.evil.org", false),
            ("https://*.example.com", "https://evil.org/.example.com", false),
            ("https://*.example.com", "https://evil.org#.example.com", false),
            ("https://*.example.com", "https://x@evil.example.com", false),
            ("https://*.example.com", "https://*.example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "null", false),
            ("http://[::1]:8233", "http://[::1]:8233", true),
            ("http://[::1]:8233", "http://[::2]:8233", false),
        ];
        for (pattern, origin, expected) in cases {
            let pattern = Origin::parse(pattern, true).unwrap();
            let found = Origin::parse(origin, false).is_some_and(|origin| pattern.matches(&origin));
            assert_eq!(found, expected, "{pattern:?} on {origin}");
        }
    }

    #[test]
    fn patterns_that_mean_nothing_are_refused() {
        for text in
            ["*", "https://", "example.com", "https://a*.example.com", "https://a/", "ftp://a", "http://a:x"]
        {
            assert!(Origin::parse(text, true).is_none(), "{text}");
        }
    }
}
