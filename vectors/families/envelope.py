"""Envelopes: data keys that another key wraps, in the form that Temporal Proxy writes. The key that wraps is in the document here."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from builder.configs import NOTHING, document, inline
from builder.layers import INNER, KEY, KEY_ID, OTHER_KEY, OTHER_NONCE, encrypted, seal
from builder.vector import OPENS, REFUSED, Expect, Family, Vector, encodings, fails, gives
from builder.wire import payload, payloads

MADE = "docs/FORMAT.md (encrypt, Envelopes) with PyPI cryptography (AESGCM)"
KEK = bytes(range(100, 132))
DATA_KEY = bytes(range(200, 232))
DOMAIN = b"tdc wrapped data key v1\0"
SERVICE = "awskms://alias/orders?region=eu-central-1"


def ring(*entries: str) -> str:
    """The `keys` block, whose first entry is the primary."""
    primary = entries[0].split(":")[0]
    return "\n".join(["keys:", f"  primary: {primary}", "  ring:", *(f"    {entry}" for entry in entries), ""])


def local(name: str = "laptop", key: bytes = KEK, more: str = "") -> str:
    """An entry of a local key that wraps data keys."""
    return f"{name}: {inline(key)[:-2]}, envelope: true{more} }}"


CONFIG = document(ring(local()), "codecs: [encrypt]")


def wrapped(data_key: bytes = DATA_KEY, kek: bytes = KEK, nonce: bytes = OTHER_NONCE, domain: bytes = DOMAIN) -> bytes:
    """nonce, ciphertext, tag of the data key."""
    return nonce + AESGCM(kek).encrypt(nonce, data_key, domain)


def envelope(
    plaintext: bytes = INNER, key_id: bytes = b"laptop", wrap: bytes | None = None, data_key: bytes = DATA_KEY, data: bytes | None = None
) -> bytes:
    """A sealed Payload."""
    text = base64.b64encode(wrapped(data_key) if wrap is None else wrap)
    entries = {"encoding": b"binary/encrypted", "encryption-dek": text, "encryption-key-id": key_id}
    return payload(entries, seal(plaintext, data_key) if data is None else data)


def _decode(name: str, comment: str, item: bytes, expect: Expect, config: str = CONFIG, **more: str) -> Vector:
    return Vector(f"envelope-{name}", MADE, comment, "decode", expect, config, payloads(item), **more)


def _with_text(text: bytes) -> bytes:
    return payload({"encoding": b"binary/encrypted", "encryption-dek": text, "encryption-key-id": b"laptop"}, seal(INNER, DATA_KEY))


def _opens() -> list[Vector]:
    other = document(ring(local(more=', also: ["awskms://other"]')), "codecs: [encrypt]")
    both = document(ring(local(), f'"{KEY_ID}": {inline(KEY)}'), "codecs: [encrypt]")
    order = [("encryption-key-id", b"laptop"), ("encoding", b"binary/encrypted"), ("encryption-dek", base64.b64encode(wrapped()))]
    return [
        _decode("opens", "the three entries", envelope(), gives(INNER)),
        _decode("any-order", "the order of the entries says nothing", payload(order, seal(INNER, DATA_KEY)), gives(INNER)),
        _decode("also", "another spelling of the id selects the entry", envelope(key_id=b"awskms://other"), gives(INNER), other),
        _decode("around-the-samples-form", "ours inside an envelope", envelope(encrypted(INNER)), gives(INNER), both),
        Vector(
            "envelope-inside-the-samples-form",
            MADE,
            "an envelope inside ours",
            "decode",
            gives(INNER),
            both,
            payloads(encrypted(envelope())),
        ),
        Vector(
            "envelope-list",
            MADE,
            "two data keys in one list",
            "decode",
            gives(INNER, INNER, INNER),
            CONFIG,
            payloads(envelope(), envelope(data_key=OTHER_KEY), envelope()),
        ),
    ]


def _left_alone() -> list[Vector]:
    foreign = {
        "foreign": SERVICE.encode(),
        "foreign-key-itself": b"base64key://smGbjm71Nxd1Ig5FS0wj9SlbzAIrnolCz9bQQ6uAhl4=",
        "foreign-long-id": b"x" * 2049,
        "foreign-id-case": b"Laptop",
        "foreign-not-utf8": b"\xff",
    }
    required = document(ring(local()), "codecs:\n  - encrypt: { required: true }")
    return [
        *(
            _decode(
                name, "a KEK that the configuration does not name: somebody else's", envelope(key_id=key_id), gives(envelope(key_id=key_id))
            )
            for name, key_id in foreign.items()
        ),
        _decode(
            "foreign-short", "not even 28 bytes of data", envelope(key_id=b"kms", data=b"x"), gives(envelope(key_id=b"kms", data=b"x"))
        ),
        _decode(
            "foreign-under-required", "required refuses what was left alone", envelope(key_id=b"kms"), fails("NOT_ENCRYPTED"), required
        ),
        _decode("without-keys", "no key source: another configuration's", envelope(), gives(envelope()), NOTHING),
        Vector(
            "envelope-foreign-neighbour",
            MADE,
            "a foreign envelope harms no neighbour",
            "decode",
            gives(envelope(key_id=b"kms"), INNER),
            CONFIG,
            payloads(envelope(key_id=b"kms"), envelope()),
        ),
    ]


def _refused() -> list[Vector]:
    changed = bytearray(wrapped())
    changed[20] ^= 1
    cases = {
        "dek-changed": ("one bit of the wrapped key flipped", envelope(wrap=bytes(changed)), "CIPHERTEXT"),
        "dek-cut": ("the wrapped key is cut", envelope(wrap=wrapped()[:-1]), "CIPHERTEXT"),
        "dek-of-another-kek": ("wrapped with another KEK", envelope(wrap=wrapped(kek=OTHER_KEY)), "CIPHERTEXT"),
        "dek-without-domain": ("wrapped without its associated data", envelope(wrap=wrapped(domain=b"")), "CIPHERTEXT"),
        "dek-of-31-bytes": ("a data key of another length", envelope(wrap=wrapped(DATA_KEY[:31])), "CIPHERTEXT"),
        "dek-not-base64": ("not base64", _with_text(b"not base64!"), "CIPHERTEXT"),
        "dek-without-padding": ("padding is not optional", _with_text(base64.b64encode(wrapped()[:59]).rstrip(b"=")), "CIPHERTEXT"),
        "dek-long": ("8 196 characters", _with_text(b"A" * 8196), "CIPHERTEXT"),
        "dek-swapped": ("the wrapped key of another payload", envelope(data=seal(INNER, OTHER_KEY)), "AUTHENTICATION"),
        "data-short": ("27 bytes of data", envelope(data=bytes(27)), "CIPHERTEXT"),
        "data-changed": ("the data does not authenticate", envelope(data=bytes(40)), "AUTHENTICATION"),
        "dek-empty": ("an empty dek: the samples' form, under an id that is no key of the ring", _with_text(b""), "KEY_UNKNOWN"),
    }
    return [_decode(name, comment, item, fails(code)) for name, (comment, item, code) in cases.items()]


def _namespaces() -> list[Vector]:
    rules = 'namespaces:\n  - { match: "*", keys: { primary: "tenant-{namespace}", decrypt: [laptop] } }'
    config = document(ring(local(), local("tenant-a", OTHER_KEY)), "codecs: [encrypt]", rules)
    own = envelope(key_id=b"tenant-a", wrap=wrapped(kek=OTHER_KEY))
    return [
        _decode("own-namespace", "the KEK of the namespace", own, gives(INNER), config, namespace="a"),
        _decode("other-namespace", "a KEK of another namespace is never left alone", own, fails("KEY_UNKNOWN"), config, namespace="b"),
        _decode("every-namespace", "a KEK that every namespace may use", envelope(), gives(INNER), config, namespace="b"),
        Vector(
            "envelope-no-key-of-its-own",
            MADE,
            "a namespace without a key of its own encrypts with no other",
            "encode",
            fails("KEY_UNKNOWN"),
            config,
            payloads(INNER),
            namespace="b",
        ),
    ]


def _round_trips() -> list[Vector]:
    small = document(ring(local(more=", data_key: { messages: 1 }")), "codecs: [encrypt]")
    compressed = document(ring(local()), "codecs: [zlib, encrypt]")
    return [
        Vector(
            f"envelope-round-trip-{name}",
            "round trip",
            "sealed and opened again",
            "roundtrip",
            encodings(*["binary/encrypted"] * len(items)),
            config,
            payloads(*items),
        )
        for name, config, items in [
            ("one", CONFIG, [INNER]),
            ("many", CONFIG, [INNER, b"", payload({}, bytes(20_000))]),
            ("short-lived", small, [INNER, INNER]),
            ("compressed", compressed, [payload({}, bytes(20_000))]),
        ]
    ]


def _configurations() -> list[Vector]:
    data_key = "data_key: { lifetime: 2 h, messages: 1000, renew_before: 1 min }"
    service = f'kms: {{ service: "{SERVICE}", also: ["awskms://x"], earlier: ["1234"], timeout: 2 s, {data_key} }}'
    cases: dict[str, tuple[str, str, Expect]] = {
        "service": ("a key of a key service", service, OPENS),
        "service-and-file": ("both a service and a key", f'kms: {{ service: "{SERVICE}", env: X }}', REFUSED),
        "service-not-a-uri": ("not a URI", "kms: { service: orders }", REFUSED),
        "service-with-space": ("not printable ASCII without spaces", 'kms: { service: "awskms://a b" }', REFUSED),
        "data-key-without-envelope": (
            "options of data keys for a key that encrypts",
            f"a: {inline(KEY)[:-2]}, data_key: {{ messages: 5 }} }}",
            REFUSED,
        ),
        "messages-too-many": ("2^32 + 1 messages", local(more=", data_key: { messages: 4294967297 }"), REFUSED),
        "messages-none": ("no messages", local(more=", data_key: { messages: 0 }"), REFUSED),
        "lifetime-short": ("half a second", local(more=", data_key: { lifetime: 500 ms }"), REFUSED),
        "renewed-too-early": ("renewed before it is made", local(more=", data_key: { lifetime: 1 h, renew_before: 1 h }"), REFUSED),
    }
    double = document(ring(local(), local("other", OTHER_KEY, ", also: [laptop]")), "codecs: [encrypt]")
    both = document(ring(local(), f"plain: {inline(KEK)}"), "codecs: [encrypt]")
    opened = [
        Vector(f"envelope-config-{name}", MADE, comment, "open", expect, document(ring(entry), "codecs: [encrypt]"))
        for name, (comment, entry, expect) in cases.items()
    ]
    return [
        *opened,
        Vector("envelope-config-same-id", MADE, "two entries that payloads would call the same", "open", REFUSED, double),
        Vector("envelope-config-same-key", MADE, "one key must not both wrap and encrypt", "open", REFUSED, both),
    ]


FAMILY = Family(
    "envelope.json",
    "Envelopes: data keys that another key wraps, in the form that Temporal Proxy writes.",
    [*_opens(), *_left_alone(), *_refused(), *_namespaces(), *_round_trips(), *_configurations()],
)
