//! A client of HTTP/2 that can do wrong: it begins requests and does not end them, all on one
//! connection, and sees every frame that comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::client::connect;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const MAX_FRAME: usize = 16 << 10;

pub(crate) struct Streams {
    stream: TcpStream,
    authority: String,
    next: u32,
    bodies: BTreeMap<u32, Vec<u8>>,
    ended: BTreeSet<u32>,
    reset: BTreeSet<u32>,
    pongs: usize,
}

impl Streams {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let mut stream = connect(address);
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut streams = Self {
            stream,
            authority: address.to_string(),
            next: 1,
            bodies: BTreeMap::new(),
            ended: BTreeSet::new(),
            reset: BTreeSet::new(),
            pongs: 0,
        };
        streams.frame(SETTINGS, 0, 0, &[]);
        streams
    }

    /// Starts a `POST` of JSON; returns the number of its stream.
    pub(crate) fn begin(&mut self, path: &str, headers: &[(&str, &str)]) -> u32 {
        let authority = self.authority.clone();
        let own = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", &authority),
            ("content-type", "application/json"),
        ];
        let mut block = Vec::new();
        for (name, value) in own.iter().chain(headers) {
            // A literal that no table keeps.
            block.push(0);
            for text in [name, value] {
                push_len(&mut block, text.len());
                block.extend(text.as_bytes());
            }
        }
        let number = self.next;
        self.next += 2;
        self.frame(HEADERS, END_HEADERS, number, &block);
        number
    }

    pub(crate) fn send(&mut self, number: u32, bytes: &[u8]) {
        for part in bytes.chunks(MAX_FRAME) {
            self.frame(DATA, 0, number, part);
        }
    }

    /// Sends the last of a body.
    pub(crate) fn finish(&mut self, number: u32, bytes: &[u8]) {
        self.frame(DATA, END_STREAM, number, bytes);
    }

    /// Sends the rest of a body, and returns the body of the response.
    #[track_caller]
    pub(crate) fn end(&mut self, number: u32, bytes: &[u8]) -> String {
        self.finish(number, bytes);
        while !self.ended.contains(&number) {
            self.read();
        }
        String::from_utf8(self.bodies.remove(&number).unwrap_or_default()).unwrap()
    }

    /// Whether the server has reset a stream by now.
    pub(crate) fn is_reset(&mut self, number: u32) -> bool {
        let before = self.pongs;
        self.frame(PING, 0, 0, &[0; 8]);
        while self.pongs == before {
            self.read();
        }
        self.reset.contains(&number)
    }

    fn frame(&mut self, kind: u8, flags: u8, number: u32, payload: &[u8]) {
        let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&len[1..], &[kind, flags], &number.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat()).unwrap();
    }

    #[track_caller]
    fn read(&mut self) {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).unwrap();
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let (kind, flags) = (head[3], head[4]);
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; len.try_into().unwrap()];
        self.stream.read_exact(&mut payload).unwrap();
        match kind {
            DATA => self.bodies.entry(number).or_default().extend(payload),
            SETTINGS if flags & ACK == 0 => self.frame(SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => self.frame(PING, ACK, 0, &payload),
            PING => self.pongs += 1,
            RST_STREAM => {
                self.reset.insert(number);
            }
            _ => {}
        }
        if kind == RST_STREAM || [DATA, HEADERS].contains(&kind) && flags & END_STREAM != 0 {
            self.ended.insert(number);
        }
    }
}

/// A length as HPACK writes it, in seven bits and then more.
fn push_len(block: &mut Vec<u8>, len: usize) {
    let Some(mut rest) = len.checked_sub(127) else { return block.push(len.try_into().unwrap()) };
    block.push(127);
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    block.push(rest.try_into().unwrap());
}
