"""What the tests of the key services stand on: checks, processes of servers, and OpenBao's administrator."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from library import Answer

#: The key that is wrapped and unwrapped.
KEY = bytes(range(32))


class Checks:
    """Counts what holds, and says what does not."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def that(self, what: str, holds: bool, found: object = "") -> None:
        """One line for each check."""
        self.passed, self.failed = self.passed + holds, self.failed + (not holds)
        print(f"  {'ok' if holds else 'FAILED'}  {what}" + ("" if holds else f": {found}"), flush=True)

    def opens(self, what: str, answer: Answer) -> None:
        """The key of the test came back."""
        self.that(what, answer.data_key == KEY, answer)

    def fails(self, what: str, answer: Answer, outcome: str, words: str = "") -> None:
        """A failure of this kind, for this reason."""
        self.that(what, answer.outcome == outcome and words in answer.reason, answer)


def free_port() -> int:
    """A port of loopback without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call(url: str, body: object = None, headers: Mapping[str, str] | None = None, method: str | None = None) -> Any:
    """A request of the administrator."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
    with urllib.request.urlopen(asked, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None


@contextlib.contextmanager
def process(arguments: list[str], probe: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it answers."""
    with log.open("ab") as out:
        started = subprocess.Popen(arguments, stdout=out, stderr=out)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(probe, timeout=2).close()
            except urllib.error.HTTPError:
                break
            except OSError:
                assert started.poll() is None, f"{arguments[0]} ended: see {log}"
                time.sleep(0.1)
            else:
                break
        yield started
    finally:
        started.terminate()
        started.wait(10)


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
