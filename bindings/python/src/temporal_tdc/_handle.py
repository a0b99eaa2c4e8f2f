"""Owns the native data converter: opens it, closes it, and tracks its users.

Every call borrows a ``Scratch``; the native object is freed when the handle is closed and all of
them are back. There is no lock: borrowing is one ``list.pop`` and one ``list.append``, both atomic,
and a lock could be held by another thread at the moment of a ``fork``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import weakref
from collections.abc import Generator
from typing import Any, NoReturn, cast

from temporal_tdc._abi import FLAG_HOST_KEYS, TdcBuffer
from temporal_tdc._codes import Code
from temporal_tdc._errors import KeyProviderError, KeyUnknownError, MisuseError, library_error
from temporal_tdc._library import Library, load
from temporal_tdc._native_call import Native
from temporal_tdc._requests import Call, RequestsError


class Scratch:
    """Where a call writes its error. The native object is not freed while one is borrowed."""

    def __init__(self) -> None:
        """Begin without an error."""
        self.error = ctypes.c_void_p()
        self.error_out = ctypes.byref(self.error)


class Handle:
    """One open native data converter, shared by any number of threads."""

    def __init__(self, library: Library, pointer: int) -> None:
        """Take over ``pointer``; ``open_file`` and ``parse_document`` make one."""
        self.library = library
        self.pointer = pointer
        self.argument: Any = ctypes.c_void_p.from_param(pointer)
        self.idle: list[Scratch] = []
        self.natives: list[Native] = []
        self.closed = False
        self.has_provider = False
        self._existing: list[Scratch] = []
        self._free = weakref.finalize(self, library.held.tdc_data_converter_free, pointer)
        # At exit daemon threads may still be inside a call: the system takes the memory back.
        self._free.atexit = False

    def new_scratch(self) -> Scratch:
        """Add one, because all are in use.

        Raises:
            MisuseError: The handle is closed.
        """
        scratch = Scratch()
        # Counted before the look at `closed`: either `close` sees this scratch or we see `close`.
        self._existing.append(scratch)
        if self.closed:
            self._existing.remove(scratch)
            self.drain()
            raise MisuseError("this Tdc is closed", code=Code.ERR_ARGUMENT)
        return scratch

    def take(self) -> Scratch:
        """Borrow one; give it back with ``give``."""
        try:
            return self.idle.pop()
        except IndexError:
            return self.new_scratch()

    def give(self, scratch: Scratch) -> None:
        """Take one back; the last one after ``close`` frees the native object."""
        self.idle.append(scratch)
        if self.closed:
            self.drain()

    @contextlib.contextmanager
    def borrowed(self) -> Generator[Scratch]:
        """Borrow one for a ``with`` block."""
        scratch = self.take()
        try:
            yield scratch
        finally:
            self.give(scratch)

    def close(self) -> None:
        """Refuse new calls, and free the native object as soon as no call is inside it."""
        self.closed = True
        for native in self.natives:
            native.close()
        self.drain()

    def drain(self) -> None:
        """Retire all that is idle; free the native object when nothing is left."""
        with contextlib.suppress(IndexError):
            while True:
                self._existing.remove(self.idle.pop())
        if not self._existing:
            self._free()  # does nothing the second time

    def flags(self) -> int:
        """Return what the config needs from the host."""
        with self.borrowed():
            flags: int = self.library.held.tdc_data_converter_flags(self.argument)
            return flags

    def reload(self) -> None:
        """Read the config and key files again; on failure everything stays as it was."""
        self._checked(self.library.released.tdc_data_converter_reload)

    def call(
        self,
        function: str,
        context: bytes,
        message: bytes,
        *middle: bytes | int,
        state: Any,
        release: bool,
    ) -> bytes:
        """Make a call on a serialised message.

        Args:
            function: The name of the function.
            context: The encoded serialization context.
            message: The message.
            middle: The arguments between context and message.
            state: A pointer to the ``Call``; ``None`` for one that can ask for nothing.
            release: Whether to give up the GIL meanwhile.

        Returns:
            The answer.
        """
        library: Any = self.library.released if release else self.library.held
        out = TdcBuffer()
        arguments = (state, context, len(context), *middle, message, len(message))
        self._checked(getattr(library, function), *arguments, ctypes.byref(out))
        return self.take_bytes(out)

    def take_bytes(self, buffer: TdcBuffer) -> bytes:
        """Copy and free an answer that the library owns."""
        try:
            return ctypes.string_at(buffer.data or 0, buffer.len) if buffer.len else b""
        finally:
            self.library.held.tdc_buffer_free(ctypes.byref(buffer))

    def answer(self, call: Call, answers: bytes) -> None:
        """Pass on what the host answers, so that the call can be made again."""
        self.answer_at(call, answers, len(answers))

    def answer_at(self, call: Call, answers: Any, size: int) -> None:
        """Pass on answers that are bytes, or a pointer to ``size`` bytes."""
        function = self.library.released.tdc_call_answer
        self._checked(function, ctypes.byref(call), answers, size)

    def fail(self, status: int, scratch: Scratch, index: int = 0) -> NoReturn:
        """Raise what ``status`` and the scratch's error object say."""
        if status == Code.REQUESTS:
            raise RequestsError
        error, scratch.error.value = scratch.error.value, None
        problem = library_error(self.library.held, status, error, index)
        lacks_key = isinstance(problem, KeyUnknownError) and not self.has_provider
        if lacks_key and self.flags() & FLAG_HOST_KEYS:
            problem = KeyProviderError(
                "keys.host is true, but no key provider was given: pass key_provider=... to "
                f"temporal_tdc.open ({problem.message})",
                code=Code.ERR_KEY_PROVIDER,
                payload_index=problem.payload_index,
            )
        raise problem

    def _checked(self, function: Any, *arguments: Any) -> None:
        """Call a function between the handle and the error slot."""
        with self.borrowed() as scratch:
            status = function(self.argument, *arguments, scratch.error_out)
            if status != Code.OK:
                self.fail(status, scratch)


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
        raise library_error(library.held, status, error.value)
    return Handle(library, cast("int", out.value))
