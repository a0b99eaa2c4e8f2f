//! Who may reach the server. Without rules, any client that reaches it can read payloads. So it
//! accepts only its own machine, and refuses foreign web pages in this machine's browser: both
//! direct requests (by their `Origin`) and requests to a name that was pointed at loopback (by
//! their `Host`).

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use tdc::{Code, Error};
use tdc_formats::is_loopback;

use super::options::ServerOptions;
use super::refusal::Refusal;

/// The address without `server.listen`.
pub(super) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8081);

/// Which requests are accepted at all.
#[derive(Debug)]
pub(super) enum Exposure {
    /// All of them; rules decide.
    Rules,
    /// Only loopback, under its own names and these.
    Loopback { hosts: Vec<String> },
}

impl Exposure {
    /// Whether these options may be served at `listen`.
    pub(super) fn open(options: &ServerOptions, listen: SocketAddr) -> Result<Self, Error> {
        let loopback = listen.ip().is_loopback();
        if options.auth.is_none() {
            if !loopback {
                return Err(Error::new(
                    Code::Config,
                    format!(
                        "server.listen: without rules, anyone who can connect to {listen} could read payloads: listen on 127.0.0.1, or set \
                         server.auth (docs/SERVER.md)"
                    ),
                ));
            }
            return Ok(Self::loopback(options));
        }
        if !loopback && options.tls.is_none() && !options.behind_proxy {
            return Err(Error::new(
                Code::Config,
                format!(
                    "server.listen: tokens and payloads would cross the network unencrypted at {listen}: set server.tls, or \
                     server.behind_proxy if a proxy terminates TLS"
                ),
            ));
        }
        Ok(Self::Rules)
    }

    /// For a separate metrics address at `listen`. On loopback, metrics are for this machine only;
    /// any other address is meant to be read from the network.
    pub(super) fn of_metrics(options: &ServerOptions, listen: SocketAddr) -> Self {
        if listen.ip().is_loopback() { Self::loopback(options) } else { Self::Rules }
    }

    fn loopback(options: &ServerOptions) -> Self {
        Self::Loopback { hosts: options.hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    /// Refuses requests that a web page must not trick a browser into.
    pub(super) fn admit(&self, uri: &Uri, headers: &HeaderMap, origin_allowed: bool) -> Result<(), Refusal> {
        let Self::Loopback { hosts } = self else { return Ok(()) };
        if !host(uri, headers).is_some_and(|host| is_loopback(&host) || hosts.contains(&host)) {
            let text = "this codec server only answers to loopback host names: add others to server.hosts";
            return Err(Refusal::forbidden("host", text));
        }
        if headers.contains_key(ORIGIN) && !origin_allowed {
            let text =
                "this web page is not allowed to use the codec server: add its origin to server.cors.origins";
            return Err(Refusal::forbidden("origin", text));
        }
        Ok(())
    }
}

/// The one host that a request names, in lower case.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut said = headers.get_all(HOST).iter();
    let authority: Authority = match (uri.authority(), said.next(), said.next()) {
        // HTTP/2 has the host in the request's own URI.
        (Some(authority), None, _) => authority.clone(),
        (None, Some(value), None) => value.to_str().ok()?.parse().ok()?,
        (Some(authority), Some(value), None) if value == authority.as_str() => authority.clone(),
        _ => return None,
    };
    if authority.as_str().contains('@') {
        return None;
    }
    Some(authority.host().trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn without_rules_only_loopback_names_are_heard() {
        let exposure = Exposure::Loopback { hosts: vec!["codec.local".to_owned()] };
        let uri = Uri::from_static("/decode");
        for (host, expected) in [
            ("localhost:8081", true),
            ("LOCALHOST", true),
            ("127.0.0.1:8081", true),
            ("127.9.9.9", true),
            ("[::1]:8081", true),
            ("ui.localhost", true),
            ("codec.local:1", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil@localhost", false),
            ("192.168.0.1", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            assert_eq!(exposure.admit(&uri, &headers, false).is_ok(), expected, "{host}");
        }
        assert!(exposure.admit(&uri, &HeaderMap::new(), false).is_err());
    }

    #[test]
    fn two_hosts_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("localhost"));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(host(&Uri::from_static("/"), &headers), None);
        headers.remove(HOST);
        headers.append(HOST, HeaderValue::from_static("localhost"));
        assert_eq!(host(&Uri::from_static("http://evil.example/"), &headers), None);
    }
}
