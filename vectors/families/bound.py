"""Payloads that are bound to where they belong: `binary/tdc-encrypted`."""

from __future__ import annotations

from builder.configs import KEYS, KEYS_AND_ENCRYPT, REQUIRED, document
from builder.layers import INNER, KEY, KEY_ID, encrypted, seal
from builder.vector import REFUSED, Expect, Family, Vector, encodings, fails, gives
from builder.wire import delimited, payload, payloads

MADE = "docs/FORMAT.md (encrypt, Bound payloads) with PyPI cryptography (AESGCM)"
DOMAIN = b"tdc bound payload v1\0"

BIND = document(KEYS, "codecs:\n  - encrypt: { bind: { fields: [namespace] } }")
BIND_REQUIRED = document(KEYS, "codecs:\n  - encrypt: { bind: { fields: [namespace], required: true } }")
BIND_BOTH = document(KEYS, "codecs:\n  - encrypt: { bind: { fields: [namespace, workflow_id], required: true } }")


def record(namespace: str | None = "orders", workflow_id: str | None = None) -> bytes:
    """The encryption-context of a payload."""
    out = b"" if namespace is None else delimited(2, namespace.encode())
    return out if workflow_id is None else out + delimited(3, workflow_id.encode())


def bound(
    context: bytes | None = None, plaintext: bytes = INNER, associated: bytes | None = None, encoding: bytes = b"binary/tdc-encrypted"
) -> bytes:
    """A bound Payload."""
    context = record() if context is None else context
    entries = {"encoding": encoding, "encryption-context": context, "encryption-key-id": KEY_ID.encode()}
    return payload(entries, seal(plaintext, KEY, associated=DOMAIN + context if associated is None else associated))


def _decode(name: str, comment: str, item: bytes, expect: Expect, config: str = BIND, namespace: str | None = "orders") -> Vector:
    return Vector(f"bound-{name}", MADE, comment, "decode", expect, config, payloads(item), namespace)


def _vectors() -> list[Vector]:
    forms = {
        "empty": b"",
        "descending": delimited(3, b"w") + delimited(2, b"orders"),
        "twice": record() + record(),
        "long-length": b"\x12\x86\x00orders",
        "empty-field": delimited(2, b""),
        "not-utf8": delimited(2, b"\xff"),
        "other-field": record() + delimited(4, b"type"),
        "number": b"\x10\x01",
        "cut": record()[:-1],
    }
    return [
        _decode("opens", "in the namespace that it belongs to", bound(), gives(INNER)),
        _decode("opens-without-bind", "decode follows the payload", bound(), gives(INNER), KEYS_AND_ENCRYPT),
        _decode("opens-nowhere", "a reader without a namespace authenticates what is recorded", bound(), gives(INNER), namespace=None),
        _decode("stranger", "read in another namespace", bound(), fails("CONTEXT"), namespace="invoices"),
        _decode(
            "rewritten",
            "the record was changed",
            bound(record("invoices"), associated=DOMAIN + record()),
            fails("AUTHENTICATION"),
            namespace="invoices",
        ),
        _decode("without-domain", "the associated data has a prefix", bound(associated=record()), fails("AUTHENTICATION")),
        _decode(
            "as-the-samples-form",
            "under the samples' encoding nothing is authenticated with it",
            bound(encoding=b"binary/encrypted"),
            fails("AUTHENTICATION"),
        ),
        _decode("workflow-id", "a record of both fields", bound(record(workflow_id="w")), gives(INNER)),
        _decode(
            "no-context",
            "no record",
            payload({"encoding": b"binary/tdc-encrypted", "encryption-key-id": KEY_ID.encode()}, seal(INNER)),
            fails("CIPHERTEXT"),
        ),
        *(_decode(f"record-{name}", "a record has one encoding", bound(form), fails("CIPHERTEXT")) for name, form in forms.items()),
        _decode("required", "required, and bound", bound(), gives(INNER), BIND_REQUIRED),
        _decode("required-unbound", "required refuses the samples' form", encrypted(INNER), fails("CONTEXT"), BIND_REQUIRED),
        _decode("required-plain", "required refuses what is not encrypted", INNER, fails("CONTEXT"), BIND_REQUIRED),
        _decode("required-all-fields", "every field must be bound", bound(), fails("CONTEXT"), BIND_BOTH),
        _decode("satisfies-required", "a bound payload is encrypted", bound(), gives(INNER), REQUIRED),
        Vector(
            "bound-round-trip",
            "round trip",
            "bound and opened again",
            "roundtrip",
            encodings("binary/tdc-encrypted", "binary/tdc-encrypted"),
            BIND_REQUIRED,
            payloads(INNER, b""),
            "orders",
        ),
        Vector("bound-encode-nowhere", MADE, "nothing to bind to", "encode", fails("CONTEXT"), BIND, payloads(INNER)),
        Vector(
            "bound-no-fields",
            MADE,
            "bind without a field",
            "open",
            REFUSED,
            document(KEYS, "codecs:\n  - encrypt: { bind: { fields: [] } }"),
        ),
        Vector(
            "bound-field-twice",
            MADE,
            "a field twice",
            "open",
            REFUSED,
            document(KEYS, "codecs:\n  - encrypt: { bind: { fields: [namespace, namespace] } }"),
        ),
        Vector(
            "bound-unknown-field",
            MADE,
            "a field that is none",
            "open",
            REFUSED,
            document(KEYS, "codecs:\n  - encrypt: { bind: { fields: [run_id] } }"),
        ),
    ]


FAMILY = Family("bound.json", "Payloads that are bound to where they belong: binary/tdc-encrypted.", _vectors())
