"""The chains of errors that go through every pair of a failure converter that writes and one that reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_TEXT = 'Grüße, 世界, 🍵 \u2028 <&> "quoted"\nnext line'


@dataclass(frozen=True)
class Chain:
    """A chain of errors, the outermost first."""

    name: str
    links: list[dict[str, Any]]

    @property
    def data(self) -> bytes:
        """As a record holds it."""
        return json.dumps(self.links).encode()

    def differs(self, data: bytes) -> str:
        """What a reader got otherwise; empty where it is the same."""
        read = json.loads(data)
        if len(read) != len(self.links):
            return f"{len(self.links)} links in, {len(read)} out: {[link['message'] for link in read]}"
        for number, (link, got) in enumerate(zip(self.links, read, strict=True)):
            # An error of the language itself becomes an application error, whose type only that
            # language can say.
            names = ("kind", "message", "type", "non_retryable", "details") if link["kind"] == "application" else ("details",)
            if link["kind"] == "own":
                names = ("message",)
            for name in names:
                if link[name] != got[name]:
                    return f"{name} of link {number}: expected {link[name]!r}, found {got[name]!r}"
        return ""


def _link(kind: str, message: str, *details: Any, kind_of_error: str = "", non_retryable: bool = False) -> dict[str, Any]:
    return {"kind": kind, "message": message, "type": kind_of_error, "non_retryable": non_retryable, "details": list(details)}


def corpus() -> list[Chain]:
    """All of them."""
    nested = {"list": [1, None, True], "text": _TEXT}
    return [
        Chain("application", [_link("application", "message", kind_of_error="Kind")]),
        Chain("application with everything", [_link("application", _TEXT, nested, kind_of_error="Größe", non_retryable=True)]),
        Chain("empty message", [_link("application", "", kind_of_error="Kind")]),
        Chain("an error of the language", [_link("own", _TEXT)]),
        Chain("canceled", [_link("canceled", "canceled", "why")]),
        Chain(
            "causes",
            [
                _link("application", "outer", "outer detail", kind_of_error="Outer"),
                _link("application", "middle", kind_of_error="Middle", non_retryable=True),
                _link("own", "inner"),
            ],
        ),
        Chain("canceled below", [_link("application", "outer", kind_of_error="Outer"), _link("canceled", "canceled", nested)]),
    ]
