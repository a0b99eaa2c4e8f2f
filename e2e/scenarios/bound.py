"""Payloads that are bound to their workflow id: which sites open, and which do not, in each language.

docs/FORMAT.md has the same in a table.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import temporal_tdc
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowHandle,
)

from harness.answers import answer_to, answering, refusal_of
from harness.checks import eventually
from harness.events import first_event
from harness.processes import environment
from harness.stage import Stage

#: The task queue and the Nexus endpoint of what answers.
HELPER = "bound-answers"
#: Sites that a workflow passes one after the other, and what it reads there.
STEPS: dict[str, Callable[[str], str]] = {
    "activity": answer_to,
    "activity-failure": lambda word: ", ".join(refusal_of(word)),
    "child": answer_to,
    "child-failure": lambda word: ", ".join(refusal_of(word)),
    "local-activity": lambda word: f"answer to {word}",
    "local-failure": lambda word: f"refusal of {word}, record of {word}",
    "side-effect": lambda word: f"answer to {word}",
    "mutable-side-effect": lambda word: f"answer to {word}",
}
_TASK_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED

Handle = WorkflowHandle[Any, list[str]]


async def bound(stage: Stage) -> None:
    """Runs the sites in all languages, side by side."""
    config = stage.folder / "bound.yaml"
    lines = ["version: 1", "keys: { primary: key-a, ring: { key-a: { file: keys/key-a.key } } }"]
    lines += [
        "codecs: [encrypt: { bind: { fields: [workflow_id] } }]",
        "failures: { encode_common_attributes: true }",
        "",
    ]
    config.write_text("\n".join(lines))
    with temporal_tdc.open(config) as tdc:
        client = await Client.connect(stage.temporal.address, data_converter=tdc.data_converter)
        async with answering(stage, client, HELPER), asyncio.TaskGroup() as group:
            for name in stage.workers:
                language = Language(stage, name, client, tdc)
                group.create_task(stage.checks.run(language.run(), f"bound in {name}"))


class Language:
    """The sites in one language."""

    def __init__(self, stage: Stage, name: str, client: Client, tdc: temporal_tdc.Tdc) -> None:
        self._stage = stage
        self._name = name
        self._client = client
        self._tdc = tdc
        self._queue = f"bound-{name}"
        self._word = stage.secret("bound")

    async def run(self) -> None:
        """Runs all of them with one worker."""
        config = self._stage.folder / "bound.yaml"
        command = [*self._stage.tool(self._name, "sites-worker"), self._stage.temporal.address, config, self._queue]
        worker = await self._stage.processes.worker(self._queue, command, environment())
        await self._passed()
        await self._nexus()
        await self._reset()
        await self._scheduled()
        if self._name != "typescript":
            await worker.stop()

    async def _start(self, site: str) -> Handle:
        return await self._client.start_workflow(
            "Sites",
            args=[self._word, HELPER],
            id=f"{self._queue}-{site}",
            task_queue=self._queue,
            memo={"note": self._word},
            static_summary=self._word,
            result_type=list[str],
        )

    async def _passed(self) -> None:
        """Continue-as-new first, so that all else is read in a run whose input came from another one."""
        handle = await self._start("passed")
        await handle.signal("step", "continue-as-new")
        first = self._client.get_workflow_handle(handle.id, run_id=handle.result_run_id)
        continued = await first_event(first, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW)
        run = continued.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        await first_event(self._client.get_workflow_handle(handle.id, run_id=run), _TASK_COMPLETED)
        current: Handle = self._client.get_workflow_handle(handle.id, result_type=list[str])
        # Two of the SDKs have no side effects.
        lacks = "side-effect" if self._name in ("python", "typescript") else None
        steps = {site: read for site, read in STEPS.items() if lacks is None or lacks not in site}
        for site in steps:
            await current.signal("step", site)
        expected = [self._word, *(read(self._word) for read in steps.values())]

        async def asked() -> list[str] | None:
            read: list[str] = await current.query("ask", self._word, result_type=list[str])
            return read if len(read) > len(expected) else None

        read = await eventually(f"the sites of {handle.id}", asked)
        sites = ", ".join(["input, continue-as-new, signal, query", *steps])
        self._stage.checks.equal(f"bound to the workflow id, {self._name}: {sites}", read, [self._word, *expected])
        answer = await current.execute_update("amend", self._word, result_type=str)
        await current.signal("step", "close")
        result = await current.result()
        title = f"bound to the workflow id, {self._name}: update, result"
        self._stage.checks.equal(title, (answer, result), (self._word, [*expected, self._word]))

    async def _nexus(self) -> None:
        """Java's SDK says of no payload that it is one of a Nexus operation, nor of which workflow."""
        handle = await self._start("nexus")
        await handle.signal("step", "nexus")
        if self._name.startswith("java"):
            await self._refused(handle, "nexus", "none was given")
            return
        await handle.signal("step", "close")
        expected = [self._word, answer_to(self._word)]
        title = f"bound to the workflow id, {self._name}: nexus"
        self._stage.checks.equal(title, await handle.result(), expected)

    async def _reset(self) -> None:
        """A reset run has the input and the memo of the run before, and gets its signals again."""
        handle = await self._start("reset")
        await handle.signal("say", self._word)
        await handle.signal("step", "memo")
        first = await first_event(handle, _TASK_COMPLETED)
        summary = await (await handle.describe()).static_summary()
        request = ResetWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            workflow_task_finish_event_id=first.event_id,
            request_id=handle.id,
        )
        done = await self._client.workflow_service.reset_workflow_execution(request)
        again: Handle = self._client.get_workflow_handle(handle.id, run_id=done.run_id, result_type=list[str])
        await again.signal("step", "close")
        title = f"bound to the workflow id, {self._name}: summary, memo, reset, and the signals that it applies again"
        self._stage.checks.equal(title, [summary, *await again.result()], [self._word] * 4)

    async def _scheduled(self) -> None:
        """A schedule starts workflows under ids that are unknown when it is created."""
        action = ScheduleActionStartWorkflow(
            "Sites", args=[self._word, HELPER], id=f"{self._queue}-scheduled", task_queue=self._queue
        )
        schedule = await self._client.create_schedule(
            self._queue, Schedule(action=action, spec=ScheduleSpec()), trigger_immediately=True
        )

        async def started() -> str | None:
            actions = (await schedule.describe()).info.recent_actions
            return getattr(actions[0].action, "workflow_id", None) if actions else None

        workflow = await eventually(f"what the schedule {self._queue} starts", started)
        await self._refused(self._client.get_workflow_handle(workflow), "schedule", f'read in "{workflow}"')

    async def _refused(self, handle: Handle, site: str, words: str) -> None:
        """Checks that a task fails for its context; it would be retried forever."""
        if self._name == "go":
            # Go's SDK encodes the failure of a task without a context, so it is not encoded either,
            # and never sent.
            await first_event(handle, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
            said = self._log()
        elif self._name == "typescript":
            # So does TypeScript's, and there it is the worker that ends.
            said = await eventually(f"the end of {self._queue}", self._ended)
        else:
            failed = await first_event(handle, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
            decoded = await self._tdc.decode_message(failed.workflow_task_failed_event_attributes)
            said = decoded.failure.message
        title = f"bound to the workflow id, {self._name}: {site} is refused"
        self._stage.checks.that(title, "TDC_ERR_CONTEXT" in said and words in said, said)
        await handle.terminate()

    def _log(self) -> str:
        # Go's logger escapes quotes.
        return (self._stage.folder / f"{self._queue}.log").read_text().replace('\\"', '"')

    async def _ended(self) -> str | None:
        said = self._log()
        return said if "Worker failed" in said else None
