"""Documents: what opens, and what is refused before it can mean two things."""

from __future__ import annotations

import json

from builder.configs import KEYS, codecs, document, inline
from builder.layers import INNER, KEY, KEY_ID, encrypted
from builder.vector import OPENS, REFUSED, Family, Vector, gives
from builder.wire import payloads

SOURCE = "made up"

FULL = document(
    KEYS.rstrip("\n"),
    "  host: true",
    "converters: [null, bytes, json-protobuf, json]",
    "codecs:",
    "  - zstd: { level: 1, min_size: 512 }",
    "  - encrypt: { cipher: aes-256-gcm, required: false }",
    "failures: { encode_common_attributes: true, malformed: keep }",
    "limits: { max_decoded_bytes: 64 MiB }",
    "namespaces:",
    f'  - {{ match: "orders-*", keys: {{ primary: {KEY_ID}, decrypt: [{KEY_ID}] }}, codecs: [encrypt] }}',
)

OPENED = {
    "least": ("the least there can be", "version: 1\n"),
    "full": ("every field there is", FULL),
    "comments": ("comments and empty lines", "# tdc\n\nversion: 1 # the format\n\n"),
    "document-marker": ("one document behind its marker", "---\nversion: 1\n"),
    "crlf": ("lines that end as on Windows", "version: 1\r\ncodecs: [zlib]\r\n"),
    "json": ("JSON", json.dumps({"version": 1, "codecs": ["zlib", {"zstd": {"level": 3}}], "limits": {"max_payloads": 5}})),
    "byte-order-mark": ("a byte order mark", "\ufeffversion: 1\n"),
    "codec-name": ("a codec by its bare name", codecs("zlib", "zstd", "snappy", "gzip")),
    "codec-null-options": ("a codec with nothing behind its colon", document("codecs:\n  - zlib:")),
    "codec-empty-options": ("a codec with empty options", document("codecs:\n  - snappy: {}")),
    "same-compression-twice": ("one compression twice", codecs("zlib", "zlib")),
    "levels-lowest": ("the lowest levels", document("codecs:\n  - zlib: { level: 1 }\n  - gzip: { level: 1 }\n  - zstd: { level: 1 }")),
    "levels-highest": ("the highest levels", document("codecs:\n  - zlib: { level: 9 }\n  - gzip: { level: 9 }\n  - zstd: { level: 19 }")),
    "min-size-text": ("a size with its unit", document("codecs:\n  - zlib: { min_size: 2 KiB }")),
    "failures": ("failures", document("failures: { encode_common_attributes: false }")),
    "failures-malformed": ("failures: what is malformed stays", document("failures: { malformed: keep }")),
    "converters-default": ("the default converters, null unquoted", document("converters: [null, bytes, json-protobuf, json]")),
    "converters-quoted": ("the default converters, null quoted", document('converters: ["null", bytes, json-protobuf, json]')),
    "converters-order": ("another order of the converters", document("converters: [json, null, bytes, json-protobuf]")),
    "converters-fewer": ("fewer converters", document("converters: [json]")),
    "converters-all": (
        "every converter",
        document("converters: [null, bytes, json-protobuf, binary-protobuf, msgpack, json: { canonical: true }]"),
    ),
    "remote": ("a codec server", codecs("remote: { url: https://codec.example.com }")),
    "remote-loopback": ("a codec server on this machine", codecs("zstd", "remote: { url: 'http://127.0.0.1:8081/' }")),
    "remote-options": (
        "every option of remote",
        codecs(
            "remote: { url: 'https://codec.example.com:8443/codec/{namespace}', timeout: 500 ms, max_request_bytes: 4 MiB, "
            "headers: { X-Team: blue, Authorization: { prefix: 'Bearer ', insecure_inline: token } } }"
        ),
    ),
    "quoted-keys": ("keys in quotes", "\"version\": 1\n'codecs': []\n"),
}

REFUSALS = {
    "empty": ("an empty document", ""),
    "only-comment": ("only a comment", "# version: 1\n"),
    "scalar": ("a word", "tdc\n"),
    "list": ("a list", "- version: 1\n"),
    "null": ("null", "null\n"),
    "two-documents": ("two documents", "version: 1\n---\nversion: 1\n"),
    "not-yaml": ("a bracket that is not closed", "version: 1\ncodecs: [zlib\n"),
    "tab-indentation": ("a tab as indentation", "version: 1\nfailures:\n\tmalformed: keep\n"),
    "bad-indentation": ("a line that belongs nowhere", "version: 1\n  codecs: []\n"),
    "json-broken": ("JSON that ends too early", '{"version": 1'),
    "json-text-behind": ("something behind the JSON", '{"version": 1} tail'),
    "nested-deep": ("ten thousand brackets", "version: " + "[" * 10_000 + "]" * 10_000 + "\n"),
    "version-missing": ("no version", "codecs: []\n"),
    "version-0": ("version 0", "version: 0\n"),
    "version-2": ("version 2", "version: 2\n"),
    "version-text": ("the version as text", 'version: "1"\n'),
    "version-float": ("the version as a fraction", "version: 1.0\n"),
    "version-null": ("a version without value", "version:\n"),
    "version-large": ("a version of 65 bits", "version: 18446744073709551617\n"),
    "unknown-field": ("an unknown field", document("codec: [zlib]")),
    "unknown-field-case": ("fields are lower case", document("Codecs: [zlib]")),
    "duplicate-field": ("a field twice", document("codecs: [zlib]", "codecs: [zstd]")),
    "duplicate-field-quoted": ("a field twice, once in quotes", document("codecs: [zlib]", '"codecs": [zstd]')),
    "duplicate-version": ("the version twice", "version: 1\nversion: 1\n"),
    "duplicate-option": ("an option twice", document("codecs:\n  - zlib: { level: 1, level: 2 }")),
    "duplicate-json": ("a field twice in JSON", '{"version": 1, "version": 1}'),
    "anchor": ("an anchor", document("codecs: &list [zlib]")),
    "anchor-and-alias": ("an anchor and its alias", document("codecs:\n  - zlib: &o { level: 1 }\n  - gzip: *o")),
    "merge-key": ("a merge key", document("failures:\n  <<: { malformed: keep }")),
    "tag": ("a tag", "version: !!int 1\n"),
    "local-tag": ("a tag of somebody's own", document("codecs: !list [zlib]")),
    "number-key": ("a key that is a number", document("5: [zlib]")),
    "boolean-key": ("a key that is true", document("true: [zlib]")),
    "null-key": ("a key that is null", document("~: [zlib]")),
    "number-key-in-ring": ("a key id that YAML takes for a number", document(f"keys:\n  ring:\n    2026: {inline(KEY)}")),
    "list-key": ("a key that is a list", document("? [a]\n: b")),
    "codecs-null": ("codecs without value", document("codecs:")),
    "codecs-map": ("codecs as a map", document("codecs: { zlib: {} }")),
    "codecs-text": ("codecs as a word", document("codecs: zlib")),
    "codec-unknown": ("an unknown codec", codecs("rot13")),
    "codec-case": ("codec names are lower case", codecs("ZLIB")),
    "codec-number": ("a number as codec", codecs("5")),
    "codec-null": ("nothing as codec", codecs("null")),
    "codec-list": ("a list as codec", codecs("[zlib]")),
    "codec-two-names": ("two codecs in one entry", document("codecs:\n  - { zlib: {}, zstd: {} }")),
    "codec-empty-map": ("an entry without a name", document("codecs:\n  - {}")),
    "codec-unknown-option": ("an option that zlib does not have", document("codecs:\n  - zlib: { strategy: fixed }")),
    "snappy-level": ("snappy has no levels", document("codecs:\n  - snappy: { level: 1 }")),
    "codecs-17": ("seventeen codecs: decode opens sixteen layers", codecs(*["zlib"] * 17)),
    "zlib-level-0": ("zlib's level 0 only stores", document("codecs:\n  - zlib: { level: 0 }")),
    "zlib-level-10": ("zlib's levels end at 9", document("codecs:\n  - zlib: { level: 10 }")),
    "gzip-level-10": ("gzip's levels end at 9", document("codecs:\n  - gzip: { level: 10 }")),
    "zstd-level-0": ("zstd's levels begin at 1", document("codecs:\n  - zstd: { level: 0 }")),
    "zstd-level-20": ("zstd's levels end at 19", document("codecs:\n  - zstd: { level: 20 }")),
    "zstd-level-negative": ("zstd's levels begin at 1", document("codecs:\n  - zstd: { level: -5 }")),
    "level-text": ("a level as text", document('codecs:\n  - zlib: { level: "6" }')),
    "level-fraction": ("a level between two levels", document("codecs:\n  - zlib: { level: 6.5 }")),
    "min-size-negative": ("a negative size", document("codecs:\n  - zlib: { min_size: -1 }")),
    "min-size-unit": ("a size with an unknown unit", document("codecs:\n  - zlib: { min_size: 1 kb }")),
    "encrypt-cipher": ("an unknown cipher", document(KEYS, "codecs:\n  - encrypt: { cipher: aes-128-gcm }")),
    "encrypt-option": ("an option that encrypt does not have", document(KEYS, "codecs:\n  - encrypt: { key: a }")),
    "encrypt-required-text": ("required is true or false", document(KEYS, 'codecs:\n  - encrypt: { required: "true" }')),
    "encrypt-twice": ("encrypt twice", document(KEYS, "codecs: [encrypt, encrypt]")),
    "zlib-after-encrypt": ("zlib after encrypt", document(KEYS, "codecs: [encrypt, zlib]")),
    "zstd-after-encrypt": ("zstd after encrypt", document(KEYS, "codecs: [encrypt, zstd]")),
    "snappy-after-encrypt": ("snappy after encrypt", document(KEYS, "codecs: [encrypt, snappy]")),
    "gzip-after-encrypt": ("gzip after encrypt", document(KEYS, "codecs: [zlib, encrypt, gzip]")),
    "msgpack-after-zlib": ("a converter after a codec", codecs("zlib", "msgpack")),
    "json-codec-not-canonical": ("a codec that changes nothing", codecs("json")),
    "converters-twice": ("a converter twice", document("converters: [json, msgpack, json: { canonical: true }]")),
    "converters-option": ("an option that json does not have", document("converters: [json: { sorted: true }]")),
    "converters-no-options": ("options of a converter that has none", document("converters: [msgpack: { canonical: true }]")),
    "converters-empty": ("no converters", document("converters: []")),
    "converters-unknown": ("an unknown converter", document("converters: [null, bytes, json-protobuf, json, msgpack-2]")),
    "failures-unknown": ("an unknown field of failures", document("failures: { encode: true }")),
    "failures-malformed": ("an unknown way with what is malformed", document("failures: { malformed: drop }")),
    "failures-text": ("encode_common_attributes is true or false", document('failures: { encode_common_attributes: "yes" }')),
    "keys-null": ("keys without value", document("keys:")),
    "remote-bare": ("remote needs a url", codecs("remote")),
    "remote-without-url": ("remote needs a url", codecs("remote: { timeout: 1 s }")),
    "remote-http": ("http would show payloads to the network", codecs("remote: { url: http://codec.example.com }")),
    "remote-http-like-loopback": ("a name that only begins like loopback's", codecs("remote: { url: http://127.0.0.1.example.com }")),
    "remote-ftp": ("another scheme", codecs("remote: { url: ftp://localhost }")),
    "remote-no-scheme": ("no scheme", codecs("remote: { url: codec.example.com }")),
    "remote-password": ("a password in the url", codecs("remote: { url: 'https://user:secret@codec.example.com' }")),
    "remote-query": ("a query, behind which no operation fits", codecs("remote: { url: 'https://codec.example.com/?token=1' }")),
    "remote-placeholder": ("another placeholder than {namespace}", codecs("remote: { url: 'https://codec.example.com/{name}' }")),
    "remote-placeholder-in-host": ("a namespace must not choose the host", codecs("remote: { url: 'https://{namespace}.example.com' }")),
    "remote-url-space": ("a url with a space", codecs("remote: { url: 'https://codec.example.com/a b' }")),
    "remote-option": ("an option that remote does not have", codecs("remote: { url: https://codec.example.com, retries: 3 }")),
    "remote-timeout-zero": ("no time at all", codecs("remote: { url: https://codec.example.com, timeout: 0 s }")),
    "remote-timeout-hour": ("more time than a task has", codecs("remote: { url: https://codec.example.com, timeout: 60 min }")),
    "remote-request-bytes-zero": ("no room", codecs("remote: { url: https://codec.example.com, max_request_bytes: 0 }")),
    "remote-twice": ("remote twice", codecs("remote: { url: https://a.example }", "remote: { url: https://b.example }")),
    "remote-before-zlib": ("a codec behind remote", codecs("remote: { url: https://codec.example.com }", "zlib")),
    "remote-header-name": ("a name that is no header's", codecs("remote: { url: https://codec.example.com, headers: { 'X Team': blue } }")),
    "remote-header-reserved": (
        "a header that the library sets",
        codecs("remote: { url: https://codec.example.com, headers: { content-type: text/plain } }"),
    ),
    "remote-header-twice": (
        "a header twice, in another case",
        codecs("remote: { url: https://codec.example.com, headers: { X-Team: a, x-team: b } }"),
    ),
    "remote-header-newline": (
        "a header that would be two",
        codecs('remote: { url: https://codec.example.com, headers: { X-Team: "a\\r\\nX-Evil: b" } }'),
    ),
    "remote-header-credential": (
        "a credential in the open",
        codecs("remote: { url: https://codec.example.com, headers: { Authorization: Bearer secret } }"),
    ),
    "remote-header-two-sources": (
        "a credential at two places",
        codecs("remote: { url: https://codec.example.com, headers: { Authorization: { env: A, file: b } } }"),
    ),
}


def _works() -> list[Vector]:
    as_json = json.dumps(
        {"version": 1, "keys": {"primary": KEY_ID, "ring": {KEY_ID: {"insecure_inline": "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE="}}}}
    )
    quoted = document('keys:\n  ring:\n    "2026":\n      insecure_inline: >-\n        dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=')
    return [
        Vector("config-json-works", SOURCE, "keys out of JSON", "decode", gives(INNER), config=as_json, input=payloads(encrypted(INNER))),
        Vector(
            "config-quoted-number-works",
            SOURCE,
            "a key id of digits in quotes, its key as a folded block",
            "decode",
            gives(INNER),
            config=quoted,
            input=payloads(encrypted(INNER, key_id="2026")),
        ),
    ]


FAMILY = Family(
    "config.json",
    "Configuration documents.",
    [
        *(Vector(f"config-{name}", SOURCE, comment, "open", OPENS, config=text) for name, (comment, text) in OPENED.items()),
        *_works(),
        *(Vector(f"config-bad-{name}", SOURCE, comment, "open", REFUSED, config=text) for name, (comment, text) in REFUSALS.items()),
    ],
)
