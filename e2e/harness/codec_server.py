"""The codec server: `tdc serve` with a configuration of its own, and what its audit log says."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from harness.checks import eventually
from harness.processes import environment, free_port
from harness.stage import Stage
from harness.tokens import AUDIENCE


@dataclass
class CodecServer:
    """A running codec server."""

    url: str
    _audit: Path
    _log: Path
    _read: int = 0

    def heard(self) -> list[dict[str, Any]]:
        """The requests since the last time, as the audit log has them."""
        # The server writes a line before it answers, so the line exists once the answer has
        # arrived.
        lines = self._audit.read_text().splitlines()[self._read :]
        self._read += len(lines)
        return [json.loads(line) for line in lines]

    def told(self) -> str:
        """All that the server has written anywhere."""
        return self._log.read_text() + self._audit.read_text()


def rules(issuer: str, jwks: str) -> list[str]:
    """What the configuration says of three people: ada reads and writes, ben sees what is stored, cem has no right."""
    return [
        "namespaces: [ { match: default } ]",
        "  auth:",
        "    issuers:",
        f"      - {{ issuer: '{issuer}', audience: {AUDIENCE}, jwks: {jwks} }}",
        "    rules:",
        "      - { allow: [decode, encode], namespaces: [default], claims: { email: ada@e2e.test } }",
        "      - { pass_through: [decode], namespaces: [default], claims: { email: ben@e2e.test } }",
    ]


async def serve(  # noqa: PLR0913
    stage: Stage,
    name: str,
    lines: Sequence[str],
    *options: str,
    tls: bool = False,
    env: Mapping[str, str] | None = None,
    services: Sequence[str] = (),
) -> CodecServer:
    """Starts `tdc serve` with the first key of the workers; `lines` are what its configuration says besides.

    A line that begins with two spaces belongs to `server:`. Under the keys of `services`, URIs of key services, it
    opens what others have sealed.
    """
    port = free_port()
    config = stage.folder / f"{name}.yaml"
    audit = stage.folder / f"{name}-audit.log"
    top = [line for line in lines if not line.startswith("  ")]
    server = ["server:", f"  listen: 127.0.0.1:{port}", f"  audit: {{ file: {audit.name} }}"]
    server += [line for line in lines if line.startswith("  ")]
    keys = ["keys:", "  primary: key-a", "  ring:", "    key-a: { file: keys/key-a.key }"]
    keys += [f"    service-{number}: {{ service: '{uri}' }}" for number, uri in enumerate(services)]
    document = ["version: 1", *keys, "codecs: [zlib, encrypt]", *top, *server, ""]
    config.write_text("\n".join(document))
    return await start(stage, name, config, port, *options, audit=audit, tls=tls, env=env)


async def start(  # noqa: PLR0913
    stage: Stage,
    name: str,
    config: Path,
    port: int,
    *options: str,
    audit: Path | None = None,
    tls: bool = False,
    env: Mapping[str, str] | None = None,
) -> CodecServer:
    """Starts `tdc serve` with a configuration that says where it listens."""
    command: list[str | Path] = [stage.tdc.binary, "serve", "--config", config, *options]
    process = await stage.processes.start(name, command, environment(**(env or {})))
    url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:

        async def ready() -> bool | None:
            if process.returncode is not None:
                raise RuntimeError(f"the codec server ended at once: see {name}.log")
            try:
                async with session.get(f"{url}/readyz", ssl=False) as answer:
                    return True if answer.status == 200 else None
            except (TimeoutError, aiohttp.ClientError):
                return None

        await eventually(f"the codec server {name}", ready)
    return CodecServer(url, audit or Path(os.devnull), stage.folder / f"{name}.log")


async def ask(server: CodecServer, path: str, payload: dict[str, Any]) -> tuple[int, Any]:
    """Sends a payload, and gives status and payloads, or status and text."""
    async with (
        aiohttp.ClientSession(headers={"X-Namespace": "default"}) as session,
        session.post(f"{server.url}{path}", json={"payloads": [payload]}) as answer,
    ):
        if answer.status != 200:
            return answer.status, await answer.text()
        return answer.status, (await answer.json())["payloads"]
