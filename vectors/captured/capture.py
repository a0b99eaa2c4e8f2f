#!/usr/bin/env python3
"""Prints the streams of this folder anew, made by the zlib of this Python: `capture.py > streams.txt`.

Only needed to add a stream. The vectors that use a changed one change with it.
"""

from __future__ import annotations

import platform
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from builder.layers import INNER, ORDER
from builder.wire import plain

SETTINGS = (
    [(f"zlib-level-{level}", {"level": level}) for level in range(1, 10)]
    + [(f"zlib-window-{bits}", {"wbits": bits}) for bits in range(9, 15)]
    + [("zlib-fixed-huffman", {"strategy": zlib.Z_FIXED}), ("zlib-huffman-only", {"strategy": zlib.Z_HUFFMAN_ONLY})]
    + [("zlib-run-length", {"strategy": zlib.Z_RLE}), ("zlib-filtered", {"strategy": zlib.Z_FILTERED})]
)


def deflate(content: bytes, *, flush_every: int = 0, level: int = -1, wbits: int = 15, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    """One stream; with `flush_every`, a full flush after so many bytes."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, wbits, strategy=strategy)
    step = flush_every or len(content) or 1
    out = b""
    for at in range(0, len(content), step):
        out += compressor.compress(content[at : at + step])
        if flush_every:
            out += compressor.flush(zlib.Z_FULL_FLUSH)
    return out + compressor.flush()


def with_dictionary(content: bytes) -> bytes:
    """A stream that needs a preset dictionary."""
    compressor = zlib.compressobj(zdict=b'{"order":"customer":"lines":[{"sku":"title":"quantity":')
    return compressor.compress(content) + compressor.flush()


def streams() -> Iterator[tuple[str, bytes]]:
    """Every stream by name."""
    for name, settings in SETTINGS:
        yield name, deflate(ORDER, **settings)
    yield "zlib-inner", deflate(INNER)
    yield "zlib-empty", deflate(b"")
    yield "zlib-full-flush", deflate(ORDER, flush_every=100)
    yield "zlib-dictionary", with_dictionary(ORDER)
    yield "zlib-bomb-1-mib", deflate(plain("binary/plain", bytes(1 << 20)), level=9)
    yield "raw-deflate", deflate(ORDER, wbits=-15)
    yield "raw-deflate-inner", deflate(INNER, wbits=-15)


def main() -> None:
    """Prints all of them."""
    tool = f"zlib {zlib.ZLIB_RUNTIME_VERSION} through CPython {platform.python_version()}"
    for name, stream in streams():
        print(f"{name} | {tool} | {stream.hex()}")


if __name__ == "__main__":
    main()
