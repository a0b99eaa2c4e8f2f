"""What a vector is, and the short ways to write one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from builder.configs import KEYS_AND_ENCRYPT
from builder.wire import payloads

Expect = dict[str, Any]


@dataclass(frozen=True)
class Vector:
    """One vector: one document, at most one call, one expected answer."""

    name: str
    source: str
    comment: str
    operation: str
    expect: Expect
    config: str = KEYS_AND_ENCRYPT
    input: bytes | None = None
    namespace: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The vector as the README of this folder describes it."""
        out: dict[str, Any] = {"name": self.name, "source": self.source, "comment": self.comment, "config": self.config}
        if self.namespace is not None:
            out["namespace"] = self.namespace
        out["operation"] = self.operation
        if self.input is not None:
            out["input"] = self.input.hex()
        out["expect"] = self.expect
        return out


@dataclass(frozen=True)
class Family:
    """One file of vectors."""

    file: str
    comment: str
    vectors: list[Vector]


def gives(*items: bytes, rest: bytes = b"") -> Expect:
    """The call succeeds with exactly these payloads."""
    return {"payloads": payloads(*items, rest=rest).hex()}


def gives_bytes(message: bytes) -> Expect:
    """The call succeeds with exactly this Payloads message."""
    return {"payloads": message.hex()}


def fails(code: str, index: int | None = 0) -> Expect:
    """The call fails with this code; `index` None: the error is not about one payload."""
    out: Expect = {"error": f"TDC_ERR_{code}"}
    if index is not None:
        out["payload_index"] = index
    return out


def encodings(*names: str | None) -> Expect:
    """For a round trip: the outermost `encoding` of each encoded payload (null: it has none)."""
    return {"encodings": list(names)}


def shows(names: list[str | None], sizes: list[list[int]]) -> Expect:
    """For a round trip: the outermost `encoding` of each encoded payload, and the `size_bytes` of its `external_payloads`."""
    return {"encodings": names, "external_sizes": sizes}


OPENS: Expect = {}
REFUSED = fails("CONFIG", None)
