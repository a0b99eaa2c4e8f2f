use crate::folder::Folder;

#[test]
fn version_names_the_aead_backend() {
    let version = Folder::new().succeeds(&["--version"], "");
    assert_eq!(version, format!("tdc {} (AES-256-GCM: {})\n", env!("CARGO_PKG_VERSION"), tdc::BACKEND));
}

#[test]
fn help_lists_every_command_and_shows_examples() {
    let help = Folder::new().succeeds(&["--help"], "");
    for command in ["init", "keygen", "encode", "decode", "inspect", "serve", "config"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}\n{help}");
        assert!(help.contains(&format!("\n  tdc {command} ")), "{command}\n{help}");
    }
    for command in ["to-payload", "from-payload", "failure", "history", "completions", "man"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}\n{help}");
    }
}

#[test]
fn every_command_explains_itself_by_example() {
    for command in [
        &["init"][..],
        &["keygen"],
        &["encode"],
        &["decode"],
        &["to-payload"],
        &["from-payload"],
        &["inspect"],
        &["serve"],
        &["config", "check"],
        &["failure", "encode"],
        &["failure", "decode"],
        &["history", "encode"],
        &["history", "decode"],
        &["completions"],
        &["man"],
    ] {
        let help = Folder::new().succeeds(&[command, &["--help"]].concat(), "");
        assert!(help.contains(&format!("\n  tdc {} ", command.join(" "))), "{help}");
    }
}

#[test]
fn without_a_command_the_help_comes_on_standard_error() {
    let folder = Folder::new();
    assert!(folder.fails(&[], "").contains("Usage: tdc <COMMAND>"));
    assert!(folder.fails(&["config"], "").contains("Usage: tdc config <COMMAND>"));
}

#[test]
fn wrong_arguments_are_said_in_the_form_of_every_error_with_what_to_do() {
    let folder = Folder::new();
    for (arguments, sentence, advice) in [
        (
            &["inspct"][..],
            "unrecognized subcommand 'inspct'",
            "some similar subcommands exist: 'init', 'inspect'",
        ),
        (&["decode", "--confg", "x"], "unexpected argument '--confg' found", "'--config'"),
        (&["keygen"], "the following required arguments were not provided:", "<PATH>"),
        (
            &["config", "check", "-c", "a", "b"],
            "the argument '--config <CONFIG>' cannot be used with",
            "Usage: tdc config",
        ),
        (&["completions", "bsh"], "invalid value 'bsh' for '<SHELL>'", "'bash'"),
        (&["encode", "-c", "a", "b", "c"], "unexpected argument 'c' found", "Usage: tdc encode"),
    ] {
        let error = folder.fails(arguments, "");
        assert!(error.starts_with(&format!("tdc: TDC_ERR_ARGUMENT: {sentence}")), "{error}");
        assert!(error.contains(advice) && error.contains("try '--help'"), "{error}");
    }
}

/// A configuration whose only codec is `zlib`, to tell it from others.
const ZLIB: &str = "version: 1\ncodecs: [zlib]\n";

#[test]
fn the_configuration_is_the_one_named_else_that_of_the_environment_else_tdc_yaml() {
    let folder = Folder::with_config(ZLIB);
    folder.write("gzip.yaml", &ZLIB.replace("zlib", "gzip"));
    folder.write("zstd.yaml", &ZLIB.replace("zlib", "zstd"));
    folder.write("body.json", &format!("{{\"data\":\"{}\"}}", "QUJD".repeat(100)));
    for (arguments, variable, expected) in [
        (&["encode", "body.json"][..], None, "YmluYXJ5L3psaWI="),
        (&["encode", "body.json"], Some(""), "YmluYXJ5L3psaWI="),
        (&["encode", "body.json"], Some("gzip.yaml"), "YmluYXJ5L2d6aXA="),
        (&["encode", "-c", "zstd.yaml", "body.json"], Some("gzip.yaml"), "YmluYXJ5L3pzdGQ="),
    ] {
        let mut command = folder.command(arguments);
        if let Some(variable) = variable {
            command.env("TDC_CONFIG", variable);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(expected), "{arguments:?} {variable:?}: {said}");
    }
}

#[test]
fn a_configuration_that_is_missing_is_said_with_what_to_do() {
    let folder = Folder::new();
    for arguments in [
        &["encode"][..],
        &["decode"],
        &["decode", "--text"],
        &["to-payload"],
        &["from-payload"],
        &["failure", "encode"],
        &["failure", "decode"],
        &["history", "encode"],
        &["history", "decode"],
        &["config", "check"],
        &["serve", "--dev"],
    ] {
        let error = folder.fails(arguments, "");
        assert!(
            error.starts_with("tdc: TDC_ERR_CONFIG: there is no tdc.yaml in /"),
            "{arguments:?}: {error}"
        );
        assert!(error.contains("run `tdc init` to create one") && error.lines().count() == 1, "{error}");
    }
    let output = folder.command(&["decode"]).env("TDC_CONFIG", "gone.yaml").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("TDC_CONFIG names gone.yaml, which does not exist"), "{error}");
}

#[test]
fn completions_name_every_command_for_every_shell() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.succeeds(&["completions", shell], "");
        for command in ["init", "keygen", "to-payload", "completions", "progress"] {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new();
    folder.succeeds(&["man", "."], "");
    for (page, says) in [
        ("tdc.1", "tdc\\-decode(1)"),
        ("tdc-decode.1", "\\fB\\-\\-text\\fR"),
        ("tdc-config-check.1", "tdc config check /etc/tdc/tdc.yaml"),
        ("tdc-man.1", "tdc man"),
    ] {
        let page = folder.read(page);
        assert!(page.starts_with(".ie"), "{page}");
        assert!(page.contains(says), "{says}: {page}");
    }
    let error = folder.fails(&["man", "gone"], "");
    assert!(error.contains("cannot write the manual pages to gone: "), "{error}");
}

#[test]
#[cfg(unix)]
fn the_script_of_bash_completes() {
    let folder = Folder::new();
    folder.write("tdc.bash", &folder.succeeds(&["completions", "bash"], ""));
    let script = "source ./tdc.bash; COMP_WORDS=(tdc history d); COMP_CWORD=2; _tdc tdc d history; echo \"${COMPREPLY[*]}\"";
    let Ok(output) =
        std::process::Command::new("bash").args(["-c", script]).current_dir(folder.path("")).output()
    else {
        eprintln!("skipped, because bash is absent");
        return;
    };
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "decode\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
