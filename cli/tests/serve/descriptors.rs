//! Connections of clients that do nothing: they make room for those that ask for something.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::client::connect;
use crate::process::{ENCRYPTED, Server};
use crate::protocol::{GOLDEN, TESTING};

/// Fewer descriptors than there are clients.
const FEW: &str = "ulimit -n 128";
const CLIENTS: usize = 300;

fn start(shell: &str) -> Server {
    let config = format!("{ENCRYPTED}server: {{ limits: {{ timeout: 1 min }} }}\n");
    Server::start_after(shell, tempfile::tempdir().unwrap(), &config)
}

/// Health, requests and files are served, and the first clients had to go.
fn is_served(server: &Server, mut clients: Vec<TcpStream>) {
    assert_eq!(server.request("GET", "/healthz").send().status, 200);
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    server.signal("HUP");
    server.wait_for("reload", |line| line["why"] == "signal" && line["level"] == "INFO");
    let mut bytes = Vec::new();
    let _ = clients[0].read_to_end(&mut bytes);
    assert!(bytes.is_empty(), "{}", String::from_utf8_lossy(&bytes));
    let metrics = server.request("GET", "/metrics").send().body;
    assert!(metrics.contains("tdc_connections_closed_total"), "{metrics}");
}

#[test]
fn idle_connections_make_room_for_others() {
    let server = start(FEW);
    let clients = (0..CLIENTS).map(|_| connect(server.address)).collect();
    is_served(&server, clients);
}

#[test]
fn connections_that_send_for_long_make_room_too() {
    let server = start(FEW);
    let begun = server.request("POST", "/decode").json("{").header("Content-Length", "100").bytes();
    let clients = (0..CLIENTS).map(|_| {
        let mut stream = connect(server.address);
        stream.write_all(&begun).unwrap();
        stream
    });
    is_served(&server, clients.collect());
}

#[test]
fn the_limit_of_descriptors_is_raised_as_far_as_it_may_be() {
    let server = start("ulimit -S -n 64");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.process_id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = [3, 4].map(|place| files.split_whitespace().nth(place).unwrap());
    assert!(soft == hard && soft != "64", "{files}");
}
