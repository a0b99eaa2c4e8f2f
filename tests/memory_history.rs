//! What decoding a whole history takes: the answer, and next to nothing beside it.
//!
//! A program of its own, because the counter counts for the whole process.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by panicking")]

use std::path::Path;

use tdc::{DataConverter, MessageFlags};
use tdc_formats::wire::push_bytes;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const EVENTS: usize = 10_000;

#[test]
fn a_history_is_decoded_in_the_memory_of_the_answer() {
    let document = "version: 1\nkeys: { primary: k, ring: { k: { insecure_inline: \
                    dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\ncodecs: [encrypt]\n";
    let converter = DataConverter::parse(document, Path::new(""), "").unwrap();
    let encrypted = |count| {
        let name = "temporal.api.history.v1.History";
        converter.encode_message(&[], name, MessageFlags::default(), &history(count)).unwrap()
    };
    let binary = encrypted(EVENTS);
    let json = json(&binary);
    // What is linked and planned at first use is not the call's.
    for form in [&binary, &json] {
        converter.decode_history(&[], form).unwrap();
        let profiler = dhat::Profiler::builder().testing().build();
        let answer = converter.decode_history(&[], form).unwrap();
        let peak = dhat::HeapStats::get().max_bytes;
        drop(profiler);
        assert!(answer.len() < form.len(), "encryption is gone, so it is shorter");
        println!("{} bytes decoded in {peak}", form.len());
        assert!(peak < form.len() + 16 * 1024, "{} bytes took {peak}", form.len());
    }
}

/// Events with an id and a result each.
fn history(count: usize) -> Vec<u8> {
    let payload =
        field(1, &[&b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain"[..], &field(2, &[b'7'; 200])].concat());
    // HistoryEvent.activity_task_completed_event_attributes.result.payloads
    let attributes = field(17, &field(1, &payload));
    let event = field(1, &[b"\x08\x07".as_slice(), &attributes].concat());
    event.repeat(count)
}

/// The JSON of such a history, whose payloads are encrypted.
fn json(history: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let (event, data) = (history.len() / EVENTS, 24 + 3 + 200 + 28);
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut text = String::from("{\"events\":[");
    for event in history.chunks(event) {
        // The ciphertext is the last field of each event.
        let data = event.get(event.len() - data..).unwrap();
        text += &format!(
            "{{\"eventId\":\"7\",\"activityTaskCompletedEventAttributes\":{{\"result\":{{\"payloads\":[{{\"metadata\":\
             {{\"encoding\":\"{}\",\"encryption-key-id\":\"{}\"}},\"data\":\"{}\"}}]}}}}}},",
            base64(b"binary/encrypted"),
            base64(b"k"),
            base64(data)
        );
    }
    text.pop();
    text += "]}";
    text.into_bytes()
}

fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}
