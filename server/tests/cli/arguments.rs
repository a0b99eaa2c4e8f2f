use crate::folder::Folder;

#[test]
fn version_names_the_aead_backend() {
    let version = Folder::new().succeeds(&["--version"], "");
    assert_eq!(version, format!("tdc {} (AES-256-GCM: {})\n", env!("CARGO_PKG_VERSION"), tdc::BACKEND));
}

#[test]
fn help_lists_every_command_and_shows_examples() {
    let help = Folder::new().succeeds(&["--help"], "");
    for command in ["keygen", "encode", "decode", "inspect", "serve", "config"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}\n{help}");
        assert!(help.contains(&format!("\n  tdc {command} ")), "{command}\n{help}");
    }
    for command in ["to-payload", "from-payload"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}\n{help}");
    }
}

#[test]
fn every_command_explains_itself_by_example() {
    for command in [
        &["keygen"][..],
        &["encode"],
        &["decode"],
        &["to-payload"],
        &["from-payload"],
        &["inspect"],
        &["serve"],
        &["config", "check"],
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
        (&["inspct"][..], "unrecognized subcommand 'inspct'", "a similar subcommand exists: 'inspect'"),
        (&["decode", "--confg", "x"], "unexpected argument '--confg' found", "'--config'"),
        (&["decode"], "the following required arguments were not provided:", "--config <CONFIG>"),
        (&["keygen"], "the following required arguments were not provided:", "<PATH>"),
        (&["config", "check"], "the following required arguments were not provided:", "<FILE>"),
        (&["encode", "-c", "a", "b", "c"], "unexpected argument 'c' found", "Usage: tdc encode"),
        (
            &["inspect", "--namespace", "n"],
            "the following required arguments were not provided:",
            "--config <CONFIG>",
        ),
    ] {
        let error = folder.fails(arguments, "");
        assert!(error.starts_with(&format!("tdc: TDC_ERR_ARGUMENT: {sentence}")), "{error}");
        assert!(error.contains(advice) && error.contains("try '--help'"), "{error}");
    }
}
