"""tdc's decompressors against reference implementations, on seeded mutations of their own streams.

What the reference refuses tdc must refuse, and what it accepts must come out the same. Strict means: exactly one stream (gzip: one or
more members) that takes up all of the data.
"""

from __future__ import annotations

import gzip
import random
import zlib
from collections import Counter
from typing import TYPE_CHECKING

import cramjam
import zstandard
from google.protobuf.message import DecodeError

from library import TdcError
from messages import Payload, join, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from library import DataConverter

SEED = 20261122
CASES = 1500
CONFIG = 'version: 1\ncodecs: [zlib, gzip, zstd, snappy]\nlimits: { max_decoded_bytes: "1 MiB" }\n'
MOST = 1 << 20

ORDER = Payload(
    metadata={"encoding": b"json/plain"}, data=b"".join(b'{"sku":"TEA-%03d","quantity":%d}' % (n % 9, n) for n in range(40))
).SerializeToString()


class RefusedError(Exception):
    """The reference refuses the data."""


def run(converter: DataConverter) -> list[str]:
    """Compares; returns the differences."""
    chance = random.Random(SEED)  # noqa: S311 - the same streams every time
    problems = []
    for name, (reference, seeds) in _formats().items():
        counts: Counter[str] = Counter()
        for _ in range(CASES):
            data = _mutated(chance, chance.choice(seeds))
            expected, answer = _expected(reference, data), _answer(converter, name, data)
            counts[expected if isinstance(expected, str) else "accepted"] += 1
            # What is too long may be told before it is seen to be broken.
            if answer != expected and not (expected == "refused" and answer == "too long"):
                problems.append(f"streams: {name}: {data.hex()}: the reference says {expected!r:.80}, tdc {answer!r:.80}")
        summary = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        print(f"streams: {name}: {CASES} mutated streams against the reference: {summary}")
    return problems


def _expected(reference: Callable[[bytes], bytes], data: bytes) -> bytes | str:
    try:
        content = reference(data)
    except (RefusedError, zlib.error, zstandard.ZstdError, cramjam.DecompressionError):
        return "refused"
    if len(content) > MOST:
        return "too long"
    try:
        Payload.FromString(content)
    except DecodeError:
        return "no payload"
    return content


def _answer(converter: DataConverter, name: str, data: bytes) -> bytes | str:
    payload = Payload(metadata={"encoding": f"binary/{name}".encode()}, data=data)
    try:
        return split(converter.decode(join([payload.SerializeToString()])))[0]
    except TdcError as error:
        names = {"TDC_ERR_COMPRESSED": "refused", "TDC_ERR_LIMIT": "too long", "TDC_ERR_PROTOBUF": "no payload"}
        return names.get(error.code, error.code)


def _formats() -> dict[str, tuple[Callable[[bytes], bytes], list[bytes]]]:
    half = len(ORDER) // 2
    members = gzip.compress(ORDER[:half], mtime=0) + gzip.compress(ORDER[half:], mtime=0)
    stream = zstandard.ZstdCompressor().compressobj()
    streamed = stream.compress(ORDER) + stream.flush()
    summed = zstandard.ZstdCompressor(write_checksum=True).compress(ORDER)
    return {
        "zlib": (_zlib, [zlib.compress(ORDER, level) for level in (0, 1, 9)]),
        "gzip": (_gzip, [gzip.compress(ORDER, mtime=0), gzip.compress(ORDER, 0, mtime=0), members]),
        "zstd": (_zstd, [zstandard.compress(ORDER), streamed, summed]),
        "snappy": (lambda data: bytes(cramjam.snappy.decompress_raw(data)), [bytes(cramjam.snappy.compress_raw(ORDER))]),
    }


def _zlib(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    content = inflate.decompress(data, MOST + 1)
    if not inflate.eof or inflate.unused_data:
        raise RefusedError
    return content


def _gzip(data: bytes) -> bytes:
    content = b""
    while True:
        inflate = zlib.decompressobj(31)
        content += inflate.decompress(data, MOST + 1)
        if not inflate.eof:
            raise RefusedError
        data = inflate.unused_data
        if not data:
            return content


def _zstd(data: bytes) -> bytes:
    if not data.startswith(b"\x28\xb5\x2f\xfd"):
        raise RefusedError
    decompress = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    content = decompress.decompress(data)
    if not decompress.eof or decompress.unused_data:
        raise RefusedError
    return content


def _mutated(chance: random.Random, stream: bytes) -> bytes:
    data = bytearray(stream)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        at = chance.randrange(len(data) + 1)
        action = chance.randrange(5)
        if action == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif action == 1:
            data[at:at] = chance.randbytes(chance.randrange(1, 4))
        elif action == 2:
            del data[at : at + chance.randrange(1, 5)]
        elif action == 3:
            del data[at:]
        else:
            data += chance.randbytes(chance.randrange(1, 3))
    return bytes(data)
