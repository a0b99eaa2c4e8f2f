"""Keyrings: rotation, and key material that is none."""

from __future__ import annotations

import base64

from builder.configs import document, inline, ring
from builder.layers import INNER, KEY, KEY_ID, OTHER_KEY, OTHER_KEY_ID, encrypted
from builder.vector import OPENS, REFUSED, Expect, Family, Vector, encodings, fails, gives
from builder.wire import payloads

SOURCE = "made up"
NO_KEY = fails("KEY_FILE", None)
BOTH = {KEY_ID: KEY, OTHER_KEY_ID: OTHER_KEY}
OLD_ITEM = encrypted(INNER)
NEW_ITEM = encrypted(INNER, OTHER_KEY, OTHER_KEY_ID)


def _entry(text: str, key_id: str = "k", primary: str = "") -> str:
    head = f'  primary: "{primary}"\n' if primary else ""
    return document(f'keys:\n{head}  ring:\n    "{key_id}": {text}')


def _open(name: str, comment: str, config: str, expect: Expect) -> Vector:
    return Vector(f"keys-{name}", SOURCE, comment, "open", expect, config=config)


def _rotation() -> list[Vector]:
    before = document(ring(KEY_ID), "codecs: [encrypt]")
    added = document(ring(KEY_ID, BOTH), "codecs: [encrypt]")
    promoted = document(ring(OTHER_KEY_ID, BOTH), "codecs: [encrypt]")
    removed = document(ring(OTHER_KEY_ID, {OTHER_KEY_ID: OTHER_KEY}), "codecs: [encrypt]")
    without_primary = _entry(inline(KEY), KEY_ID)
    rows = [
        ("before-old", before, OLD_ITEM, gives(INNER)),
        ("before-new", before, NEW_ITEM, fails("KEY_UNKNOWN")),
        ("added-old", added, OLD_ITEM, gives(INNER)),
        ("added-new", added, NEW_ITEM, gives(INNER)),
        ("promoted-old", promoted, OLD_ITEM, gives(INNER)),
        ("promoted-new", promoted, NEW_ITEM, gives(INNER)),
        ("removed-old", removed, OLD_ITEM, fails("KEY_UNKNOWN")),
        ("removed-new", removed, NEW_ITEM, gives(INNER)),
    ]
    return [
        *(
            Vector(
                f"keys-rotation-{name}",
                SOURCE,
                "a step of a rotation: add everywhere, then promote, then remove",
                "decode",
                expect,
                config=config,
                input=payloads(item),
            )
            for name, config, item, expect in rows
        ),
        Vector(
            "keys-rotation-promoted-encrypts",
            SOURCE,
            "the primary encrypts",
            "roundtrip",
            encodings("binary/encrypted"),
            config=promoted,
            input=payloads(INNER),
        ),
        Vector(
            "keys-no-primary-decodes",
            SOURCE,
            "a ring without a primary only decrypts",
            "decode",
            gives(INNER),
            config=without_primary,
            input=payloads(OLD_ITEM),
        ),
        Vector(
            "keys-same-key-two-ids",
            SOURCE,
            "one key under two ids",
            "decode",
            gives(INNER, INNER),
            config=document(ring("b", {"a": KEY, "b": KEY})),
            input=payloads(encrypted(INNER, key_id="a"), encrypted(INNER, key_id="b")),
        ),
    ]


def _ids() -> list[Vector]:
    longest = "k" * 128
    good = {
        "shortest": "k",
        "longest": longest,
        "every-character": "Az09._:/-",
        "looks-like-a-number": "2026",
        "looks-like-a-path": "../../etc/passwd",
    }
    bad = {
        "empty": "",
        "too-long": longest + "k",
        "space": "a b",
        "umlaut": "schlüssel",
        "exclamation-mark": "test-key-test-key-test-key-test!",
        "line-feed": "a\\nb",
        "star": "orders-*",
    }
    out = []
    for name, key_id in good.items():
        config = document(ring(key_id, {key_id: KEY}))
        out.append(
            Vector(
                f"keys-id-{name}",
                SOURCE,
                "a key id",
                "decode",
                gives(INNER),
                config=config,
                input=payloads(encrypted(INNER, key_id=key_id)),
            )
        )
        out.append(
            Vector(
                f"keys-id-{name}-round-trip",
                SOURCE,
                "a key id",
                "roundtrip",
                encodings("binary/encrypted"),
                config=document(ring(key_id, {key_id: KEY}), "codecs: [encrypt]"),
                input=payloads(INNER),
            )
        )
    for name, key_id in bad.items():
        out.append(_open(f"id-bad-{name}", "not a key id: [A-Za-z0-9._:/-]{1,128}", _entry(inline(KEY), key_id), REFUSED))
        if key_id:
            config = document(ring(key_id, {KEY_ID: KEY}), "")
            out.append(_open(f"primary-bad-{name}", "the primary is not a key id", config, REFUSED))
    return out


