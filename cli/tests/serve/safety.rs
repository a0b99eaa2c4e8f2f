//! Safe by default: what it refuses to start with, and whom it refuses to hear without rules.

use crate::process::{ENCRYPTED, METRICS_APART, Server};
use crate::protocol::{GOLDEN, TESTING};

const RULES: &str = "auth: { issuers: [{ issuer: i, audience: a, jwks: \"https://i.example/keys\" }], rules: [{ allow: [decode] }] }";

#[test]
fn without_rules_it_starts_on_loopback_only() {
    let error = Server::refuses(ENCRYPTED, &["--listen", "0.0.0.0:0"]);
    assert!(
        error.starts_with("tdc: TDC_ERR_CONFIG: server.listen: without rules, anyone who can connect to"),
        "{error}"
    );
    assert!(error.contains("set server.auth"), "{error}");
    let error = Server::refuses(&format!("{ENCRYPTED}server: {{ listen: \"[::]:0\" }}\n"), &[]);
    assert!(error.contains("without rules"), "{error}");
}

#[test]
fn with_rules_an_open_address_needs_tls_or_a_proxy() {
    let error = Server::refuses(&format!("{ENCRYPTED}server: {{ {RULES} }}\n"), &["--listen", "0.0.0.0:0"]);
    assert!(error.contains("server.tls") && error.contains("server.behind_proxy"), "{error}");
    let proxied = format!("{ENCRYPTED}server: {{ behind_proxy: true, {RULES} }}\n");
    let server = Server::start_in(tempfile::tempdir().unwrap(), &proxied, &["--listen", "0.0.0.0:0"]);
    assert!(server.address.ip().is_unspecified());
}

/// What is judged is the address that is served, not the one that the new configuration would like.
#[test]
fn a_reload_does_not_take_the_rules_from_an_open_address() {
    let proxied = format!("{ENCRYPTED}server: {{ listen: \"0.0.0.0:0\", behind_proxy: true, {RULES} }}\n");
    let server = Server::start_as_configured(&proxied);
    server.write("tdc.yaml", &format!("{ENCRYPTED}server: {{ listen: \"127.0.0.1:8081\" }}\n"));
    server.wait_for("refused reload", |line| {
        line["error"]
            .as_str()
            .is_some_and(|error| error.contains("without rules, anyone who can connect to 0.0.0.0"))
    });
    let port = server.address.port();
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let ask = || {
        crate::client::Request::new(here, "POST", "/decode").header("Host", "localhost").json(GOLDEN).send()
    };
    ask().refused(401);
    // Nor the TLS, or the proxy's word.
    server.write("tdc.yaml", &format!("{ENCRYPTED}server: {{ {RULES} }}\n"));
    server.wait_for("refused reload", |line| {
        line["error"].as_str().is_some_and(|error| error.contains("would cross the network unencrypted"))
    });
    ask().refused(401);
}

#[test]
fn names_that_were_pointed_at_loopback_are_refused() {
    let server = Server::start(&format!("{ENCRYPTED}server: {{ hosts: [codec.local] }}\n"));
    let port = server.address.port();
    let ask = |host: &str| server.request("POST", "/decode").header("Host", host).json(GOLDEN).send();
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil@localhost", ""] {
        ask(host).refused(403);
    }
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "codec.local".to_owned(),
        "[::1]".to_owned(),
    ] {
        assert_eq!(ask(&host).ok(), TESTING, "{host}");
    }
    server.request("GET", "/metrics").header("Host", "evil.example").send().refused(403);
    // Such requests are in the audit log too.
    let outcomes: Vec<_> = server.audit(10).iter().map(|line| line["status"].as_u64().unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|status| **status == 403).count(), 6);
}

