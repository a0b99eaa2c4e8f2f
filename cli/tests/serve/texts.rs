//! Every sentence that the server says, pinned word for word: why it does not start, what a request
//! is refused with, and what its log says.

use std::collections::BTreeSet;
use std::fmt::Write;

use insta::assert_snapshot;
use tempfile::tempdir;

use crate::process::{ENCRYPTED, Server};
use crate::protocol::GOLDEN;
use crate::provider::{SigningKey, claims, set};

#[test]
fn why_it_does_not_start_is_pinned() {
    let auth = |issuers: &str, rules: &str| format!("auth: {{ issuers: [{issuers}], rules: [{rules}] }}");
    let one = "{ issuer: i, audience: a, jwks: \"https://i.example/keys\" }";
    let two = "{ issuer: j, audience: a, jwks: \"https://j.example/keys\" }";
    let with_jwks =
        |jwks: &str| auth(&format!("{{ issuer: i, audience: a, jwks: {jwks} }}"), "{ allow: [decode] }");
    let mut said = String::new();
    for section in [
        auth("", "{ allow: [decode] }"),
        auth("{ issuer: i, audience: \"\", jwks: \"https://i\" }", "{ allow: [decode] }"),
        auth(&format!("{one}, {one}"), "{ allow: [decode] }"),
        auth("{ issuer: i, audience: a, jwks: \"https://i\", algorithms: [] }", "{ allow: [decode] }"),
        auth(one, ""),
        auth(one, "{ name: \"\", allow: [decode] }"),
        auth(one, "{ name: a, allow: [decode] }, { name: a, allow: [encode] }"),
        auth(one, "{ claims: { email: x } }"),
        auth(one, "{ pass_through: [encode] }"),
        auth(one, "{ allow: [decode], pass_through: [decode] }"),
        auth(one, "{ allow: [decode], namespaces: [] }"),
        auth(one, "{ allow: [decode], claims: { email: [] } }"),
        auth(&format!("{one}, {two}"), "{ allow: [decode] }"),
        auth(one, "{ allow: [decode], issuer: j }"),
        with_jwks("\"http://i.example/keys\""),
        with_jwks("nowhere"),
        with_jwks("\"https://user@i.example/keys\""),
        with_jwks("{ file: nowhere.json }"),
        with_jwks("{ file: tdc.yaml }"),
        with_jwks("{ file: . }"),
        "cors: { origins: [\"*\"] }".to_owned(),
        "tls: { cert: nowhere.crt, key: nowhere.key }".to_owned(),
        "tls: { cert: tdc.yaml, key: tdc.yaml }".to_owned(),
        "traces: { endpoint: nowhere }".to_owned(),
        "traces: { endpoint: \"http://a/v1/traces\", ratio: 1.5 }".to_owned(),
        "audit: { file: nowhere/audit.jsonl }".to_owned(),
        "listen: \"0.0.0.0:1\"".to_owned(),
        format!("listen: \"0.0.0.0:1\", {}", auth(one, "{ allow: [decode] }")),
    ] {
        let error = Server::refuses(&format!("{ENCRYPTED}server: {{ {section} }}\n"), &[]);
        writeln!(said, "{section}\n  {error}").unwrap();
    }
    said += &Server::refuses("version: 1\ncodecs: [remote: { url: \"https://x\" }]\n", &[]);
    assert_snapshot!(said);
}

/// A request, what it was answered with, and how.
fn asked(said: &mut String, what: &str, answer: &crate::client::Answer) {
    writeln!(said, "{what}\n  {} {}", answer.status, answer.body).unwrap();
}

#[test]
fn what_requests_are_refused_with_is_pinned() {
    let mut said = String::new();
    let server = Server::start(&format!("{ENCRYPTED}server: {{ limits: {{ max_body_bytes: 1 KiB }} }}\n"));
    for (method, path, header, body) in [
        ("POST", "/nowhere", ("X-A", "a"), GOLDEN),
        ("GET", "/decode", ("X-A", "a"), ""),
        ("POST", "/healthz", ("X-A", "a"), ""),
        ("POST", "/decode", ("X-Namespace", "a/b"), GOLDEN),
        ("POST", "/decode", ("Host", "evil.example"), GOLDEN),
        ("POST", "/decode", ("Origin", "https://evil.example"), GOLDEN),
        ("POST", "/decode", ("Content-Encoding", "gzip"), GOLDEN),
        ("POST", "/decode", ("Content-Length", "2000"), ""),
        ("POST", "/decode", ("X-A", "a"), "{"),
        ("POST", "/decode", ("X-A", "a"), &GOLDEN.replace("S+em", "S+en")),
    ] {
        let request = server.request(method, path).header(header.0, header.1).json(body);
        asked(&mut said, &format!("{method} {path} {}: {}", header.0, header.1), &request.send());
    }
    asked(&mut said, "no type", &server.request("POST", "/decode").body(GOLDEN).send());
    let namespaces = ENCRYPTED.to_owned() + "namespaces: [{ match: orders }]\n";
    let of_namespaces = Server::start(&namespaces);
    asked(&mut said, "another namespace", &of_namespaces.post("/others/decode", GOLDEN));
    assert_snapshot!(said);
}

#[test]
fn what_tokens_are_refused_with_is_pinned() {
    let mut said = String::new();
    let key = SigningKey::rsa("k");
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set(&[&key])).unwrap();
    let config = format!(
        "{ENCRYPTED}server: {{ auth: {{ issuers: [{{ issuer: \"https://login.example.com/\", audience: tdc, \
         jwks: {{ file: jwks.json }} }}], rules: [{{ allow: [decode], namespaces: [orders] }}] }} }}\n"
    );
    let server = Server::start_in(folder, &config, &[]);
    let token = key.sign(&claims("https://login.example.com/", &serde_json::json!({})));
    let ask = |path: &str| server.request("POST", path).json(GOLDEN);
    asked(&mut said, "no token", &ask("/decode").send());
    asked(&mut said, "no bearer token", &ask("/decode").header("Authorization", "Basic x").send());
    asked(&mut said, "no namespace", &ask("/decode").bearer(&token).send());
    asked(&mut said, "another namespace", &ask("/others/decode").bearer(&token).send());
    asked(&mut said, "another operation", &ask("/encode").bearer(&token).send());
    assert_snapshot!(said);
}

#[test]
fn what_its_log_says_is_pinned() {
    let mut server =
        Server::start(&format!("{ENCRYPTED}server: {{ metrics: {{ listen: \"127.0.0.1:0\" }} }}\n"));
    server.metrics_apart();
    server.write("tdc.yaml", &format!("{ENCRYPTED}server: {{ hosts: [codec.local] }}\n"));
    server.wait_for("what waits", |line| line["waiting"].is_string());
    server.write("tdc.yaml", "version: 1\ncodecs: [remote: { url: \"https://x\" }]\n");
    server.wait_for("refused reload", |line| line["error"].is_string());
    server.write("tdc.yaml", &format!("{ENCRYPTED}server: {{ listen: \"127.0.0.1:1\" }}\n"));
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal");
    server.stop();
    // The server looks at its files by itself, so how often it says something is not fixed.
    let texts = server.lines().into_iter().map(|line| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("level"), text("message"), text("error"))
    });
    let texts: BTreeSet<String> = texts.map(|text| text.trim_end().to_owned()).collect();
    assert_snapshot!(texts.into_iter().collect::<Vec<_>>().join("\n"));
}
