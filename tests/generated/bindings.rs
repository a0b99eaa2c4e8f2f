//! The status codes of the bindings: each keeps the table in its own language's form, and says here
//! the same as `src/error/code.rs`.

use tdc::{Code, Kind};

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Checks that the file holds the texts that `expected` gives for each code, and that as many lines
/// as codes hold `mark`.
fn check(path: &str, codes: &[Code], expected: impl Fn(&Code) -> Vec<String>, mark: &str) {
    let text = read(path);
    let unwrapped = text.replace("\n\t// ", " ");
    for code in codes {
        for expected in expected(code) {
            assert!(text.contains(&expected) || unwrapped.contains(&expected), "{path} has no {expected}");
        }
    }
    let lines = text.lines().filter(|line| line.starts_with([' ', '\t']) && line.contains(mark)).count();
    assert_eq!(lines, codes.len(), "{path} has another number of codes than the table");
}

#[test]
fn go_has_the_codes_of_the_table() {
    let codes: Vec<_> = Code::ALL.iter().copied().filter(|code| code.kind() != Kind::Outcome).collect();
    let expected = |code: &Code| {
        vec![
            format!(" is {}. {}\n", code.name(), code.description()),
            format!(" Code = {}\n", *code as u32),
            format!("return \"{}\", {}\n", code.name(), code.is_transient()),
        ]
    };
    check("bindings/go/codes.go", &codes, expected, " Code = ");
}

#[test]
fn python_has_the_codes_of_the_table() {
    let member = |code: &Code| code.name().trim_start_matches("TDC_").to_owned();
    let path = "bindings/python/src/temporal_tdc/_codes.py";
    check(path, Code::ALL, |code| vec![format!("    {} = {}\n", member(code), *code as u32)], " = ");
    let text = read(path);
    for code in Code::ALL {
        assert_eq!(text.contains(&format!("Code.{},", member(code))), code.is_transient(), "{}", code.name());
    }
}

#[test]
fn java_has_the_codes_of_the_table() {
    let expected =
        |code: &Code| vec![format!("(\"{}\", {}, {})", code.name(), *code as u32, code.is_transient())];
    check("bindings/java/src/main/java/io/tdc/Code.java", Code::ALL, expected, "(\"TDC_");
}

#[test]
fn only_outcomes_are_no_errors() {
    for code in Code::ALL {
        assert_eq!(code.name().starts_with("TDC_ERR_"), code.kind() != Kind::Outcome, "{}", code.name());
    }
}
