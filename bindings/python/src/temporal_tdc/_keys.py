"""The keys that the host provides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from temporal_tdc._codes import Code
from temporal_tdc._errors import KeyProviderError, TdcError
from temporal_tdc._requests import Flights, Kind, Request, ask_user

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
        self._flights = Flights()

    async def answer(self, request: Request) -> bytes:
        """Answer a request for a key.

        Raises:
            KeyProviderError: The provider raised.
        """
        if self._provider is None:
            return request.answer(Kind.UNKNOWN)
        ask = partial(ask_user, self._provider, request.text)
        try:
            # One request for each key, so that a key service is not flooded.
            key = await self._flights.ask(request.text, ask)
        except TdcError:
            raise
        except Exception as error:
            raise KeyProviderError(
                f'the key provider failed for the key "{request.text}"',
                code=Code.ERR_KEY_PROVIDER,
            ) from error
        return request.answer(Kind.UNKNOWN) if key is None else request.answer(Kind.KEY, key)
