//! Payloads as JSON: bodies of codec servers, and what `tdc encode` and `tdc decode` read.

use tdc::payload::json;

use super::{Texts, field};

pub(super) fn raise(texts: &mut Texts) {
    let bodies: [&[u8]; 39] = [
        b"",
        b" ",
        b"\xff",
        b"\xff\xfe{\0}\0",
        b"{",
        b"{}x",
        b"{\"payloads\"",
        b"{\"payloads\":",
        b"nul",
        b"[]",
        b"1",
        b"{\"payload\":[]}",
        b"{\"payloads\":{}}",
        b"{\"payloads\":1}",
        b"{\"payloads\":[1]}",
        b"{\"payloads\":[null]}",
        b"{\"payloads\":[\"a\"]}",
        b"{\"payloads\":[true]}",
        b"{\"payloads\":[[]]}",
        b"{\"payloads\":[{\"date\":\"\"}]}",
        b"{\"payloads\":[{\"data\":1}]}",
        b"{\"payloads\":[{\"data\":1.5}]}",
        b"{\"payloads\":[{\"data\":\"?\"}]}",
        b"{\"payloads\":[{\"data\":{}}]}",
        b"{\"payloads\":[{\"data\":\"MQ==\",}]}",
        b"{\"payloads\":[{\"metadata\":[]}]}",
        b"{\"payloads\":[{\"metadata\":{\"a\":1}}]}",
        b"{\"payloads\":[{\"metadata\":{\"a\":\"?\"}}]}",
        b"{\"payloads\":[{\"metadata\":{\"a\\nb\":\"?\"}}]}",
        b"{\"payloads\":[{\"metadata\":{\"encoding\":\"json/plain\"}}]}",
        b"{\"payloads\":[{\"externalPayloads\":{}}]}",
        b"{\"payloads\":[{\"externalPayloads\":[1]}]}",
        b"{\"payloads\":[{\"externalPayloads\":[{\"sizeBytes\":\"many\"}]}]}",
        b"{\"payloads\":[{\"externalPayloads\":[{\"sizeBytes\":1.5}]}]}",
        b"{\"payloads\":[{\"externalPayloads\":[{\"sizeBytes\":18446744073709551615}]}]}",
        b"{\"payloads\":[{\"externalPayloads\":[{\"sizeBytes\":\"9223372036854775808\"}]}]}",
        b"{\"payloads\":[{},{\"data\":1}]}",
        b"{\"payloads\":[]} 1",
        b"{\"payloads\":[{\"data\":\"\n\"}]}",
    ];
    for body in bodies {
        texts.add(&body.escape_ascii().to_string(), json::parse(body));
    }
    let deep = format!("{{\"a\":{}", "[".repeat(1000));
    texts.add("a body that is deep", json::parse(deep.as_bytes()));
    texts.add("two payloads, of which one is allowed", json::parse_at_most(b"{\"payloads\":[{},{}]}", 1));
    for list in ["{}", "[1]", "[{\"data\":1}]", "[{}"] {
        texts.add(&format!("a list: {list}"), json::parse_list(list.as_bytes()));
    }
    for payload in ["[]", "{\"data\":1}", "{\"date\":1}", "{"] {
        texts.add(&format!("a single payload: {payload}"), json::parse_single(payload.as_bytes()));
        texts.add(&format!("a payload: {payload}"), json::parse_payload(payload));
    }
    texts.add("a list cut short", json::print(b"\x0a\x05a"));
    texts.add("a payload cut short", json::print(&field(1, b"\x12\x05a")));
    let entry = field(1, field(1, b"\xff"));
    texts.add("a metadata key that is not UTF-8", json::print(&field(1, entry)));
}
