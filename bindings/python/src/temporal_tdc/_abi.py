"""The C declarations of ``tdc.h`` in ctypes' words.

Pointers and sizes travel as ``c_void_p`` and ``c_size_t``; nothing here knows what they mean.
``argtypes`` are declared for the calls made now and then. The two hot calls of ``HOT`` have none:
ctypes then takes ready-made arguments as they are, which makes a call with twelve arguments about
three times cheaper (0.6 instead of 1.6 µs). ``_frames`` makes these arguments, of the exact types.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

ABI_VERSION: Final = 2
"""The ABI this package was written for; the loader refuses any other."""

FLAG_ENCODE_COMMON_ATTRIBUTES: Final = 1
FLAG_HOST_KEYS: Final = 2
FLAG_CONVERTERS: Final = 4
FLAG_REMOTE: Final = 8
MESSAGE_HEADERS: Final = 1

_BYTES: Final = ctypes.c_char_p
_POINTER: Final = ctypes.c_void_p
_SIZE: Final = ctypes.c_size_t
_STATUS: Final = ctypes.c_uint32


class Buffer(ctypes.Structure):
    """``tdc_buffer``: bytes that the library owns."""

    _fields_ = (("data", _POINTER), ("len", _SIZE), ("capacity", _SIZE))

    data: int | None
    len: int
    capacity: int


class Written(ctypes.Structure):
    """``tdc_payload``: where a call on one payload put its answer; ``owned`` is spelled out."""

    _fields_ = (
        ("len", _SIZE),
        ("data_offset", _SIZE),
        ("data_len", _SIZE),
        ("owned_data", _POINTER),
        ("owned_len", _SIZE),
        ("owned_capacity", _SIZE),
    )

    len: int
    data_offset: int
    data_len: int
    owned_data: int | None
    owned_len: int
    owned_capacity: int


CALL_FIELDS: Final = (
    ("payloads", _SIZE),
    ("input_bytes", _SIZE),
    ("decoded_bytes", _SIZE),
    ("memory", _POINTER),
)
"""The fields of ``tdc_call``."""

OWNED_OFFSET: Final = 3 * ctypes.sizeof(_SIZE)
"""Where the embedded ``tdc_buffer`` begins inside ``Written``."""

_TEXT = (_BYTES, _SIZE)
_CALL = (_POINTER, _POINTER, *_TEXT)
_PLAIN = (*_CALL, *_TEXT, _POINTER, _POINTER)
_MESSAGE = (*_CALL, *_TEXT, ctypes.c_uint32, *_TEXT, _POINTER, _POINTER)
FUNCTIONS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "tdc_abi_version": (_STATUS, ()),
    "tdc_version": (_BYTES, ()),
    "tdc_status_name": (_BYTES, (_STATUS,)),
    "tdc_status_is_transient": (ctypes.c_uint8, (_STATUS,)),
    "tdc_buffer_free": (None, (_POINTER,)),
    "tdc_error_code": (_STATUS, (_POINTER,)),
    "tdc_error_message": (None, (_POINTER, _POINTER, _POINTER)),
    "tdc_error_payload_index": (ctypes.c_int64, (_POINTER,)),
    "tdc_error_size_needed": (_SIZE, (_POINTER,)),
    "tdc_error_free": (None, (_POINTER,)),
    "tdc_data_converter_open": (_STATUS, (*_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_data_converter_parse": (_STATUS, (*_TEXT, *_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_data_converter_reload": (_STATUS, (_POINTER, _POINTER)),
    "tdc_data_converter_flags": (_STATUS, (_POINTER,)),
    "tdc_data_converter_free": (None, (_POINTER,)),
    "tdc_call_requests": (None, (_POINTER, _POINTER, _POINTER)),
    "tdc_call_answer": (_STATUS, (_POINTER, _POINTER, *_TEXT, _POINTER)),
    "tdc_call_end": (None, (_POINTER,)),
    "tdc_codec_encode": (_STATUS, _PLAIN),
    "tdc_codec_decode": (_STATUS, _PLAIN),
    "tdc_converter_to_payload": (_STATUS, _PLAIN),
    "tdc_converter_from_payload": (_STATUS, _PLAIN),
    "tdc_failure_encode": (_STATUS, _PLAIN),
    "tdc_failure_decode": (_STATUS, _PLAIN),
    "tdc_message_encode": (_STATUS, _MESSAGE),
    "tdc_message_decode": (_STATUS, _MESSAGE),
    "tdc_history_decode": (_STATUS, _PLAIN),
}
"""Result type and argument types of the functions that are called by declaration."""

HOT: Final = ("tdc_codec_encode_payload", "tdc_codec_decode_payload")
"""The calls on one payload.

Their arguments: self, call, context, n, head, n, data, n, out, capacity, written, error.
"""
