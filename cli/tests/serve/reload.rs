//! Files that change by themselves: keys are applied at once, and nothing widens access until a
//! signal confirms it.

use serde_json::json;

use crate::client::Answer;
use crate::process::{ENCRYPTED, PATIENCE, Server};
use crate::protocol::{GOLDEN, TESTING};
use crate::provider::{SigningKey, claims, set};

const RULES: &str = "\
server:
  auth:
    issuers:
      - { issuer: i, audience: tdc, jwks: { file: jwks.json } }
    rules:
      - allow: [decode]
        claims:
          groups: payments
";

/// A server with rules, and the tokens of a person whom they know and of a stranger.
fn with_rules() -> (Server, String, String) {
    let key = SigningKey::elliptic("k");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set(&[&key])).unwrap();
    let server = Server::start_in(folder, &format!("{ENCRYPTED}{RULES}"), &[]);
    let token = |groups: &str| key.sign(&claims("i", &json!({ "groups": groups })));
    (server, token("payments"), token("strangers"))
}

fn decode(server: &Server, token: Option<&str>) -> Answer {
    let request = server.request("POST", "/decode").json(GOLDEN);
    token.into_iter().fold(request, crate::client::Request::bearer).send()
}

/// How often it has read its files, whatever came of it.
fn reloads(server: &Server) -> u32 {
    let metrics = server.request("GET", "/metrics").send().body;
    let counts = metrics.lines().filter_map(|line| line.strip_prefix("tdc_reloads_total{")?.split_once("} "));
    counts.map(|(_, count)| count.parse::<u32>().unwrap()).sum()
}

/// Replaces the configuration, and waits until the server has looked at it.
#[track_caller]
fn notice(server: &Server, config: &str) {
    let before = reloads(server);
    server.write("tdc.yaml", config);
    let start = std::time::Instant::now();
    while reloads(server) == before {
        assert!(start.elapsed() < PATIENCE, "{config}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[track_caller]
fn signal(server: &Server) {
    let before = reloads(server);
    server.signal("HUP");
    let start = std::time::Instant::now();
    while reloads(server) == before {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_configuration_that_is_cut_off_opens_nothing() {
    let (server, known, stranger) = with_rules();
    let whole = format!("{ENCRYPTED}{RULES}");
    let end = |text: &str| whole.find(text).unwrap();
    for end in [end("server:"), end("  auth:"), end("        claims:"), end("codecs:"), end("version:") + 11]
    {
        notice(&server, &whole[..end]);
        decode(&server, None).refused(401);
        decode(&server, Some(&stranger)).refused(403);
        assert_eq!(decode(&server, Some(&known)).ok(), TESTING, "{end}");
    }
    let waits = server.wait_for("what waits", |line| line["waiting"] == "server.auth.rules");
    assert!(waits["message"].as_str().unwrap().contains("until SIGHUP"), "{waits}");
    let metrics = server.request("GET", "/metrics").send().body;
    assert!(metrics.contains("tdc_reload_waiting 1\n"), "{metrics}");

    // Narrower rules count at once, and what waits counts after a signal.
    notice(&server, &whole.replace("groups: payments", "groups: payments\n          email: nobody"));
    decode(&server, Some(&known)).refused(403);
    notice(&server, ENCRYPTED);
    decode(&server, None).refused(401);
    signal(&server);
    assert_eq!(decode(&server, None).ok(), TESTING);
}

#[test]
fn a_key_that_is_searched_for_brings_no_other_rules() {
    let (server, known, stranger) = with_rules();
    server.write("tdc.yaml", ENCRYPTED);
    let unknown = GOLDEN.replace("dGVzdC1rZXktaWQ=", "dW5rbm93bg==");
    server.request("POST", "/decode").bearer(&known).json(&unknown).send().refused(400);
    server.wait_for("search", |line| line["waiting"].is_string());
    decode(&server, None).refused(401);
    decode(&server, Some(&stranger)).refused(403);
}

/// An address without rules is judged, and what its keys may open too.
#[test]
fn namespaces_and_encryption_are_not_lost_with_the_end_of_a_file() {
    let config = "\
version: 1
keys:
  ring:
    orders: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }
    payroll: { insecure_inline: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= }
namespaces:
  - { match: orders, keys: { primary: orders }, codecs: [encrypt] }
  - { match: payroll, codecs: [zlib: { min_size: 1 MiB }, encrypt], keys: { primary: payroll } }
";
    let server = Server::start(config);
    let ask = |path: &str, body: &str| server.post(&format!("/{path}"), body);
    let payroll = ask("payroll/encode", TESTING).ok();
    notice(&server, &config[..config.find("namespaces:").unwrap()]);
    ask("orders/decode", &payroll).refused(400);
    notice(&server, &config.replace(", encrypt], keys", "], keys"));
    assert!(ask("payroll/encode", TESTING).ok().contains("YmluYXJ5L2VuY3J5cHRlZA=="));
    notice(&server, config);
    assert!(!server.request("GET", "/metrics").send().body.contains("tdc_reload_waiting 1\n"));
}

/// As Kubernetes replaces the files of a secret: by one link to another folder.
#[test]
fn a_folder_of_keys_that_is_swapped_by_a_link_counts() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    for (version, key) in [
        ("..1", "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE="),
        ("..2", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ] {
        std::fs::create_dir_all(keys.join(version)).unwrap();
        let file = keys.join(version).join("k.key");
        std::fs::write(&file, key).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    symlink("..1", keys.join("..data")).unwrap();
    symlink("..data/k.key", keys.join("k.key")).unwrap();
    let config = "version: 1\nkeys: { primary: k, ring: { k: { file: keys/k.key } } }\ncodecs: [encrypt]\n";
    let server = Server::start_in(folder, config, &[]);
    let encoded = server.post("/encode", TESTING).ok();
    assert_eq!(server.post("/decode", &encoded).ok(), TESTING);
    let before = reloads(&server);
    symlink("..2", server.path("keys/..data_tmp")).unwrap();
    std::fs::rename(server.path("keys/..data_tmp"), server.path("keys/..data")).unwrap();
    let start = std::time::Instant::now();
    while reloads(&server) == before {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    server.post("/decode", &encoded).refused(400);
}
