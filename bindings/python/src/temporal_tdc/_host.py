"""What the library asks of its host: keys, types, codec servers, and reading the files again."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from temporal_tdc._call import Call, Kind, Request, answer
from temporal_tdc._codes import Code
from temporal_tdc._descriptors import describe
from temporal_tdc._errors import KeyProviderError, TdcError
from temporal_tdc._handle import Handle
from temporal_tdc._remote import CodecServers, RemoteHeaders

KeyProvider: TypeAlias = Callable[[str], bytes | Awaitable[bytes | None] | None]
"""Gives the 32 bytes of a key by its id, or ``None`` for "there is no such key".

It may be an ordinary function (it then runs in a thread, so it may block) or a coroutine function.
An exception means that it cannot tell now: the call fails with a ``KeyProviderError``, which is
transient.
"""


class Host:
    """Answers the library's questions for one handle."""

    def __init__(
        self, handle: Handle, provider: KeyProvider | None, headers: RemoteHeaders | None
    ) -> None:
        """Keep who is asked; without a provider every key the host is asked for is rejected."""
        handle.has_provider = provider is not None
        self._handle = handle
        self._servers = CodecServers(handle, headers)
        self._provider = provider
        self._asking: dict[tuple[object, str], asyncio.Task[bytes | None]] = {}

    async def settle(self, call: Call) -> None:
        """Answer all that the last try of ``call`` asks for, so that it can be made again.

        The library sees to it that this ends: it asks for nothing twice.

        Raises:
            KeyProviderError: The provider raised.
            KeyInvalidError: The provider gave something that is not a key.
            RemoteError: The codec server gave no usable answer.
            TdcError: The library refuses an answer.
        """
        answers = await asyncio.gather(*map(self._answer, call.requests()))
        self._handle.answer(call, b"".join(answers))

    async def _answer(self, request: Request) -> bytes:
        if request.kind == Kind.KEY:
            return await self._key(request)
        if request.kind == Kind.RELOAD:
            await asyncio.to_thread(self._reload)
            return answer(request, Kind.RELOAD)
        if request.kind == Kind.HTTP:
            return answer(request, Kind.HTTP, await self._servers.ask(request.message))
        if request.kind == Kind.DESCRIPTOR:
            return describe(request)
        return answer(request, Kind.UNKNOWN)

    async def _key(self, request: Request) -> bytes:
        try:
            key = await asyncio.shield(self._ask_once(request.text))
        except TdcError:
            raise
        except Exception as error:
            raise KeyProviderError(
                f'the key provider failed for the key "{request.text}"',
                code=Code.ERR_KEY_PROVIDER,
            ) from error
        if key is None:
            return answer(request, Kind.UNKNOWN)
        return answer(request, Kind.KEY, key)

    def _reload(self) -> None:
        # The files may be half written; what was loaded before stays. If the key is really missing,
        # the next try of the call says so.
        with contextlib.suppress(TdcError):
            self._handle.reload()

    def _ask_once(self, key_id: str) -> asyncio.Task[bytes | None]:
        """Give the question that is under way for this key: a key service is not flooded."""
        loop = asyncio.get_running_loop()
        place = (loop, key_id)
        task = self._asking.get(place)
        if task is None:
            task = self._asking[place] = loop.create_task(self._ask(key_id))
            task.add_done_callback(lambda _: self._asking.pop(place, None))
        return task

    async def _ask(self, key_id: str) -> bytes | None:
        provider = self._provider
        if provider is None:
            return None
        if _is_coroutine_function(provider):
            given = provider(key_id)
        else:
            given = await asyncio.to_thread(provider, key_id)
        return await given if inspect.isawaitable(given) else given


def _is_coroutine_function(provider: KeyProvider) -> bool:
    call = getattr(provider, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(provider) or inspect.iscoroutinefunction(call)
