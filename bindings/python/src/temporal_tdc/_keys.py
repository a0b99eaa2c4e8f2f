"""The keys that the host provides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from temporal_tdc._codes import Code
from temporal_tdc._errors import KeyProviderError, TdcError
from temporal_tdc._requests import Kind, Request, ask_user

KeyProvider: TypeAlias = Callable[[str], bytes | Awaitable[bytes | None] | None]
"""Gives the 32 bytes of a key by its id, or ``None`` if there is no such key.

It may be an ordinary function (it then runs in a thread, so it may block) or a coroutine function.
An exception means that it cannot tell now: the call fails with a ``KeyProviderError``, which is
transient.
"""


class Keys:
    """Answers requests for keys; without a provider there are none."""

    def __init__(self, provider: KeyProvider | None) -> None:
        """Keep who is asked."""
        self._provider = provider
        self._asking: dict[tuple[object, str], asyncio.Task[bytes | None]] = {}

    async def answer(self, request: Request) -> bytes:
        """Answer a request for a key.

        Raises:
            KeyProviderError: The provider raised.
        """
        try:
            key = await asyncio.shield(self._ask_once(request.text))
        except TdcError:
            raise
        except Exception as error:
            raise KeyProviderError(
                f'the key provider failed for the key "{request.text}"',
                code=Code.ERR_KEY_PROVIDER,
            ) from error
        return request.answer(Kind.UNKNOWN) if key is None else request.answer(Kind.KEY, key)

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
        return None if self._provider is None else await ask_user(self._provider, key_id)
