//! What the pages of the repository say can be done: every `tdc` command parses, every `make`
//! target, linked file and named path is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::Folder;
use crate::texts::helps;

/// Names that stand for something of the reader's own, so that a command parses with something in
/// their place.
const PLACEHOLDERS: &[(&str, &str)] =
    &[("ADDRESS", "127.0.0.1:1"), ("SHELL", "bash"), ("N", "1"), ("…", "x")];
/// Folders of the repository: a path that begins with one of them, written as code, is a path of
/// it.
const FOLDERS: &[&str] =
    &["bindings/", "cli/", "deploy/", "docs/", "examples/", "include/", "scripts/", "src/", "tests/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page that people read, with its path from the root.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let (name, path) = (entry.file_name(), folder.join(entry.file_name()));
            let made = ["target", "node_modules", "vendor"].iter().any(|made| name == *made);
            let hidden = name.to_string_lossy().starts_with('.');
            if entry.file_type().unwrap().is_dir() {
                if !made && !hidden {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push((path.clone(), std::fs::read_to_string(root().join(path)).unwrap()));
            }
        }
    }
    assert!(pages.len() >= 15, "{} pages", pages.len());
    pages
}

/// What a page says as code: the lines of its blocks, and the spans inside of its sentences.
fn code(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            found.push(line);
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// The `tdc` commands of a line: alone, after a prompt, in pipes and substitutions, before a
/// comment.
fn commands(line: &str) -> Vec<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    if line.starts_with("tdc: ") {
        return Vec::new(); // what it says on standard error
    }
    // A comment, of a shell or in another language's code.
    let line = line.split_once(" #").map_or(line, |(line, _)| line);
    let parts = line.split(['|', ';', '&', '(', ')', '>', '<']);
    parts.filter_map(|part| part.trim().strip_prefix("tdc ")).map(words).collect()
}

/// Words as a shell splits them, as far as the pages need it.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
}

/// Takes what a synopsis says is optional, `[--namespace N]`, as given.
fn without_brackets(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.trim_matches(['[', ']']).to_owned()).collect()
}

/// Whether the binary takes the arguments: what is wrong with one is said before the help that is
/// asked for at the end. Nothing is run.
fn parses(folder: &Folder, words: &[String]) -> Result<(), String> {
    let given = without_brackets(words).into_iter().map(|word| {
        PLACEHOLDERS.iter().find(|(name, _)| *name == word).map_or(word, |(_, value)| (*value).to_owned())
    });
    let words: Vec<String> = given.chain(["--help".to_owned()]).collect();
    let output = folder.run(&words.iter().map(String::as_str).collect::<Vec<_>>(), "");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8(output.stderr).unwrap()) }
}

#[test]
fn every_tdc_command_on_a_page_parses() {
    let folder = Folder::new();
    let mut count = 0;
    for (path, page) in pages() {
        for line in code(&page) {
            for words in commands(line) {
                // docs/CLI.md shows this one because it is wrong.
                if words == ["inspct"] {
                    continue;
                }
                if let Err(error) = parses(&folder, &words) {
                    panic!("{}: `{line}`: {error}", path.display());
                }
                count += 1;
            }
        }
    }
    assert!(count >= 40, "only {count} commands were found");
}

#[test]
fn every_tdc_command_in_a_help_text_parses() {
    let folder = Folder::new();
    let mut all = String::new();
    helps(&folder, &[], &mut all);
    let mut count = 0;
    for line in all.lines() {
        // Examples are on lines of their own, with an explanation after several spaces.
        let Some(example) = line.strip_prefix("  ") else { continue };
        let example = example.split_once("   ").map_or(example, |(example, _)| example);
        for words in commands(example) {
            if let Err(error) = parses(&folder, &words) {
                panic!("`{line}`: {error}");
            }
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} examples were found");
}

#[test]
fn a_command_that_is_wrong_is_found() {
    let folder = Folder::new();
    for line in ["$ tdc inspct x", "tdc decode --confg x", "cat x | tdc encode --text", "tdc completions csh"]
    {
        let found = commands(line);
        assert_eq!(found.len(), 1, "{line}");
        assert!(parses(&folder, &found[0]).is_err(), "{line}");
    }
    assert_eq!(commands("x=$(tdc keygen x) # tdc y"), [["keygen", "x"]]);
}

#[test]
fn every_linked_file_is_there() {
    let mut count = 0;
    for (path, page) in pages() {
        let folder = path.parent().unwrap_or(Path::new(""));
        for target in
            page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") || file.contains(' ') {
                continue;
            }
            let linked = root().join(folder).join(file);
            assert!(file.is_empty() || linked.exists(), "{} links to {target}", path.display());
            if !anchor.is_empty() {
                let text =
                    if file.is_empty() { page.clone() } else { std::fs::read_to_string(&linked).unwrap() };
                assert!(anchors(&text).contains(&anchor.to_owned()), "{} links to {target}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} links were found");
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix('#'));
    let plain = |c: char| c.is_alphanumeric() || " -_".contains(c);
    headings
        .map(|heading| {
            let text = heading.trim_start_matches('#').trim().to_lowercase();
            text.chars().filter(|c| plain(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_path_that_is_written_as_code_is_there() {
    let mut count = 0;
    for (path, page) in pages() {
        let here = path.parent().unwrap_or(Path::new(""));
        let spans = code(&page).into_iter().flat_map(str::split_whitespace);
        for word in spans.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder))) {
            let word = word.trim_end_matches([',', '.', ':', ';', ')']);
            // A pattern, or a name that stands for others.
            if word.contains(['*', '<', '{', '$', '=', '"', '(', '…']) {
                continue;
            }
            let found = root().join(word).exists() || root().join(here).join(word).exists();
            assert!(found, "{} names {word}", path.display());
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} paths were found");
}

#[test]
fn every_make_target_on_a_page_exists_and_is_in_the_help() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let help = Command::new("make").current_dir(root()).arg("help").output();
    let help = help.map(|output| String::from_utf8(output.stdout).unwrap()).ok();
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let targets: Vec<&str> = makefile
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
        .collect();
    for target in &targets {
        // Without make there is nothing to ask.
        let Some(help) = &help else { break };
        assert!(help.lines().any(|line| line.split_whitespace().next() == Some(target)), "{target}\n{help}");
    }
    let mut count = 0;
    for (path, page) in pages() {
        for line in code(&page) {
            let mut parts = line.trim().split("make ");
            let (Some(""), Some(rest)) = (parts.next(), parts.next()) else { continue };
            let named = rest.split([' ', ',', ';']).next().unwrap_or_default();
            if is_name(named) {
                assert!(targets.contains(&named), "{}: make {named}", path.display());
                count += 1;
            }
        }
    }
    assert!(count >= 10, "only {count} targets were found");
}
