//! The settings for a codec server. The server itself reads its section.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{problem, read};

#[test]
fn a_section_is_accepted_whatever_is_in_it() {
    let config = read("version: 1\nserver: { listn: x, tls: [1] }\n").unwrap();
    let error = config.server_section::<BTreeMap<String, u32>>().unwrap_err();
    let expected = "tdc.yaml: line 2, column 18: server.listn: ";
    assert!(error.message().starts_with(expected), "{error}");
    let without = read("version: 1\n").unwrap();
    assert_eq!(without.server_section::<String>().unwrap(), None);
}

#[test]
fn limits_are_the_servers_or_the_defaults() {
    let set = "limits: { max_body_bytes: 1 MiB, max_payloads: 10, timeout: 1500 ms, concurrency: 8 }";
    let limits = read(&format!("version: 1\n{set}\n")).unwrap().server_limits;
    assert_eq!((limits.max_body_bytes, limits.max_payloads, limits.concurrency), (1 << 20, 10, 8));
    assert_eq!(limits.timeout, Duration::from_millis(1500));
    let limits = read("version: 1\n").unwrap().server_limits;
    assert_eq!((limits.max_body_bytes, limits.concurrency), (16 << 20, 64));
    assert_eq!(limits.timeout, Duration::from_secs(10));
}

#[test]
fn problems_name_line_column_and_path() {
    let cases = [
        ("limits: { timeout: 10 }", "line 2, column 20: limits.timeout: "),
        ("limits: { timeout: 0 s }", "line 2, column 20: limits.timeout: expected more than 0, found 0"),
        (
            "limits: { concurrency: 0 }",
            "line 2, column 24: limits.concurrency: expected more than 0, found 0",
        ),
    ];
    for (text, expected) in cases {
        let found = problem(&format!("version: 1\n{text}\n"));
        assert!(found.starts_with(&format!("tdc.yaml: {expected}")), "{found}\n{expected}");
    }
}

#[test]
fn a_namespace_says_its_pattern_and_the_key_that_encrypts() {
    let config = read(
        "version: 1\nkeys: { primary: a, ring: { a: { insecure_inline: KEY } } }\ncodecs: [encrypt]\nnamespaces:\n  \
         - { match: \"orders-*\" }\n  - { match: plain, codecs: [zlib] }\n",
    )
    .unwrap();
    let orders = config.namespace("orders-eu").unwrap();
    assert_eq!((orders.pattern.as_deref(), orders.encrypts_with.as_deref()), (Some("orders-*"), Some("a")));
    assert_eq!(config.namespace("plain").unwrap().encrypts_with, None);
    assert!(config.namespace("other").is_err());
}
