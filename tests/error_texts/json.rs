//! Text that is not JSON: what a value in `json/plain` must be.

use super::{Texts, payloads, plain};

pub(super) fn raise(texts: &mut Texts) {
    let converter = plain();
    let cases: [&[u8]; 28] = [
        b"",
        b"\xff",
        b"\xef\xbb\xbf1",
        b"\xff\xfe1\0",
        b"NaN",
        b"-Infinity",
        b"nul",
        b"truth",
        b"01",
        b"-",
        b"1.",
        b"1.e",
        b"1e",
        b"1 2",
        b"[1 2]",
        b"[1,]",
        b"[",
        b"{\"a\" 1}",
        b"{\"a\":1 \"b\":2}",
        b"{\"a\":1,}",
        b"{a:1}",
        b"{",
        b"\"a",
        b"\"\n\"",
        b"\"\\x\"",
        b"\"\\u12\"",
        b"'a'",
        b"]",
    ];
    for text in cases {
        let list = payloads(&[("encoding", "json/plain")], text);
        texts.add(&text.escape_ascii().to_string(), converter.to_payload(b"", &list));
    }
    let deep = payloads(&[("encoding", "json/plain")], "[".repeat(100_000));
    texts.add("100000 times [", converter.to_payload(b"", &deep));
}
