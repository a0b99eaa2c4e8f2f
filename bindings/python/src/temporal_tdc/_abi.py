"""The C declarations of ``tdc.h`` in ctypes' words.

Pointers and sizes travel as ``c_void_p`` and ``c_size_t``; nothing here knows what they mean.
``argtypes`` are declared for the calls made now and then. The two hot calls of ``HOT`` have none:
ctypes then takes ready-made arguments as they are, which makes a call with twelve arguments about
three times cheaper (0.6 instead of 1.6 µs). ``_frames`` makes these arguments, of the exact types.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

ABI_VERSION: Final = 1
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


class Usage(ctypes.Structure):
    """``tdc_usage``: what the calls on one list have used of the limits, for the library."""

    _fields_ = (("payloads", _SIZE), ("input_bytes", _SIZE), ("decoded_bytes", _SIZE))


OWNED_OFFSET: Final = 3 * ctypes.sizeof(_SIZE)
"""Where the embedded ``tdc_buffer`` begins inside ``Written``."""

_TEXT = (_BYTES, _SIZE)
_MESSAGE = (_POINTER, *_TEXT, *_TEXT, ctypes.c_uint32, *_TEXT, _POINTER, _POINTER)
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
    "tdc_error_key_count": (_SIZE, (_POINTER,)),
    "tdc_error_key_id": (_STATUS, (_POINTER, _SIZE, _POINTER, _POINTER)),
    "tdc_error_type_name": (None, (_POINTER, _POINTER, _POINTER)),
    "tdc_error_request_url": (None, (_POINTER, _POINTER, _POINTER)),
    "tdc_error_request_body": (None, (_POINTER, _POINTER, _POINTER)),
    "tdc_error_request_header_count": (_SIZE, (_POINTER,)),
    "tdc_error_request_header": (_STATUS, (_POINTER, _SIZE, *(_POINTER,) * 4)),
    "tdc_error_request_timeout_ms": (ctypes.c_uint32, (_POINTER,)),
    "tdc_error_request_max_response": (_SIZE, (_POINTER,)),
    "tdc_error_free": (None, (_POINTER,)),
    "tdc_data_converter_open": (_STATUS, (*_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_data_converter_parse": (_STATUS, (*_TEXT, *_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_data_converter_reload": (_STATUS, (_POINTER, _POINTER)),
    "tdc_data_converter_flags": (_STATUS, (_POINTER,)),
    "tdc_data_converter_free": (None, (_POINTER,)),
    "tdc_key_provide": (_STATUS, (_POINTER, *_TEXT, *_TEXT, _POINTER)),
    "tdc_key_reject": (_STATUS, (_POINTER, *_TEXT, _POINTER)),
    "tdc_descriptor_provide": (_STATUS, (_POINTER, *_TEXT, _POINTER)),
    "tdc_remote_provide": (_STATUS, (_POINTER, _POINTER, ctypes.c_uint32, *_TEXT, _POINTER)),
    "tdc_codec_encode": (_STATUS, (_POINTER, *_TEXT, _POINTER, *_TEXT, _POINTER, _POINTER)),
    "tdc_codec_decode": (_STATUS, (_POINTER, *_TEXT, _POINTER, *_TEXT, _POINTER, _POINTER)),
    "tdc_converter_to_payload": (_STATUS, (_POINTER, *_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_converter_from_payload": (_STATUS, (_POINTER, *_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_failure_encode": (_STATUS, (_POINTER, *_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_failure_decode": (_STATUS, (_POINTER, *_TEXT, *_TEXT, _POINTER, _POINTER)),
    "tdc_message_encode": (_STATUS, _MESSAGE),
    "tdc_message_decode": (_STATUS, _MESSAGE),
    "tdc_history_decode": (_STATUS, (_POINTER, *_TEXT, *_TEXT, _POINTER, _POINTER)),
}
"""Result type and argument types of the functions that are called by declaration."""

HOT: Final = ("tdc_codec_encode_payload", "tdc_codec_decode_payload")
"""The calls on one payload.

Their arguments: self, context, n, usage, head, n, data, n, out, capacity, written, error.
"""
