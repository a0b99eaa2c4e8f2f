"""Configs, payloads and keys for the tests."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from temporalio.api.common.v1 import Payload

_T = TypeVar("_T")

SERVER = Path(__file__).parents[3] / "target" / "e2e" / "temporal"

KEY = b"test-key-test-key-test-key-test!"
KEY_ID = "test-key-id"


def config(**changes: Any) -> str:
    """A config document that encrypts with one key; JSON is YAML too."""
    document = {
        "version": 1,
        "keys": {
            "primary": KEY_ID,
            "ring": {KEY_ID: {"insecure_inline": base64.b64encode(KEY).decode()}},
        },
        "codecs": ["encrypt"],
    }
    return json.dumps({**document, **changes})


def payload(data: bytes = b'"Testing"', encoding: bytes = b"json/plain") -> Payload:
    """A payload as the SDK's converters make them."""
    return Payload(metadata={"encoding": encoding}, data=data)


def write_key(path: Path, key: bytes) -> None:
    """Write a key file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(base64.b64encode(key).decode())


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine in a loop of its own.

    ``asyncio.run`` prints the whole result into a text that nobody reads (Python 3.11, looking up
    the signal handler), which takes seconds for megabytes.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
