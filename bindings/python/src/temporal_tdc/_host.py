"""What the library asks of its host: keys, types, codec servers, and reading the files again."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from temporal_tdc._codes import Code
from temporal_tdc._descriptors import provide_type
from temporal_tdc._errors import KeyProviderError, TdcError
from temporal_tdc._faults import PendingError
from temporal_tdc._handle import Handle
from temporal_tdc._remote import CodecServers, RemoteHeaders

KeyProvider: TypeAlias = Callable[[str], bytes | Awaitable[bytes | None] | None]
"""Gives the 32 bytes of a key by its id, or ``None`` for "there is no such key".

It may be an ordinary function (it then runs in a thread, so it may block) or a coroutine function.
An exception means that it cannot tell now: the call fails with a ``KeyProviderError``, which is
transient.
"""


ROUNDS: Final = 20
"""How often a call may ask for keys or a reload without getting on before we give up."""


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
        self._asking: dict[tuple[object, bytes], asyncio.Task[None]] = {}

    async def settle(self, pending: PendingError) -> None:
        """Do what ``pending`` asks, so that the call can be made again.

        Raises:
            KeyProviderError: The provider raised.
            KeyInvalidError: The provider gave something that is not a key.
            RemoteError: The codec server gave no usable answer.
            TdcError: Nobody here knows the message type that is asked for.
        """
        if pending.type_name:
            provide_type(self._handle, pending)
        if pending.request is not None:
            await self._servers.ask(pending.request)
        if pending.reload:
            await asyncio.to_thread(self._reload)
        for key_id in pending.key_ids:
            try:
                await asyncio.shield(self._ask_once(key_id))
            except TdcError:
                raise
            except Exception as error:
                raise KeyProviderError(
                    f'the key provider failed for the key "{key_id.decode(errors="replace")}"',
                    code=Code.ERR_KEY_PROVIDER,
                    payload_index=pending.cause.payload_index,
                ) from error

    def _reload(self) -> None:
        # The files may be half written; what was loaded before stays. If the key is really missing,
        # the next try of the call says so.
        with contextlib.suppress(TdcError):
            self._handle.reload()

    def _ask_once(self, key_id: bytes) -> asyncio.Task[None]:
        """Give the question that is under way for this key: a key service is not flooded."""
        loop = asyncio.get_running_loop()
        place = (loop, key_id)
        task = self._asking.get(place)
        if task is None:
            task = self._asking[place] = loop.create_task(self._ask(key_id))
            task.add_done_callback(lambda _: self._asking.pop(place, None))
        return task

    async def _ask(self, key_id: bytes) -> None:
        provider, name = self._provider, key_id.decode(errors="replace")
        key: bytes | None = None
        if provider is not None:
            if _is_coroutine_function(provider):
                answer = provider(name)
            else:
                answer = await asyncio.to_thread(provider, name)
            key = await answer if inspect.isawaitable(answer) else answer
        if key is None:
            self._handle.reject_key(key_id)
        else:
            self._handle.provide_key(key_id, key)


def _is_coroutine_function(provider: KeyProvider) -> bool:
    call = getattr(provider, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(provider) or inspect.iscoroutinefunction(call)
