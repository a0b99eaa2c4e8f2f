"""A workflow in Go with activities in Python and Java: every kind of payload passes, and the server reads none."""

from dataclasses import dataclass, field
from typing import Any

from temporalio.client import WorkflowFailureError
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

from harness import history
from harness.checks import eventually
from harness.stage import Stage

REGION = SearchAttributeKey.for_keyword("OrderRegion")


@dataclass
class OrderInput:
    """The input and the result of the Go workflow."""

    customer: str
    helpers: list[str]
    carried: str = ""
    seen: list[str] = field(default_factory=list)
    round: int = 0


@dataclass
class Status:
    """What the Go workflow answers to a query and to an update."""

    customer: str
    answer: str


def _in_region(region: str) -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(REGION, region)])


async def orders(stage: Stage) -> None:
    """The order that succeeds, after continue-as-new."""
    checks = stage.checks
    customer, agent, summary, question, note, amendment = (
        stage.secret(what) for what in ("customer", "agent", "summary", "question", "note", "amendment")
    )

    handle = await stage.client.start_workflow(
        "Order",
        OrderInput(customer, stage.helpers),
        id="order-north",
        task_queue="go",
        result_type=OrderInput,
        memo={"agent": agent},
        static_summary=summary,
        search_attributes=_in_region("north"),
    )
    await stage.client.start_workflow(
        "Echo", "unrelated", id="echo-south", task_queue="go", search_attributes=_in_region("south")
    )

    status = await handle.query("status", question, result_type=Status)
    checks.equal("query: argument and answer cross", status, Status(customer, f"answer to {question}"))
    status = await handle.execute_update("amend", amendment, result_type=Status)
    checks.equal("update: argument and answer cross", status, Status(customer, f"answer to {amendment}"))
    await handle.signal("note", note)

    for helper in stage.helpers:
        await _heartbeat(stage, helper, f"{helper} heartbeat of {customer}")

    result = await handle.result()
    phrases = _phrases(customer, stage.helpers)
    checks.equal(
        "workflow: signal, update, side effect, activities and failures arrive after continue-as-new",
        (result.customer, result.round, sorted(result.seen)),
        (customer, 1, sorted([note, amendment, *phrases])),
    )
    memo = await (await handle.describe()).memo()
    checks.equal("memo: reads back", memo, {"agent": agent, "clerk": f"clerk of {customer}"})
    carried = [customer, agent, summary, note, amendment, f"answer to {amendment}", *phrases]
    await _history(stage, handle.id, customer, carried)
    await _search_attributes(stage)


def _phrases(customer: str, helpers: list[str]) -> list[str]:
    return [
        f"side effect of {customer}",
        f"carried for {customer}",
        *(f"{helper} handled {helper} heartbeat of {customer}" for helper in helpers),
        *(f"{helper} refuses {customer}" for helper in helpers),
        *(f"{helper} record of {customer}" for helper in helpers),
    ]


async def _heartbeat(stage: Stage, helper: str, heartbeat: str) -> None:
    """Looks at the heartbeat while the activity's first attempt waits, then lets it fail and be tried again."""

    async def probe() -> dict[str, Any] | None:
        described = await stage.temporal.describe("order-north")
        pending = described.get("pendingActivities", [])
        details = list(history.payloads([activity.get("heartbeatDetails") for activity in pending]))
        opened = await stage.tdc.decode(stage.config.path, details)
        return described if any(heartbeat in history.data(payload).decode() for payload in opened) else None

    described = await eventually(f"the heartbeat of {helper}", probe)
    decoded = await stage.closed(f"describe while {helper} works", described)
    stage.checks.that(f"heartbeat of {helper}: details are in it", heartbeat in decoded, decoded)
    await stage.workers[helper].tell("release", "released")


async def _history(stage: Stage, workflow: str, customer: str, expected: list[str]) -> None:
    events = await stage.histories(workflow)
    kinds = {event["eventType"] for event in events}
    stage.checks.that("history: has both runs", "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW" in kinds, kinds)
    decoded = await stage.closed("history", events)
    # A query leaves nothing in the history. All else must be there, or the test has looked in the
    # wrong place.
    expected += [f"{helper} stumbled over {customer}" for helper in stage.helpers]
    expected += [f"{helper} details of {customer}" for helper in stage.helpers]
    expected += [f"{helper} reason for {customer}" for helper in stage.helpers]
    expected.append(f"clerk of {customer}")
    missing = [phrase for phrase in expected if phrase not in decoded]
    stage.checks.equal(f"history: all {len(expected)} secrets are in it once decoded", missing, [])
    _hidden(stage, "history", events)


def _hidden(stage: Stage, title: str, document: Any) -> None:
    """`encode_common_attributes` moves message and stack trace of every failure into an encrypted payload."""
    found = list(history.failures(document))
    open_ones = [
        failure
        for failure in found
        if "encodedAttributes" not in failure
        or failure.get("message") != "Encoded failure"
        or failure.get("stackTrace")
    ]
    stage.checks.that(
        f"{title}: all {len(found)} failures hide message and stack trace",
        bool(found) and not open_ones,
        open_ones,
    )


async def _search_attributes(stage: Stage) -> None:
    checks = stage.checks
    found = await stage.found('OrderRegion = "north" AND OrderState = "shipped"')
    ids = {one["execution"]["workflowId"] for one in found}
    checks.equal("search attributes: a list filter finds the one order", ids, {"order-north"})
    fields = found[0]["searchAttributes"]["indexedFields"]
    values = {name: history.data(fields[name]) for name in ("OrderRegion", "OrderState")}
    checks.equal(
        "search attributes: stay readable",
        values,
        {"OrderRegion": b'"north"', "OrderState": b'"shipped"'},
    )
    await stage.closed("list", found)


async def refused(stage: Stage) -> None:
    """The order that fails: the reader with the key sees messages, details and causes, the server nothing."""
    customer = stage.secret("refused")
    helper = stage.helpers[-1]
    handle = await stage.client.start_workflow(
        "RefusedOrder", OrderInput(customer, [helper]), id="order-refused", task_queue="go"
    )
    try:
        await handle.result()
        stage.checks.that("failure: reaches the client", False, "the workflow completed")
    except WorkflowFailureError as error:
        cause = error.cause
        assert isinstance(cause, ApplicationError)
        seen = (cause.message, *cause.details)
        stage.checks.equal(
            "failure: the client reads message and details",
            seen,
            (f"refused order of {customer}", f"file on {customer}"),
        )
        chain = []
        inner: BaseException | None = cause.__cause__
        while inner is not None:
            chain.append(str(inner))
            inner = inner.__cause__
        stage.checks.that(
            f"failure: the client reads the causes from {helper}",
            any(f"{helper} refuses {customer}" in text for text in chain)
            and any(f"{helper} reason for {customer}" in text for text in chain),
            chain,
        )
    events = await stage.histories("order-refused")
    decoded = await stage.closed("failed order", events)
    stage.checks.that(
        "failed order: message is in the decoded history",
        f"refused order of {customer}" in decoded,
        decoded,
    )
    _hidden(stage, "failed order", events)
