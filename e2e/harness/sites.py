"""The workers of the workflow Sites, and how the test speaks to them."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import temporal_tdc
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from harness.answers import Chosen
from harness.config import make_keys
from harness.processes import Worker, environment
from harness.stage import Stage


@dataclass(frozen=True)
class Settings:
    """What the tdc.yaml of a worker says."""

    #: The key file of the key "site", or nothing where the ring lacks that key.
    site: str = "site"
    primary: str = "common"
    encrypt: bool = True
    required: bool = False

    def write(self, path: Path) -> None:
        """Replaces the file at once."""
        ring = {"common": "common"} | ({"site": self.site} if self.site else {})
        lines = ["version: 1", "keys:", f"  primary: {self.primary}", "  ring:"]
        lines += [f"    {key}: {{ file: {path.parent}/cure-keys/{file}.key }}" for key, file in ring.items()]
        encrypt = f"[encrypt: {{ required: {str(self.required).lower()} }}]"
        lines += [f"codecs: {encrypt if self.encrypt else '[]'}"]
        lines += ["failures: { encode_common_attributes: true }", "limits: { max_decoded_bytes: 1 MiB }", ""]
        fresh = path.with_suffix(".new")
        fresh.write_text("\n".join(lines))
        fresh.replace(path)


@dataclass
class Bench:
    """A worker of the workflow Sites, and how the test speaks to it."""

    stage: Stage
    name: str
    worker: Worker
    config: Path
    #: What clients mark goes under the key "site", or stays plain.
    clients: dict[bool, Client]
    reader: temporal_tdc.Tdc

    async def set(self, settings: Settings) -> None:
        """Has the worker go on with other settings."""
        settings.write(self.config)
        await self.worker.tell("reload", "reloaded")

    def make_unreadable(self) -> None:
        """Leaves a file that a call cannot reload when it meets an unknown key."""
        self.config.write_text("version: 1\ncodecs: [\n")


async def make_site_keys(stage: Stage) -> None:
    """Makes the keys: "wrong" holds other bytes for the key "site"."""
    await make_keys(stage.tdc, stage.folder / "cure-keys", ("common", "site", "wrong"))


async def connect(stage: Stage, *, sealed: bool) -> Client:
    """Connects a client, and that of the worker that answers."""
    rest, marked = stage.folder / "cure-rest.yaml", stage.folder / "cure-marked.yaml"
    Settings().write(rest)
    Settings(primary="site").write(marked)
    tdc = temporal_tdc.open(rest)
    codec = Chosen(temporal_tdc.open(marked).payload_codec if sealed else None, tdc.payload_codec)
    converter = dataclasses.replace(tdc.data_converter, payload_codec=codec)
    return await Client.connect(stage.temporal.address, data_converter=converter)


def helper(*, sealed: bool) -> str:
    """The task queue and Nexus endpoint of what answers: under the key "site", or plain."""
    return "answers-sealed" if sealed else "answers-plain"


@contextlib.asynccontextmanager
async def start(stage: Stage, name: str, clients: dict[bool, Client]) -> AsyncIterator[Bench]:
    """Starts the worker of a language."""
    config = stage.folder / f"cure-{name}.yaml"
    Settings().write(config)
    command = [*stage.tool(name, "sites-worker"), stage.temporal.address, config, f"cure-{name}"]
    worker = await stage.processes.worker(f"cure-{name}", command, environment())
    with temporal_tdc.open(stage.folder / "cure-rest.yaml") as reader:
        yield Bench(stage, name, worker, config, clients, reader)
    await worker.stop()


async def failure_of(bench: Bench, event: HistoryEvent) -> str:
    """The messages of a workflow task that its worker failed, and of its causes; nothing for other events."""
    failed = event.workflow_task_failed_event_attributes
    # That of the server: a signal came while the worker was closing the workflow.
    by_server = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
    if event.event_type != EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED or failed.cause == by_server:
        return ""
    failure = (await bench.reader.decode_message(failed)).failure
    messages = [failure.message]
    while failure.HasField("cause"):
        failure = failure.cause
        messages.append(failure.message)
    return ": ".join(messages)
