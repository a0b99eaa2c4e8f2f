"""libtdc through its C ABI, as small as ctypes can make it.

The suite needs the library itself beside the drivers: the wire walk is compared on thousands of inputs, and starting a program
for each would take an hour. Python's own binding is not used, so that a fault of it cannot hide here.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int64, c_size_t, c_uint8, c_uint32, c_void_p
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

ABI_VERSION = 3
OK = 0
REQUESTS = 2
MESSAGE_HEADERS = 1


class _Buffer(ctypes.Structure):
    """`tdc_buffer`."""

    _fields_ = (("data", POINTER(c_uint8)), ("len", c_size_t), ("capacity", c_size_t))


class _Call(ctypes.Structure):
    """`tdc_call`."""

    _fields_ = (("payloads", c_size_t), ("input_bytes", c_size_t), ("decoded_bytes", c_size_t), ("pending", c_size_t), ("memory", c_void_p))


UNKNOWN_TYPE = b"\x0a\x38\x0a\x1b\x0a\x08encoding\x12\x0fbinary/protobuf\x0a\x19\x0a\x0bmessageType\x12\x0aapp.v1.Not"
"""A list with a message of an unknown type."""


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class TdcError(Exception):
    """A call failed."""

    def __init__(self, code: str, index: int | None, message: str) -> None:
        super().__init__(f"{code}{'' if index is None else f' (payload {index})'}: {message}")
        self.code = code
        self.index = index
        self.message = message


@dataclass(frozen=True)
class Library:
    """The loaded library."""

    raw: ctypes.CDLL

    @classmethod
    def load(cls, path: Path) -> Self:
        """Loads it and declares what is used here."""
        raw = ctypes.CDLL(str(path))
        slot = POINTER(c_void_p)
        bytes_in = [c_char_p, c_size_t]
        values = [c_void_p, POINTER(_Call), *bytes_in, *bytes_in, POINTER(_Buffer), slot]
        message = [c_void_p, POINTER(_Call), *bytes_in, *bytes_in, c_uint32, *bytes_in, POINTER(_Buffer), slot]
        for name, result, arguments in (
            ("tdc_abi_version", c_uint32, []),
            ("tdc_status_name", c_char_p, [c_uint32]),
            ("tdc_data_converter_parse", c_uint32, [*bytes_in, *bytes_in, *bytes_in, slot, slot]),
            ("tdc_data_converter_free", None, [c_void_p]),
            ("tdc_codec_encode", c_uint32, values),
            ("tdc_codec_decode", c_uint32, values),
            ("tdc_converter_to_payload", c_uint32, values),
            ("tdc_converter_from_payload", c_uint32, values),
            ("tdc_call_answer", c_uint32, [c_void_p, POINTER(_Call), *bytes_in, slot]),
            ("tdc_call_end", None, [POINTER(_Call)]),
            ("tdc_failure_encode", c_uint32, values),
            ("tdc_failure_decode", c_uint32, values),
            ("tdc_message_encode", c_uint32, message),
            ("tdc_message_decode", c_uint32, message),
            ("tdc_history_decode", c_uint32, values),
            ("tdc_buffer_free", None, [POINTER(_Buffer)]),
            ("tdc_error_payload_index", c_int64, [c_void_p]),
            ("tdc_error_message", None, [c_void_p, POINTER(c_void_p), POINTER(c_size_t)]),
            ("tdc_error_free", None, [c_void_p]),
        ):
            function = getattr(raw, name)
            function.restype, function.argtypes = result, arguments
        if raw.tdc_abi_version() != ABI_VERSION:
            raise RuntimeError(f"{path} has ABI version {raw.tdc_abi_version()}, expected {ABI_VERSION}")
        return cls(raw)

    def parse(self, document: str, namespace: str | None = None) -> DataConverter:
        """Opens a data converter from the text of its configuration."""
        out, error = c_void_p(), c_void_p()
        text, name = document.encode(), (namespace or "").encode()
        status = self.raw.tdc_data_converter_parse(text, len(text), b"", 0, name, len(name), byref(out), byref(error))
        self.check(status, error)
        return DataConverter(self, out)

    def check(self, status: int, error: c_void_p) -> None:
        """Raises unless `status` is TDC_OK."""
        if status == OK:
            return
        code = self.raw.tdc_status_name(status).decode()
        index = self.raw.tdc_error_payload_index(error)
        text, length = c_void_p(), c_size_t()
        self.raw.tdc_error_message(error, byref(text), byref(length))
        message = ctypes.string_at(text.value or 0, length.value).decode() if length.value else ""
        self.raw.tdc_error_free(error)
        raise TdcError(code, None if index < 0 else index, message)


class DataConverter:
    """A handle; use it in a `with` statement."""

    def __init__(self, library: Library, handle: c_void_p) -> None:
        self._library = library
        self._handle = handle

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.raw.tdc_data_converter_free(self._handle)
        self._handle = c_void_p()

    def encode(self, payloads: bytes) -> bytes:
        """Encodes a serialised Payloads."""
        return self._call("tdc_codec_encode", payloads)

    def decode(self, payloads: bytes) -> bytes:
        """Decodes a serialised Payloads."""
        return self._call("tdc_codec_decode", payloads)

    def to_payload(self, values: bytes) -> bytes:
        """Makes payloads of values, both a serialised Payloads."""
        return self._call("tdc_converter_to_payload", values)

    def from_payload(self, payloads: bytes) -> bytes:
        """Gives the values of payloads back."""
        return self._call("tdc_converter_from_payload", payloads)

    def provide_descriptor(self, files: bytes) -> bytes:
        """Answers a call that asks for a message type by a FileDescriptorSet; gives nothing back."""
        raw, call, out, error = self._library.raw, _Call(), _Buffer(), c_void_p()
        try:
            status = raw.tdc_converter_to_payload(
                self._handle, byref(call), b"", 0, UNKNOWN_TYPE, len(UNKNOWN_TYPE), byref(out), byref(error)
            )
            if status != REQUESTS:
                self._library.check(status, error)
                raise RuntimeError(f"expected a request for a message type, found status {status}")
            # Answers { answers { id: 1, descriptor: files } }: the first request of a call has the
            # id 1.
            descriptor = b"\x22" + _varint(len(files)) + files
            answers = b"\x0a" + _varint(2 + len(descriptor)) + b"\x08\x01" + descriptor
            self._library.check(raw.tdc_call_answer(self._handle, byref(call), answers, len(answers), byref(error)), error)
        finally:
            raw.tdc_call_end(byref(call))
        return b""

    def encode_failure(self, failure: bytes) -> bytes:
        """Encodes a serialised Failure."""
        return self._call("tdc_failure_encode", failure)

    def decode_failure(self, failure: bytes) -> bytes:
        """Decodes a serialised Failure."""
        return self._call("tdc_failure_decode", failure)

    def encode_message(self, name: str, message: bytes, *, headers: bool = False) -> bytes:
        """Encodes a serialised message of Temporal's API."""
        return self._call("tdc_message_encode", message, name=name, headers=headers)

    def decode_message(self, name: str, message: bytes, *, headers: bool = False) -> bytes:
        """Decodes a serialised message of Temporal's API."""
        return self._call("tdc_message_decode", message, name=name, headers=headers)

    def decode_history(self, history: bytes) -> bytes:
        """Decodes an exported history."""
        return self._call("tdc_history_decode", history)

    def _call(self, function: str, message: bytes, name: str | None = None, *, headers: bool = False) -> bytes:
        raw, out, error = self._library.raw, _Buffer(), c_void_p()
        given: list[object] = [None, b"", 0]
        if name is not None:
            given += [name.encode(), len(name.encode()), MESSAGE_HEADERS * headers]
        status = getattr(raw, function)(self._handle, *given, message, len(message), byref(out), byref(error))
        self._library.check(status, error)
        try:
            return ctypes.string_at(out.data, out.len) if out.len else b""
        finally:
            raw.tdc_buffer_free(byref(out))
