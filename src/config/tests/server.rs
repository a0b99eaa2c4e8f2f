//! The settings for a codec server. The server itself reads its section.

use std::collections::BTreeMap;

use super::read;

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
