"""Keys are rotated and the chain changes under running workflows: nothing fails, and old payloads still open."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHandle

from harness import history
from harness.checks import eventually
from harness.stage import Stage
from harness.vault import read_key

EVERYBODY = ("client", "go", "python", "typescript", "java")


@dataclass(frozen=True)
class Phase:
    """One step of the rotation: what the file says from now on, and who reads it again."""

    title: str
    primary: str
    ring: tuple[str, ...]
    compression: str
    reloads: tuple[str, ...]


# "Add everywhere, then promote": all can read a key before anybody writes with it. The last step
# breaks that rule.
PHASES = (
    Phase("the first key", "key-a", ("key-a",), "zlib", ()),
    Phase("the second key is added everywhere", "key-a", ("key-a", "key-b"), "zlib", EVERYBODY),
    Phase("it is promoted on two sides", "key-b", ("key-a", "key-b"), "zlib", ("client", "go")),
    Phase("it is promoted on the others", "key-b", ("key-a", "key-b"), "zlib", ("python", "typescript", "java")),
    Phase("the chain changes on two sides", "key-b", ("key-a", "key-b"), "zstd", ("client", "typescript", "java")),
    Phase("the chain changes on the others", "key-b", ("key-a", "key-b"), "zstd", ("go", "python")),
    Phase(
        "a third key is promoted on one side, the workers meet it unprepared",
        "key-c",
        ("key-a", "key-b", "key-c"),
        "zstd",
        ("client",),
    ),
)


async def rotation(stage: Stage) -> None:
    """Runs all phases over the same workflows, then has a fresh worker replay them."""
    opening = _long(stage.secret("opening"))
    ledger = await stage.client.start_workflow(
        "Ledger", args=[opening, stage.helpers], id="ledger", task_queue="go", result_type=list[str]
    )
    echoes = [
        await stage.client.start_workflow("Echo", opening, id=f"echo-{queue}", task_queue=queue, result_type=list[str])
        for queue in stage.workers
    ]
    said = [opening]
    for phase in PHASES:
        stage.config.write(phase.primary, phase.ring, phase.compression)
        await stage.reload(*phase.reloads)
        said.append(_long(stage.secret("entry")))
        await _say(stage, [ledger, *echoes], said, phase.title)

    await stage.restart("go")
    entries = await ledger.query("entries", result_type=list[str])
    stage.checks.equal(
        "rotation: a fresh worker replays payloads of all keys and both chains",
        entries,
        _stamped(stage, said),
    )
    for handle in (ledger, *echoes):
        await handle.signal("say", "close")
    stage.checks.equal("rotation: the ledger ends complete", await ledger.result(), _stamped(stage, said))
    for handle in echoes:
        stage.checks.equal(f"rotation: {handle.id} ends complete", await handle.result(), said)
    await _untroubled(stage, [ledger, *echoes])


def _long(text: str) -> str:
    # Compression keeps the original when it is not smaller.
    return f"{text} " * 40


def _stamped(stage: Stage, said: list[str]) -> list[str]:
    return [said[0], *(" ".join([word, *stage.helpers]) for word in said[1:])]


async def _say(stage: Stage, handles: list[WorkflowHandle[Any, list[str]]], said: list[str], title: str) -> None:
    """Sends one entry to every workflow, and waits until every helper has put its stamp on it."""
    ledger = handles[0]
    for handle in handles:
        await handle.signal("say", said[-1])

    async def arrived() -> list[str] | None:
        entries = await ledger.query("entries", result_type=list[str])
        return entries if len(entries) == len(said) else None

    entries = await eventually(f"the entry of {title!r}", arrived)
    stage.checks.equal(f"rotation: {title}: signal, activities and query", entries, _stamped(stage, said))
    read = await ledger.execute_update("read", "auditor", result_type=str)
    stage.checks.equal(f"rotation: {title}: update", read, f"auditor read {entries[-1]}")


async def _untroubled(stage: Stage, handles: list[WorkflowHandle[Any, list[str]]]) -> None:
    events: list[dict[str, Any]] = []
    for handle in handles:
        events += await stage.histories(handle.id)
    stage.checks.equal("rotation: no task and no activity failed or was tried again", troubles(events), [])
    await stage.closed("rotation", events)
    stored = list(history.payloads(events))
    stage.checks.equal(
        "rotation: the history holds payloads of all three keys",
        {history.key_id(payload) for payload in stored},
        {"key-a", "key-b", "key-c"},
    )
    inner = {_inner_encoding(stage, payload) for payload in stored}
    stage.checks.that(
        "rotation: the history holds payloads of both chains",
        inner >= {"binary/zlib", "binary/zstd"},
        inner,
    )


def troubles(events: Iterable[dict[str, Any]]) -> list[str]:
    """Everything in a history that did not work at the first attempt.

    A task that timed out is none: that is one which the server lost, as it does on a busy machine. What a codec can do
    wrong, stall included, fails the task at once.
    """
    found = []
    for event in events:
        kind = event["eventType"].removeprefix("EVENT_TYPE_")
        if kind.endswith(("_FAILED", "_TIMED_OUT", "_TERMINATED")) and kind != "WORKFLOW_TASK_TIMED_OUT":
            found.append(f"{kind}: {event}")
        last = event.get("activityTaskStartedEventAttributes", {}).get("lastFailure")
        if last and "timeoutFailureInfo" not in last:
            found.append(f"{kind}: {event}")
    return found


def _inner_encoding(stage: Stage, payload: dict[str, Any]) -> str:
    """Opens the encryption with another implementation, so that the layer below it shows."""
    sealed = history.data(payload)
    key = AESGCM(read_key(stage.folder / "keys", history.key_id(payload)))
    inner = Payload.FromString(key.decrypt(sealed[:12], sealed[12:], None))
    return inner.metadata["encoding"].decode()
