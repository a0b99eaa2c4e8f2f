//! Namespaces keep their secrets: what one may open, no other opens, whatever a request says of
//! itself.

use crate::process::Server;
use crate::protocol::TESTING;

/// Two keys, and a namespace for each.
const CONFIG: &str = "\
version: 1
keys:
  ring:
    orders: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }
    payroll: { insecure_inline: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= }
namespaces:
  - { match: \"orders-*\", keys: { primary: orders }, codecs: [encrypt] }
  - { match: payroll, keys: { primary: payroll }, codecs: [encrypt: { required: true }] }
";

fn ask(server: &Server, path: &str, namespace: &str, body: &str) -> crate::client::Answer {
    server.request("POST", path).header("X-Namespace", namespace).json(body).send()
}

#[test]
fn payloads_of_one_namespace_do_not_open_in_another() {
    let server = Server::start(CONFIG);
    let orders = ask(&server, "/encode", "orders-eu", TESTING).ok();
    let payroll = ask(&server, "/encode", "payroll", TESTING).ok();
    assert_eq!(ask(&server, "/decode", "orders-us", &orders).ok(), TESTING);
    assert_eq!(ask(&server, "/decode", "payroll", &payroll).ok(), TESTING);
    for (namespace, body) in [("payroll", &orders), ("orders-eu", &payroll)] {
        let answer = ask(&server, "/decode", namespace, body);
        assert!(answer.refused(400).starts_with("TDC_ERR_KEY_UNKNOWN at payloads[0]: "), "{answer:?}");
    }
    // The header decides, so the path cannot say something else to another part of the server.
    ask(&server, "/payroll/decode", "orders-eu", &payroll).refused(400);
    assert_eq!(ask(&server, "/payroll/decode", "", &payroll).ok(), TESTING);
    assert_eq!((server.sealed("payroll"), server.sealed("orders")), (1, 1));
}

#[test]
fn the_key_as_its_own_id_opens_nothing_elsewhere_either() {
    let server = Server::start(CONFIG);
    // The Java sample's form: the id is the key, here that of payroll.
    let body = r#"{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "encryption-cipher":"QUVTL0dDTS9Ob1BhZGRpbmc="},"data":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    let elsewhere = ask(&server, "/decode", "orders-eu", body);
    assert!(elsewhere.refused(400).starts_with("TDC_ERR_KEY_UNKNOWN"), "{elsewhere:?}");
    let at_home = ask(&server, "/decode", "payroll", body);
    assert!(at_home.refused(400).starts_with("TDC_ERR_AUTHENTICATION"), "{at_home:?}");
}

#[test]
fn rules_that_no_keys_stand_behind_are_warned_of() {
    let rules = "server: { auth: { issuers: [{ issuer: i, audience: a, jwks: \"https://i.example/keys\" }],
  rules: [{ allow: [decode], namespaces: [\"orders-*\"] }] } }\n";
    let warned = |server: &Server| {
        server
            .lines()
            .iter()
            .any(|line| line["level"] == "WARN" && line["message"].as_str().unwrap().contains("can decrypt"))
    };
    assert!(warned(&Server::start(&format!("{}{rules}", crate::process::ENCRYPTED))));
    assert!(!warned(&Server::start(&format!("{CONFIG}{rules}"))));
}

#[test]
fn what_is_no_namespace_here_is_404_and_what_is_none_at_all_is_400() {
    let server = Server::start(CONFIG);
    for (path, namespace, status) in [
        ("/decode", "", 404),
        ("/decode", "other", 404),
        ("/decode", "xorders-eu", 404),
        ("/other/decode", "", 404),
        ("/decode", "payroll2", 404),
        ("/decode", "a/payroll", 400),
        ("/decode", "../payroll", 400),
        ("/%2e%2e/decode", "", 400),
        ("/pay%72oll/decode", "", 400),
        ("/a%2fpayroll/decode", "", 400),
        ("/../decode", "", 400),
    ] {
        let answer = ask(&server, path, namespace, TESTING);
        let text = answer.refused(status).to_owned();
        assert!(!text.contains("orders") && !text.contains("payroll"), "{text}");
    }
    let both =
        server.request("POST", "/decode").header("X-Namespace", "orders-eu").header("X-Namespace", "payroll");
    both.json(TESTING).send().refused(400);
    let metrics = server.request("GET", "/metrics").send().body;
    assert!(!metrics.contains("other\"") || !metrics.contains("namespace=\"other\""), "{metrics}");
    assert!(!metrics.contains("xorders"), "a request made a label: {metrics}");
}
