//! The audit log and the server's own log, where they are not read and where the disk is full: no
//! request is answered without its line, and nothing else is held up.

use std::time::Instant;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

use crate::process::{ENCRYPTED, PATIENCE, Server};
use crate::protocol::{GOLDEN, TESTING};

fn read(server: &Server, name: &str) -> Vec<Option<Value>> {
    let text = std::fs::read_to_string(server.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

/// Each request makes the server log that it cannot write the audit log.
#[test]
fn an_unread_log_blocks_no_request() {
    let mut server = Server::start(&format!("{ENCRYPTED}server: {{ audit: {{ file: /dev/full }} }}\n"));
    let reader = server.stop_reading();
    let dropped = |server: &Server| {
        let metrics = server.request("GET", "/metrics").send().body;
        metrics.contains("tdc_log_lines_dropped_total ")
    };
    let start = Instant::now();
    while !dropped(&server) {
        assert!(start.elapsed() < PATIENCE);
        for _ in 0..50 {
            server.post("/decode", GOLDEN).refused(503);
        }
    }
    assert_eq!(server.request("GET", "/healthz").send().status, 200);
    server.signal("TERM");
    drop(reader);
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn it_stops_although_its_log_is_not_read() {
    let mut server = Server::start(ENCRYPTED);
    let reader = server.stop_reading();
    let start = Instant::now();
    // Lines that standard error does not take are not confirmed, and then no request is answered.
    let refused = loop {
        assert!(start.elapsed() < PATIENCE);
        let answer = server.post("/decode", GOLDEN);
        if answer.status != 200 {
            break answer;
        }
        assert_eq!(answer.ok(), TESTING);
    };
    assert!(refused.refused(503).contains("audit log") && !refused.body.contains("IlRlc3Rpbmci"));
    assert_eq!(server.request("GET", "/healthz").send().status, 200);
    assert_eq!(server.request("GET", "/readyz").send().status, 200);
    let process = server.process_id();
    server.signal("TERM");
    let ended = server.ended();
    drop(reader);
    assert_eq!(ended, Some(0), "{process}");
}

#[test]
fn requests_are_answered_again_once_the_log_is_read() {
    let server = Server::start(ENCRYPTED);
    let reader = server.stop_reading();
    let start = Instant::now();
    let mut answered = 0;
    while server.post("/decode", GOLDEN).status == 200 {
        assert!(start.elapsed() < PATIENCE);
        answered += 1;
    }
    // The line of the first that was refused was being written, and the line of this one waits
    // after it.
    server.post("/decode", GOLDEN).refused(503);
    drop(reader);
    while server.post("/decode", GOLDEN).status != 200 {
        assert!(start.elapsed() < PATIENCE);
    }
    let last = server.request("POST", "/last/decode").json(GOLDEN).send();
    assert_eq!(last.ok(), TESTING);
    server.wait_for("last line", |line| line["namespace"] == "last");
    let lines = server.lines();
    let with = |status: u64| lines.iter().filter(|line| line["status"].as_u64() == Some(status)).count();
    // Besides, perhaps, the line that was just being written when its request gave up.
    assert!((answered + 2..=answered + 3).contains(&with(200)), "{answered} answered, {} written", with(200));
    let refused: Vec<_> = lines.iter().filter(|line| line["status"] == 503).collect();
    assert!(!refused.is_empty() && refused.iter().all(|line| line["outcome"] == "no_audit"), "{refused:?}");
}

/// A limit of the process simulates a full disk: it accepts part of a line, and then nothing.
#[test]
fn lines_after_a_full_disk_begin_a_line_and_every_answer_has_its_own() {
    let config = format!("{ENCRYPTED}server: {{ audit: {{ file: audit.jsonl }} }}\n");
    let server = Server::start_after("trap '' XFSZ; ulimit -S -f 2", tempfile::tempdir().unwrap(), &config);
    let mut answered = 0;
    while server.post("/decode", GOLDEN).status == 200 {
        answered += 1;
        assert!(answered < 100);
    }
    server.post("/decode", GOLDEN).refused(503);
    assert!(answered > 0 && std::fs::metadata(server.path("audit.jsonl")).unwrap().len() == 1024);
    let process = Pid::from_raw(server.process_id().try_into().unwrap());
    prlimit(process, Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    for _ in 0..2 {
        server.post("/decode", GOLDEN).ok();
    }
    let lines = read(&server, "audit.jsonl");
    assert_eq!(lines.iter().filter(|line| line.is_none()).count(), 1, "the part that was written: {lines:?}");
    let done = |line: &&Option<Value>| line.as_ref().is_some_and(|line| line["status"] == 200);
    assert_eq!(lines.iter().filter(done).count(), answered + 2);

    // The same for a part that another process has left, and after a restart.
    std::fs::write(server.path("audit.jsonl"), "{\"cut").unwrap();
    server.post("/decode", GOLDEN).ok();
    assert!(read(&server, "audit.jsonl")[1].as_ref().is_some_and(|line| line["status"] == 200));
}

#[test]
fn a_file_that_ends_within_a_line_continues_on_the_next() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("audit.jsonl"), "{\"timestamp\":\"20").unwrap();
    let config = format!("{ENCRYPTED}server: {{ audit: {{ file: audit.jsonl }} }}\n");
    let server = Server::start_in(folder, &config, &[]);
    server.post("/decode", GOLDEN).ok();
    let lines = read(&server, "audit.jsonl");
    assert!(lines[0].is_none() && lines.len() == 2, "{lines:?}");
    assert_eq!(lines[1].as_ref().unwrap()["status"], 200);
}

#[test]
fn every_refusal_has_a_reason_and_every_line_whole_milliseconds() {
    let server = Server::start(ENCRYPTED);
    server.post("/decode", GOLDEN).ok();
    server.post("/decode", "{").refused(400);
    server.post("/nowhere", "{").refused(404);
    server.request("GET", "/decode").send().refused(405);
    server.request("POST", "/decode").body(GOLDEN).send().refused(415);
    server.request("POST", "/decode").header("X-Namespace", "a/b").json(GOLDEN).send().refused(400);
    server.request("POST", "/decode").header("Host", "evil.example").json(GOLDEN).send().refused(403);
    server
        .request("POST", "/decode")
        .header("Origin", "https://evil.example")
        .json(GOLDEN)
        .send()
        .refused(403);
    server.post("/decode", &GOLDEN.replace("S+em", "S+en")).refused(400);
    let lines = server.audit(9);
    let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str()).collect();
    assert_eq!(
        reasons,
        [
            None,
            Some("TDC_ERR_JSON"),
            Some("route"),
            Some("method"),
            Some("not JSON"),
            Some("namespace"),
            Some("host"),
            Some("origin"),
            Some("TDC_ERR_AUTHENTICATION"),
        ]
    );
    assert!(lines.iter().all(|line| line["duration_ms"].is_u64()), "{lines:?}");
}
