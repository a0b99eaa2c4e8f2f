//! `tdc keys check`, word for word, with a key service that answers what it is told to.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use insta::assert_snapshot;

use crate::folder::Folder;

const CONFIG: &str = "\
version: 1
keys:
  primary: orders
  ring:
    orders: { service: \"hashivault://orders\" }
    decrypt-denied: { service: \"hashivault://sealing\" }
    denied: { service: \"hashivault://denied\" }
    wrong: { service: \"hashivault://wrong\" }
    unheard-of: { service: \"vaultkeeper://x\" }
codecs: [encrypt]
";

/// A Vault whose keys are called after what they do.
fn vault() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    format!("http://{address}")
}

fn answer(mut stream: TcpStream) {
    let (mut request, mut room) = (Vec::new(), [0; 4096]);
    let text = loop {
        let Ok(len @ 1..) = stream.read(&mut room) else { return };
        request.extend_from_slice(&room[..len]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if text.split_once("\r\n\r\n").is_some_and(|(_, body)| text.starts_with("GET") || body.ends_with('}'))
        {
            break text;
        }
    };
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let value =
        |name: &str| body[name].as_str().unwrap_or_default().trim_start_matches("vault:v1:").to_owned();
    let (status, answer) = if path.ends_with("encrypt/orders") || path.ends_with("encrypt/sealing") {
        (200, format!("{{\"data\":{{\"ciphertext\":\"vault:v1:{}\"}}}}", value("plaintext")))
    } else if path.ends_with("decrypt/orders") {
        (200, format!("{{\"data\":{{\"plaintext\":\"{}\"}}}}", value("ciphertext")))
    } else if path.ends_with("/wrong") {
        (200, "<html>".to_owned())
    } else {
        (403, "{\"errors\":[\"permission denied\"]}".to_owned())
    };
    let head =
        format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
    let _ = stream.write_all((head + &answer).as_bytes());
}

#[test]
fn what_it_says_of_each_key_is_pinned() {
    let address = vault();
    let mut said = String::new();
    for config in [CONFIG.to_owned(), only("orders"), "version: 1\n".to_owned()] {
        let folder = Folder::with_config(&config);
        let mut command = folder.command(&["keys", "check"]);
        command.env("VAULT_ADDR", &address).env("VAULT_TOKEN", "t").env_remove("VAULT_NAMESPACE");
        let output = command.output().unwrap();
        said += &String::from_utf8(output.stdout).unwrap();
        said += &String::from_utf8(output.stderr).unwrap();
        writeln!(said, "[{}]\n", output.status.code().unwrap()).unwrap();
    }
    assert_snapshot!(said.replace(&address, "VAULT"));
}

/// The configuration with one key.
fn only(name: &str) -> String {
    let is_kept = |line: &&str| !line.contains("service:") || line.contains(&format!("  {name}:"));
    CONFIG.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}
