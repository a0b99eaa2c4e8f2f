//! A server over loopback, for services that answer what no service should.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tdc_keys::{Environment, KeyServices, Options};

pub(crate) const TOKEN: &str = "s.of-the-test";

/// A server that answers each request by what a function says to it; it ends with the process.
pub(crate) struct Fake {
    pub(crate) address: String,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    pub(crate) fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    while let Some(request) = read_request(&mut stream) {
                        if !request.contains("/v1/auth/token/") {
                            count.fetch_add(1, Ordering::SeqCst);
                        }
                        answer(&request, &mut stream);
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// One that always answers the same.
    pub(crate) fn saying(status: &str, body: &str) -> Self {
        let response = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        Self::new(move |_, stream| drop(stream.write_all(response.as_bytes())))
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn keys(&self) -> KeyServices {
        keys(&[("VAULT_ADDR", &self.address), ("VAULT_TOKEN", TOKEN)])
    }
}

pub(crate) fn keys(variables: &[(&str, &str)]) -> KeyServices {
    let environment = variables.iter().copied().collect::<Environment>();
    KeyServices::new(Options { environment, ..Options::default() })
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).ok()?;
    let len = head
        .to_ascii_lowercase()
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; len.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).ok()?)
}