def _material() -> list[Vector]:
    def text(key: bytes) -> str:
        return base64.b64encode(key).decode()

    bad = {
        "31-bytes": ("31 bytes", text(KEY[:31])),
        "33-bytes": ("33 bytes", text(KEY + b"!")),
        "16-bytes": ("an AES-128 key", text(KEY[:16])),
        "64-bytes": ("64 bytes", text(KEY * 2)),
        "empty": ("nothing", ""),
        "spaces": ("only spaces", "   "),
        "words": ("no base64", "this is not base64 text"),
        "hex": ("the key in hex", KEY.hex()),
        "url-safe": ("the URL-safe alphabet", base64.urlsafe_b64encode(b"\xff" * 32).decode()),
        "no-padding": ("without padding", text(KEY).rstrip("=")),
        "padding-twice": ("one padding character too many", text(KEY) + "="),
        "raw": ("the key itself", KEY.decode()),
        "two-lines": ("two keys", f"{text(KEY)}\\n{text(OTHER_KEY)}"),
        "not-canonical": ("bits behind the last byte are set: two texts for one key", text(KEY)[:-2] + "F="),
    }
    good = {"line-feed": text(KEY) + "\\n", "spaces-around": f" {text(KEY)} "}
    out = [
        _open(f"inline-bad-{name}", f"key material that is none: {comment}", _entry(f'{{ insecure_inline: "{value}" }}'), NO_KEY)
        for name, (comment, value) in bad.items()
    ]
    for name, value in good.items():
        config = _entry(f'{{ insecure_inline: "{value}" }}', KEY_ID)
        out.append(
            Vector(
                f"keys-inline-{name}",
                SOURCE,
                "white space around the text does not count",
                "decode",
                gives(INNER),
                config=config,
                input=payloads(OLD_ITEM),
            )
        )
    return out


def _sources() -> list[Vector]:
    key = base64.b64encode(KEY).decode()
    return [
        _open("file-missing", "a key file that is not there", _entry("{ file: no-such-folder/no-such.key }"), NO_KEY),
        _open("file-is-a-folder", "a folder instead of a key file", _entry("{ file: / }"), NO_KEY),
        _open("file-is-a-device", "a device instead of a key file", _entry("{ file: /dev/zero, permissions: any }"), NO_KEY),
        _open("env-missing", "an environment variable that is not set", _entry("{ env: TDC_VECTORS_THIS_IS_NOT_SET }"), NO_KEY),
        _open("source-none", "no source", _entry("{}"), REFUSED),
        _open("source-null", "no source at all", _entry(""), REFUSED),
        _open("source-text", "the key where its source should be", _entry(key), REFUSED),
        _open("source-two", "two sources", _entry(f"{{ env: A, insecure_inline: {key} }}"), REFUSED),
        _open("source-unknown", "a source that does not exist", _entry("{ vault: orders }"), REFUSED),
        _open("source-inline-without-warning", "inline keys are spelled insecure_inline", _entry(f"{{ inline: {key} }}"), REFUSED),
        _open(
            "permissions-without-file", "permissions belong to a file", _entry(f"{{ insecure_inline: {key}, permissions: any }}"), REFUSED
        ),
        _open("permissions-unknown", "permissions are private or any", _entry("{ file: a.key, permissions: 0600 }"), REFUSED),
        _open("env-name-empty", "an empty name", _entry('{ env: "" }'), REFUSED),
        _open("env-name-equals", "a name that no variable can have", _entry('{ env: "A=B" }'), REFUSED),
    ]


def _primary() -> list[Vector]:
    host = "keys:\n  primary: anything\n  host: true"
    return [
        _open("primary-not-in-ring", "a primary that is nowhere", document(ring("gone")), REFUSED),
        _open("primary-not-in-ring-host", "a primary that the host will provide", document(host, "codecs: [encrypt]"), OPENS),
        _open("host-without-ring", "keys from the host only, no primary: decode only", document("keys: { host: true }"), OPENS),
        _open("host-false", "host: false says nothing", document("keys: { host: false }"), OPENS),
        _open("encrypt-without-keys", "encrypt without any key source", document("codecs: [encrypt]"), REFUSED),
        _open(
            "encrypt-without-primary",
            "encrypt, but nothing says with which key",
            document(f"keys:\n  ring:\n    a: {inline(KEY)}", "codecs: [encrypt]"),
            REFUSED,
        ),
        _open("encrypt-empty-keys", "keys without anything in it", document("keys: {}", "codecs: [encrypt]"), REFUSED),
        _open(
            "encrypt-host-without-primary",
            "the host provides keys, but nothing says which one encrypts",
            document("keys: { host: true }", "codecs: [encrypt]"),
            REFUSED,
        ),
        _open("unknown-field", "a field that keys does not have", document("keys: { hosts: true }"), REFUSED),
        _open("host-not-boolean", "host is true or false", document('keys: { host: "yes" }'), REFUSED),
        _open("ring-list", "the ring is a map", document("keys: { ring: [a] }"), REFUSED),
        _open("ring-duplicate", "one id twice", document(f"keys:\n  ring:\n    a: {inline(KEY)}\n    a: {inline(OTHER_KEY)}"), REFUSED),
    ]


FAMILY = Family(
    "keys.json",
    "Keyrings: rotation, ids, key material and where it comes from.",
    [*_rotation(), *_ids(), *_material(), *_sources(), *_primary()],
)
