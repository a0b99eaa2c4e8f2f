use crate::folder::{Folder, SAMPLE_CONFIG, SAMPLE_KEY};

const CHECK: &[&str] = &["config", "check", "tdc.yaml"];
const ENCODES_FAILURES: &str = "failures: { encode_common_attributes: true }\n";
/// Another key than the sample's.
const OTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Runs the check, which must find the configuration valid and warn; returns standard output and
/// the warnings.
#[track_caller]
fn warns(folder: &Folder, arguments: &[&str]) -> (String, Vec<String>) {
    let output = folder.run(arguments, "");
    let (said, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(2), "{said}{errors}");
    let warning =
        |line: &str| line.strip_prefix("tdc: warning: ").unwrap_or_else(|| panic!("{line}")).to_owned();
    (said, errors.lines().map(warning).collect())
}

/// Two keys, and what follows `codecs`.
fn two_keys(rest: &str) -> String {
    format!(
        "version: 1\nkeys:\n  primary: a\n  ring:\n    a: {{ insecure_inline: {SAMPLE_KEY} }}\n    \
         b: {{ insecure_inline: {OTHER_KEY} }}\n{ENCODES_FAILURES}{rest}"
    )
}

#[test]
fn what_is_encrypted_and_what_stays_readable_is_in_one_table() {
    let folder = Folder::with_config(&two_keys("codecs: [zstd, encrypt]\n"));
    assert_eq!(
        folder.succeeds(CHECK, ""),
        "\
tdc.yaml is valid

WHAT                                                                   STORED
payloads: inputs, results, signals, queries, updates, memo values      zstd, then encrypted with a
messages and stack traces of failures                                  zstd, then encrypted with a
older payloads                                                         opened with b
search attributes, memo keys, ids, names of types, signals and queues  readable, always
headers                                                                readable, unless the SDK is told to encode them
"
    );
}

#[test]
fn failures_that_stay_readable_are_a_warning() {
    let (said, warnings) = warns(&Folder::with_config(SAMPLE_CONFIG), CHECK);
    assert!(
        said.contains("messages and stack traces of failures                                  readable\n"),
        "{said}"
    );
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("failures: { encode_common_attributes: true }"), "{warnings:?}");
}

#[test]
fn keys_with_a_chain_that_encrypts_nothing_are_a_warning() {
    let (said, warnings) = warns(&Folder::with_config(&two_keys("codecs: [zstd]\n")), CHECK);
    assert!(said.contains("memo values      readable (zstd)\n"), "{said}");
    assert_eq!(warnings, ["there are keys, but no payload is encrypted: add encrypt to codecs"]);
    let host = Folder::with_config("version: 1\nkeys: { host: true }\n");
    assert_eq!(warns(&host, CHECK).1, warnings);
}

#[test]
fn without_keys_nothing_was_to_be_encrypted() {
    let said = Folder::with_config("version: 1\n").succeeds(CHECK, "");
    assert!(said.contains("memo values      readable\n"), "{said}");
    Folder::with_config("version: 1\ncodecs: [zlib]\n").succeeds(CHECK, "");
}

#[test]
fn keys_of_the_host_are_named() {
    let config = format!(
        "version: 1\nkeys: {{ primary: orders-2027, host: true }}\ncodecs: [encrypt]\n{ENCODES_FAILURES}"
    );
    let said = Folder::with_config(&config).succeeds(CHECK, "");
    assert!(said.contains("encrypted with orders-2027, from the key provider\n"), "{said}");
    assert!(said.contains("requested from the program's key provider\n"), "{said}");
}

