//! Codecs: what they refuse to encode, and what does not open.

use super::{Texts, field, parse, payload, payloads, with_key};

const LAYERS: [&str; 6] = ["encrypted", "zlib", "zstd", "snappy", "gzip", "msgpack"];
const ALL: &str = "codecs: [msgpack, zlib, zstd, snappy, gzip, encrypt]";

pub(super) fn raise(texts: &mut Texts) {
    let all = with_key(ALL);
    for layer in LAYERS {
        let encoding = format!("binary/{layer}");
        let key: &[_] = &[("encoding", &*encoding), ("encryption-key-id", "one")];
        texts.add(&format!("encode: no {layer} layer"), all.encode(b"", &payloads(&[key[0]], "")));
        texts.add(&format!("decode: no {layer} layer"), all.decode(b"", &payloads(&[key[0]], "")));
    }
    let zlib = [0x78, 0x9c, 0x4b, 0x4c, 0x04, 0x02, 0x00];
    let stored = [0x78, 0x01, 0x01, 0x02, 0x00, 0xfd, 0xff, 0x12, 0x00, 0x00, 0x26, 0x00, 0x13];
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff];
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x05, 0x29, 0x00, 0x00];
    let raw = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x02, 0x11, 0x00, 0x00, 0x12, 0x00];
    let longer = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x11, 0x00, 0x00, 0x12, 0x00];
    let reserved = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x02, 0x17, 0x00, 0x00, 0x12, 0x00];
    let cases: [(&str, &str, &[u8]); 12] = [
        ("zlib", "that does not inflate", &[0x78, 0x9c, 0xff, 0xff]),
        ("zlib", "cut short", &zlib[..4]),
        ("zlib", "with bytes behind it", &[&stored[..], b"more"].concat()),
        ("gzip", "that does not inflate", &gzip),
        ("zstd", "cut short", &zstd[..6]),
        ("zstd", "with bytes behind it", &[&raw[..], b"more"].concat()),
        ("zstd", "of another length", &longer),
        ("zstd", "with a reserved block", &reserved),
        ("snappy", "without a length", &[0xff; 12]),
        ("snappy", "that does not decompress", &[0x05, 0xff, 0xff, 0xff]),
        ("snappy", "with an impossible length", &[0xff, 0xff, 0xff, 0xff, 0x0f, 0]),
        ("snappy", "cut short", &[0x05, 0x00, b'a']),
    ];
    for (layer, what, data) in cases {
        let encoding = format!("binary/{layer}");
        texts.add(&format!("{layer} {what}"), all.decode(b"", &payloads(&[("encoding", &encoding)], data)));
    }
    let msgpack: [(&str, &[u8]); 7] = [
        ("cut short", b"\xa5a"),
        ("without a length", b"\xd9"),
        ("with bytes behind it", b"\x01\x01"),
        ("with a byte that is not used", b"\xc1"),
        ("with text that is not UTF-8", b"\xa1\xff"),
        ("with too many items", b"\xdf\xff\xff\xff\xff"),
        ("that is deep", &[0x91; 2000]),
    ];
    for (what, data) in msgpack {
        texts.add(
            &format!("msgpack {what}"),
            all.decode(b"", &payloads(&[("encoding", "binary/msgpack")], data)),
        );
    }

    let inner = payload(&[("encoding", "json/plain")], "1");
    let list = with_key("codecs: [encrypt]").encode(b"", &field(1, &inner)).unwrap();
    let mut changed = list;
    *changed.last_mut().unwrap() ^= 1;
    texts.add("encrypt: one bit changed", all.decode(b"", &changed));
    let encrypted = [("encoding", "binary/encrypted"), ("encryption-key-id", "two")];
    texts.add("encrypt: an unknown key", all.decode(b"", &payloads(&encrypted, [0; 40])));
    let no_id = [encrypted[0], ("encryption-key-id", "o ne")];
    texts.add("encrypt: what is not a key id", all.decode(b"", &payloads(&no_id, [0; 40])));
    let java =
        [encrypted[0], ("encryption-key-id", "its own key"), ("encryption-cipher", "AES/GCM/NoPadding")];
    texts.add("encrypt: Java's form with an unknown key", all.decode(b"", &payloads(&java, [0; 40])));
    let cipher = [encrypted[0], encrypted[1], ("encryption-cipher", "ROT13")];
    texts.add("encrypt: another cipher", all.decode(b"", &payloads(&cipher, [0; 40])));
    texts.add("encrypt: short data", all.decode(b"", &payloads(&encrypted, [0; 12])));

    // What was encrypted is no payload.
    let foreign = with_key("codecs: [zlib]");
    let data = [0x78, 0x01, 0x01, 0x01, 0x00, 0xfe, 0xff, b'1', 0x00, 0x32, 0x00, 0x32];
    texts.add(
        "another codec's contents",
        foreign.decode(b"", &payloads(&[("encoding", "binary/zlib")], data)),
    );
    texts.add("an empty message with other fields", all.encode(b"", &field(1, field(7, "1"))));
    let required = with_key("codecs: [encrypt: { required: true }]");
    texts.add("a payload that is not encrypted", required.decode(b"", &field(1, &inner)));

    let mut deep = inner;
    let one = with_key("codecs: [encrypt]");
    for _ in 0..20 {
        let list = one.encode(b"", &field(1, &deep)).unwrap();
        deep = inner_of(&list);
    }
    texts.add("too many layers", one.decode(b"", &field(1, &deep)));
    let bomb = parse("codecs: [zlib]").unwrap();
    let list = bomb.encode(b"", &payloads(&[("encoding", "binary/plain")], vec![0; 1 << 16])).unwrap();
    let small = parse("codecs: [zlib]\nlimits: { max_decoded_bytes: 1 KiB }").unwrap();
    texts.add("more than the limit when decoded", small.decode(b"", &list));
}

/// The one payload of a list.
fn inner_of(list: &[u8]) -> Vec<u8> {
    let mut at = 1;
    while list[at] & 0x80 != 0 {
        at += 1;
    }
    list[at + 1..].to_vec()
}
