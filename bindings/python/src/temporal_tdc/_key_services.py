"""The key services that wrap data keys: a ``KeyService`` of the program, or ``libtdc_keys``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from temporal_tdc._errors import KeyServiceError
from temporal_tdc._requests import Flights, Kind, Request, ask_user, is_coroutine_function
from temporal_tdc._wire import bytes_field, fields, int_field

KINDS: Final = frozenset({Kind.WRAP, Kind.UNWRAP})
"""The kinds of requests that a key service answers."""

_AT_ONCE: Final = 16
"""As many data keys as the library requests at once."""


class ServiceKey(NamedTuple):
    """The key of a key service that wraps data keys.

    Attributes:
        uri: As the config has it, such as ``awskms://alias/orders?region=eu-central-1``.
        earlier: Keys that an alias of AWS named earlier: they are tried for unwrap as well.
        timeout: Seconds for one attempt. What takes longer is given up.
    """

    uri: str
    earlier: tuple[str, ...]
    timeout: float


class KeyService(Protocol):
    """Wraps and unwraps data keys instead of ``libtdc_keys``.

    Both methods may be ordinary ones (they then run in threads, at most 16 at once, so they may
    block) or coroutine functions. ``KeyServiceError`` says that the service refused, or that the
    wrapped key is not one of its own; any other exception means that it could not be asked, and its
    text becomes a part of the error. Neither may hold a secret.
    """

    def wrap(self, service: ServiceKey, data_key: bytes, /) -> bytes | Awaitable[bytes]:
        """Encrypt 32 bytes, which are a secret, with the service's key."""
        ...

    def unwrap(self, service: ServiceKey, wrapped: bytes, /) -> bytes | Awaitable[bytes]:
        """Decrypt a wrapped key from a payload, which may have been tampered with."""
        ...


class OwnKeyService:
    """Answers by the program's ``KeyService``."""

    def __init__(self, service: KeyService) -> None:
        """Keep who is asked."""
        self._service = service
        self._flights = Flights()
        self._threads: tuple[int, ThreadPoolExecutor] | None = None
        self.needs_its_loop = any(map(is_coroutine_function, (service.wrap, service.unwrap)))

    async def answer(self, request: Request) -> bytes:
        """Have a data key wrapped or unwrapped; calls that wait for the same one ask once."""
        ask = partial(self._ask, request.kind, request.message)
        kind, value = await self._flights.ask(request[1:], ask)
        return request.answer(kind, value)

    async def _ask(self, kind: int, message: bytes) -> tuple[Kind, bytes]:
        key, secret = _read(message)
        function: Callable[..., Any] = self._service.unwrap
        answer_kind = Kind.UNWRAP
        if kind == Kind.WRAP:
            function, answer_kind = self._service.wrap, Kind.WRAP
        try:
            asking = ask_user(function, key, secret, threads=self._executor())
            given = await asyncio.wait_for(asking, key.timeout)
        except KeyServiceError as error:
            return _failure(error.message, refused=error.refused, invalid=error.invalid)
        except asyncio.TimeoutError:
            return _failure(f"no answer in {key.timeout:g} s")
        except Exception as error:  # noqa: BLE001
            return _failure(f"{type(error).__name__}: {error}")
        if not isinstance(given, (bytes, bytearray)):
            return _failure(f"the KeyService gave {type(given).__name__}, not bytes")
        return answer_kind, bytes(given)

    def _executor(self) -> ThreadPoolExecutor:
        # A child of a fork has no threads.
        if self._threads is None or self._threads[0] != os.getpid():
            pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tdc-key-service")
            self._threads = os.getpid(), pool
        return self._threads[1]


def _read(message: bytes) -> tuple[ServiceKey, bytes]:
    """Read ``tdc.host.v1.Wrap`` or ``Unwrap``, which have the same form."""
    parts = dict(fields(message))
    uri, timeout = "", 0.0
    earlier: list[str] = []
    for number, value in fields(parts.get(1, b"")):
        if isinstance(value, int):
            timeout = value / 1000
        elif number == 1:
            uri = value.decode()
        else:
            earlier.append(value.decode())
    return ServiceKey(uri, tuple(earlier), timeout), parts.get(2, b"")


def _failure(reason: str, *, refused: bool = False, invalid: bool = False) -> tuple[Kind, bytes]:
    """Make ``tdc.host.v1.KeyServiceFailure``."""
    flags = (int_field(1, 1) if refused else b"") + (int_field(2, 1) if invalid else b"")
    text = reason.encode(errors="replace")
    return Kind.KEY_SERVICE_FAILURE, flags + bytes_field(3, text)
