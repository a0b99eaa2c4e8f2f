//! The `server` section: read everywhere, so that a slip in it is found everywhere.

use std::path::Path;
use std::time::Duration;

use super::{problem, read};
use crate::config::Config;
use crate::server_options::{Audit, Claim, Jwks, Operation};

const SECTION: &str = "\
version: 1
server:
  listen: 127.0.0.1:8081
  hosts: [codec.local]
  tls: { cert: server.crt, key: /etc/tdc/server.key, client_ca: clients.crt }
  cors: { origins: [\"https://*.example.com\"], credentials: true }
  auth:
    issuers:
      - { issuer: \"https://a/\", audience: tdc, jwks: \"https://a/keys\" }
      - { issuer: \"https://b/\", audience: tdc, jwks: { file: jwks.json }, algorithms: [ES256] }
    rules:
      - { issuer: \"https://a/\", allow: [decode, encode], namespaces: [\"orders-*\"], claims: { groups: [a, \"b*\"] } }
      - { issuer: \"https://b/\", pass_through: [decode], claims: { email: \"*@partner.example\" } }
  audit: { file: audit.jsonl }
  metrics: { listen: \"127.0.0.1:9090\" }
  traces: { endpoint: \"http://localhost:4318/v1/traces\", ratio: 0.25 }
limits: { max_body_bytes: 1 MiB, max_payloads: 10, timeout: 1500 ms, concurrency: 8 }
";

#[test]
fn every_option_is_read_and_paths_are_relative_to_the_file() {
    let config = Config::read(SECTION, Path::new("/etc/tdc"), "").unwrap();
    let options = &config.server.options;
    assert_eq!(options.listen.unwrap().port(), 8081);
    let tls = options.tls.as_ref().unwrap();
    assert_eq!(
        (tls.cert.as_path(), tls.key.as_path()),
        ("/etc/tdc/server.crt".as_ref(), "/etc/tdc/server.key".as_ref())
    );
    assert_eq!(tls.client_ca.as_deref(), Some("/etc/tdc/clients.crt".as_ref()));
    assert_eq!(options.audit, Audit::File("/etc/tdc/audit.jsonl".into()));
    let traces = options.traces.as_ref().unwrap();
    assert_eq!((traces.endpoint.as_str(), traces.ratio), ("http://localhost:4318/v1/traces", 0.25));
    let auth = options.auth.as_ref().unwrap();
    assert_eq!(auth.issuers[0].jwks, Jwks::Url("https://a/keys".to_owned()));
    assert_eq!(auth.issuers[1].jwks, Jwks::File("/etc/tdc/jwks.json".into()));
    assert_eq!(auth.rules[0].allow, [Operation::Decode, Operation::Encode]);
    let Claim(groups) = &auth.rules[0].claims["groups"];
    assert!(groups[1].matches("bcd") && !groups[0].matches("bcd"));
    let limits = config.server.limits;
    assert_eq!((limits.max_body_bytes, limits.max_payloads, limits.concurrency), (1 << 20, 10, 8));
    assert_eq!(limits.timeout, Duration::from_millis(1500));
}

#[test]
fn without_the_section_the_defaults_hold() {
    let config = read("version: 1\n").unwrap();
    let limits = config.server.limits;
    assert_eq!((limits.max_body_bytes, limits.concurrency), (16 << 20, 64));
    assert_eq!(limits.timeout, Duration::from_secs(10));
    assert_eq!(config.server.options.audit, Audit::Stderr);
}

#[test]
fn problems_name_line_column_and_path() {
    let cases = [
        ("server: { listn: x }", "line 2, column 11: server: unknown field listn, expected listen, hosts, "),
        ("server: { listen: 8081 }", "line 2, column 19: server.listen: found 8081, expected "),
        ("server: { audit: stdout }", "line 2, column 18: server.audit: found stdout, expected stderr, file"),
        (
            "server: { auth: { issuers: [{ issuer: a, audience: b, jwks: { url: x } }], rules: [] } }",
            "line 2, column 63: server.auth.issuers[0].jwks: unknown field url, expected file",
        ),
        (
            "server: { auth: { issuers: [{ issuer: a, audience: b, jwks: x, algorithms: [HS256] }], rules: [] } }",
            "line 2, column 77: server.auth.issuers[0].algorithms[0]: found HS256, expected RS256, ",
        ),
        (
            "server: { auth: { issuers: [], rules: [{ allow: [download] }] } }",
            "line 2, column 50: server.auth.rules[0].allow[0]: found download, expected encode, decode",
        ),
        ("server: { tls: { cert: a } }", "line 2, column 16: server.tls: missing field `key`"),
        ("server: { traces: { ratio: 1 } }", "line 2, column 19: server.traces: missing field `endpoint`"),
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
