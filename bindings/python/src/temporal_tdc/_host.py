"""Makes calls, and answers what they ask of the host until they need nothing more."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from temporal_tdc._errors import TdcError
from temporal_tdc._handle import Handle
from temporal_tdc._keys import KeyProvider, Keys
from temporal_tdc._remote import CodecServers, RemoteHeaders
from temporal_tdc._requests import Call, Kind, Request, RequestsError

_T = TypeVar("_T")


class Host:
    """Answers the library's requests for one handle."""

    def __init__(
        self, handle: Handle, provider: KeyProvider | None, headers: RemoteHeaders | None
    ) -> None:
        """Keep who is asked; without a provider there is no key of the host."""
        handle.has_provider = provider is not None
        self._handle = handle
        self._keys = Keys(provider)
        self._servers = CodecServers(handle, headers)

    async def run(self, work: Callable[..., _T | None], fits_the_loop: Callable[[], bool]) -> _T:
        """Make a call until it has all that it asks for.

        The library sees to it that this ends: it asks for nothing twice.

        Args:
            work: Makes the call. It gets ``state``, a pointer to the ``Call``, and ``release``:
                whether it runs in a thread of its own. ``None`` means that there is more to do.
            fits_the_loop: Whether the next try is quick enough for the event loop.

        Raises:
            KeyProviderError: The key provider raised.
            RemoteError: The codec server gave no usable answer.
            TdcError: The call fails, or the library refuses an answer.
        """
        call = Call(self._handle.library.held)
        state = ctypes.byref(call)
        while True:
            try:
                if fits_the_loop():
                    result = work(state=state, release=False)
                else:
                    result = await asyncio.to_thread(work, state=state, release=True)
            except RequestsError:
                answers = await asyncio.gather(*map(self._answer, call.requests()))
                self._handle.answer(call, b"".join(answers))
            else:
                if result is not None:
                    return result

    async def _answer(self, request: Request) -> bytes:
        if request.kind == Kind.KEY:
            return await self._keys.answer(request)
        if request.kind == Kind.RELOAD:
            await asyncio.to_thread(self._reload)
            return request.answer(Kind.RELOAD)
        if request.kind == Kind.HTTP:
            return request.answer(Kind.HTTP, await self._servers.ask(request.message))
        if request.kind == Kind.DESCRIPTOR:
            return describe(request)
        return request.answer(Kind.UNKNOWN)

    def _reload(self) -> None:
        # The files may be half written; what was loaded before stays. If the key is really missing,
        # the next try of the call says so.
        with contextlib.suppress(TdcError):
            self._handle.reload()


def describe(request: Request, known: Any = None) -> bytes:
    """Answer a request for a message type with its file and the files that it needs.

    Args:
        request: What the library asks for.
        known: The file of the type where the caller has it; else the default pool is searched.

    Returns:
        The answer: that there is no such type where no module with it was imported.
    """
    file = known
    if file is None:
        try:
            file = descriptor_pool.Default().FindMessageTypeByName(request.text).file
        except KeyError:
            return request.answer(Kind.UNKNOWN)
    files = FileDescriptorSet()
    seen: set[str] = set()

    def add(each: FileDescriptor) -> None:
        """Add a file after all that it imports."""
        if each.name not in seen:
            seen.add(each.name)
            for imported in each.dependencies:
                add(imported)
            files.file.add().ParseFromString(each.serialized_pb)

    add(file)
    return request.answer(Kind.DESCRIPTOR, files.SerializeToString())