#[test]
fn configurations_that_mean_nothing_are_refused_with_what_to_do() {
    let issuers = |list: &str, rules: &str| format!("auth: {{ issuers: [{list}], rules: [{rules}] }}");
    let one = "{ issuer: i, audience: a, jwks: \"https://i.example/keys\" }";
    let two = "{ issuer: j, audience: a, jwks: \"https://j.example/keys\" }";
    for (section, place, advice) in [
        (issuers("", "{ allow: [decode] }"), "server.auth.issuers", "at least one"),
        (issuers(one, ""), "server.auth.rules", "at least one"),
        (issuers(one, "{ claims: { email: x } }"), "server.auth.rules[0]", "expected allow, pass_through"),
        (issuers(one, "{ pass_through: [encode] }"), "server.auth.rules[0].pass_through", "only decode"),
        (
            issuers(one, "{ allow: [decode], pass_through: [decode] }"),
            "server.auth.rules[0]",
            "remove it from one",
        ),
        (
            issuers(one, "{ allow: [decode], issuer: j }"),
            "server.auth.rules[0].issuer",
            "server.auth.issuers",
        ),
        (issuers(&format!("{one}, {two}"), "{ allow: [decode] }"), "server.auth.rules[0]", "set issuer"),
        (issuers(&format!("{one}, {one}"), "{ allow: [decode] }"), "server.auth.issuers[1]", "listed twice"),
        (
            issuers("{ issuer: i, audience: a, jwks: \"http://i.example/keys\" }", "{ allow: [decode] }"),
            "server.auth.issuers[0].jwks",
            "https",
        ),
        (
            issuers(
                "{ issuer: i, audience: a, jwks: \"http://localhost.i.example/keys\" }",
                "{ allow: [decode] }",
            ),
            "server.auth.issuers[0].jwks",
            "https",
        ),
        (
            issuers("{ issuer: i, audience: a, jwks: { file: nowhere.json } }", "{ allow: [decode] }"),
            "server.auth.issuers[0].jwks",
            "nowhere.json",
        ),
        ("cors: { origins: [\"*\"] }".to_owned(), "server.cors.origins[0]", "expected an origin such as"),
        ("tls: { cert: nowhere.crt, key: nowhere.key }".to_owned(), "server.tls.cert", "nowhere.crt"),
        ("traces: { endpoint: nowhere }".to_owned(), "server.traces.endpoint", "expected a URL"),
        (
            "traces: { endpoint: \"http://a/v1/traces\", ratio: 1.5 }".to_owned(),
            "server.traces.ratio",
            "from 0 to 1",
        ),
        ("audit: { file: nowhere/audit.jsonl }".to_owned(), "server.audit.file", "nowhere/audit.jsonl"),
    ] {
        let error = Server::refuses(&format!("{ENCRYPTED}server: {{ {section} }}\n"), &[]);
        assert!(
            error.starts_with(&format!("tdc: TDC_ERR_CONFIG: {place}: ")) && error.contains(advice),
            "{error}"
        );
    }
    let remote = Server::refuses("version: 1\ncodecs: [remote: { url: \"https://x\" }]\n", &[]);
    assert!(remote.contains("remote"), "{remote}");
}

#[test]
fn on_a_laptop_it_is_open_to_the_local_web_ui_and_says_what_to_type() {
    use std::io::Read;
    let folder = tempfile::tempdir().unwrap();
    let config =
        format!("{ENCRYPTED}server: {{ listen: \"0.0.0.0:443\", tls: {{ cert: a, key: b }}, {RULES} }}\n");
    let mut server = Server::start_in(folder, &config, &["--dev"]);
    let answer =
        server.request("POST", "/decode").header("Origin", "http://localhost:8233").json(GOLDEN).send();
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:8233"));
    assert_eq!(answer.ok(), TESTING);
    server.request("POST", "/decode").header("Origin", "https://evil.org").json(GOLDEN).send().refused(403);
    let mut said = server.output();
    server.stop();
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    let url = format!("http://{}", server.address);
    for part in
        [&format!("--ui-codec-endpoint {url}\n"), &format!("-n default -w WORKFLOW --codec-endpoint {url}\n")]
    {
        assert!(text.contains(part), "{text}");
    }
    let open = Server::refuses(ENCRYPTED, &["--dev", "--listen", "0.0.0.0:0"]);
    assert!(open.contains("server.listen"), "{open}");
}

#[test]
fn on_a_laptop_metrics_are_for_this_machine_too() {
    let start = |listen: &str| {
        let config = format!("{ENCRYPTED}server: {{ metrics: {{ listen: \"{listen}:0\" }} }}\n");
        Server::start_in(tempfile::tempdir().unwrap(), &config, &["--dev"])
    };
    let apart = start("127.0.0.1");
    assert!(std::net::TcpStream::connect(apart.metrics_apart()).is_ok());
    apart.request("GET", "/metrics").send().refused(404);

    let mut with_all = start("0.0.0.0");
    assert_eq!(with_all.request("GET", "/metrics").send().status, 200);
    with_all.stop();
    assert!(!with_all.lines().iter().any(|line| line["message"] == METRICS_APART));
}
