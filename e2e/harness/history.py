"""What the server holds: where its payloads are, and whether any plaintext is among them."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

# Search attributes are for the server to read, so no codec touches them.
_READABLE = ("searchAttributes",)


def payloads(document: Any) -> Iterator[dict[str, Any]]:
    """Every payload in a JSON document of the server, except search attributes."""
    if isinstance(document, list):
        for item in document:
            yield from payloads(item)
    elif isinstance(document, dict):
        if "encoding" in (document.get("metadata") or {}):
            yield document
            return
        for name, value in document.items():
            if name not in _READABLE:
                yield from payloads(value)


def failures(document: Any) -> Iterator[dict[str, Any]]:
    """Every failure in a JSON document of the server, causes included."""
    if isinstance(document, list):
        for item in document:
            yield from failures(item)
    elif isinstance(document, dict):
        for name, value in document.items():
            if name in ("failure", "lastFailure", "cause") and isinstance(value, dict):
                yield value
            yield from failures(value)


def encoding(payload: dict[str, Any]) -> str:
    """The outermost encoding of a payload."""
    return base64.b64decode(payload["metadata"]["encoding"]).decode()


def key_id(payload: dict[str, Any]) -> str:
    """The id of the key that encrypted a payload."""
    return base64.b64decode(payload["metadata"].get("encryption-key-id", "")).decode()


def wrapped_key(payload: dict[str, Any]) -> bytes:
    """The wrapped data key of an envelope."""
    return base64.b64decode(base64.b64decode(payload["metadata"]["encryption-dek"]))


def data(payload: dict[str, Any]) -> bytes:
    """The contents of a payload."""
    return base64.b64decode(payload.get("data", ""))


def leaks(stored: bytes, markers: Iterable[str]) -> list[str]:
    """The markers that a reader of these bytes could find."""
    return [marker for marker in markers if holds(stored, marker.encode())]


def holds(stored: bytes, secret: bytes) -> bool:
    """Whether a secret is in these bytes: as it is, or as base64 at any alignment."""
    return any(form in stored for form in _forms(secret))


def leaks_in(document: Any, markers: Iterable[str]) -> list[str]:
    """The markers in any string of a JSON document, also after decoding it from base64, again and again."""
    found = set()
    markers = list(markers)
    for text in _strings(document):
        layer: bytes | None = text.encode()
        while layer is not None:
            found.update(leaks(layer, markers))
            layer = _decoded(layer)
    return sorted(found)


def _forms(marker: bytes) -> Iterator[bytes]:
    yield marker
    for shift in range(3):
        # Only the characters that hold nothing but bits of the marker: the others depend on its
        # neighbours.
        encoded = base64.b64encode(b"\0" * shift + marker)
        yield encoded[(shift * 8 + 5) // 6 : (shift + len(marker)) * 8 // 6]


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list):
        for item in document:
            yield from _strings(item)
    elif isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from _strings(value)


def _decoded(layer: bytes) -> bytes | None:
    try:
        return base64.b64decode(layer, validate=True) if layer else None
    except binascii.Error:
        return None
