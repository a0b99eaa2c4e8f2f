//! Attacks by payloads: what grows when it is decoded, and what is large.

use tdc::Code;

use crate::attack::{Attack, Direction};
use crate::message::{field, head_len, list, payload};
use crate::{LIMIT, MIB, converter};

fn zeros(size: usize) -> Vec<u8> {
    payload("binary/plain", &vec![0; size])
}

/// A payload that a codec has encoded.
fn compressed(codec: &str, item: &[u8]) -> Vec<u8> {
    let mut answer = converter(codec).encode(&[], &list(&[item.to_vec()])).unwrap();
    answer.drain(..head_len(&answer));
    answer
}

/// A payload that decodes to half of the limit.
pub(crate) fn half_of_the_limit() -> Vec<u8> {
    compressed("zlib", &zeros(LIMIT / 2 - 1024))
}

/// Attacks on payloads, alone and in a store; `half` is [`half_of_the_limit`].
pub(crate) fn attacks(half: &[u8]) -> Vec<Attack> {
    use Direction::{Decode, Encode, FromPayload, Stored, ToPayload};
    let attack =
        |name: &str, direction, item: Vec<u8>, fails| Attack::new(name, direction, list(&[item]), fails);
    // As large as the limit lets through, and one that is larger.
    let (largest, larger) = (zeros(LIMIT - 1024), zeros(2 * LIMIT));
    let mut attacks = Vec::new();
    for codec in ["zlib", "gzip", "snappy", "zstd"] {
        attacks.push(attack(codec, Decode, compressed(codec, &largest), None));
        let name = format!("{codec} beyond the limit");
        attacks.push(attack(&name, Decode, compressed(codec, &larger), Some(Code::Limit)));
    }
    let many = list(&[half.to_vec(), half.to_vec(), compressed("snappy", &zeros(MIB))]);
    let array = [&b"\xdd\x00\x10\x00\x00"[..], &vec![0xc0; MIB]].concat();
    let text = |repeated: &str, count: usize| format!("[{}0]", repeated.repeat(count)).into_bytes();
    let list_value = |data: &[u8]| {
        let entry = [field(1, b"messageType"), field(2, b"google.protobuf.ListValue")].concat();
        [field(1, &entry), payload("json/protobuf", data)].concat()
    };
    attacks.extend([
        attack(
            "zstd without a content size",
            Decode,
            payload("binary/zstd", &zstd_bomb()),
            Some(Code::Limit),
        ),
        attack("zstd in zlib", Decode, compressed("zlib", &compressed("zstd", &zeros(LIMIT - 8192))), None),
        Attack::new("many payloads", Decode, many, Some(Code::Limit)),
        attack("zlib that is encrypted", Decode, compressed("encrypt", half), None),
        attack("a large encrypted payload", Decode, compressed("encrypt", &zeros(LIMIT / 2)), None),
        attack("MessagePack", Decode, payload("binary/msgpack", &array), None),
        attack(
            "a large value at a high level",
            Encode,
            payload("json/plain", &text("\"tea\",1,", 1 << 15)),
            None,
        ),
        attack(
            "a large array of JSON",
            ToPayload,
            payload("json/plain", &text("[{\"b\":1,\"a\":2}],", 1 << 15)),
            None,
        ),
        attack("a large array of protobuf", FromPayload, list_value(&text("1,", 1 << 15)), None),
    ]);
    let stored = |name: &str, object, fails| Attack::new(name, Stored, object, fails);
    let envelope = |data_key: usize| {
        let entry = |key: &str, value: &[u8]| field(1, &[field(1, key.as_bytes()), field(2, value)].concat());
        let data_key = entry("encryption-dek", &vec![b'A'; data_key]);
        [entry("encryption-key-id", b"kek"), data_key, payload("binary/encrypted", &[0; 40])].concat()
    };
    attacks.extend([
        stored("a stored object", largest, None),
        stored("a stored object that grows", compressed("zlib", &zeros(LIMIT - 16384)), None),
        stored("a stored object that grows beyond the limit", compressed("zlib", &larger), Some(Code::Limit)),
        stored("a stored object beyond the limit", larger, Some(Code::Limit)),
        attack("an envelope with a large data key", Decode, envelope(LIMIT), Some(Code::Ciphertext)),
    ]);
    attacks
}

/// A frame of 32 KiB that holds a GiB of zeros, names no content size and asks for a window of 128
/// MiB.
fn zstd_bomb() -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let block = |last: u32| [&(last | 1 << 1 | BLOCK << 3).to_le_bytes()[..3], b"\0"].concat();
    [b"\x28\xb5\x2f\xfd\x00\x88".to_vec(), block(0).repeat(8191), block(1)].concat()
}
