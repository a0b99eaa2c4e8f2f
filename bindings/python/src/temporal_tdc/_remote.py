"""The HTTP client that asks a codec server, for configs with a ``remote`` codec.

The library makes the request and judges the answer; here it is only sent. ``httpx`` is an optional
dependency: ``pip install temporal-tdc[remote]``.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from temporal_tdc._abi import FLAG_REMOTE
from temporal_tdc._codes import Code
from temporal_tdc._errors import ConfigError, RemoteError
from temporal_tdc._handle import Handle
from temporal_tdc._requests import ask_user
from temporal_tdc._wire import bytes_field, fields, int_field

if TYPE_CHECKING:
    import httpx

RemoteHeaders: TypeAlias = Callable[[str], Mapping[str, str] | Awaitable[Mapping[str, str]]]
"""Gives headers for a request to a codec server by its URL, such as a fresh ``Authorization``.

They take precedence over headers of the config with the same name. It may be an ordinary function
(it then runs in a thread, so it may block) or a coroutine function, and is called for every
request. An exception fails the call with a transient ``RemoteError``.
"""

_HEADERS: Final = 3
_CONNECTIONS: Final = 32
"""To one server from one event loop at once; further requests wait within their timeout."""


class _Request:
    """What is to be sent: ``tdc.host.v1.HttpRequest``."""

    def __init__(self, message: bytes) -> None:
        """Read the message; header values can be credentials, and the body contains payloads."""
        values: dict[int, Any] = {}
        self.headers: dict[str, str] = {}
        for number, value in fields(message):
            values[number] = value
            if number == _HEADERS:
                header = dict(fields(value))
                self.headers[header[1].decode()] = header.get(2, b"").decode()
        self.method: str = values[1].decode()
        self.url: str = values[2].decode()
        self.body: bytes = values.get(4, b"")
        self.timeout: float = values.get(5, 0) / 1000
        self.max_response: int = values.get(6, 0)


class CodecServers:
    """Sends the requests that the library asks for."""

    def __init__(self, handle: Handle, headers: RemoteHeaders | None) -> None:
        """Keep the provider of headers.

        Raises:
            ConfigError: The config needs ``httpx`` and it is not installed.
        """
        self._headers = headers
        self._clients: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[bool, tuple[object, httpx.AsyncClient]]
        ] = weakref.WeakKeyDictionary()
        if handle.flags() & FLAG_REMOTE:
            _require_httpx()

    async def ask(self, message: bytes) -> bytes:
        """Send a request; give what came of it, whatever it is, as ``tdc.host.v1.HttpResponse``.

        Raises:
            RemoteError: There are no headers for it. Transient.
        """
        request = _Request(message)
        headers = await self._own_headers(request.url)
        try:
            status, body = await asyncio.wait_for(self._send(request, headers), request.timeout)
        except asyncio.TimeoutError:
            status, body = 0, f"no answer in {request.timeout:g} s".encode()
        return int_field(1, status) + bytes_field(2, body)

    async def _send(self, request: _Request, own: Mapping[str, str]) -> tuple[int, bytes]:
        httpx = _require_httpx()
        headers = httpx.Headers({**request.headers, "Accept-Encoding": "identity"})
        headers.update(own)
        client = await self._client(tls=request.url.startswith("https:"))
        try:
            async with client.stream(
                request.method, request.url, headers=headers, content=request.body
            ) as response:
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > request.max_response:
                        break
                return response.status_code, bytes(body)
        except httpx.ConnectError as error:
            return 0, f"cannot connect: {error}".encode()
        except httpx.HTTPError as error:
            # What it says may repeat a header.
            return 0, type(error).__name__.encode()

    async def _own_headers(self, url: str) -> Mapping[str, str]:
        if self._headers is None:
            return {}
        try:
            return await ask_user(self._headers, url)
        except Exception as error:
            raise RemoteError(
                "remote_headers failed", code=Code.ERR_REMOTE, transient=True
            ) from error

    async def _client(self, *, tls: bool) -> httpx.AsyncClient:
        """Give the pool of this event loop.

        It is opened inside an asynchronous generator, because a loop that ends closes these
        (``asyncio.run`` does): nothing else knows when the connections must close.
        """
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        if tls not in clients:
            # No other task runs between these lines: opening a client does not await.
            life = _life(tls=tls)
            clients[tls] = (life, await anext(life))
        return clients[tls][1]


async def _life(*, tls: bool) -> AsyncGenerator[httpx.AsyncClient]:
    httpx = _require_httpx()
    async with httpx.AsyncClient(
        follow_redirects=False,
        # The timeout is for the whole request, and ``ask`` keeps it.
        timeout=None,
        limits=httpx.Limits(max_connections=_CONNECTIONS),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        # Plain HTTP is for loopback: a proxy of the environment must not see it.
        trust_env=tls,
    ) as client:
        yield client


def _require_httpx() -> ModuleType:
    try:
        import httpx  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "the config has a remote codec, which needs httpx: pip install temporal-tdc[remote]",
            code=Code.ERR_CONFIG,
        ) from error
    return httpx
