"""What an operator gets wrong costs workflow tasks, never the workflow: once it is cured, the workflow completes.

There is a workflow for each site where workflow code decodes, and in it exactly one payload that its
worker cannot open: the one at that site. docs/WORKFLOWS.md has the same sites in a table.
"""

import asyncio
import contextlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    RPCError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)

from harness.answers import MARK, answer_to, answering, refusal_of
from harness.checks import eventually
from harness.events import first_event
from harness.sites import Bench, Settings, connect, failure_of, helper, make_site_keys, start
from harness.stage import Stage
from scenarios.garbage import garbage

#: How the SDK's logger begins a stack.
_STACK = re.compile(r"StackTrace=|PanicStack=|goroutine ")
#: The sites whose payloads come from others: from a client, an activity, a child or a Nexus operation.
FROM_OTHERS = (
    "input",
    "memo",
    "signal",
    "update",
    "query",
    "activity",
    "activity-failure",
    "child",
    "child-failure",
    "nexus",
    "nexus-failure",
    "nexus-late-failure",
)
#: Those whose payloads the worker itself wrote, and reads when it replays.
OWN = {
    "go": (
        "local-activity",
        "local-failure",
        "side-effect",
        "mutable-side-effect",
        "version",
        "continue-as-new",
    ),
    "java": ("local-activity", "local-failure", "side-effect", "mutable-side-effect", "continue-as-new"),
    "python": ("local-activity", "local-failure", "continue-as-new"),
    "typescript": ("local-activity", "local-failure", "continue-as-new"),
}


@dataclass(frozen=True)
class Fault:
    """What an operator got wrong, and what the worker says of it."""

    name: str
    code: str
    wrong: Settings
    #: How the worker writes what it reads itself later.
    writing: Settings
    #: Whether what is at the site is encrypted.
    sealed: bool
    #: Whether the configuration then cannot be read any more.
    unreadable: bool = False


FAULTS = (
    Fault("wrong-key", "TDC_ERR_AUTHENTICATION", Settings(site="wrong"), Settings(primary="site"), sealed=True),
    Fault("no-key", "TDC_ERR_KEY_UNKNOWN", Settings(site=""), Settings(primary="site"), sealed=True),
    Fault("plain", "TDC_ERR_NOT_ENCRYPTED", Settings(required=True), Settings(encrypt=False), sealed=False),
    # A call that meets an unknown key has the configuration read again. If that fails, the one that
    # the worker has stays in use.
    Fault(
        "unreadable",
        "TDC_ERR_KEY_UNKNOWN",
        Settings(site=""),
        Settings(primary="site"),
        sealed=True,
        unreadable=True,
    ),
)


async def cure(stage: Stage) -> None:
    """Runs all faults in every language, the languages side by side."""
    await make_site_keys(stage)
    async with contextlib.AsyncExitStack() as open_until_the_end:
        clients = {}
        for sealed in (True, False):
            clients[sealed] = await connect(stage, sealed=sealed)
            await open_until_the_end.enter_async_context(answering(stage, clients[sealed], helper(sealed=sealed)))
        async with asyncio.TaskGroup() as group:
            for name in stage.workers:
                group.create_task(stage.checks.run(_cured(stage, name, clients), f"cure in {name}"))
    if "go" in stage.workers:
        _one_line_for_a_failed_task(stage)


def _one_line_for_a_failed_task(stage: Stage) -> None:
    """By tdc's logger; the SDK's own adds the stack of the workflow's goroutine."""
    lines = (stage.folder / "cure-go.log").read_text().splitlines()
    for fault in FAULTS:
        wanted = ["Workflow panic", f"WorkflowID=cure-go-{fault.name}-", fault.code]
        if fault.unreadable:
            wanted.append("the last reload failed: ")
        told = any(all(text in line for text in wanted) for line in lines)
        stage.checks.that(f"{fault.name} in go: the log has the code", told, f"no line has {wanted}")
    # The logger escapes line breaks, so a stack is in the line of its error.
    stacks = [line for line in lines if "TDC_ERR" in line and _STACK.search(line)]
    stage.checks.equal("cure in go: no stack in the log", stacks, [])


