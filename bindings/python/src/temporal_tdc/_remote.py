"""The HTTP client that asks a codec server, for configs whose codecs hold ``remote``.

The library makes the request and judges the answer; here it is only sent. ``httpx`` is an optional
dependency: ``pip install temporal-tdc[remote]``.
"""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import ModuleType
from typing import TYPE_CHECKING, Final, TypeAlias

from temporal_tdc._call import bytes_field, fields, int_field
from temporal_tdc._codes import Code
from temporal_tdc._errors import ConfigError, RemoteError
from temporal_tdc._handle import Handle

if TYPE_CHECKING:
    import httpx

RemoteHeaders: TypeAlias = Callable[[str], Mapping[str, str] | Awaitable[Mapping[str, str]]]
"""Gives headers for a request to a codec server by its URL, such as a fresh ``Authorization``.

They go before headers of the config of the same name. It may be an ordinary function (it then runs
in a thread, so it may block) or a coroutine function, and is asked for every request. An exception
fails the call with a transient ``RemoteError``.
"""

_CONNECTIONS: Final = 32
"""To one server from one event loop at once; further requests wait within their timeout."""


class _Request:
    """What is to be sent: ``tdc.host.v1.HttpRequest``."""

    def __init__(self, message: bytes) -> None:
        """Read the message; header values can be credentials, and the body holds payloads."""
        self.method = self.url = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.timeout = 0.0
        self.max_response = 0
        for number, value in fields(message):
            match number:
                case 1:
                    self.method = value.decode()
                case 2:
                    self.url = value.decode()
                case 3:
                    name, text = (part.decode() for _, part in fields(value))
                    self.headers[name] = text
                case 4:
                    self.body = value
                case 5:
                    self.timeout = value / 1000
                case 6:
                    self.max_response = value
                case _:
                    pass


class CodecServers:
    """Sends the requests that the library asks for."""

    def __init__(self, handle: Handle, headers: RemoteHeaders | None) -> None:
        """Keep who is asked for headers.

        Raises:
            ConfigError: The config needs ``httpx`` and it is not installed.
        """
        self._headers = headers
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bool, _Client]] = (
            weakref.WeakKeyDictionary()
        )
        if handle.has_remote:
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
            if _is_coroutine_function(self._headers):
                answer = self._headers(url)
            else:
                answer = await asyncio.to_thread(self._headers, url)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            raise RemoteError(
                "remote_headers failed", code=Code.ERR_REMOTE, transient=True
            ) from error

    async def _client(self, *, tls: bool) -> httpx.AsyncClient:
        """Give the pool of this event loop.

        It is opened inside an asynchronous generator, because a loop that ends closes these
        (``asyncio.run`` does): nobody else knows when the connections have to go.
        """
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        if tls not in clients:
            clients[tls] = _Client(tls=tls)
        return await clients[tls].get()


class _Client:
    """One pool of connections, which lives as long as its event loop."""

    def __init__(self, *, tls: bool) -> None:
        self._life = _life(tls=tls)
        self._client: httpx.AsyncClient | None = None

    async def get(self) -> httpx.AsyncClient:
        if self._client is None:
            # There is no other task between these lines: opening a client waits for nothing.
            self._client = await anext(self._life)
        return self._client


async def _life(*, tls: bool) -> AsyncGenerator[httpx.AsyncClient]:
    httpx = _require_httpx()
    async with httpx.AsyncClient(
        follow_redirects=False,
        # The timeout is for the whole request, and is kept by whoever makes it.
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


def _is_coroutine_function(headers: RemoteHeaders) -> bool:
    call = getattr(headers, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(headers) or inspect.iscoroutinefunction(call)
