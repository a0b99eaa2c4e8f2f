"""What the tests of the key services share: checks of answers, and OpenBao's administrator."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

from harness import checks

from library import Answer

#: The key that is wrapped and unwrapped.
KEY = bytes(range(32))


class Checks(checks.Checks):
    """The same, for answers of a key service."""

    def opens(self, what: str, answer: Answer) -> None:
        """The key of the test came back."""
        self.that(what, answer.data_key == KEY, answer)

    def fails(self, what: str, answer: Answer, outcome: str, words: str = "") -> None:
        """A failure of this kind, for this reason."""
        self.that(what, answer.outcome == outcome and words in answer.reason, answer)


def call(url: str, body: object = None, headers: Mapping[str, str] | None = None, method: str | None = None) -> Any:
    """A request of the administrator."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
    with urllib.request.urlopen(asked, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None


class Bao:
    """An OpenBao server with the transit engine."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, body: object = None, method: str | None = None, token: str = "root") -> Any:
        """A request by an administrator."""
        return call(f"{self.address}/v1/{path}", body, {"X-Vault-Token": token}, method)

    def token(self, policy: str, ttl: str = "1h", **more: object) -> str:
        """A token with one policy and an end."""
        made = self.ask("auth/token/create", {"policies": [policy], "ttl": ttl, **more}, "POST")
        text: str = made["auth"]["client_token"]
        return text

    def policy(self, name: str, *paths: str) -> None:
        """Allows updates on paths."""
        rules = "\n".join(f'path "{path}" {{ capabilities = ["update"] }}' for path in paths)
        self.ask(f"sys/policies/acl/{name}", {"policy": rules}, "PUT")
