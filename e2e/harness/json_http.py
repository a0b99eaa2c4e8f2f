"""JSON over HTTP, without an event loop."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def call(url: str, body: object = None, headers: Mapping[str, str] | None = None, method: str | None = None) -> Any:
    """Sends a request and returns the answer: a GET without a body, a POST with one, unless a method is given."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
    with urllib.request.urlopen(asked, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None
