"""Finds and opens the native library, once per process.

The order: the file that ``TDC_LIBRARY`` names (then nothing else is tried), the one inside this
package, the system's. When none fits, the error lists every attempt and what was wrong with it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from temporal_tdc import _abi
from temporal_tdc._codes import Code
from temporal_tdc._errors import LibraryError

_OVERRIDE = "TDC_LIBRARY"
_FILE_NAME = {"darwin": "libtdc.dylib", "win32": "tdc.dll"}.get(sys.platform, "libtdc.so")


class Library(NamedTuple):
    """The opened library, in both of ctypes' ways.

    Attributes:
        held: Keeps the GIL during a call, which is right for calls of some microseconds.
        released: Gives it up, which is right for long ones in a thread of their own.
    """

    path: str
    version: str
    held: ctypes.PyDLL
    released: ctypes.CDLL


class _UnsuitableError(Exception):
    """Why one candidate is not the library we want."""


@functools.cache
def load() -> Library:
    """Open the library, or give the one that is open already.

    No lock: two threads that open it at once get the same one from the dynamic linker, and a lock
    could be held by another thread at the moment of a ``fork``.

    Raises:
        LibraryError: No candidate can be used.
    """
    attempts: list[str] = []
    for origin, path in _candidates():
        try:
            return _open(path)
        except _UnsuitableError as reason:
            attempts.append(f"  {origin}: {path}: {reason}")
    raise LibraryError(
        "cannot load the native library (ABI version "
        f"{_abi.ABI_VERSION} is needed); tried:\n" + "\n".join(attempts),
        code=Code.ERR_IO,
        transient=False,
    )


def _candidates() -> Iterator[tuple[str, str]]:
    override = os.environ.get(_OVERRIDE)
    if override:
        # Only the named file is tried: a silent fall-back would hide a typing error.
        yield f"environment variable {_OVERRIDE}", override
        return
    yield "this package", str(Path(__file__).parent / "_lib" / _FILE_NAME)
    yield "the system", ctypes.util.find_library("tdc") or _FILE_NAME


def _open(path: str) -> Library:
    try:
        held = ctypes.PyDLL(path)
        released = ctypes.CDLL(path)
    except OSError as error:
        raise _UnsuitableError(str(error)) from error
    try:
        abi_version = ctypes.c_uint32(held.tdc_abi_version()).value
        if abi_version != _abi.ABI_VERSION:
            raise _UnsuitableError(_wrong_version(abi_version))
        _declare(held)
        _declare(released)
    except AttributeError as error:
        raise _UnsuitableError(f"not a usable libtdc: {error}") from error
    version: bytes = held.tdc_version()
    return Library(path, version.decode(), held, released)


def _declare(library: Any) -> None:
    for name, (result, arguments) in _abi.FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments


def _wrong_version(found: int) -> str:
    advice = (
        "install a newer temporal-tdc"
        if found > _abi.ABI_VERSION
        else "install the library that belongs to this temporal-tdc, or an older temporal-tdc"
    )
    return f"it has ABI version {found}, this package needs {_abi.ABI_VERSION}: {advice}"


def library_version() -> str:
    """Give the version of the native library.

    Raises:
        LibraryError: It cannot be loaded.
    """
    return load().version
