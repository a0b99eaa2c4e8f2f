//! The server's process: started with a configuration in a folder of its own, stopped when it is
//! dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Request};

/// `test-key-test-key-test-key-test!` under the id of the SDKs' samples.
pub(crate) const ENCRYPTED: &str = "\
version: 1
keys:
  primary: test-key-id
  ring:
    test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }
codecs: [encrypt]
";

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What the log says of a listener for metrics alone.
pub(crate) const METRICS_APART: &str = "listening for /metrics";

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
    lines: Arc<Mutex<Vec<Value>>>,
    /// Whether what it writes is read.
    is_read: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server with a configuration, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(config: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), config, &[])
    }

    /// Starts a server on the address that its configuration says.
    #[track_caller]
    pub(crate) fn start_as_configured(config: &str) -> Self {
        Self::launch(tempfile::tempdir().unwrap(), config, &[])
    }

    #[track_caller]
    pub(crate) fn start_in(folder: TempDir, config: &str, arguments: &[&str]) -> Self {
        let listen = if arguments.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        Self::launch(folder, config, &[listen, arguments].concat())
    }

    #[track_caller]
    fn launch(folder: TempDir, config: &str, arguments: &[&str]) -> Self {
        Self::launch_by(Command::new(env!("CARGO_BIN_EXE_tdc")), folder, config, arguments)
    }

    /// Starts a server in a process that a shell has prepared.
    #[track_caller]
    pub(crate) fn start_after(shell: &str, folder: TempDir, config: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{shell}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_tdc")]);
        Self::launch_by(command, folder, config, &["--listen", "127.0.0.1:0"])
    }

    #[track_caller]
    fn launch_by(mut command: Command, folder: TempDir, config: &str, arguments: &[&str]) -> Self {
        std::fs::write(folder.path().join("tdc.yaml"), config).unwrap();
        let mut child = command
            .arg("serve")
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let errors = BufReader::new(child.stderr.take().unwrap());
        let into = Arc::clone(&lines);
        let is_read = Arc::new(AtomicBool::new(true));
        let may_read = Arc::clone(&is_read);
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                while !may_read.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                into.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        let mut server = Self { child, address: ([0, 0, 0, 0], 0).into(), folder, lines, is_read };
        let listening = server.wait_for("listening", |line| line["message"] == "listening");
        server.address = listening["address"].as_str().unwrap().parse().unwrap();
        server
    }

    /// Tries to start a server that refuses; returns its output.
    #[track_caller]
    pub(crate) fn refuses(config: &str, arguments: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tdc.yaml"), config).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_tdc"))
            .arg("serve")
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{config}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        // As careful people replace a file: whole, by its name.
        std::fs::write(self.path("new"), text).unwrap();
        std::fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it had, in KiB.
    pub(crate) fn peak_kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process_id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What it printed on standard output so far ends up with the caller, once.
    pub(crate) fn output(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.process_id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; returns the exit status.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Tells it to stop, and waits for its end and its last line.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        assert_eq!(self.ended(), Some(0));
        self.wait_for_last_line();
    }

    /// After this every line that there will ever be is there.
    #[track_caller]
    pub(crate) fn wait_for_last_line(&self) {
        self.wait_for("last line", |line| line["message"] == "stopped");
    }

    /// `POST` of JSON without more headers than it needs.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path).json(body).send()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    /// Stops reading its output, from about now until the returned value is dropped.
    pub(crate) fn stop_reading(&self) -> Unread {
        self.is_read.store(false, Ordering::SeqCst);
        Unread(Arc::clone(&self.is_read))
    }

    /// Everything that it logged so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().clone()
    }

    /// Its lines of the audit log, of which there must come to be `count`.
    #[track_caller]
    pub(crate) fn audit(&self, count: usize) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let mut found = self.lines();
            found.retain(|line| line["log"] == "audit");
            if found.len() >= count {
                assert_eq!(found.len(), count, "{found:?}");
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "{found:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until as many requests are being worked on.
    #[track_caller]
    pub(crate) fn wait_for_in_flight(&self, count: usize) {
        let start = Instant::now();
        let expected = format!("tdc_requests_in_flight {count}\n");
        while !self.request("GET", "/metrics").send().body.contains(&expected) {
            assert!(start.elapsed() < PATIENCE, "not {count} in flight");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many payloads were sealed with a key, by the metrics.
    pub(crate) fn sealed(&self, key: &str) -> usize {
        let metrics = self.request("GET", "/metrics").send().body;
        let label = format!("tdc_payloads_sealed_total{{key=\"{key}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&label)).map_or(0, |count| count.parse().unwrap())
    }

    /// Where its metrics are, if not with all else.
    #[track_caller]
    pub(crate) fn metrics_apart(&self) -> SocketAddr {
        let line = self.wait_for("address for metrics", |line| line["message"] == METRICS_APART);
        line["address"].as_str().unwrap().parse().unwrap()
    }

    /// The first line that fits, once it has come.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let lines = self.lines();
            if let Some(line) = lines.iter().find(|line| fits(line)) {
                return line.clone();
            }
            assert!(start.elapsed() < PATIENCE, "no {what} in {lines:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A server whose standard error is full sooner or later.
pub(crate) struct Unread(Arc<AtomicBool>);

impl Drop for Unread {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
