//! Tokens and rules, with a real provider: who gets what, and every kind of invalid token.

use std::io::{Read, Write};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::client::{Request, connect};
use crate::process::{ENCRYPTED, Server};
use crate::protocol::{GOLDEN, TESTING};
use crate::provider::{Provider, SigningKey, claims, now, set};

const ISSUER: &str = "https://login.example.com/";
const ORIGIN: &str = "https://ui.example.com";

const RULES: &str = "
      - { allow: [decode, encode], namespaces: [\"orders-*\"], claims: { email: \"*@example.com\", groups: payments } }
      - { pass_through: [decode], claims: { email: \"*@partner.example\" } }
      - { name: cloud, allow: [decode], claims: { \"https://saas-api.tmprl.cloud/user/email\": \"*@cloud.example\" } }
";

fn config(jwks: &str) -> String {
    format!(
        "{ENCRYPTED}server:\n  cors: {{ origins: [\"{ORIGIN}\"] }}\n  auth:\n    issuers:\n      \
         - {{ issuer: \"{ISSUER}\", audience: tdc, jwks: {jwks} }}\n    rules:{RULES}"
    )
}

/// A server that knows the issuer by a file.
fn start(keys: &[&SigningKey]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set(keys)).unwrap();
    Server::start_in(folder, &config("{ file: jwks.json }"), &[])
}

fn employee() -> Value {
    claims(ISSUER, &json!({ "email": "a@example.com", "groups": ["payments"] }))
}

fn decode(server: &Server) -> Request {
    server.request("POST", "/decode").header("X-Namespace", "orders-eu").header("Origin", ORIGIN).json(GOLDEN)
}

#[test]
fn rules_decide_who_reads_who_gets_it_back_encoded_and_who_is_refused() {
    let key = SigningKey::rsa("one");
    let server = start(&[&key]);
    let sign = |more: &Value| key.sign(&claims(ISSUER, more));
    let employee = key.sign(&employee());
    let partner = sign(&json!({ "email": "p@partner.example", "email_verified": true }));
    let cloud = sign(&json!({ "https://saas-api.tmprl.cloud/user/email": "c@cloud.example" }));
    let stranger = sign(&json!({ "email": "s@elsewhere.example", "groups": ["payments"] }));
    let unverified =
        sign(&json!({ "email": "a@example.com", "groups": "payments", "email_verified": false }));

    assert_eq!(decode(&server).bearer(&employee).send().ok(), TESTING);
    assert_eq!(decode(&server).bearer(&partner).send().ok().trim_end(), GOLDEN);
    assert_eq!(decode(&server).bearer(&cloud).send().ok(), TESTING);
    for token in [&stranger, &unverified] {
        let answer = decode(&server).bearer(token).send();
        assert!(answer.refused(403).contains("no rule"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    }
    // encode is guarded as decode is, and another namespace is another question.
    let encode = |token| {
        server
            .request("POST", "/encode")
            .header("X-Namespace", "orders-eu")
            .bearer(token)
            .json(TESTING)
            .send()
    };
    assert!(encode(&employee).ok().contains("YmluYXJ5L2VuY3J5cHRlZA=="));
    encode(&partner).refused(403);
    encode(&cloud).refused(403);
    let other =
        server.request("POST", "/orders-eu/decode").header("X-Namespace", "payroll").bearer(&employee);
    other.json(GOLDEN).send().refused(403);
    let none = server.request("POST", "/decode").bearer(&employee).json(GOLDEN).send();
    assert!(none.refused(403).contains("without a namespace: name one (temporal -n NAMESPACE)"));
    // Where no rule that speaks of namespaces knows the person, naming one would not help.
    let none = server.request("POST", "/decode").bearer(&stranger).json(GOLDEN).send();
    assert!(!none.refused(403).contains("namespace"), "{none:?}");

    let audit = server.audit(11);
    let shown: Vec<_> = audit
        .iter()
        .map(|line| (line["email"].as_str(), line["outcome"].as_str().unwrap(), line["rule"].clone()))
        .collect();
    assert_eq!(shown[0], (Some("a@example.com"), "decode", json!(0)));
    assert_eq!(shown[1], (Some("p@partner.example"), "passed_through", json!(1)));
    assert_eq!(shown[2], (Some("c@cloud.example"), "decode", json!("cloud")));
    assert_eq!(shown[3], (Some("s@elsewhere.example"), "forbidden", Value::Null));
    assert_eq!(audit[8]["namespace"], "payroll");
    let text = format!("{:?}", server.lines());
    assert!(!text.contains("IlRlc3Rpbmci") && !text.contains(&employee[employee.len() - 20..]), "{text}");
}

#[test]
fn every_way_of_not_being_somebody_is_the_same_401() {
    let (key, other) = (SigningKey::rsa("one"), SigningKey::rsa("one"));
    let mut encryption = SigningKey::rsa("enc").public();
    encryption["use"] = json!("enc");
    let folder = tempfile::tempdir().unwrap();
    let set = json!({ "keys": [key.public(), encryption] }).to_string();
    std::fs::write(folder.path().join("jwks.json"), set).unwrap();
    let server = Server::start_in(folder, &config("{ file: jwks.json }"), &[]);

    let changed = |name: &str, value: Value| {
        let mut claims = employee();
        claims[name] = value;
        key.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = employee();
        claims.as_object_mut().unwrap().remove(name);
        key.sign(&claims)
    };
    let good = key.sign(&employee());
    let parts: Vec<&str> = good.split('.').collect();
    let none_header = "eyJhbGciOiJub25lIn0";
    // The public key as the secret of an HMAC: what a library that trusts `alg` would accept.
    let public = serde_json::to_string(&key.public()).unwrap();
    let hmac_header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let hmac = encode(&hmac_header, &employee(), &EncodingKey::from_secret(public.as_bytes())).unwrap();
    let with_header = |header: Header| other.sign_with(header, &employee());
    let header = || Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::RS256) };

    let cases = [
        ("no token at all", String::new()),
        ("not a token", "Bearer nonsense".to_owned()),
        ("alg none", format!("Bearer {none_header}.{}.", parts[1])),
        ("alg none with the signature", format!("Bearer {none_header}.{}.{}", parts[1], parts[2])),
        ("no signature", format!("Bearer {}.{}.", parts[0], parts[1])),
        ("hmac with the public key", format!("Bearer {hmac}")),
        ("wrong key", format!("Bearer {}", other.sign(&employee()))),
        ("unknown kid", format!("Bearer {}", SigningKey::rsa("two").sign(&employee()))),
        ("a key for encryption", format!("Bearer {}", SigningKey::rsa("enc").sign(&employee()))),
        ("wrong issuer", format!("Bearer {}", changed("iss", json!("https://evil.example/")))),
        ("two issuers", format!("Bearer {}", changed("iss", json!([ISSUER, "https://evil.example/"])))),
        ("wrong audience", format!("Bearer {}", changed("aud", json!("other")))),
        ("expired", format!("Bearer {}", changed("exp", json!(now() - 60)))),
        ("exp as text", format!("Bearer {}", changed("exp", json!("9999999999")))),
        ("not yet", format!("Bearer {}", changed("nbf", json!(now() + 60)))),
        ("not yet, as text", format!("Bearer {}", changed("nbf", json!("9999999999")))),
        ("without exp", format!("Bearer {}", without("exp"))),
        ("without aud", format!("Bearer {}", without("aud"))),
        ("without iss", format!("Bearer {}", without("iss"))),
        (
            "its own jwk",
            format!(
                "Bearer {}",
                with_header(Header { jwk: serde_json::from_value(other.public()).unwrap(), ..header() })
            ),
        ),
        (
            "its own jku",
            format!(
                "Bearer {}",
                with_header(Header { jku: Some("http://127.0.0.1:9/".to_owned()), ..header() })
            ),
        ),
        (
            "critical headers",
            format!(
                "Bearer {}",
                key.sign_with(Header { crit: Some(vec!["x".to_owned()]), ..header() }, &employee())
            ),
        ),
        ("another scheme", format!("Basic {good}")),
        ("no scheme", good.clone()),
    ];
    for (name, authorization) in &cases {
        let mut request = decode(&server);
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        let answer = request.send();
        assert_eq!(answer.status, 401, "{name}");
        assert!(answer.refused(401).contains("requires a valid access token"), "{name}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{name}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{name}");
    }
    let preflight = server.request("OPTIONS", "/decode").header("Origin", ORIGIN).send();
    assert_eq!(preflight.status, 204, "browsers ask without a token");
    assert_eq!(preflight.header("access-control-allow-origin"), Some(ORIGIN));
    let twice = decode(&server).bearer(&good).bearer(&good).send();
    assert_eq!(twice.status, 401);
    let extras = decode(&server).header("Authorization-Extras", &good).send();
    assert_eq!(extras.status, 401, "the ID token is no credential");
    assert_eq!(decode(&server).bearer(&good).header("Authorization-Extras", "x").send().ok(), TESTING);
    assert_eq!(decode(&server).header("Authorization", &format!("bearer {good}")).send().ok(), TESTING);
    let array = changed("aud", json!(["account", "tdc"]));
    assert_eq!(decode(&server).bearer(&array).send().ok(), TESTING);
    let skewed = changed("exp", json!(now() - 10));
    assert_eq!(decode(&server).bearer(&skewed).send().ok(), TESTING, "clocks differ a little");
    let audit = server.audit(cases.len() + 6);
    assert!(
        audit[..cases.len()].iter().all(|line| line["sub"].is_null() && line["outcome"] == "unauthenticated")
    );
    assert_eq!(audit[0]["reason"], "no token");
    let named = |line: &Value| line["namespace"] == "orders-eu" && line["operation"] == "decode";
    assert!(audit[..cases.len()].iter().all(named), "what was asked for is known of refused ones too");
}

#[test]
fn token_and_rules_are_judged_before_namespace_and_body() {
    let key = SigningKey::rsa("one");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set(&[&key])).unwrap();
    let config = config("{ file: jwks.json }") + "namespaces:\n  - { match: orders-eu }\n";
    let server = Server::start_in(folder, &config, &[]);
    let ask = |namespace: &str, body: &str| {
        server.request("POST", "/decode").header("X-Namespace", namespace).json(body)
    };
    ask("nowhere", "broken").send().refused(401);
    let stranger = key.sign(&claims(ISSUER, &json!({ "email": "s@elsewhere.example" })));
    ask("nowhere", "broken").bearer(&stranger).send().refused(403);
    let employee = key.sign(&employee());
    ask("orders-us", "broken").bearer(&employee).send().refused(404);
    ask("orders-eu", "broken").bearer(&employee).send().refused(400);
    let huge = ask("orders-eu", "").header("Content-Length", "99999999999").send();
    huge.refused(401);
}

#[test]
fn keys_of_elliptic_curves_and_a_list_of_algorithms() {
    let (rsa, elliptic) = (SigningKey::rsa("r"), SigningKey::elliptic("e"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set(&[&rsa, &elliptic])).unwrap();
    let config = config("{ file: jwks.json }, algorithms: [ES256]");
    let server = Server::start_in(folder, &config, &[]);
    assert_eq!(decode(&server).bearer(&elliptic.sign(&employee())).send().ok(), TESTING);
    decode(&server).bearer(&rsa.sign(&employee())).send().refused(401);
}

/// A provider that writes numbers with zero bytes in front, and one key that cannot be used.
#[test]
fn keys_are_read_as_numbers_and_unusable_ones_are_named_once() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let (key, other) = (SigningKey::rsa("padded"), SigningKey::elliptic("p-521"));
    let mut padded = key.public();
    for name in ["n", "e"] {
        let number = URL_SAFE_NO_PAD.decode(padded[name].as_str().unwrap()).unwrap();
        padded[name] = json!(STANDARD.encode([&[0], number.as_slice()].concat()));
    }
    let mut unusable = other.public();
    unusable["crv"] = json!("P-521");
    let set = json!({ "keys": [padded, unusable] }).to_string();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwks.json"), set).unwrap();
    let server = Server::start_in(folder, &config("{ file: jwks.json }"), &[]);
    assert_eq!(decode(&server).bearer(&key.sign(&employee())).send().ok(), TESTING);
    decode(&server).bearer(&other.sign(&employee())).send().refused(401);
    assert_eq!(server.audit(2)[1]["reason"], "key that cannot be used");
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal");
    let mut said = server.lines();
    said.retain(|line| line["kid"].is_string());
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((&said[0]["kid"], &said[0]["issuer"]), (&json!("p-521"), &json!(ISSUER)));
    assert_eq!(said[0]["why"], "the curve P-521 is not supported, expected P-256 or P-384");
}

#[test]
fn every_issuer_has_rules_of_its_own() {
    let (ours, theirs) = (SigningKey::rsa("k"), SigningKey::rsa("k"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ours.json"), set(&[&ours])).unwrap();
    std::fs::write(folder.path().join("theirs.json"), set(&[&theirs])).unwrap();
    let config = format!(
        "{ENCRYPTED}server:\n  auth:\n    issuers:\n      - {{ issuer: ours, audience: tdc, jwks: {{ file: ours.json }} }}\n      \
         - {{ issuer: theirs, audience: tdc, jwks: {{ file: theirs.json }} }}\n    rules:\n      \
         - {{ issuer: ours, allow: [decode], claims: {{ groups: admin }} }}\n      - {{ issuer: theirs, pass_through: [decode] }}\n"
    );
    let server = Server::start_in(folder, &config, &[]);
    let token = |key: &SigningKey, issuer| key.sign(&claims(issuer, &json!({ "groups": ["admin"] })));
    assert_eq!(decode(&server).bearer(&token(&ours, "ours")).send().ok(), TESTING);
    assert_eq!(decode(&server).bearer(&token(&theirs, "theirs")).send().ok().trim_end(), GOLDEN);
    // The other provider's key, saying that it is ours.
    decode(&server).bearer(&token(&theirs, "ours")).send().refused(401);
}

#[test]
fn keys_are_fetched_kept_and_looked_for_at_a_limited_rate() {
    let (old, new) = (SigningKey::rsa("old"), SigningKey::rsa("new"));
    let provider = Provider::serving(&[&old]);
    let server = Server::start(&config(&format!("\"{}\"", provider.url())));
    assert_eq!(decode(&server).bearer(&old.sign(&employee())).send().ok(), TESTING);
    assert_eq!(server.request("GET", "/readyz").send().status, 200);
    let asked = provider.asked();
    // Unknown keys make it look once more, and not for each token.
    for _ in 0..20 {
        decode(&server).bearer(&SigningKey::elliptic("unknown").sign(&employee())).send().refused(401);
    }
    assert!(provider.asked() <= asked + 1, "{} then {}", asked, provider.asked());

    // The provider rotates: the new key is there as soon as it may be looked for, and the old one
    // goes.
    provider.serve(&[&new]);
    let start = std::time::Instant::now();
    while decode(&server).bearer(&new.sign(&employee())).send().status != 200 {
        assert!(start.elapsed() < crate::process::PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    decode(&server).bearer(&old.sign(&employee())).send().refused(401);

    // The provider goes away: what is known still counts.
    provider.answer("500 Internal Server Error", "");
    assert_eq!(decode(&server).bearer(&new.sign(&employee())).send().ok(), TESTING);
}

/// Clients that ask for a key and disconnect at once: the fetch goes on without them, and serves
/// everyone.
#[test]
fn clients_that_disconnect_do_not_keep_a_rotated_key_out() {
    let (old, new) = (SigningKey::rsa("old"), SigningKey::rsa("new"));
    let provider = Provider::serving(&[&old]);
    let server = Server::start(&config(&format!("\"{}\"", provider.url())));
    assert_eq!(decode(&server).bearer(&old.sign(&employee())).send().ok(), TESTING);

    let (asked, held) = (provider.asked(), provider.hold());
    let nobody = decode(&server).bearer(&SigningKey::elliptic("nobody").sign(&employee())).bytes();
    let start = std::time::Instant::now();
    let waiting = 'asked: loop {
        assert!(start.elapsed() < crate::process::PATIENCE);
        let mut stream = connect(server.address);
        stream.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        stream.write_all(&nobody).unwrap();
        // Until it may be asked again, the answer is 401 at once.
        while stream.read(&mut [0; 1024]).is_err() {
            if provider.asked() > asked {
                break 'asked stream;
            }
        }
    };
    drop(waiting);
    server.wait_for("client that went away", |line| line["outcome"] == "abandoned");
    provider.serve(&[&new]);
    drop(held);
    assert_eq!(decode(&server).bearer(&new.sign(&employee())).send().ok(), TESTING);
    assert_eq!(provider.asked(), asked + 1, "one question served both");
}

#[test]
fn without_the_providers_keys_it_is_not_ready_and_says_so() {
    let key = SigningKey::rsa("one");
    let elsewhere = Provider::serving(&[&key]);
    let provider = Provider::serving(&[]);
    for answer in [
        ("500 Internal Server Error".to_owned(), String::new()),
        ("200 OK".to_owned(), "not a key set".to_owned()),
        (format!("302 Found\r\nLocation: {}", elsewhere.url()), String::new()),
        ("200 OK".to_owned(), format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(2 << 20))),
    ] {
        provider.answer(&answer.0, &answer.1);
        let server = Server::start(&config(&format!("\"{}\"", provider.url())));
        let refused = decode(&server).bearer(&key.sign(&employee())).send();
        assert!(refused.refused(503).contains("identity provider"), "{answer:?}");
        assert!(refused.header("retry-after").is_some());
        assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));
        assert_eq!(server.request("GET", "/readyz").send().status, 503);
        assert_eq!(server.request("GET", "/healthz").send().status, 200);
    }
    assert_eq!(elsewhere.asked(), 0, "redirects are not followed");
}

/// The time that a provider has is also that between two questions to it.
#[test]
fn a_provider_that_never_answers_is_away_too() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start(&config(&format!("\"http://{}/keys\"", silent.local_addr().unwrap())));
    let refused = decode(&server).bearer(&SigningKey::rsa("one").sign(&employee())).send();
    assert!(refused.refused(503).contains("identity provider"), "{refused:?}");
}
