"""A workflow fails in Python inside of a Go parent, because of an activity in Java.

The server reads none of it, each client all of it.
"""

import json

from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError, FailureError

from harness import history
from harness.commands import run
from harness.stage import Stage

PARENT = "parcel"
CHILD = "parcel-courier"


async def parcel(stage: Stage) -> None:
    """Lets it fail, and reads it in the three languages."""
    checks = stage.checks
    customer = stage.secret("parcel")
    helper = stage.helpers[-1]
    handle = await stage.client.start_workflow("Parcel", args=[customer, helper], id=PARENT, task_queue="go")
    try:
        await handle.result()
        checks.that("parcel: fails", False, "the workflow completed")
    except WorkflowFailureError as error:
        in_python, stack_traces = _read(error.cause)
    expected = [
        f"parcel of {customer} is lost",
        f"parcel file on {customer}",
        f"courier drops the parcel of {customer}",
        f"courier record of {customer}",
        f"{helper} refuses {customer}",
        f"{helper} record of {customer}",
        f"{helper} reason for {customer}",
    ]
    checks.equal("parcel: a client in Python reads every message and detail", in_python, expected)
    checks.that(
        "parcel: a client in Python reads the stack traces of Python and of Java",
        any("courier.py" in trace for trace in stack_traces) and any("Activities" in trace for trace in stack_traces),
        stack_traces,
    )
    await _other_clients(stage, expected)
    for workflow in (PARENT, CHILD):
        events = await stage.histories(workflow)
        await stage.closed(f"history of {workflow}", events)
        found = list(history.failures(events))
        checks.that(
            f"history of {workflow}: all {len(found)} failures hide message and stack trace",
            bool(found) and all(one.get("message") == "Encoded failure" and not one.get("stackTrace") for one in found),
            found,
        )


def _read(failed: BaseException | None) -> tuple[list[str], list[str]]:
    """Messages and details of the errors that code has thrown, and all stack traces."""
    texts: list[str] = []
    stack_traces: list[str] = []
    while failed is not None:
        if isinstance(failed, ApplicationError):
            texts += [failed.message, *map(str, failed.details)]
        if isinstance(failed, FailureError) and failed.failure is not None:
            stack_traces.append(failed.failure.stack_trace)
        failed = failed.__cause__
    return texts, stack_traces


async def _other_clients(stage: Stage, expected: list[str]) -> None:
    for name in stage.workers:
        if name == "python":
            continue
        command = stage.tool(name, "read-failure")
        read = json.loads(await run([*command, stage.temporal.address, stage.config.path, PARENT]))
        # Java's client says as well which classes the stack traces name; Go's SDK gives none of
        # another language.
        classes = [text for text in read if text.startswith("io.tdc.e2e.")]
        texts = [text for text in read if text in expected]
        stage.checks.equal(f"parcel: a client in {name} reads every message and detail", texts, expected)
        if name != "go":
            stage.checks.that(f"parcel: a client in {name} reads the stack trace of Java", bool(classes), read)
