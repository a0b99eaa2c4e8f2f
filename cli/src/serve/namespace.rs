//! The namespace of a request: one value, which rules, keys and the audit log all use.
//!
//! The Web UI and most clients name it in `X-Namespace`; the `temporal` command sends that header
//! empty unless it is told a namespace. Then the path may name it, in the segment before the
//! operation: `/orders-eu/decode`.

use axum::http::HeaderMap;

use super::options::Operation;
use super::refusal::Refusal;

/// Longest name, in bytes.
const MAX_LEN: usize = 255;

/// The operation in the last segment of `path`, whatever precedes it.
pub(super) fn operation(path: &str) -> Option<Operation> {
    match path.rsplit_once('/')?.1 {
        "encode" => Some(Operation::Encode),
        "decode" => Some(Operation::Decode),
        "download" => Some(Operation::Download),
        _ => None,
    }
}

/// Whether a query asks for references to stored objects as they are. This is how the Web UI asks.
pub(super) fn preserves_references(query: Option<&str>) -> bool {
    let is_set = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or_default();
        name == "preserveStorageRefs" && value.eq_ignore_ascii_case("true")
    };
    query.is_some_and(|query| query.split('&').any(is_set))
}

/// The namespace that a request names; empty where it names none.
pub(super) fn resolve<'a>(headers: &'a HeaderMap, path: &'a str) -> Result<&'a str, Refusal> {
    let mut found = None;
    for value in headers.get_all("x-namespace") {
        let name = value.to_str().map_err(|_| malformed())?.trim_matches(' ');
        // The header and the path disagree: code that prefers the other one would see another
        // namespace.
        if !name.is_empty() && found.replace(name).is_some() {
            return Err(malformed());
        }
    }
    let name = found.unwrap_or_else(|| path.rsplit('/').nth(1).unwrap_or_default());
    if name.is_empty() || is_name(name) { Ok(name) } else { Err(malformed()) }
}

/// Whether this can be a namespace. No character of a name needs to be escaped in a path, so
/// nothing is unescaped, and `%2e%2e` is not a name.
fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.len() <= MAX_LEN
        && name.bytes().all(inner)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
}

fn malformed() -> Refusal {
    Refusal::bad_request(
        "namespace",
        "the namespace is not valid: expected one name of A-Z a-z 0-9 . _ - in X-Namespace, or in the path before the operation",
    )
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn resolved(names: &[&str], path: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append("x-namespace", HeaderValue::from_str(name).unwrap());
        }
        resolve(&headers, path).ok().map(str::to_owned)
    }

    #[test]
    fn only_the_last_segment_is_the_operation() {
        for path in ["/decode", "//decode", "/codec/decode", "/a/b/decode"] {
            assert_eq!(operation(path), Some(Operation::Decode), "{path}");
        }
        assert_eq!(operation("/orders/download"), Some(Operation::Download));
        for path in ["/", "/decode/", "/%64ecode", "/Decode", "/decode.", "/downloads", "decode"] {
            assert_eq!(operation(path), None, "{path}");
        }
    }

    #[test]
    fn a_query_can_ask_for_references() {
        for query in ["preserveStorageRefs=true", "a&preserveStorageRefs=True&b=c"] {
            assert!(preserves_references(Some(query)), "{query}");
        }
        for query in ["", "preserveStorageRefs", "preserveStorageRefs=1", "xpreserveStorageRefs=true"] {
            assert!(!preserves_references(Some(query)), "{query}");
        }
        assert!(!preserves_references(None));
    }

    #[test]
    fn the_header_goes_before_the_path_unless_it_is_empty() {
        for (names, path, expected) in [
            (&["myapp-dev.acctid123"][..], "/codec/decode", "myapp-dev.acctid123"),
            (&[""], "/orders/decode", "orders"),
            (&["", "orders"], "/decode", "orders"),
            (&[], "/a/orders/decode", "orders"),
            (&[], "/decode", ""),
            (&[], "//decode", ""),
        ] {
            assert_eq!(resolved(names, path).as_deref(), Some(expected), "{names:?} {path}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for (names, path) in [
            (&["a", "b"][..], "/decode"),
            (&["a", "a"], "/decode"),
            (&["a/b"], "/decode"),
            (&["../orders"], "/decode"),
            (&["a b"], "/decode"),
            (&[".."], "/decode"),
            (&[], "/../decode"),
            (&[], "/%2e%2e/decode"),
            (&[], "/orders%2f/decode"),
            (&[], "/a;b/decode"),
        ] {
            assert_eq!(resolved(names, path), None, "{names:?} {path}");
        }
        assert_eq!(resolved(&[&"a".repeat(256)], "/decode"), None);
    }
}
