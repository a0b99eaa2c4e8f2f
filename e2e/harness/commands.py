"""The two command lines that the test drives: `temporal` and `tdc`."""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.processes import PATIENCE, environment


class CommandError(Exception):
    """A command ended with another status than 0."""


async def run(command: Sequence[str | Path], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """Runs a command, with `env` in its environment besides, and returns its standard output."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(**(env or {}))
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(stdin)
    if process.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise CommandError(f"{shown}: status {process.returncode}: {err.decode().strip()}")
    return out


class Temporal:
    """The `temporal` command line, without any codec: it shows what the server has."""

    def __init__(self, binary: Path, address: str, web_ui: str) -> None:
        self.binary = binary
        self.address = address
        self.web_ui = web_ui

    async def json(self, *arguments: str) -> Any:
        """Runs a command and returns its JSON with payloads as they are stored."""
        options = ("--address", self.address, "--output", "json", "--no-json-shorthand-payloads")
        return json.loads(await run((self.binary, *arguments, *options)) or "null")

    async def history(self, workflow: str, run_id: str = "") -> list[dict[str, Any]]:
        """The events of one run; without its id of the latest."""
        run_ids = ("-r", run_id) if run_id else ()
        shown = await self.json("workflow", "show", "-w", workflow, *run_ids)
        events: list[dict[str, Any]] = shown["events"]
        return events

    async def runs(self, workflow: str) -> dict[str, list[dict[str, Any]]]:
        """The events of every run by its id, the latest first: continue-as-new makes a chain of them.

        Each run names the one before it. A list of executions would be late: the server writes it behind the histories.
        """
        runs = {}
        events = await self.history(workflow)
        while True:
            started = events[0]["workflowExecutionStartedEventAttributes"]
            runs[started["originalExecutionRunId"]] = events
            before = started.get("continuedExecutionRunId")
            if not before:
                return runs
            events = await self.history(workflow, before)

    async def describe(self, workflow: str) -> dict[str, Any]:
        """The latest run as the server describes it, with its pending activities."""
        described: dict[str, Any] = await self.json("workflow", "describe", "-w", workflow)
        return described

    async def list(self, query: str) -> list[dict[str, Any]]:
        """The executions that a list filter finds."""
        found: list[dict[str, Any]] = await self.json("workflow", "list", "--query", query) or []
        return found


class Tdc:
    """The `tdc` command line."""

    def __init__(self, binary: Path) -> None:
        self.binary = binary

    async def keygen(self, path: Path) -> None:
        """Makes a key file."""
        await run((self.binary, "keygen", path))

    async def decode(self, config: Path, payloads: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Opens payloads, given and returned in the JSON form of a codec server."""
        body = json.dumps({"payloads": payloads}).encode()
        answer = json.loads(await run((self.binary, "decode", "--config", config), body))
        decoded: list[dict[str, Any]] = answer["payloads"]
        return decoded
