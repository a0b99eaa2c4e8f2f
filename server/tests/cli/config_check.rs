use crate::folder::{Folder, SAMPLE_CONFIG};

const CHECK: &[&str] = &["config", "check", "tdc.yaml"];

#[test]
fn a_configuration_that_holds_is_described() {
    let said = Folder::with_config(SAMPLE_CONFIG).succeeds(CHECK, "");
    assert_eq!(
        said,
        "\
tdc.yaml holds
  a test payload of 4123 bytes became 4218 bytes of binary/encrypted with the key test-key-id, and came back
  every key comes from its ring
  messages and stack traces of failures stay readable: failures.encode_common_attributes encodes them
"
    );
}

#[test]
fn without_codecs_payloads_stay_as_they_are() {
    let folder = Folder::with_config("version: 1\nfailures: { encode_common_attributes: true }\n");
    let said = folder.succeeds(CHECK, "");
    assert!(said.contains("payloads stay as they are: no codec changes them"), "{said}");
    assert!(said.contains("messages and stack traces of failures are encoded too"), "{said}");
}

#[test]
fn keys_of_the_host_are_named() {
    let folder =
        Folder::with_config("version: 1\nkeys: { primary: orders-2027, host: true }\ncodecs: [encrypt]\n");
    let said = folder.succeeds(CHECK, "");
    assert!(said.contains("payloads are encrypted with orders-2027, which the host program has"), "{said}");
}

#[test]
fn namespaces_are_checked_by_name() {
    let folder = Folder::with_config(&format!(
        "{SAMPLE_CONFIG}namespaces:\n  - {{ match: \"orders-*\", codecs: [zstd, encrypt] }}\n"
    ));
    assert!(
        folder.succeeds(CHECK, "").contains("it has namespaces: --namespace NAME tries what holds for one")
    );
    let eu = folder.succeeds(&[CHECK, &["--namespace", "orders-eu"]].concat(), "");
    assert!(eu.contains("a test payload in the namespace orders-eu of 4123 bytes became "), "{eu}");
    let other = folder.fails(&[CHECK, &["--namespace", "other"]].concat(), "");
    assert!(other.starts_with("tdc: TDC_ERR_NAMESPACE: "), "{other}");
}

#[test]
fn problems_are_placed_and_key_files_are_read() {
    let folder = Folder::with_config("version: 1\ncodecs: [zstd, zstdd]\n");
    let error = folder.fails(CHECK, "");
    assert!(error.starts_with("tdc: TDC_ERR_CONFIG: tdc.yaml: line 2, column 16: codecs[1]"), "{error}");

    let ring = "version: 1\nkeys:\n  primary: a\n  ring:\n    a: { file: a.key }\ncodecs: [encrypt]\n";
    let folder = Folder::with_config(ring);
    let error = folder.fails(CHECK, "");
    assert!(error.starts_with("tdc: TDC_ERR_KEY_FILE: ") && error.contains("a.key"), "{error}");
    folder.write("a.key", "SECRET, too short");
    let error = folder.fails(CHECK, "");
    assert!(error.starts_with("tdc: TDC_ERR_KEY_FILE: ") && !error.contains("SECRET"), "{error}");
}
