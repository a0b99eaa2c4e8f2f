//! A folder of its own for each test, and the binary run in it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// `test-key-test-key-test-key-test!`, the key of the SDKs' samples, as key files hold it.
pub(crate) const SAMPLE_KEY: &str = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";

/// Encrypts with [`SAMPLE_KEY`] under the id of the samples.
pub(crate) const SAMPLE_CONFIG: &str = "\
version: 1
keys:
  primary: test-key-id
  ring:
    test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }
codecs: [encrypt]
";

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with a `tdc.yaml`.
    pub(crate) fn with_config(config: &str) -> Self {
        let folder = Self::new();
        folder.write("tdc.yaml", config);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes a history as `tdc history encode` encodes it.
    pub(crate) fn write_encoded(&self, name: &str, plain: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path("plain"), plain).unwrap();
        let output = self.command(&["history", "encode", "plain"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        fs::write(self.path(name), output.stdout).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tdc"));
        command.args(arguments).current_dir(self.0.path()).env_remove("TDC_CONFIG");
        command
    }

    /// Runs `tdc` with `input` on standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that fails before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs `tdc`, which must succeed with empty standard error; returns standard output.
    #[track_caller]
    pub(crate) fn succeeds(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `tdc`, which must fail in the common way; returns standard error.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}