#[test]
fn every_namespace_is_tried_and_described() {
    let folder = Folder::with_config(&two_keys(
        "codecs: [encrypt]\nnamespaces:\n  - { match: \"orders-*\", keys: { primary: a } }\n  - { match: billing, keys: { primary: b } }\n  \
         - { match: \"*\", keys: { primary: c }, codecs: [] }\n",
    )
    .replace("  primary: a\n", "  host: true\n"));
    let (said, warnings) = warns(&folder, CHECK);
    for line in [
        "NAMESPACE        WHAT ",
        "orders-*         payloads: inputs, results, signals, queries, updates, memo values      encrypted with a\n",
        "billing          payloads: inputs, results, signals, queries, updates, memo values      encrypted with b\n",
        "*                payloads: inputs, results, signals, queries, updates, memo values      readable\n",
        "every namespace  headers ",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert_eq!(
        warnings,
        ["namespaces[2] (*) has keys, but its payloads are not encrypted: add encrypt to its codecs"]
    );

    let eu = folder.succeeds(&[CHECK, &["--namespace", "orders-eu"]].concat(), "");
    assert!(eu.contains("encrypted with a\n") && !eu.contains("billing"), "{eu}");
}

#[test]
fn a_namespace_that_no_entry_matches_is_an_error() {
    let folder = Folder::with_config(&format!("{SAMPLE_CONFIG}namespaces:\n  - {{ match: orders }}\n"));
    let error = folder.fails(&[CHECK, &["--namespace", "other"]].concat(), "");
    assert!(error.starts_with("tdc: TDC_ERR_NAMESPACE: "), "{error}");
}

#[test]
fn a_key_that_two_namespaces_share_is_a_warning() {
    let config = two_keys(
        "codecs: [encrypt]\nnamespaces:\n  - { match: orders, keys: { primary: a } }\n  - { match: billing, keys: { primary: b, decrypt: [a] } }\n",
    );
    let (_, warnings) = warns(&Folder::with_config(&config), CHECK);
    let advice = "so anyone who can read one can decrypt payloads of the other: give each its own keys";
    assert_eq!(warnings, [format!("namespaces[1] (billing) and namespaces[0] share the key a, {advice}")]);

    let same_bytes = config.replace(OTHER_KEY, SAMPLE_KEY).replace(", decrypt: [a]", "");
    let (_, warnings) = warns(&Folder::with_config(&same_bytes), CHECK);
    let advice = format!("share a key (b and a are the same bytes), {advice}");
    assert_eq!(warnings, [format!("namespaces[1] (billing) and namespaces[0] {advice}")]);
}

#[test]
fn an_entry_that_no_namespace_reaches_is_a_warning() {
    let folder = Folder::with_config(&two_keys(
        "codecs: [encrypt]\nnamespaces:\n  - { match: \"orders*\", keys: { primary: a } }\n  - { match: orders-eu, keys: { primary: b } }\n",
    ));
    let (said, warnings) = warns(&folder, CHECK);
    assert_eq!(
        warnings,
        [
            "namespaces[1] (orders-eu) is never used, because an earlier entry matches the same names: move it up"
        ]
    );
    assert!(!said.contains("orders-eu "), "{said}");
}

#[test]
fn problems_are_placed_and_key_files_are_read() {
    let folder = Folder::with_config("version: 1\ncodecs: [zstd, zstdd]\n");
    let error = folder.fails(CHECK, "");
    assert!(
        error.contains("tdc.yaml: line 2, column 16: codecs[1]") && error.contains("did you mean zstd?"),
        "{error}"
    );

    let ring = "version: 1\nkeys:\n  primary: a\n  ring:\n    a: { file: a.key }\ncodecs: [encrypt]\n";
    let folder = Folder::with_config(ring);
    let error = folder.fails(CHECK, "");
    assert!(error.starts_with("tdc: TDC_ERR_KEY_FILE: ") && error.contains("a.key"), "{error}");
    folder.write("a.key", "SECRET, too short");
    let error = folder.fails(CHECK, "");
    assert!(error.starts_with("tdc: TDC_ERR_KEY_FILE: ") && !error.contains("SECRET"), "{error}");
}

/// A configuration that would be valid, and a `server` section.
fn with_server(section: &str) -> Folder {
    Folder::with_config(&two_keys(&format!("codecs: [encrypt]\nserver:\n{section}")))
}

/// What `tdc serve` says as it ends at its start.
fn serve_fails(folder: &Folder) -> String {
    let error = folder.fails(&["serve", "--listen", "127.0.0.1:0"], "");
    error.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn what_the_server_needs_is_checked_as_the_server_does() {
    let rules = "    rules: [{ allow: [decode] }]\n";
    let issuer = "issuer: \"https://login.example.com/\", audience: tdc";
    for (section, expected) in [
        (
            format!("  auth:\n    issuers: [{{ {issuer}, jwks: {{ file: keys.json }} }}]\n{rules}"),
            "server.auth.issuers[0].jwks: ",
        ),
        (
            format!(
                "  auth:\n    issuers: [{{ {issuer}, jwks: \"http://login.example.com/keys\" }}]\n{rules}"
            ),
            "server.auth.issuers[0].jwks: ",
        ),
        (format!("  auth:\n    issuers: []\n{rules}"), "server.auth.issuers: "),
        ("  tls: { cert: server.crt, key: server.key }\n".to_owned(), "server.tls.cert: "),
        ("  audit: { file: nowhere/audit.jsonl }\n".to_owned(), "server.audit.file: "),
        ("  cors: { origins: [\"ftp://example.com\"] }\n".to_owned(), "server.cors.origins"),
        ("  traces: { endpoint: \"example\" }\n".to_owned(), "server.traces.endpoint: "),
    ] {
        let folder = with_server(&section);
        let error = folder.fails(CHECK, "");
        assert!(error.starts_with("tdc: TDC_ERR_CONFIG: ") && error.contains(expected), "{section}\n{error}");
        assert_eq!(serve_fails(&folder), error.trim_end(), "{section}");
    }
    let open = with_server("  listen: 0.0.0.0:8081\n");
    let error = open.fails(CHECK, "");
    assert!(error.contains("server.listen: "), "{error}");
}

#[test]
fn a_server_section_that_is_complete_is_described_and_nothing_is_written() {
    let folder = with_server(
        "  listen: 127.0.0.1:8443\n  audit: { file: audit.jsonl }\n  auth:\n    issuers: [{ issuer: a, audience: tdc, jwks: { file: keys.json } }]\n    \
         rules: [{ allow: [decode], namespaces: [orders] }]\n",
    );
    folder.write("keys.json", "{\"keys\":[]}");
    let (said, warnings) = warns(&folder, CHECK);
    assert!(said.ends_with("\ntdc serve can start: http on 127.0.0.1:8443, access by rules\n"), "{said}");
    assert!(warnings.len() == 1 && warnings[0].starts_with("rules name namespaces"), "{warnings:?}");
    assert!(!folder.path("audit.jsonl").exists());
}

/// A key of a key service, whose URI alone shows what would go wrong.
#[test]
fn the_uri_of_a_key_service_is_looked_at() {
    let config = |uri: &str, primary: &str| {
        let key = "insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
        let ring = format!("ring: {{ orders: {{ service: \"{uri}\" }}, local: {{ {key} }} }}");
        format!(
            "version: 1\nkeys: {{ primary: {primary}, {ring} }}\ncodecs: [encrypt]\n\
             failures: {{ encode_common_attributes: true }}\n"
        )
    };
    let azure = "azurekeyvault://orders.vault.azure.net/keys/orders";
    let folder = Folder::with_config(&config(azure, "local"));
    folder.succeeds(&["config", "check"], "");
    folder.write("tdc.yaml", &config(azure, "orders"));
    let error = folder.fails(&["config", "check"], "");
    let expected = "tdc: TDC_ERR_CONFIG: keys.ring.orders: Azure Key Vault: the key's URI names no version";
    assert!(error.starts_with(expected), "{error}");
    folder.write("tdc.yaml", &config("mykms://orders", "local"));
    let output = folder.run(&["config", "check"], "");
    let warning = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{warning}");
    assert!(warning.contains("keys.ring.orders") && warning.contains("names no key service"), "{warning}");
}

/// The test payload belongs somewhere, so that payloads can be bound to it.
#[test]
fn bound_payloads_are_tried_out() {
    let check = |bind: &str| {
        let encrypt = format!("codecs: [{{ encrypt: {{ bind: {{ fields: {bind}, required: true }} }} }}]\n");
        Folder::with_config(&two_keys(&encrypt)).succeeds(CHECK, "")
    };
    for fields in ["[namespace]", "[workflow_id]", "[namespace, workflow_id]"] {
        let said = check(fields);
        assert!(said.contains("encrypted with a\n"), "{fields}: {said}");
    }
}

/// Only a namespace that has a key can be tried out.
#[test]
fn keys_of_tenants_are_tried_out_for_a_tenant() {
    let config = |ring: &str| {
        format!(
            "version: 1\nkeys:\n  ring:\n    {ring}: {{ insecure_inline: {SAMPLE_KEY} }}\n    \
             tenant-other: {{ insecure_inline: {OTHER_KEY} }}\ncodecs: [encrypt]\n{ENCODES_FAILURES}namespaces:\n  \
             - {{ match: \"*\", keys: {{ primary: \"tenant-{{namespace}}\" }} }}\n"
        )
    };
    let folder = Folder::with_config(&config("tenant-acme"));
    let said = folder.succeeds(CHECK, "");
    assert!(said.contains("encrypted with tenant-{namespace}\n") && !said.contains("older"), "{said}");
    let said = folder.succeeds(&[CHECK, &["--namespace", "acme"]].concat(), "");
    assert!(said.contains("encrypted with tenant-acme\n") && !said.contains("older"), "{said}");
    let unused = config("another").replace("tenant-other", "one-more");
    let (_, warnings) = warns(&Folder::with_config(&unused), CHECK);
    assert!(warnings[0].contains("keys.ring has no key tenant-{namespace}"), "{warnings:?}");
}
