"""``libtdc_keys``: the clients of the key services, for configs that name one.

Its answers go by address into the call, so no data key becomes a Python object. The library is
looked for when a data key is first needed: the file that ``TDC_KEYS_LIBRARY`` names (then nothing
else is tried), the one inside this package, the one beside ``libtdc``, the system's.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from temporal_tdc._codes import Code
from temporal_tdc._errors import KeyServiceError
from temporal_tdc._handle import Handle
from temporal_tdc._library import load
from temporal_tdc._requests import Call

ABI_VERSION: Final = 1
_OVERRIDE: Final = "TDC_KEYS_LIBRARY"
_FILE_NAME: Final = {"darwin": "libtdc_keys.dylib", "win32": "tdc_keys.dll"}.get(
    sys.platform, "libtdc_keys.so"
)


class KeyLibrary(NamedTuple):
    """The opened library and its one handle, which a child of a fork may go on with."""

    functions: Any
    handle: Any


@functools.cache
def key_library() -> KeyLibrary:
    """Open the library, or give the one that is open already; it stays until the process ends.

    Raises:
        KeyServiceError: There is none, or it is of another version.
    """
    attempts: list[str] = []
    for path in _candidates():
        try:
            return _open(path)
        except (OSError, AttributeError, _UnsuitableError) as error:
            attempts.append(f"{path}: {error}")
    raise KeyServiceError(
        "the config names a key service, and libtdc_keys, which asks it, cannot be loaded: install "
        f"it beside libtdc or name it by {_OVERRIDE}, or pass key_service=... to temporal_tdc.open "
        f"(tried {'; '.join(attempts)})"
    )


def answer(handle: Handle, call: Call) -> None:
    """Have the services wrap and unwrap what ``call`` asks for. It blocks until they answered.

    Raises:
        KeyServiceError: The library is missing.
        TdcError: What the call has come to.
    """
    library = key_library()
    message, size = call.message()
    answers, length = ctypes.POINTER(ctypes.c_char)(), ctypes.c_size_t()
    status = library.functions.tdc_keys_answer(
        library.handle, message, size, ctypes.byref(answers), ctypes.byref(length)
    )
    if status != Code.OK:
        raise KeyServiceError(f"libtdc_keys did not take the requests (status {status})")
    try:
        handle.answer_at(call, answers, length.value)
    finally:
        library.functions.tdc_keys_answers_free(answers, length)


class _UnsuitableError(Exception):
    """Why one candidate is not the library we want."""


def _candidates() -> Iterator[str]:
    override = os.environ.get(_OVERRIDE)
    if override:
        yield override
        return
    yield str(Path(__file__).parent / "_lib" / _FILE_NAME)
    yield str(Path(load().path).with_name(_FILE_NAME))
    yield ctypes.util.find_library("tdc_keys") or _FILE_NAME


def _open(path: str) -> KeyLibrary:
    library: Any = ctypes.CDLL(path)
    version = library.tdc_keys_abi_version
    version.restype = ctypes.c_uint32
    if (found := version()) != ABI_VERSION:
        raise _UnsuitableError(f"it has ABI version {found}, this package needs {ABI_VERSION}")
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.tdc_keys_open.argtypes = (pointer,)
    library.tdc_keys_answer.argtypes = (pointer, pointer, size, pointer, pointer)
    library.tdc_keys_answers_free.argtypes = (pointer, size)
    library.tdc_keys_answers_free.restype = None
    handle = pointer()
    if (status := library.tdc_keys_open(ctypes.byref(handle))) != Code.OK:
        raise _UnsuitableError(f"tdc_keys_open gave status {status}")
    return KeyLibrary(library, handle)
