"""A codec server of aiohttp as the Python sample describes it, the peer `python-server`.

Started by the load benchmark as `server.py HOST:PORT`.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from sample import SampleCodec

KEY_ID, KEY = "test-key-id", b"test-key-test-key-test-key-test!"


def build() -> web.Application:
    """Make the two routes."""
    codec = SampleCodec(KEY_ID, KEY)

    async def answer(
        request: web.Request, work: Callable[[list[Payload]], Awaitable[list[Payload]]]
    ) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        payloads = json_format.Parse(await request.read(), Payloads())
        result = Payloads(payloads=await work(list(payloads.payloads)))
        response = web.Response(text=json_format.MessageToJson(result))
        response.headers[hdrs.CONTENT_TYPE] = "application/json"
        return response

    async def encode(request: web.Request) -> web.Response:
        return await answer(request, codec.encode)

    async def decode(request: web.Request) -> web.Response:
        return await answer(request, codec.decode)

    application = web.Application(client_max_size=16 << 20)
    application.add_routes([web.post("/encode", encode), web.post("/decode", decode)])
    return application


if __name__ == "__main__":
    host, port = sys.argv[1].rsplit(":", 1)
    web.run_app(build(), host=host, port=int(port), access_log=None, print=None)
