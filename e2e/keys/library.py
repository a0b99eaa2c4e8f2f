"""libtdc_keys by its C surface, and the few messages of proto/tdc/host.proto that it needs."""

import ctypes
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """What was answered to one request."""

    wrapped: bytes = b""
    data_key: bytes = b""
    outcome: str = "ok"
    reason: str = ""

    def __repr__(self) -> str:
        """Without the keys."""
        return f"{self.outcome}: {self.reason}" if self.reason else self.outcome


class Keys:
    """A handle, opened in an environment of its own."""

    def __init__(self, library: Path, environment: Mapping[str, str]) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.tdc_keys_answer.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.POINTER(ctypes.c_size_t),
        ]
        self._library.tdc_keys_answers_free.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self._library.tdc_keys_answers_free.restype = None
        assert self._library.tdc_keys_abi_version() == 1
        self._handle = ctypes.c_void_p()
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            assert self._library.tdc_keys_open(ctypes.byref(self._handle)) == 0
        finally:
            os.environ.clear()
            os.environ.update(before)

    def answer(self, requests: bytes) -> dict[int, Answer]:
        """All answers, by the ids of their requests."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        status = self._library.tdc_keys_answer(
            self._handle, requests, len(requests), ctypes.byref(out), ctypes.byref(length)
        )
        assert status == 0, status
        message = ctypes.string_at(out.value, length.value) if out.value else b""
        self._library.tdc_keys_answers_free(out, length)
        return dict(_answer(bytes(part)) for number, part in _fields(message) if number == 1)

    def wrap(self, uri: str, key: bytes, *, timeout_ms: int = 0) -> Answer:
        """Wraps one key."""
        return self.answer(request(1, 6, uri, key, timeout_ms=timeout_ms))[1]

    def unwrap(self, uri: str, wrapped: bytes, earlier: Sequence[str] = (), *, timeout_ms: int = 0) -> Answer:
        """Unwraps one key."""
        return self.answer(request(1, 7, uri, wrapped, earlier, timeout_ms=timeout_ms))[1]


def request(  # noqa: PLR0913
    number: int, kind: int, uri: str, key: bytes, earlier: Sequence[str] = (), *, timeout_ms: int = 0
) -> bytes:
    """A Requests message of one request."""
    service = _field(1, uri.encode()) + b"".join(_field(2, name.encode()) for name in earlier)
    if timeout_ms:
        service += b"\x18" + _varint(timeout_ms)
    return _field(1, b"\x08" + _varint(number) + _field(kind, _field(1, service) + _field(2, key)))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(value)) + value


def _fields(message: bytes) -> list[tuple[int, bytes | int]]:
    fields: list[tuple[int, bytes | int]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            fields.append((tag >> 3, message[at : at + value]))
            at += value
        else:
            fields.append((tag >> 3, value))
    return fields


def _answer(message: bytes) -> tuple[int, Answer]:
    fields = dict(_fields(message))
    number = fields[1]
    assert isinstance(number, int)
    failure = fields.get(8)
    if isinstance(failure, bytes):
        said = dict(_fields(failure))
        outcome = "refused" if said.get(1) else "invalid" if said.get(2) else "unavailable"
        reason = said.get(3, b"")
        assert isinstance(reason, bytes)
        return number, Answer(outcome=outcome, reason=reason.decode())
    wrapped, key = fields.get(6, b""), fields.get(7, b"")
    assert isinstance(wrapped, bytes)
    assert isinstance(key, bytes)
    return number, Answer(wrapped=wrapped, data_key=key)
