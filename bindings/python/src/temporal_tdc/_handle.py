"""Owns the native data converter: opening, closing, and who is using it.

Every call borrows a frame; the native object is freed when the handle is closed and all frames are
back. There is no lock: borrowing is one ``list.pop`` and one ``list.append``, both atomic, and a
lock could be held by another thread at the moment of a ``fork``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import weakref
from collections.abc import Generator
from typing import Any, NoReturn, cast

from temporal_tdc._abi import FLAG_HOST_KEYS, FLAG_REMOTE
from temporal_tdc._call import Call, RequestsError
from temporal_tdc._codes import Code
from temporal_tdc._errors import KeyProviderError, KeyUnknownError, MisuseError
from temporal_tdc._faults import fault
from temporal_tdc._frames import Frame
from temporal_tdc._library import Library, load


class Handle:
    """One open native data converter, shared by any number of threads."""

    def __init__(self, library: Library, pointer: int) -> None:
        """Take over ``pointer``; ``open_file`` and ``parse_document`` make one."""
        self.library = library
        self.argument: Any = ctypes.c_void_p.from_param(pointer)
        self.idle: list[Frame] = []
        self.closed = False
        self.has_provider = False
        self._existing: list[Frame] = []
        self._free = weakref.finalize(self, library.held.tdc_data_converter_free, pointer)
        # At exit daemon threads may still be inside a call: the system takes the memory back.
        self._free.atexit = False
        self.has_remote = bool(self.flags() & FLAG_REMOTE)

    def new_frame(self) -> Frame:
        """Add a frame, because all are in use.

        Raises:
            MisuseError: The handle is closed.
        """
        frame = Frame()
        # Counted before the look at `closed`: either `close` sees this frame or we see `close`.
        self._existing.append(frame)
        if self.closed:
            self._existing.remove(frame)
            self.drain()
            raise MisuseError("this Tdc is closed", code=Code.ERR_ARGUMENT)
        return frame

    def take(self) -> Frame:
        """Borrow a frame; give it back with ``give``."""
        try:
            return self.idle.pop()
        except IndexError:
            return self.new_frame()

    def give(self, frame: Frame) -> None:
        """Take a frame back; the last one after ``close`` frees the native object."""
        self.idle.append(frame)
        if self.closed:
            self.drain()

    @contextlib.contextmanager
    def borrowed(self) -> Generator[Frame]:
        """Borrow a frame for a ``with`` block."""
        frame = self.take()
        try:
            yield frame
        finally:
            self.give(frame)

    def close(self) -> None:
        """Refuse new calls, and free the native object as soon as no call is inside it."""
        self.closed = True
        self.drain()

    def drain(self) -> None:
        """Retire all idle frames; free the native object when none is left."""
        with contextlib.suppress(IndexError):
            while True:
                self._existing.remove(self.idle.pop())
        if not self._existing:
            self._free()  # does nothing the second time

    def flags(self) -> int:
        """Give what the config asks of the host."""
        with self.borrowed():
            flags: int = self.library.held.tdc_data_converter_flags(self.argument)
            return flags

    def reload(self) -> None:
        """Read the config and key files again; on failure everything stays as it was."""
        reload_ = self.library.released.tdc_data_converter_reload
        with self.borrowed() as frame:
            self._check(reload_(self.argument, frame.error_out), frame)
        self.has_remote = bool(self.flags() & FLAG_REMOTE)

    def answer(self, call: Call, answers: bytes) -> None:
        """Hand in what the host answers, so that the call can be made again."""
        with self.borrowed() as frame:
            status = self.library.released.tdc_call_answer(
                self.argument, ctypes.byref(call), answers, len(answers), frame.error_out
            )
            self._check(status, frame)

    def fail(self, status: int, frame: Frame, index: int = 0) -> NoReturn:
        """Raise what ``status`` and the frame's error object say."""
        if status == Code.REQUESTS:
            raise RequestsError
        error, frame.error.value = frame.error.value, None
        problem = fault(self.library.held, status, error, index)
        if isinstance(problem, KeyUnknownError) and self._lacks_provider():
            problem = KeyProviderError(
                "keys.host is true, but no key provider was given: pass key_provider=... to "
                f"temporal_tdc.open ({problem.message})",
                code=Code.ERR_KEY_PROVIDER,
                payload_index=problem.payload_index,
            )
        raise problem

    def _lacks_provider(self) -> bool:
        return not self.has_provider and bool(self.flags() & FLAG_HOST_KEYS)

    def _check(self, status: int, frame: Frame) -> None:
        if status != Code.OK:
            self.fail(status, frame)


def open_file(path: str | os.PathLike[str], namespace: str | None) -> Handle:
    """Open a config file."""
    return _make("tdc_data_converter_open", os.fsencode(path), (namespace or "").encode())


def parse_document(
    document: str | bytes, base_dir: str | os.PathLike[str] | None, namespace: str | None
) -> Handle:
    """Open a config given as text."""
    text = document.encode() if isinstance(document, str) else document
    directory = b"" if base_dir is None else os.fsencode(base_dir)
    return _make("tdc_data_converter_parse", text, directory, (namespace or "").encode())


def _make(function: str, *texts: bytes) -> Handle:
    library = load()
    out, error = ctypes.c_void_p(), ctypes.c_void_p()
    slices = [part for text in texts for part in (text, len(text))]
    status = getattr(library.released, function)(*slices, ctypes.byref(out), ctypes.byref(error))
    if status != Code.OK:
        raise fault(library.held, status, error.value)
    return Handle(library, cast("int", out.value))
