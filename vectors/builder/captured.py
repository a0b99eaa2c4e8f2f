"""Streams that tools wrote, kept as bytes (see `captured/README.md`)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import zstandard

FOLDER = Path(__file__).resolve().parent.parent / "captured"


@dataclass(frozen=True)
class Stream:
    """A stream and what made it."""

    tool: str
    data: bytes


@cache
def _streams() -> dict[str, Stream]:
    out = {}
    for file in ("streams.txt", "tools.txt"):
        for line in (FOLDER / file).read_text(encoding="ascii").splitlines():
            name, tool, data = line.split(" | ")
            out[name] = Stream(tool, bytes.fromhex(data))
    return out


def captured(name: str) -> Stream:
    """The stream of this name, unchecked."""
    return _streams()[name]


def inflating(name: str, content: bytes, wbits: int = 15) -> Stream:
    """The stream of this name; refuses one that does not inflate to `content`."""
    stream = captured(name)
    if zlib.decompress(stream.data, wbits) != content:
        raise ValueError(f"captured: {name} does not hold what its vector expects")
    return stream


def decompressing(name: str, content: bytes) -> Stream:
    """The zstd frame of this name; refuses one that does not decompress to `content`."""
    stream = captured(name)
    if zstandard.ZstdDecompressor().decompressobj().decompress(stream.data) != content:
        raise ValueError(f"captured: {name} does not hold what its vector expects")
    return stream