async def _cured(stage: Stage, name: str, clients: dict[bool, Client]) -> None:
    async with start(stage, name, clients) as bench:
        if name == "typescript":
            stage.checks.skipped(f"garbage in {name}", "the SDK fails the task for whatever its codec cannot decode")
        else:
            await garbage(bench)
        for fault in FAULTS:
            await _fault(bench, fault)


async def _fault(bench: Bench, fault: Fault) -> None:
    """Has every site meet the fault at the same time, then cures it."""
    own = OWN[bench.name.rstrip("0123456789")]
    sites = {site: Site(bench, fault, site) for site in FROM_OTHERS + own}
    await bench.set(fault.writing)
    await asyncio.gather(*(sites[site].prepare() for site in own))
    await bench.set(fault.wrong)
    if fault.unreadable:
        bench.make_unreadable()
    await asyncio.gather(*(site.meet() for site in sites.values()))
    await asyncio.gather(*(site.failed() for site in sites.values()))
    await bench.set(Settings())
    await asyncio.gather(*(site.completed() for site in sites.values()))


class Site:
    """One workflow, which meets a fault at one site."""

    def __init__(self, bench: Bench, fault: Fault, site: str) -> None:
        self._bench = bench
        self._fault = fault
        self._site = site
        self._title = f"{fault.name} at {site} in {bench.name}"
        self._id = f"cure-{bench.name}-{fault.name}-{site}"
        self._client = bench.clients[fault.sealed]
        # What is plain on purpose must not be looked for in the server's database.
        self._opening = bench.stage.secret("opening") if fault.sealed else f"opening-{secrets.token_hex(12)}"
        self._word = MARK + self._opening

    @property
    def _handle(self) -> WorkflowHandle[Any, list[str]]:
        return self._client.get_workflow_handle(self._id, result_type=list[str])

    async def _start(self, *, opening: str = "", memo: dict[str, str] | None = None) -> str:
        """Starts the workflow and gives the id of its run."""
        started = await self._client.start_workflow(
            "Sites",
            args=[opening or self._opening, helper(sealed=self._fault.sealed)],
            id=self._id,
            task_queue=self._bench.config.stem,
            memo=memo,
            # The SDKs report the first failure of a task only; the server waits for the end of the
            # others.
            task_timeout=timedelta(seconds=5),
        )
        assert started.result_run_id
        return started.result_run_id

    async def prepare(self) -> None:
        """Has the worker write the payload that it cannot read later."""
        run = await self._start()
        await self._handle.signal("step", self._site)
        if self._site == "continue-as-new":
            continued = await self._event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW, run)
            run = continued.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
            await self._event(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, run)
        else:
            await self._event(EventType.EVENT_TYPE_MARKER_RECORDED)

    async def meet(self) -> None:
        """Has the worker decode at the site."""
        match self._site:
            case "input":
                await self._start(opening=self._word)
            case "memo":
                await self._start(memo={"note": self._word})
                await self._handle.signal("step", "memo")
            case "signal":
                await self._start()
                await self._handle.signal("say", self._word)
            case "update":
                await self._start()
                # The server tells the caller of an update to try again once the task has failed.
                with contextlib.suppress(RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
                    await self._handle.start_update(
                        "amend",
                        self._word,
                        id=self._id,
                        wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                        rpc_timeout=timedelta(seconds=2),
                    )
            case "query":
                await self._start()
            case site if site in FROM_OTHERS:
                await self._start()
                await self._handle.signal("step", site)
        # The update must be in the history before the workflow ends, and the query is asked of one
        # that runs.
        if self._site not in ("update", "query"):
            await self._handle.signal("step", "close")

    async def failed(self) -> None:
        """Checks that the task fails, for the expected reason."""
        said = await (self._query_failure() if self._site == "query" else self._task_failure())
        title = f"{self._title}: {self._fault.code}"
        if said is None:
            reason = "the server lost the first attempt of the task, so the history does not say"
            self._bench.stage.checks.skipped(title, reason)
        else:
            self._bench.stage.checks.that(title, self._fault.code in said, said)

    async def _query_failure(self) -> str | None:
        return await eventually(f"the query of {self._id}", self._refused)

    async def _task_failure(self) -> str | None:
        """What the task's failure says; nothing where the server lost the first attempt.

        The history names the first fault of a task only, and a busy worker may lose one.
        """
        lost = False
        events = self._handle.fetch_history_events(wait_new_event=True)
        while True:
            try:
                event = await asyncio.wait_for(anext(events), 20 if lost else 180)
            except StopAsyncIteration:
                return "ended without a failed task"
            except TimeoutError:
                if lost:
                    return None
                raise
            # A busy worker fails others, of code that took too long.
            said = await failure_of(self._bench, event)
            if "TDC_ERR" in said:
                return said
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
                lost = True
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                lost = False

    async def _refused(self) -> str | None:
        try:
            answer = await self._handle.query("ask", self._word)
        except WorkflowQueryFailedError as error:
            # The server hands on nothing but the message, which some SDKs have encoded.
            said = str(error)
            return f"{self._fault.code}, encoded" if said == "Encoded failure" else said
        except RPCError:
            return None
        return f"answered {answer}"

    async def completed(self) -> None:
        """Checks that the workflow completes with the right values, and that nothing but tasks failed."""
        checks = self._bench.stage.checks
        if self._site == "query":
            answer = await eventually(f"the query of {self._id}", self._answered)
            checks.equal(f"{self._title}: answered after the cure", answer, [self._word, self._opening])
        if self._site == "update":
            accepted = await eventually(f"the update of {self._id}", self._updated)
            checks.equal(f"{self._title}: accepted after the cure", accepted, self._word)
        if self._site in ("update", "query"):
            await self._handle.signal("step", "close")
        checks.equal(f"{self._title}: completes after the cure", await self._handle.result(), self._expected())
        expected = {EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT}
        if self._site == "activity-failure":
            expected.add(EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED)
        if self._site == "child-failure":
            expected.add(EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED)
        if self._site in ("nexus-failure", "nexus-late-failure"):
            expected.add(EventType.EVENT_TYPE_NEXUS_OPERATION_FAILED)
        found = {event.event_type async for event in self._handle.fetch_history_events()}
        names = {kind: EventType.Name(kind) for kind in found - expected}
        faults = [name for name in names.values() if name.endswith(("_FAILED", "_TIMED_OUT", "_TERMINATED"))]
        checks.equal(f"{self._title}: nothing but tasks failed", faults, [])

    async def _answered(self) -> list[str] | None:
        try:
            answer: list[str] = await self._handle.query("ask", self._word, result_type=list[str])
        except RPCError:
            return None
        return answer

    async def _updated(self) -> str | None:
        try:
            answer: str = await self._handle.execute_update("amend", self._word, id=self._id, result_type=str)
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return None
        return answer

    def _expected(self) -> list[str]:
        local = self._opening
        read = {
            "input": [],
            "memo": [self._word],
            "signal": [self._word],
            "update": [self._word],
            "query": [],
            "activity": [answer_to(local)],
            "activity-failure": [", ".join(refusal_of(local))],
            "child": [answer_to(local)],
            "child-failure": [", ".join(refusal_of(local))],
            "nexus": [answer_to(local)],
            "nexus-failure": [", ".join(refusal_of(local))],
            "nexus-late-failure": [", ".join(refusal_of(local))],
            "local-activity": [f"answer to {local}"],
            "local-failure": [f"refusal of {local}, record of {local}"],
            "side-effect": [f"answer to {local}"],
            "mutable-side-effect": [f"answer to {local}"],
            "version": ["version 1"],
            "continue-as-new": [],
        }[self._site]
        return [self._word if self._site == "input" else self._opening, *read]

    async def _event(self, kind: EventType.ValueType, run: str | None = None) -> HistoryEvent:
        """Waits for the first event of a kind."""
        return await first_event(self._client.get_workflow_handle(self._id, run_id=run), kind)
