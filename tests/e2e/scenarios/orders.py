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
        OrderInput(customer),
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

    for language in ("python", "java"):
        await _heartbeat(stage, language, f"{language} heartbeat of {customer}")

    result = await handle.result()
    phrases = _phrases(customer)
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


def _phrases(customer: str) -> list[str]:
    both = ("python", "java")
    return [
        f"side effect of {customer}",
        f"carried for {customer}",
        *(f"{language} handled {language} heartbeat of {customer}" for language in both),
        *(f"{language} refuses {customer}" for language in both),
        *(f"{language} record of {customer}" for language in both),
    ]


async def _heartbeat(stage: Stage, language: str, heartbeat: str) -> None:
    """Looks at the heartbeat while the activity's first attempt waits, then lets it fail and be tried again."""

    async def probe() -> dict[str, Any] | None:
        described = await stage.temporal.describe("order-north")
        # An activity that has failed keeps its heartbeat until it is tried again: that one is not meant.
        waiting = [
            activity
            for activity in described.get("pendingActivities", [])
            if "heartbeatDetails" in activity and activity["attempt"] == 1
        ]
        return described if waiting else None

    described = await eventually(f"the heartbeat of {language}", probe)
    decoded = await stage.closed(f"describe while {language} works", described)
    stage.checks.that(f"heartbeat of {language}: details are in it", heartbeat in decoded, decoded)
    await stage.workers[language].tell("release", "released")


async def _history(stage: Stage, workflow: str, customer: str, expected: list[str]) -> None:
    events = await stage.histories(workflow)
    kinds = {event["eventType"] for event in events}
    stage.checks.that("history: has both runs", "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW" in kinds, kinds)
    decoded = await stage.closed("history", events)
    # A query leaves nothing in the history. All else must be there, or the test has looked in the wrong place.
    expected += [f"{language} stumbled over {customer}" for language in ("python", "java")]
    expected += [f"{language} details of {customer}" for language in ("python", "java")]
    expected += [f"java reason for {customer}", f"clerk of {customer}"]
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
    found = await stage.temporal.list('OrderRegion = "north" AND OrderState = "shipped"')
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
    handle = await stage.client.start_workflow(
        "RefusedOrder", OrderInput(customer), id="order-refused", task_queue="go"
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
            "failure: the client reads the Java causes",
            any(f"java refuses {customer}" in text for text in chain)
            and any(f"java reason for {customer}" in text for text in chain),
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
