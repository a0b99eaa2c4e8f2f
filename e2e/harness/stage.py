"""Everything that a scenario needs, put together once."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import temporal_tdc
from temporalio.client import Client

from harness import history
from harness.checks import Checks, eventually
from harness.commands import Tdc, Temporal
from harness.config import Config
from harness.key_services import KeyServices
from harness.object_store import ObjectStorePrograms
from harness.processes import Processes, Worker


@dataclass
class Stage:
    """The server, the workers, a client with the shared configuration, and the folder they live in."""

    folder: Path
    checks: Checks
    processes: Processes
    temporal: Temporal
    #: The program of a server that is newer than the one of the command line.
    counting_server: Path
    #: The program of a Web UI that is newer than the dev server's.
    web_ui: Path
    tdc: Tdc
    config: Config
    codec: temporal_tdc.Tdc
    client: Client
    start_worker: Callable[[str], Awaitable[Worker]]
    #: The command of a program in the language of a worker: its name, and what the program does.
    tool: Callable[[str, str], list[str | Path]]
    #: OpenBao, moto and what goes with them; None where they could not be had.
    key_services: KeyServices | None = None
    #: The programs of the object store; None where they could not be had.
    object_store: ObjectStorePrograms | None = None
    #: The browser; None where there is none.
    chromium: Path | None = None
    #: The folder of Keycloak, and the Java that runs it; None where they could not be had.
    keycloak: tuple[Path, Path] | None = None
    workers: dict[str, Worker] = field(default_factory=dict)
    markers: list[str] = field(default_factory=list)

    def secret(self, what: str) -> str:
        """A text that is nowhere else, so that finding it anywhere is a leak."""
        marker = f"{what}-{secrets.token_hex(12)}"
        self.markers.append(marker)
        return marker

    @property
    def helpers(self) -> list[str]:
        """The workers whose activities the Go workflows run."""
        return [name for name in self.workers if name != "go"]

    async def restart(self, name: str) -> None:
        """Replaces a worker by a fresh process that has no workflow in its cache."""
        await self.workers[name].stop()
        self.workers[name] = await self.start_worker(name)

    async def reload(self, *names: str) -> None:
        """Has the named sides read the configuration again: "client" is the test itself, "java" every Java worker."""
        if "client" in names:
            self.codec.reload()
        for name, worker in self.workers.items():
            if name.rstrip("0123456789") in names:
                await worker.tell("reload", "reloaded")

    async def histories(self, workflow: str) -> list[dict[str, Any]]:
        """The events of every run of a workflow."""
        return [event for events in (await self.temporal.runs(workflow)).values() for event in events]

    async def found(self, query: str) -> list[dict[str, Any]]:
        """Waits until a list filter finds executions: the server writes its lists behind the histories."""

        async def probe() -> list[dict[str, Any]] | None:
            return await self.temporal.list(query) or None

        return await eventually(f"an execution with {query}", probe)

    async def happened(self, workflow: str, kind: str) -> None:
        """Waits until a workflow's history has an event of this kind, like WORKFLOW_EXECUTION_FAILED."""

        async def probe() -> bool | None:
            kinds = {event["eventType"] for event in await self.histories(workflow)}
            return True if f"EVENT_TYPE_{kind}" in kinds else None

        await eventually(f"{kind} in {workflow}", probe)

    async def closed(self, title: str, document: Any) -> str:
        """Checks what every document of the server must fulfil, and returns all decoded contents as one text.

        No secret is readable, every payload is encrypted, and every payload opens with `tdc decode`.
        """
        found = list(history.payloads(document))
        self.unread(title, document)
        outer = {history.encoding(payload) for payload in found}
        self.checks.equal(f"{title}: all {len(found)} payloads are encrypted", outer, {"binary/encrypted"})
        decoded = await self.tdc.decode(self.config.path, found)
        inner = {history.encoding(payload) for payload in decoded}
        self.checks.that(
            f"{title}: all {len(found)} payloads open with tdc decode",
            len(decoded) == len(found) and inner <= {"json/plain", "binary/null"},
            inner,
        )
        return "\n".join(history.data(payload).decode() for payload in decoded)

    def unread(self, title: str, document: Any) -> None:
        """Checks that no secret of the whole test can be read in a document of the server."""
        self.checks.equal(f"{title}: no plaintext", history.leaks_in(document, self.markers), [])
