"""A worker in the test's own process: what the workflows of the other workers call."""

import contextlib
from collections.abc import AsyncIterator, Sequence

import nexusrpc
import nexusrpc.handler
from temporalio import activity, nexus, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import PayloadCodec
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness.stage import Stage

#: What is at the site that a check is about has this text in it.
MARK = "here: "


class Chosen(PayloadCodec):
    """Encodes what is marked by one codec and everything else by another."""

    def __init__(self, marked: PayloadCodec | None, rest: PayloadCodec) -> None:
        self._marked = marked
        self._rest = rest

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encodes each by its codec; what is marked stays plain if there is none for it."""
        return [await self._one(payload) for payload in payloads]

    async def _one(self, payload: Payload) -> Payload:
        codec = self._marked if MARK.encode() in payload.data else self._rest
        return (await codec.encode([payload]))[0] if codec else payload

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decodes by the codec that has all keys."""
        return await self._rest.decode(payloads)


def answer_to(word: str) -> str:
    """What is answered."""
    return f"{MARK}answer to {word}"


def refusal_of(word: str) -> tuple[str, str]:
    """The message and the details of a failure."""
    return f"{MARK}refusal of {word}", f"{MARK}record of {word}"


def _refuse(word: str) -> ApplicationError:
    message, details = refusal_of(word)
    # Of the benign ones the worker logs nothing.
    return ApplicationError(message, details, non_retryable=True, category=ApplicationErrorCategory.BENIGN)


@activity.defn(name="Answer")
async def answer(word: str) -> str:
    """Answers."""
    return answer_to(word)


@activity.defn(name="Refuse")
async def refuse(word: str) -> None:
    """Fails for good."""
    raise _refuse(word)


@workflow.defn(name="AnswerChild")
class AnswerChild:
    """Answers."""

    @workflow.run
    async def run(self, word: str) -> str:
        """Answers."""
        return answer_to(word)


@workflow.defn(name="RefuseChild")
class RefuseChild:
    """Fails."""

    @workflow.run
    async def run(self, word: str) -> None:
        """Fails."""
        raise _refuse(word)


@nexusrpc.service(name="Answers")
class Answers:
    """The operations."""

    answer: nexusrpc.Operation[str, str]
    refuse: nexusrpc.Operation[str, None]
    refuse_later: nexusrpc.Operation[str, None]


@nexusrpc.handler.service_handler(service=Answers)
class AnswersHandler:
    """Runs the operations."""

    @nexusrpc.handler.sync_operation
    async def answer(self, _context: nexusrpc.handler.StartOperationContext, word: str) -> str:
        """Answers."""
        return answer_to(word)

    @nexusrpc.handler.sync_operation
    async def refuse(self, _context: nexusrpc.handler.StartOperationContext, word: str) -> None:
        """Fails at once."""
        raise nexusrpc.OperationError("not today", state=nexusrpc.OperationErrorState.FAILED) from _refuse(word)

    @nexus.workflow_run_operation
    async def refuse_later(self, context: nexus.WorkflowRunOperationContext, word: str) -> nexus.WorkflowHandle[None]:
        """Fails when the workflow that it starts does."""
        return await context.start_workflow(RefuseChild.run, word, id=f"refuse-{context.request_id}")


@contextlib.asynccontextmanager
async def answering(stage: Stage, client: Client, queue: str) -> AsyncIterator[None]:
    """Runs the worker on a task queue and a Nexus endpoint of that name, with the client's codec."""
    target = ("--target-namespace", "default", "--target-task-queue", queue)
    await stage.temporal.json("operator", "nexus", "endpoint", "create", "--name", queue, *target)
    async with Worker(
        client,
        task_queue=queue,
        workflows=[AnswerChild, RefuseChild],
        activities=[answer, refuse],
        nexus_service_handlers=[AnswersHandler()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield
