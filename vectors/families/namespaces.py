"""Settings by namespace: the first match decides, and with the list an unmatched namespace is an error."""

from __future__ import annotations

from builder.configs import TWO_KEYS, document, ring
from builder.layers import INNER, KEY, ORDER, OTHER_KEY, OTHER_KEY_ID, encrypted, encrypted_java, zlibbed
from builder.vector import OPENS, REFUSED, Expect, Family, Vector, encodings, fails, gives
from builder.wire import payloads

SOURCE = "made up"
NONE = fails("NAMESPACE", None)
FIRST = encrypted(INNER)
SECOND = encrypted(INNER, OTHER_KEY, OTHER_KEY_ID)
RULES = document(
    TWO_KEYS,
    "codecs: [zlib]",
    "namespaces:",
    f'  - {{ match: "orders-*", keys: {{ primary: test-key-id, decrypt: ["{OTHER_KEY_ID}"] }}, codecs: [encrypt] }}',
    "  - { match: billing, keys: { primary: test-key-id }, codecs: [zlib, encrypt] }",
    "  - { match: plain, codecs: [] }",
    "  - { match: default }",
)


def _decode(name: str, comment: str, namespace: str | None, item: bytes, expect: Expect, config: str = RULES) -> Vector:
    return Vector(f"namespaces-{name}", SOURCE, comment, "decode", expect, config=config, namespace=namespace, input=payloads(item))


def _encode(name: str, comment: str, namespace: str, encoding: str) -> Vector:
    return Vector(
        f"namespaces-{name}", SOURCE, comment, "roundtrip", encodings(encoding), config=RULES, namespace=namespace, input=payloads(ORDER)
    )


def _rules() -> list[Vector]:
    ids = [f"copy-{n}" for n in range(8)]
    copies = document(ring(ids[0], dict.fromkeys(ids, KEY)), "namespaces:", "  - { match: orders, keys: { primary: copy-5 } }")
    return [
        _decode(
            "key-under-many-ids-java",
            "a key under eight ids, one of them listed",
            "orders",
            encrypted_java(INNER, KEY),
            gives(INNER),
            copies,
        ),
        _encode("encode-star", "the first entry: encrypt", "orders-eu", "binary/encrypted"),
        _encode("encode-exact", "the second entry: zlib, then encrypt", "billing", "binary/encrypted"),
        _encode("encode-empty-chain", "an entry with an empty list encodes nothing", "plain", "json/plain"),
        _encode("encode-inherited", "an entry without codecs has those of the document", "default", "binary/zlib"),
        _decode("primary-opens", "the entry's primary opens", "orders-eu", FIRST, gives(INNER)),
        _decode("decrypt-opens", "a key of the entry's decrypt list opens", "orders-eu", SECOND, gives(INNER)),
        _decode(
            "key-not-listed", "a key of the ring that the entry does not list opens nothing there", "billing", SECOND, fails("KEY_UNKNOWN")
        ),
        _decode("key-not-listed-java", "neither by its own bytes", "billing", encrypted_java(INNER, OTHER_KEY), fails("KEY_UNKNOWN")),
        _decode("key-listed-java", "a listed key opens by its own bytes", "billing", encrypted_java(INNER, KEY), gives(INNER)),
        _decode("keys-inherited", "an entry without keys opens with every key of the ring", "default", SECOND, gives(INNER)),
        _decode(
            "decode-follows-payload", "a codec that the entry does not list is opened all the same", "plain", zlibbed(FIRST), gives(INNER)
        ),
    ]


def _unmatched() -> list[Vector]:
    names = {
        "other": "shipping",
        "case": "Billing",
        "prefix-only": "orders",
        "suffix": "billing-eu",
        "inside": "my-orders-eu",
        "space": " billing",
        "empty": "",
    }
    return [
        *(_decode(f"unmatched-{name}", f"{namespace!r} matches no entry", namespace, FIRST, NONE) for name, namespace in names.items()),
        _decode("none-given", "no namespace at all", None, FIRST, NONE),
        Vector("namespaces-none-given-encode", SOURCE, "encode needs it as well", "encode", NONE, config=RULES, input=payloads(INNER)),
        Vector(
            "namespaces-unmatched-nothing-to-do",
            SOURCE,
            "even for no payloads",
            "decode",
            NONE,
            config=RULES,
            namespace="shipping",
            input=b"",
        ),
        _decode("without-list", "without the list any namespace will do", "shipping", FIRST, gives(INNER), document(TWO_KEYS)),
        _decode("empty-list", "an empty list matches nothing", "orders-eu", FIRST, NONE, document(TWO_KEYS, "namespaces: []")),
    ]


def _patterns() -> list[Vector]:
    rows = [
        ("all", "*", "anything", True),
        ("star-empty-run", "orders-*", "orders-", True),
        ("star-first", "*-prod", "orders-prod", True),
        ("star-first-not", "*-prod", "orders-prod-2", False),
        ("star-middle", "a*z", "a-long-way-to-z", True),
        ("star-middle-not", "a*z", "a-long-way", False),
        ("two-stars", "*-eu-*", "orders-eu-1", True),
        ("two-stars-not", "*-eu-*", "orders-eu", False),
        ("star-backtracks", "a*b*c", "a-b-c-b-c", True),
        ("stars-overlap-not", "aa*aa", "aaa", False),
        ("stars-together", "a**b", "ab", True),
        ("dot-is-a-dot", "a.c", "abc", False),
        ("question-mark-is-itself", "a?c", "abc", False),
        ("brackets-are-themselves", "[ab]", "a", False),
        ("unicode", "größe-*", "größe-1", True),
    ]
    out = []
    for name, pattern, namespace, matches in rows:
        config = document(TWO_KEYS, f'namespaces:\n  - {{ match: "{pattern}" }}')
        out.append(_decode(f"pattern-{name}", f"{pattern!r} on {namespace!r}", namespace, FIRST, gives(INNER) if matches else NONE, config))
    first = document(
        TWO_KEYS,
        'namespaces:\n  - { match: "*", keys: { primary: test-key-id } }',
        f'  - {{ match: orders, keys: {{ primary: "{OTHER_KEY_ID}" }} }}',
    )
    return [
        *out,
        _decode(
            "first-match-decides", "two entries match: the first decides, not the narrower", "orders", SECOND, fails("KEY_UNKNOWN"), first
        ),
    ]


def _documents() -> list[Vector]:
    bad = {
        "match-missing": "{ codecs: [] }",
        "match-empty": '{ match: "" }',
        "match-number": "{ match: 5 }",
        "unknown-field": "{ match: a, key: b }",
        "unknown-codec": "{ match: a, codecs: [rot13] }",
        "compression-after-encrypt": "{ match: a, codecs: [encrypt, zlib] }",
        "primary-not-in-ring": "{ match: a, keys: { primary: gone } }",
        "decrypt-not-in-ring": "{ match: a, keys: { primary: test-key-id, decrypt: [gone] } }",
        "keys-without-primary": "{ match: a, keys: { decrypt: [test-key-id] } }",
        "keys-ring": "{ match: a, keys: { primary: test-key-id, ring: {} } }",
        "text": "orders",
    }
    return [
        *(
            Vector(
                f"namespaces-bad-{name}",
                SOURCE,
                f"no entry: {text}",
                "open",
                REFUSED,
                config=document(TWO_KEYS, f"namespaces:\n  - {text}"),
            )
            for name, text in bad.items()
        ),
        Vector("namespaces-bad-map", SOURCE, "a map instead of the list", "open", REFUSED, config=document("namespaces: { orders: {} }")),
        Vector(
            "namespaces-bad-encrypt-without-keys",
            SOURCE,
            "an entry that encrypts, but there are no keys",
            "open",
            REFUSED,
            config=document("namespaces:\n  - { match: a, codecs: [encrypt] }"),
        ),
        Vector("namespaces-open", SOURCE, "the document of these vectors, no namespace given yet", "open", OPENS, config=RULES),
    ]


FAMILY = Family("namespaces.json", "Settings by namespace.", [*_rules(), *_unmatched(), *_patterns(), *_documents()])
