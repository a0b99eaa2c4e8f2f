//! `codecs: [remote: …]` on the command line: it asks the codec server itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use crate::folder::{Folder, SAMPLE_CONFIG};

const BODY: &str = r#"{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"}]}"#;

/// `tdc serve` in a folder of its own.
struct Server(Child, u16);

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut child =
            folder.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            line["address"].as_str().and_then(|address| address.rsplit(':').next()?.parse().ok())
        });
        // A server whose audit log is not read refuses requests.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, port.expect("it listens"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that gives one answer; what it was asked comes from the thread.
fn once(answer: String) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut chunk = [0; 4096];
        while !asked.ends_with(b"]}\n") {
            let len = stream.read(&mut chunk).unwrap();
            asked.extend_from_slice(&chunk[..len]);
        }
        // Who has read enough closes the connection.
        let _ = stream.write_all(answer.as_bytes());
        String::from_utf8(asked).unwrap()
    });
    (port, thread)
}

fn http(status: &str, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn worker(port: u16, options: &str) -> Folder {
    Folder::with_config(&format!(
        "version: 1\ncodecs: [zstd, remote: {{ url: \"http://127.0.0.1:{port}\"{options} }}]\n"
    ))
}

#[test]
fn payloads_failures_and_histories_go_through_the_server() {
    let far = Folder::with_config(SAMPLE_CONFIG);
    let server = Server::start(&far);
    let near = worker(server.1, "");

    let encoded = near.succeeds(&["encode", "-c", "tdc.yaml"], BODY);
    assert!(encoded.contains("YmluYXJ5L2VuY3J5cHRlZA=="), "binary/encrypted: {encoded}");
    assert_eq!(near.succeeds(&["decode", "-c", "tdc.yaml"], &encoded), format!("{BODY}\n"));

    let failure = r#"{"message":"m","applicationFailureInfo":{"details":PAYLOADS}}"#;
    let failure = failure.replace("PAYLOADS", BODY);
    let encoded = near.succeeds(&["failure", "encode", "-c", "tdc.yaml"], &failure);
    assert!(encoded.contains("YmluYXJ5L2VuY3J5cHRlZA=="), "{encoded}");
    assert_eq!(near.succeeds(&["failure", "decode", "-c", "tdc.yaml"], &encoded), format!("{failure}\n"));

    let history = |payloads: &str| {
        format!(r#"{{"events":[{{"activityTaskCompletedEventAttributes":{{"result":{payloads}}}}}]}}"#)
    };
    let encoded = near.succeeds(&["encode", "-c", "tdc.yaml"], BODY);
    let decoded = near.succeeds(&["history", "decode", "-c", "tdc.yaml"], &history(encoded.trim()));
    assert_eq!(decoded.trim(), history(BODY));

    let check = near.run(&["config", "check"], "");
    let (said, warned) = (String::from_utf8(check.stdout).unwrap(), String::from_utf8(check.stderr).unwrap());
    assert!(said.contains("memo values      zstd, then encoded by the codec server\n"), "{said}");
    assert!(check.status.code() == Some(2) && warned.contains("failures are stored unencrypted"), "{warned}");
}

#[test]
fn a_server_that_is_away_is_said_to_be() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = worker(port, "").fails(&["encode", "-c", "tdc.yaml"], BODY);
    assert!(error.starts_with("tdc: TDC_ERR_REMOTE: ") && error.contains("cannot connect"), "{error}");
}

#[test]
fn what_is_sent_and_what_is_refused() {
    let ask = |answer: String, options: &str| {
        let (port, thread) = once(answer);
        let error = worker(port, options).fails(&["decode", "-c", "tdc.yaml", "-n", "orders"], BODY);
        (error, thread.join().unwrap())
    };
    let headers = ", headers: { Authorization: { prefix: \"Bearer \", insecure_inline: t0ken } }";
    let (error, asked) = ask(http("401 Unauthorized", "", "t0ken is bad"), headers);
    assert!(
        error.contains("does not accept the credentials (status 401)") && !error.contains("t0ken"),
        "{error}"
    );
    let asked = asked.to_ascii_lowercase();
    assert!(asked.starts_with("post /decode http/1.1\r\n"), "{asked}");
    for header in ["content-type: application/json", "x-namespace: orders", "authorization: bearer t0ken"] {
        assert!(asked.contains(&format!("{header}\r\n")), "{header}: {asked}");
    }
    // A redirect would send the token to another host.
    let (error, _) =
        ask(http("307 Temporary Redirect", "Location: http://127.0.0.1:1/decode\r\n", ""), headers);
    assert!(error.contains("redirects are not followed"), "{error}");
    let (error, _) = ask(http("200 OK", "", r#"{"payloads":[]}"#), "");
    assert!(error.contains("answered 0 payloads, expected 1"), "{error}");
    let (error, _) = ask(http("400 Bad Request", "", "TDC_ERR_KEY_UNKNOWN at payloads[0]: secret"), "");
    assert!(
        error.starts_with("tdc: TDC_ERR_REMOTE_REFUSED at payloads[0]: ") && !error.contains("secret"),
        "{error}"
    );
    let (error, _) = ask("HTTP/1.1 200 OK\r\n\r\n".to_owned() + &" ".repeat(100 << 20), "");
    assert!(error.starts_with("tdc: TDC_ERR_LIMIT: "), "{error}");
}

#[test]
fn a_server_that_never_answers_costs_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = worker(listener.local_addr().unwrap().port(), ", timeout: 200 ms");
    let error = folder.fails(&["encode", "-c", "tdc.yaml"], BODY);
    assert!(error.contains("gave no answer: timed out after 200ms"), "{error}");
}

#[test]
fn a_codec_server_does_not_ask_another() {
    let error = worker(1, "").fails(&["serve", "--dev"], "");
    assert!(
        error
            .starts_with("tdc: TDC_ERR_CONFIG: codecs: `tdc serve` refuses a configuration that uses remote"),
        "{error}"
    );
}
