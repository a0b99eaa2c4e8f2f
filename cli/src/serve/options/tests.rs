//! The section as people write it, valid and invalid.

use std::path::Path;
use std::time::Duration;

use tdc::{Code, DataConverter, Error};

use super::{AuditOutput, ClaimPatterns, JwksSource, Operation, ServerLimits, ServerOptions};

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
  limits: { max_body_bytes: 1 MiB, timeout: 1500 ms, concurrency: 8 }
";

fn read(text: &str) -> Result<ServerOptions, Error> {
    let converter = DataConverter::parse(text, Path::new("/etc/tdc"), "").unwrap();
    ServerOptions::read(&converter, Path::new("/etc/tdc/tdc.yaml"))
}

fn problem(section: &str) -> String {
    let error = read(&format!("version: 1\n{section}\n")).unwrap_err();
    assert_eq!(error.code(), Code::Config, "{section}");
    error.message().to_owned()
}

#[test]
fn every_option_is_read_and_paths_are_relative_to_the_file() {
    let options = read(SECTION).unwrap();
    assert_eq!(options.listen.unwrap().port(), 8081);
    let tls = options.tls.as_ref().unwrap();
    assert_eq!(
        (tls.cert.as_path(), tls.key.as_path()),
        ("/etc/tdc/server.crt".as_ref(), "/etc/tdc/server.key".as_ref())
    );
    assert_eq!(tls.client_ca.as_deref(), Some("/etc/tdc/clients.crt".as_ref()));
    assert_eq!(options.audit, AuditOutput::File("/etc/tdc/audit.jsonl".into()));
    let traces = options.traces.as_ref().unwrap();
    assert_eq!((traces.endpoint.as_str(), traces.ratio), ("http://localhost:4318/v1/traces", 0.25));
    let ServerLimits { max_body_bytes, timeout, concurrency } = options.limits;
    assert_eq!((max_body_bytes.0, timeout.0, concurrency), (1 << 20, Duration::from_millis(1500), 8));
    let auth = options.auth.as_ref().unwrap();
    assert_eq!(auth.issuers[0].jwks, JwksSource::Url("https://a/keys".to_owned()));
    assert_eq!(auth.issuers[1].jwks, JwksSource::File("/etc/tdc/jwks.json".into()));
    assert_eq!(auth.rules[0].allow, [Operation::Decode, Operation::Encode]);
    let ClaimPatterns(groups) = &auth.rules[0].claims["groups"];
    assert!(groups[1].matches("bcd") && !groups[0].matches("bcd"));
}

#[test]
fn without_the_section_the_defaults_hold() {
    assert_eq!(read("version: 1\n").unwrap(), ServerOptions::default());
    assert_eq!(ServerOptions::default().audit, AuditOutput::Stderr);
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
            "server: { auth: { issuers: [], rules: [{ allow: [upload] }] } }",
            "line 2, column 50: server.auth.rules[0].allow[0]: found upload, expected encode, decode, download",
        ),
        ("server: { tls: { cert: a } }", "line 2, column 16: server.tls: missing field `key`"),
        ("server: { traces: { ratio: 1 } }", "line 2, column 19: server.traces: missing field `endpoint`"),
        ("server: { tls: [a, b] }", "line 2, column 16: server.tls: found a list, expected a mapping"),
        ("server: { listen: everywhere }", "line 2, column 19: server.listen: invalid socket address syntax"),
        (
            "server: { auth: { issuers: [{ issuer: a, audience: b, jwks: 1 }], rules: [] } }",
            "line 2, column 61: server.auth.issuers[0].jwks: found 1, expected a URL, or { file: … }",
        ),
        (
            "server: { auth: { issuers: [], rules: [{ claims: { a: 1 } }] } }",
            "line 2, column 55: server.auth.rules[0].claims.a: found 1, expected a pattern, or a list of patterns",
        ),
        (
            "server: { auth: { issuers: [], rules: [{ allow: [delete] }] } }",
            "line 2, column 50: server.auth.rules[0].allow[0]: found delete, expected encode, decode, download",
        ),
        ("server: { audit: syslog }", "line 2, column 18: server.audit: found syslog, expected stderr, file"),
        (
            "server: { limits: { timeout: 0 s } }",
            "line 2, column 30: server.limits.timeout: expected more than 0, found 0",
        ),
        (
            "server: { limits: { concurrency: 0 } }",
            "line 2, column 34: server.limits.concurrency: expected more than 0, found 0",
        ),
        (
            "server: { limits: { timeout: 10 } }",
            "line 2, column 30: server.limits.timeout: found 10, expected ",
        ),
        (
            "server: { traces: { endpoint: a, ratio: all } }",
            "line 2, column 41: server.traces.ratio: found text, expected a number",
        ),
    ];
    for (text, expected) in cases {
        let found = problem(text);
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn text_of_others_is_escaped_and_cut() {
    let foreign = format!("\"\\e[31m{}\"", "x".repeat(1000));
    for section in [
        "server: { listen: @ }",
        "server: { @: 1 }",
        "server: { auth: { issuers: [{ issuer: a, audience: b, jwks: c, algorithms: [@] }], rules: [] } }",
        "server: { auth: { issuers: [], rules: [{ allow: [@] }] } }",
    ] {
        let found = problem(&section.replace('@', &foreign));
        assert!(found.chars().all(|c| !c.is_control()) && found.len() < 1000, "{found}");
    }
}
