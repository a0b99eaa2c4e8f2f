"""tdc's protobuf walk against Python's protobuf, on seeded random and mutated messages.

Accept and refuse must agree, and so must what was read: an oracle on top of the official parser decodes the same message (only
`binary/zlib`, which needs nothing but Python) and must come to the same bytes. `DELIBERATE` lists where tdc differs on purpose.
"""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from library import TdcError
from messages import Framing, Payload, fields_of, join, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from library import DataConverter

SEED = 20261122
CASES = 6000


@dataclass(frozen=True)
class Difference:
    """A place where tdc differs from Python's protobuf on purpose."""

    reason: str
    example: bytes
    tdc_accepts: bool
    applies: Callable[[bytes], bool]


DELIBERATE = (
    Difference(
        "a length may take up to ten bytes, as in Go and Java; Python's parser stops at five",
        bytes.fromhex("0a081281808080800031"),
        tdc_accepts=True,
        applies=lambda message: re.search(rb"[\x80-\xff]{5}", message) is not None,
    ),
    Difference(
        "field number 0 is refused in unknown groups too, as in Go; Python's parser looks at numbers outside of groups only",
        bytes.fromhex("0a044b00014c"),
        tdc_accepts=False,
        applies=lambda message: any(map(_has_field_0, [fields_of(Framing.FromString(message)), *map(_unknown, split(message))])),
    ),
    Difference(
        "an unknown varint of more than 64 bits is refused, as in Go; Python's parser drops what is too much",
        bytes.fromhex("0a0b48ffffffffffffffffff02"),
        tdc_accepts=False,
        applies=lambda message: re.search(rb"[\x80-\xff]{9}[\x02-\x7f]", message) is not None,
    ),
)

CONFIG = "version: 1\ncodecs: [zlib]\n"


def run(converter: DataConverter) -> tuple[list[str], list[bytes]]:
    """Compares; gives back what differs, and the messages for other parsers to judge."""
    problems: list[str] = []
    counts: Counter[str] = Counter()
    messages = list(_messages())
    for message in messages:
        expected, answer = _oracle(message), _tdc(converter, message)
        if expected == answer:
            counts[expected if isinstance(expected, str) else "accepted"] += 1
        elif any(_explains(difference, expected, answer, message) for difference in DELIBERATE):
            counts["other on purpose"] += 1
        else:
            problems.append(f"wire walk: {message.hex()}: Python's protobuf says {_short(expected)}, tdc {_short(answer)}")
    summary = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    print(f"wire walk: {len(messages)} messages against Python's protobuf: {summary}; {len(problems)} differ")
    for difference in DELIBERATE:
        expected, answer = _oracle(difference.example), _tdc(converter, difference.example)
        if not _explains(difference, expected, answer, difference.example):
            problems.append(f"wire walk: no difference any more, take it off the list: {difference.reason}")
        print(f"  other on purpose: {difference.reason}")
    return problems, messages


def _explains(difference: Difference, expected: object, answer: object, message: bytes) -> bool:
    refused = expected if difference.tdc_accepts else answer
    return expected != answer and refused == "malformed" and difference.applies(message)


def _unknown(payload: bytes) -> tuple[Any, ...]:
    return fields_of(Payload.FromString(payload))


def _has_field_0(fields: tuple[Any, ...]) -> bool:
    return any(number == 0 or (kind == 3 and _has_field_0(value)) for number, kind, value in fields)


def verdict(converter: DataConverter, message: bytes) -> bool:
    """Whether tdc takes the message for protobuf."""
    return not isinstance(answer := _tdc(converter, message), str) or answer != "malformed"


def _tdc(converter: DataConverter, message: bytes) -> Any:
    try:
        answer = Framing.FromString(converter.decode(message))
    except TdcError as error:
        return {"TDC_ERR_PROTOBUF": "malformed", "TDC_ERR_COMPRESSED": "not zlib"}.get(error.code, error.code)
    return list(answer.payloads), fields_of(answer)


def _oracle(message: bytes) -> Any:
    try:
        parsed = Framing.FromString(message)
        return [_open(item) for item in parsed.payloads], fields_of(parsed)
    except DecodeError:
        return "malformed"
    except (zlib.error, EOFError):
        return "not zlib"


