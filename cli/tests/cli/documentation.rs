//! `docs/CLI.md` is true: every `console` block is run, in their order and in one folder, and what
//! it shows is what comes. The configurations of other pages are valid.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::{Folder, SAMPLE_KEY};

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

/// Every configuration under `docs` is valid, with new keys under its names; `config check` may
/// warn. It would ask key services and stores, so configurations with these are only opened, and so
/// are those that only workers can use.
#[test]
fn configurations_of_the_pages_are_valid() {
    let mut count = 0;
    for (path, config) in configurations() {
        // Whole configurations only: a part cannot be tried.
        let first = config.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
        assert!(first.starts_with("version:"), "{}: begins with {first}", path.display());
        opens(&path, &config);
        count += 1;
    }
    assert!(count >= 30, "only {count} configurations were found");
}

#[track_caller]
fn opens(path: &Path, config: &str) {
    let folder = Folder::with_config(config);
    for file in named(config, "file: ") {
        match file.ends_with(".key") {
            true => drop(folder.succeeds(&["keygen", file], "")),
            false => private_file(&folder.path(file), "secret"),
        }
    }
    if let (Some(cert), Some(key)) = (named(config, "cert: ").next(), named(config, " key: ").next()) {
        let made = rcgen::generate_simple_self_signed(vec!["codec.example.com".to_owned()]).unwrap();
        folder.write(cert, &made.cert.pem());
        private_file(&folder.path(key), &made.signing_key.serialize_pem());
    }
    let only_opened =
        ["service:", "storage:", "host: true", "remote:"].iter().any(|name| config.contains(name));
    let mut arguments =
        if only_opened { vec!["inspect", "--config", "tdc.yaml"] } else { vec!["config", "check"] };
    let namespace = match named(config, "match: ").next() {
        _ if config.contains("{namespace}") => Some("acme".to_owned()),
        // Without one, `config check` shows all of them.
        Some(first) if only_opened => Some(first.trim_matches('"').replace('*', "eu")),
        _ => None,
    };
    if let Some(namespace) = &namespace {
        arguments.extend(["--namespace", namespace]);
    }
    std::fs::write(folder.path("payloads.json"), r#"{"payloads":[{}]}"#).unwrap();
    if only_opened {
        arguments.push("payloads.json");
    }
    let mut command = folder.command(&arguments);
    for variable in named(config, "env: ") {
        command.env(variable, SAMPLE_KEY);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_ne!(output.status.code(), Some(1), "{}:\n{config}\n{said}", path.display());
}

/// What a page calls the result of `tdc init` without its comments is that.
#[test]
fn what_init_writes_is_on_the_start_pages() {
    let folder = Folder::new();
    folder.succeeds(&["init", "--key-id", "orders-2026-11"], "");
    let written = folder.read("tdc.yaml");
    let lines: Vec<&str> = written
        .lines()
        .map(|line| line.split_once('#').map_or(line, |(line, _)| line).trim_end())
        .filter(|line| !line.is_empty())
        .collect();
    let written = format!("{}\n", lines.join("\n"));
    let mut count = 0;
    for entry in std::fs::read_dir(docs().join("start")).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        for (_, rest) in page.match_indices("Without its comments it is:").map(|(at, _)| page.split_at(at)) {
            let (_, block) = rest.split_once("```yaml\n").unwrap();
            assert_eq!(block.split_once("```").unwrap().0, written, "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} pages have it");
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// The YAML blocks of the pages. Those of CLI.md have names, and its commands use them.
fn configurations() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["", "start", "howto"] {
        for entry in std::fs::read_dir(docs().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let page = std::fs::read_to_string(&path).unwrap();
                let blocks = page.split("\n```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
                found.extend(blocks.map(|(config, _)| (path.clone(), config.to_owned())));
            }
        }
    }
    found
}

/// A file as secrets have to be: nobody else may read it.
fn private_file(path: &Path, contents: &str) {
    std::fs::write(path, contents).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// The words after each `name`.
fn named<'a>(config: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    config.split(name).skip(1).filter_map(|rest| rest.split([' ', ',', '\n', '}']).next())
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
