//! Files with histories.

use super::{Texts, field, parse, plain, with_key};

pub(super) fn raise(texts: &mut Texts) {
    let converter = with_key("codecs: [encrypt]");
    let cases: [&[u8]; 11] = [
        b"",
        b"history",
        b"{}",
        b"{\"event\":[]}",
        b"{\"events\":[}",
        b"{\"events\":[{\"workflowExecutionStartedEventAttributes\":{\"input\":[1]}}]}",
        b"{\"events\":[{\"workflowExecutionStartedEventAttributes\":{\"input\":{\"payloads\":[null]}}}]}",
        b"{\"events\":[{\"workflowExecutionStartedEventAttributes\":{\"input\":{\"payloads\":[{\"metadata\":{\"encoding\":\"json/plain\"},\"data\":1}]}}}]}",
        b"[1",
        b"\xff\xfe{\0}\0",
        b"{\"events\":[\"\xff\"]}",
    ];
    for text in cases {
        texts.add(&text.escape_ascii().to_string(), converter.encode_history(b"", text));
    }
    texts.add("a binary file that is no history", converter.decode_history(b"", &field(2, "a")));
    let nested = format!("{{\"events\":{}", "[".repeat(100_000));
    texts.add("a history that is deep", plain().decode_history(b"", nested.as_bytes()));
    let limited = parse("limits: { max_input_bytes: 4 B }").unwrap();
    texts.add("a long history", limited.decode_history(b"", b"{\"events\":[]}"));
}