def _open(payload: bytes) -> bytes:
    while (message := Payload.FromString(payload)).metadata.get("encoding") == b"binary/zlib":
        inflate = zlib.decompressobj()
        payload = inflate.decompress(message.data)
        if not inflate.eof or inflate.unused_data:
            raise EOFError
    return payload


def _messages() -> Iterator[bytes]:
    chance = random.Random(SEED)  # noqa: S311 - the same messages every time
    seeds = list(_seeds())
    yield from seeds
    for _ in range(CASES - len(seeds)):
        if chance.random() < 0.3:
            yield join([_fields(chance, depth=0) for _ in range(chance.randrange(1, 3))]) + _fields(chance, 3) * chance.randrange(2)
        else:
            message = bytearray(chance.choice(seeds))
            for _ in range(chance.choice((1, 1, 1, 2, 4))):
                _mutate(chance, message)
            yield bytes(message)


def _seeds() -> Iterator[bytes]:
    def entry(key: bytes, value: bytes) -> bytes:
        return _delimited(1, _delimited(1, key) + _delimited(2, value))

    plain = entry(b"encoding", b"json/plain") + _delimited(2, b'"Testing"')
    packed = entry(b"encoding", b"binary/zlib") + _delimited(2, zlib.compress(plain))
    rich = entry(b"zz", b"\xff") + plain + _delimited(3, b"\x08\x96\x01") + b"\x4b\x08\x01\x53\x54\x4c" + b"\x7d1234" + b"\x7912345678"
    yield b""
    for item in (b"", plain, packed, rich, entry(b"encoding", b"binary/zlib") + _delimited(2, zlib.compress(packed)) + entry(b"k", b"")):
        yield join([item])
        yield join([item, plain]) + b"\x10\x05" + _delimited(3, b"x")


def _fields(chance: random.Random, depth: int) -> bytes:
    out = b""
    for _ in range(chance.randrange(5)):
        number = chance.choice((1, 1, 1, 2, 2, 3, 3, 4, 15, 16, 2047, (1 << 29) - 1, 0 if chance.random() < 0.1 else 5))
        kind = chance.choices((2, 0, 1, 5, 3, 4, 6, 7), (60, 12, 6, 6, 10, 1, 1, 1))[0]
        out += _varint(number << 3 | kind, chance.choice((0, 0, 0, 2, 5)))
        if kind == 0:
            out += _varint(chance.choice((0, 1, 127, 128, 1 << 32, (1 << 64) - 1)), chance.choice((0, 0, 3, 10)))
        elif kind == 2:
            body = (
                _fields(chance, depth + 1)
                if depth < 3 and chance.random() < 0.6
                else chance.choice((b"", b"encoding", b"json/plain", b"\xff\xfe", b"\xc3\xa9"))
            )
            out += _varint(len(body), chance.choice((0, 0, 0, 2, 5))) + body
        elif kind == 1:
            out += b"12345678"
        elif kind == 5:
            out += b"1234"
        elif kind == 3 and depth < 3:
            out += _fields(chance, depth + 1) + _varint(number << 3 | 4)
    return out


def _mutate(chance: random.Random, message: bytearray) -> None:
    at = chance.randrange(len(message) + 1)
    end = min(len(message), at + chance.randrange(1, 8))
    action = chance.randrange(6)
    if action == 0 and at < len(message):
        message[at] ^= 1 << chance.randrange(8)
    elif action == 1:
        message[at:at] = bytes(chance.choices((0, 1, 10, 11, 12, 18, 26, 128, 255, chance.randrange(256)), k=chance.randrange(1, 4)))
    elif action == 2:
        del message[at:end]
    elif action == 3:
        message[at:at] = message[at:end]
    elif action == 4 and at < len(message):
        message[at] = chance.choice((0, 1, 2, 3, 4, 127, 128, 129, 255))
    else:
        del message[at:]


def _delimited(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int, width: int = 0) -> bytes:
    out = bytearray()
    while value > 0x7F or len(out) + 1 < width:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else f"{value!r:.200}"
