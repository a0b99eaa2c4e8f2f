use std::fs;

use crate::folder::Folder;

#[test]
fn what_it_makes_is_valid_and_protects_everything_that_can_be() {
    let folder = Folder::new();
    let said = folder.succeeds(&["init"], "");
    for word in [
        "tdc.Open(\"tdc.yaml\")",
        "FailureConverter",
        "temporal_tdc.open(\"tdc.yaml\")",
        "Path.of(\"tdc.yaml\")",
    ] {
        assert!(said.contains(word), "{word}\n{said}");
    }
    let check = folder.succeeds(&["config", "check"], "");
    assert_eq!(check.matches("zstd, then encrypted with ").count(), 2, "{check}");
    assert_eq!(folder.read("keys/.gitignore"), "*\n");

    let body =
        "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"IlRlc3Rpbmci\"}]}\n";
    let encoded = folder.succeeds(&["encode"], body);
    assert_eq!(folder.succeeds(&["decode"], &encoded), body);
}

#[test]
fn the_comments_of_the_configuration_name_what_exists() {
    let folder = Folder::new();
    folder.succeeds(&["init", "--key-id", "orders-2026-11"], "");
    let text = folder.read("tdc.yaml");
    let uncommented = text
        .replace("# namespaces:\n#   - ", "namespaces:\n  - ")
        .replace("- encrypt  ", "- encrypt: { required: true } #");
    assert_ne!(uncommented, text);
    folder.write("tdc.yaml", &uncommented);
    folder.succeeds(&["config", "check", "--namespace", "orders-eu"], "");
}

#[test]
fn the_key_is_private_and_never_shown() {
    let folder = Folder::new();
    let said = folder.succeeds(&["init", "--key-id", "orders-2026-11"], "");
    let key = folder.read("keys/orders-2026-11.key");
    assert!(!said.contains(key.trim()), "{said}");
    assert!(!folder.read("tdc.yaml").contains(key.trim()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("keys/orders-2026-11.key"), mode("keys")), (0o600, 0o700));
    }
}

#[test]
fn another_folder_is_made_and_its_commands_name_it() {
    let folder = Folder::new();
    let said = folder.succeeds(&["init", "new/it's here"], "");
    assert!(said.contains(r"tdc config check --config 'new/it'\''s here/tdc.yaml'"), "{said}");
    folder.succeeds(&["config", "check", "new/it's here/tdc.yaml"], "");
}

#[test]
fn a_configuration_that_exists_stays_and_nothing_is_made() {
    let folder = Folder::with_config("mine");
    let error = folder.fails(&["init"], "");
    assert!(
        error.starts_with("tdc: TDC_ERR_IO: tdc.yaml already exists, and init does not change it"),
        "{error}"
    );
    assert_eq!(folder.read("tdc.yaml"), "mine");
    assert_eq!(fs::read_dir(folder.path(".")).unwrap().count(), 1);
}

#[test]
fn a_key_that_an_earlier_run_made_is_used() {
    let folder = Folder::new();
    folder.succeeds(&["init", "--key-id", "a"], "");
    let key = folder.read("keys/a.key");
    fs::remove_file(folder.path("tdc.yaml")).unwrap();
    let said = folder.succeeds(&["init", "--key-id", "a"], "");
    assert!(said.contains("the existing key, unchanged"), "{said}");
    assert_eq!(folder.read("keys/a.key"), key);
    folder.succeeds(&["config", "check"], "");
}

#[test]
fn a_key_id_that_cannot_be_a_file_name_is_refused_without_repeating_it() {
    for id in ["../x", "a b", "", "2026", "true"] {
        let error = Folder::new().fails(&["init", &format!("--key-id={id}")], "");
        assert!(error.contains("TDC_ERR_ARGUMENT"), "{id} {error}");
    }
}
