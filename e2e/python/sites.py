"""The workflow that decodes at every site where workflow code can meet a payload; Go and Java have the same one."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError, FailureError

MINUTE = timedelta(minutes=1)
#: Operations that fail, at once and after a workflow.
_REFUSALS = {"nexus-failure": "refuse", "nexus-late-failure": "refuse_later"}


@activity.defn(name="AnswerLocally")
async def answer_locally(word: str) -> str:
    """Answers."""
    return f"answer to {word}"


@activity.defn(name="RefuseLocally")
async def refuse_locally(word: str) -> None:
    """Fails for good, with a message and details that are secret."""
    raise ApplicationError(f"refusal of {word}", f"record of {word}", non_retryable=True)


@workflow.defn(name="Sites")
class Sites:
    """Takes the steps that it is told, in their order, and answers with all that it has read."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._steps: asyncio.Queue[str] = asyncio.Queue()

    @workflow.run
    async def run(self, opening: str, helper: str) -> list[str]:
        """Passes the sites; the helper is the task queue and the Nexus endpoint from which answers come."""
        self._seen.insert(0, opening)
        while (step := await self._steps.get()) != "close":
            if step == "continue-as-new":
                workflow.continue_as_new(args=[opening, helper])
            self._seen.append(await _pass(step, opening, helper))
        return self._seen

    @workflow.signal
    def step(self, name: str) -> None:
        """Keeps a step."""
        self._steps.put_nowait(name)

    @workflow.signal
    def say(self, word: str) -> None:
        """Keeps a word."""
        self._seen.append(word)

    @workflow.update
    def amend(self, amendment: str) -> str:
        """Keeps an amendment and answers with it."""
        self._seen.append(amendment)
        return amendment

    @workflow.query
    def ask(self, question: str) -> list[str]:
        """Answers with the question and all that was read."""
        return [question, *self._seen]


async def _pass(step: str, opening: str, helper: str) -> str:
    """Takes one step and answers with what it read there."""
    if step == "memo":
        return workflow.memo_value("note", type_hint=str)
    read: Awaitable[str]
    match step:
        case "activity":
            read = workflow.execute_activity(
                "Answer", opening, task_queue=helper, start_to_close_timeout=MINUTE, result_type=str
            )
        case "activity-failure":
            read = _refused(
                workflow.execute_activity("Refuse", opening, task_queue=helper, start_to_close_timeout=MINUTE)
            )
        case "child":
            read = workflow.execute_child_workflow("AnswerChild", opening, task_queue=helper, result_type=str)
        case "child-failure":
            read = _refused(workflow.execute_child_workflow("RefuseChild", opening, task_queue=helper))
        case "nexus":
            read = _operation(helper, "answer", opening)
        case "nexus-failure" | "nexus-late-failure":
            read = _refused(_operation(helper, _REFUSALS[step], opening))
        case "local-activity":
            read = workflow.execute_local_activity(answer_locally, opening, start_to_close_timeout=MINUTE)
        case "local-failure":
            read = _refused(workflow.execute_local_activity(refuse_locally, opening, start_to_close_timeout=MINUTE))
        case _:
            raise ValueError(f"unknown step {step!r}")
    return await read


async def _operation(endpoint: str, name: str, word: str) -> str:
    client = workflow.create_nexus_client(service="Answers", endpoint=endpoint)
    return await client.execute_operation(name, word, output_type=str, schedule_to_close_timeout=MINUTE)


async def _refused(call: Awaitable[object]) -> str:
    """The message and the details of a failure: a reader needs both to be decoded."""
    try:
        await call
    except FailureError as error:
        # That of a local activity comes as it is, and that of a Nexus operation is around the one
        # that its handler gave as the cause.
        refusal: BaseException = error
        while isinstance(refusal, FailureError) and refusal.cause:
            refusal = refusal.cause
        if isinstance(refusal, ApplicationError):
            return f"{refusal.message}, {refusal.details[0]}"
        raise
    raise ValueError("expected a failure, found an answer")
