use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::folder::Folder;

#[test]
fn a_key_is_32_bytes_as_base64_on_a_line_and_differs_each_time() {
    let folder = Folder::new();
    folder.succeeds(&["keygen", "one.key"], "");
    folder.succeeds(&["keygen", "two.key"], "");
    for name in ["one.key", "two.key"] {
        let text = folder.read(name);
        assert_eq!(STANDARD.decode(text.strip_suffix('\n').unwrap()).unwrap().len(), 32);
    }
    assert_ne!(folder.read("one.key"), folder.read("two.key"));
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.succeeds(&["keygen", "orders.key"], "");
    let mode = fs::metadata(folder.path("orders.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn the_key_is_never_printed() {
    let folder = Folder::new();
    let said = folder.succeeds(&["keygen", "orders.key"], "");
    let key = folder.read("orders.key");
    assert!(!said.contains(key.trim()) && !said.contains(key.trim().trim_end_matches('=')), "{said}");
    assert!(said.starts_with("wrote orders.key: a key of 32 random bytes as base64"), "{said}");
}

#[test]
fn what_it_says_for_the_configuration_works_as_it_is() {
    let folder = Folder::new();
    fs::create_dir(folder.path("keys")).unwrap();
    let said = folder.succeeds(&["keygen", "keys/orders-2026-11.key"], "");
    let keys: String =
        said.lines().filter_map(|line| line.strip_prefix("  ")).map(|line| format!("{line}\n")).collect();
    let rest = "codecs: [encrypt]\nfailures: { encode_common_attributes: true }\n";
    folder.write("tdc.yaml", &format!("version: 1\n{keys}{rest}"));
    let check = folder.succeeds(&["config", "check", "tdc.yaml"], "");
    assert!(check.contains("encrypted with orders-2026-11"), "{check}");
}

#[test]
fn a_file_that_exists_is_never_overwritten() {
    let folder = Folder::new();
    folder.write("orders.key", "precious");
    let error = folder.fails(&["keygen", "orders.key"], "");
    assert!(
        error.starts_with("tdc: TDC_ERR_IO: orders.key already exists, and keys are never overwritten"),
        "{error}"
    );
    assert_eq!(folder.read("orders.key"), "precious");
}

#[test]
#[cfg(unix)]
fn a_link_is_not_followed_even_to_nowhere() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("elsewhere", folder.path("orders.key")).unwrap();
    assert!(folder.fails(&["keygen", "orders.key"], "").contains("orders.key already exists"));
    assert!(!folder.path("elsewhere").exists());
}

#[test]
fn a_missing_folder_is_made_for_its_owner_alone() {
    let folder = Folder::new();
    folder.succeeds(&["keygen", "keys/2026/orders.key"], "");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path("keys")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
    }
}

/// The limit on the size of files kills the process at its first write, after the file was created.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_is_killed_before_it_writes_leaves_nothing_in_the_way() {
    use std::os::unix::process::ExitStatusExt;
    let folder = Folder::new();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -f 0; exec \"$0\" keygen orders.key", env!("CARGO_BIN_EXE_tdc")]);
    let status = command.current_dir(folder.path("")).status().unwrap();
    assert!(status.signal().is_some(), "{status}");
    assert!(!folder.path("orders.key").exists());
    folder.succeeds(&["keygen", "orders.key"], "");
    assert_eq!(folder.read("orders.key").len(), 45);
}

#[test]
fn no_other_file_is_left() {
    let folder = Folder::new();
    folder.succeeds(&["keygen", "orders.key"], "");
    folder.fails(&["keygen", "orders.key"], "");
    assert_eq!(fs::read_dir(folder.path(".")).unwrap().count(), 1);
}

#[test]
fn standard_output_is_refused_with_what_to_do() {
    let folder = Folder::new();
    assert_eq!(
        folder.fails(&["keygen", "-"], ""),
        "tdc: TDC_ERR_ARGUMENT: keys are never printed: give a file name, such as keys/orders-2026-11.key\n"
    );
}
