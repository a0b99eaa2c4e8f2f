//! `docs/CLI.md` is true: every `console` block is run, in their order and in one folder, and what
//! it shows is what comes. The configurations of other pages are valid.

use std::path::Path;
use std::process::Command;

use crate::folder::Folder;

/// Stands for what differs each time.
const ANYTHING: &str = "…";

#[test]
fn every_example_of_the_page_shows_what_the_command_line_says() {
    let page = include_str!("../../../docs/CLI.md");
    let folder = Folder::new();
    let mut count = 0;
    let blocks = page.split("\n```").collect::<Vec<_>>();
    for block in blocks.chunks(2).filter_map(|pair| pair.get(1)) {
        let (kind, body) = block.split_once('\n').unwrap_or((block, ""));
        if let Some(name) = kind.strip_prefix("yaml ").or(kind.strip_prefix("json ")) {
            folder.write(name, &format!("{body}\n"));
        }
        if kind == "console" {
            for example in format!("\n{body}").split("\n$ ").skip(1) {
                let (command, expected) = example.split_once('\n').unwrap_or((example, ""));
                let found = run(&folder, command);
                assert!(
                    matches(expected.trim_end(), found.trim_end()),
                    "$ {command}\n{found}\nthe page says\n{expected}"
                );
                count += 1;
            }
        }
    }
    assert!(count >= 8, "the page has {count} examples");
}

/// A configuration that people copy leaves nothing readable that could be encrypted: `config check`
/// warns of it otherwise.
#[test]
fn configurations_to_copy_encrypt_failures_too() {
    let readme = include_str!("../../../README.md");
    let (_, block) = readme.split_once("```yaml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    for config in
        [block, include_str!("../../../examples/c/tdc.yaml"), include_str!("../../../examples/demo/tdc.yaml")]
    {
        let folder = Folder::with_config(config);
        for key in ["keys/orders-2026-11.key", "orders-2026-11.key"] {
            folder.succeeds(&["keygen", key], "");
        }
        let table = folder.succeeds(&["config", "check"], "");
        let failures = table.lines().find(|line| line.starts_with("messages and stack traces")).unwrap();
        assert!(failures.contains("encrypted with orders-2026-11"), "{table}");
    }
}

/// Every configuration under `docs/start` and `docs/howto` is valid, with new keys under the names
/// in it; `config check` may warn. It would ask key services, so configurations with these are only
/// opened.
#[test]
fn configurations_of_the_guides_are_valid() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut count = 0;
    for entry in ["start", "howto"].iter().flat_map(|part| std::fs::read_dir(docs.join(part)).unwrap()) {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        let blocks = page.split("\n```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
        for (config, _) in blocks.filter(|(config, _)| config.starts_with("version:")) {
            let folder = Folder::with_config(config);
            let files = config.split("file: ").skip(1).filter_map(|rest| rest.split([' ', ',']).next());
            for key in files.filter(|file| file.ends_with(".key")) {
                folder.succeeds(&["keygen", key], "");
            }
            let mut arguments = if config.contains("service:") {
                vec!["inspect", "--config", "tdc.yaml"]
            } else {
                vec!["config", "check"]
            };
            if config.contains("{namespace}") {
                arguments.extend(["--namespace", "acme"]);
            }
            let output = folder.run(&arguments, r#"{"payloads":[{}]}"#);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_ne!(output.status.code(), Some(1), "{}:\n{config}\n{said}", path.display());
            count += 1;
        }
    }
    assert!(count >= 15, "only {count} configurations were found");
}

/// Standard output and error as a terminal shows them.
fn run(folder: &Folder, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_tdc")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder.path("."))
        .env("PATH", path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}
