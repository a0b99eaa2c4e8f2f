"""Makes calls, and answers their requests to the host until they need nothing more."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from temporal_tdc import _key_library
from temporal_tdc._errors import TdcError
from temporal_tdc._handle import Handle
from temporal_tdc._key_services import KINDS, KeyService, OwnKeyService
from temporal_tdc._keys import KeyProvider, Keys
from temporal_tdc._remote import CodecServers, RemoteHeaders
from temporal_tdc._requests import OBJECT, Call, Kind, Request, RequestsError
from temporal_tdc._stored import retrieve

if TYPE_CHECKING:
    from temporalio.converter import StorageDriver

_T = TypeVar("_T")


class Host:
    """Answers the library's requests for one handle."""

    def __init__(
        self,
        handle: Handle,
        provider: KeyProvider | None,
        headers: RemoteHeaders | None,
        key_service: KeyService | None,
    ) -> None:
        """Keep the providers; without a key provider the host has no keys.

        Without a key service ``libtdc_keys`` asks those that the config names.
        """
        handle.has_provider = provider is not None
        self._handle = handle
        self._keys = Keys(provider)
        self._servers = CodecServers(handle, headers)
        self._key_service = None if key_service is None else OwnKeyService(key_service)
        self._renewals: set[asyncio.Task[None]] = set()

    async def run(
        self,
        work: Callable[..., _T],
        drivers: Sequence[StorageDriver] = (),
        *,
        fits_the_loop: bool,
    ) -> _T:
        """Make a call until it has all that it asks for.

        This ends, because the library asks for nothing twice.

        Args:
            work: Makes the call. It gets ``state``, a pointer to the ``Call``, and ``release``:
                whether it runs in a thread of its own.
            drivers: Retrieve what references to stored objects name; without any, these stay.
            fits_the_loop: Whether a try is quick enough for the event loop.

        Raises:
            KeyProviderError: The key provider raised.
            KeyServiceError: The key service did not wrap or unwrap a data key.
            RemoteError: The codec server gave no usable answer.
            TdcError: The call fails, or the library refuses an answer.
        """
        call = Call(self._handle.library.held)
        state = ctypes.byref(call)
        if drivers:
            call.follow()
        while True:
            try:
                if fits_the_loop:
                    result = work(state=state, release=False)
                else:
                    result = await asyncio.to_thread(work, state=state, release=True)
            except RequestsError:
                await self._answer_all(call, drivers)
            else:
                if call.pending:
                    self.renew(call)
                return result

    def renew(self, call: Call) -> None:
        """Answer the request that a finished call left: to have the next data key wrapped.

        Nobody waits for it. When it fails, the data key of now goes on and a later call asks again.
        """
        if self._key_service is not None and self._key_service.needs_its_loop:
            task = asyncio.get_running_loop().create_task(self._renew(call))
            self._renewals.add(task)
            task.add_done_callback(self._renewals.discard)
            return
        with contextlib.suppress(RuntimeError):  # there are too many threads, or Python ends
            Thread(target=lambda: asyncio.run(self._renew(call)), daemon=True).start()

    async def _renew(self, call: Call) -> None:
        with contextlib.suppress(Exception):
            await self._answer_all(call)

    async def _answer_all(self, call: Call, drivers: Sequence[StorageDriver] = ()) -> None:
        """Answer all requests of a call together."""
        elsewhere = KINDS if self._key_service is None else frozenset[int]()
        requests = call.requests(without=elsewhere)
        objects = [request for request in requests if request.kind == OBJECT]
        ours = [
            request
            for request in requests
            if request.kind not in elsewhere and request.kind != OBJECT
        ]
        if len(ours) + len(objects) < len(requests):
            await asyncio.to_thread(_key_library.answer, self._handle, call)
        if ours or objects:
            answers, retrieved = await asyncio.gather(
                asyncio.gather(*map(self._answer, ours)), retrieve(drivers, objects)
            )
            self._handle.answer(call, b"".join([*answers, *retrieved]))

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
        if request.kind in KINDS and self._key_service is not None:
            return await self._key_service.answer(request)
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
