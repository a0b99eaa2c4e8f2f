//! The host of a URL: a name, or an address.

use core::net::IpAddr;

/// The address that a host is, with or without the brackets of IPv6; `None` for a name.
#[must_use]
pub fn ip_address(host: &str) -> Option<IpAddr> {
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(host).parse().ok()
}

/// Whether a host, in lower case, always means loopback. `*.localhost` does, by RFC 6761.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || ip_address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        for host in ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "a.localhost"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "[", "localhost.example.com", "10.0.0.1", "[fd00::1]", "127.0.0.1.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
        for host in ["10.0.0.1", "fd00::1", "[fd00::1]"] {
            assert!(ip_address(host).is_some(), "{host}");
        }
        for host in ["", "store.example.com", "10.0.0.1:80", "[10.0.0.1"] {
            assert!(ip_address(host).is_none(), "{host}");
        }
    }
}
