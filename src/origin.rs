//! Addresses to which payloads go, or from which they come: https, or http on loopback.

use std::net::Ipv6Addr;

use tdc_formats::is_loopback;

/// What is wrong with an address. Its text is not repeated: it may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    /// It has a query or a fragment.
    Query,
    /// It has a user or a password.
    Credentials,
    /// It is http, and not on loopback.
    Unencrypted,
    /// It is neither https nor http.
    Scheme,
}

/// Splits a URL into scheme, host and port, and the path from its first slash on.
pub(crate) fn parse(url: &str) -> Result<(&str, &str), Fault> {
    let (scheme, rest) = url.split_once("://").ok_or(Fault::Malformed)?;
    let path_at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path_at);
    if rest.contains(['?', '#']) {
        return Err(Fault::Query);
    }
    if authority.contains('@') {
        return Err(Fault::Credentials);
    }
    let host = host(authority).ok_or(Fault::Malformed)?;
    match scheme {
        "https" => {}
        "http" if is_loopback(&host) => {}
        "http" => return Err(Fault::Unencrypted),
        _ => return Err(Fault::Scheme),
    }
    Ok((url.strip_suffix(path).unwrap_or(url), path))
}

/// The host of an authority, without the brackets of an IPv6 address.
fn host(authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
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
