//! Configurations that are malformed or say what cannot be.

use std::path::Path;

use tdc::DataConverter;

use super::{KEY, Texts};

/// Documents after `version: 1`; `KEY` stands for a key.
const DOCUMENTS: &[&str] = &[
    // The document.
    "a: [",
    "a: &x 1",
    "a: *x",
    "a: !!int 1",
    "a: { <<: {} }",
    "limits: {}\nlimits: {}",
    "1: a",
    "? [a]\n: b",
    "---\nversion: 1",
    "versions: 1",
    "keys:",
    "keys: []",
    "limits: [1 B]",
    "namespaces: [[a]]",
    "keys: 1",
    "keys: true",
    "keys: 1.5",
    "keys: text",
    "codecs: zlib",
    "failures: { malformed: drop }",
    // Keys.
    "keys: { primary: one }",
    "keys: { primary: on, ring: { one: { insecure_inline: KEY } } }",
    "keys: { primary: 'o ne', ring: {} }",
    "keys: { primary: 1 }",
    "keys: { rings: {} }",
    "keys: { ring: { 'o ne': { insecure_inline: KEY } } }",
    "keys: { ring: { one: {} } }",
    "keys: { ring: { one: { insecure_inline: KEY, env: A } } }",
    "keys: { ring: { one: { insecure_inline: KEY, permissions: any } } }",
    "keys: { ring: { one: { insecure_inline: MTEx } } }",
    "keys: { ring: { one: { insecure_inline: '???' } } }",
    "keys: { ring: { one: { env: '' } } }",
    "keys: { ring: { one: { env: TDC_TEXTS_THAT_IS_NOT_SET } } }",
    "keys: { ring: { one: { file: a, permissions: all } } }",
    "keys: { host: maybe }",
    // Converters.
    "converters: []",
    "converters: [json, json]",
    "converters: [xml]",
    "converters: [null: {}]",
    "converters: [json: { sorted: true }]",
    "converters: [json: { canonical: 1 }]",
    "converters: [[json]]",
    "converters: [{ json: {}, bytes: {} }]",
    // Codecs.
    "codecs: [zlip]",
    "codecs: [msgpack: {}]",
    "codecs: [zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib, zlib]",
    "codecs: [encrypt]",
    "codecs: [encrypt, encrypt]",
    "codecs: [encrypt, zlib]",
    "codecs: [zlib, msgpack]",
    "codecs: [json]",
    "codecs: [zlib: { level: 0 }]",
    "codecs: [gzip: { level: 10 }]",
    "codecs: [zstd: { level: 20 }]",
    "codecs: [zstd: { level: 1.5 }]",
    "codecs: [zstd: { min_size: 1 kilobyte }]",
    "codecs: [zstd: { min_size: 1.5 KiB }]",
    "codecs: [zstd: { min_size: 99999999999 GiB }]",
    "codecs: [encrypt: { cipher: rot13 }]",
    "codecs: [encrypt: { required: 1 }]",
    "codecs: [remote: { url: 'https://a.example' }, encrypt]",
    // Codec servers.
    "codecs: [remote]",
    "codecs: [remote: { url: a }]",
    "codecs: [remote: { url: 'https://a.example?b' }]",
    "codecs: [remote: { url: 'https://a:b@c.example' }]",
    "codecs: [remote: { url: 'http://a.example' }]",
    "codecs: [remote: { url: 'ftp://a.example' }]",
    "codecs: [remote: { url: 'https://a.example/{name}' }]",
    "codecs: [remote: { url: 'https://a.example/a b' }]",
    "codecs: [remote: { url: 'https://a.example', timeout: 0 s }]",
    "codecs: [remote: { url: 'https://a.example', timeout: 6 min }]",
    "codecs: [remote: { url: 'https://a.example', timeout: soon }]",
    "codecs: [remote: { url: 'https://a.example', max_request_bytes: 0 B }]",
    "codecs: [remote: { url: 'https://a.example', headers: { 'a b': c } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { Host: a } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { a: b, A: b } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { Authorization: b } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { a: '' } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { a: {} } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { a: [] } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { a: { insecure_inline: b, permissions: any } } }]",
    "codecs: [remote: { url: 'https://a.example', headers: { a: { env: TDC_TEXTS_THAT_IS_NOT_SET } } }]",
    // Limits.
    "limits: { max_input_bytes: 1 kilobyte }",
    "limits: { max_payloads: -1 }",
    "limits: { max_payloads: many }",
    // Namespaces.
    "namespaces: [{ match: '', codecs: [] }]",
    "namespaces: [{ match: a, codecs: [encrypt] }]",
    "namespaces: [{ match: a, keys: { primary: one } }]",
    "namespaces: [{ match: a, keys: { primary: one, decrypt: [two] } }]",
    "namespaces: [{ codecs: [] }]",
    "namespaces: [{ match: a, codecs: [zlip] }]",
];

pub(super) fn raise(texts: &mut Texts) {
    for document in DOCUMENTS {
        let text = format!("version: 1\n{}\n", document.replace("KEY", KEY));
        texts.add(document, DataConverter::parse(&text, Path::new(""), ""));
    }
    let headers: String = (0..33).map(|index| format!("h{index}: a, ")).collect();
    let many = format!("codecs: [remote: {{ url: 'https://a.example', headers: {{ {headers} }} }}]");
    let whole = [
        ("nothing", String::new()),
        ("no version", "codecs: []".to_owned()),
        ("another version", "version: 2".to_owned()),
        ("a list", "[]".to_owned()),
        ("33 headers", format!("version: 1\n{many}")),
        ("deep nesting", format!("version: 1\na: {}", "[".repeat(200))),
        ("a long document", format!("version: 1\n# {}", "a".repeat(2 << 20))),
        (
            "two keys that are one",
            format!(
                "version: 1\nkeys: {{ primary: two, decrypt: 1, ring: {{ one: {{ insecure_inline: {KEY} }} }} }}"
            ),
        ),
    ];
    for (what, text) in whole {
        texts.add(what, DataConverter::parse(&text, Path::new(""), ""));
    }
}
