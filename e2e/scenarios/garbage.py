"""What can never be decoded cannot stop a workflow, although any caller may send it.

A signal is dropped, an update is rejected, and a query is answered with the error.
"""

import zlib
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    RPCError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import RawValue

from harness.checks import eventually
from harness.sites import Bench, failure_of, helper
from harness.stage import Stage
from harness.vault import read_key


def kinds(stage: Stage) -> dict[str, Payload]:
    """What a caller could send, by the code of its error."""
    sealed = {
        "encoding": b"binary/encrypted",
        "encryption-cipher": b"AES/GCM/NoPadding",
        "encryption-key-id": b"common",
    }
    cipher = AESGCM(read_key(stage.folder / "cure-keys", "common"))
    return {
        "TDC_ERR_CIPHERTEXT": Payload(metadata=sealed, data=b"short"),
        "TDC_ERR_PROTOBUF": Payload(metadata=sealed, data=bytes(12) + cipher.encrypt(bytes(12), b"\xff", None)),
        "TDC_ERR_COMPRESSED": Payload(metadata={"encoding": b"binary/zlib"}, data=b"\x78\x9cbegins like zlib"),
        "TDC_ERR_LIMIT": Payload(metadata={"encoding": b"binary/zlib"}, data=zlib.compress(bytes(1 << 23))),
    }


async def garbage(bench: Bench) -> None:
    """Sends all kinds in all ways to one workflow, which then completes as if nothing had been."""
    stage, title = bench.stage, f"garbage in {bench.name}"
    opening, word, workflow = stage.secret("opening"), stage.secret("word"), f"cure-{bench.name}-garbage"
    client = bench.clients[True]
    raw = (await Client.connect(stage.temporal.address)).get_workflow_handle(workflow)
    handle = await client.start_workflow(
        "Sites", args=[opening, helper(sealed=True)], id=workflow, task_queue=bench.config.stem, result_type=list[str]
    )
    for code, payload in kinds(stage).items():
        await raw.signal("say", RawValue(payload))
        said = await eventually(f"the update of {title}", partial(_update, raw, payload))
        stage.checks.that(f"{title}: an update is rejected for {code}", said.startswith("rejected"), said)
        said = await eventually(f"the query of {title}", partial(_query, raw, payload))
        stage.checks.that(f"{title}: a query is refused for {code}", said.startswith("refused"), said)
    await handle.signal("say", word)
    await handle.signal("step", "close")
    stage.checks.equal(f"{title}: the workflow completes without it", await handle.result(), [opening, word])
    failed = [await failure_of(bench, event) async for event in handle.fetch_history_events()]
    stage.checks.equal(f"{title}: it fails no task", [failure for failure in failed if "TDC_ERR" in failure], [])


async def _update(handle: WorkflowHandle[Any, Any], payload: Payload) -> str | None:
    """What the caller of an update is told; nothing where a task failed, as those of a busy worker do."""
    try:
        return f"accepted {await handle.execute_update('amend', RawValue(payload))}"
    except WorkflowUpdateFailedError as error:
        return f"rejected {error.cause}"
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return None


async def _query(handle: WorkflowHandle[Any, Any], payload: Payload) -> str | None:
    """The same for a query."""
    try:
        return f"answered {await handle.query('ask', RawValue(payload))}"
    except WorkflowQueryFailedError as error:
        return f"refused {error}"
    except RPCError:
        return None
