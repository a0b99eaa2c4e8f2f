"""The library's status codes: the same numbers in every language."""

from __future__ import annotations

import enum
from typing import Final


class Code(enum.IntEnum):
    """A status of the library; the C name is the member's name with ``TDC_`` before it."""

    OK = 0
    UNCHANGED = 1
    REQUESTS = 2
    ERR_PROTOBUF = 101
    ERR_AUTHENTICATION = 102
    ERR_CIPHERTEXT = 103
    ERR_COMPRESSED = 104
    ERR_NOT_ENCRYPTED = 105
    ERR_LIMIT = 106
    ERR_CONTEXT = 107
    ERR_JSON = 108
    ERR_ENCODING = 109
    ERR_VALUE = 110
    ERR_MESSAGE_PACK = 111
    ERR_FAILURE = 112
    ERR_TYPE = 113
    ERR_REMOTE_REFUSED = 114
    ERR_REFERENCE = 115
    ERR_KEY_UNKNOWN = 201
    ERR_KEY_INVALID = 202
    ERR_KEY_PROVIDER = 203
    ERR_KEY_SERVICE = 204
    ERR_KEY_REFUSED = 205
    ERR_CONFIG = 301
    ERR_KEY_FILE = 302
    ERR_NAMESPACE = 303
    ERR_DESCRIPTOR = 304
    ERR_NULL = 401
    ERR_BUFFER_TOO_SMALL = 402
    ERR_ARGUMENT = 403
    ERR_RANDOM = 501
    ERR_IO = 502
    ERR_REMOTE = 503
    ERR_STORAGE = 504
    ERR_PANIC = 901


TRANSIENT: Final = frozenset(
    {
        Code.REQUESTS,
        Code.ERR_AUTHENTICATION,
        Code.ERR_NOT_ENCRYPTED,
        Code.ERR_CONTEXT,
        Code.ERR_KEY_UNKNOWN,
        Code.ERR_KEY_INVALID,
        Code.ERR_KEY_PROVIDER,
        Code.ERR_KEY_SERVICE,
        Code.ERR_KEY_REFUSED,
        Code.ERR_CONFIG,
        Code.ERR_KEY_FILE,
        Code.ERR_NAMESPACE,
        Code.ERR_DESCRIPTOR,
        Code.ERR_RANDOM,
        Code.ERR_IO,
        Code.ERR_REMOTE,
        Code.ERR_STORAGE,
    }
)
