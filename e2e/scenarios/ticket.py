"""A client in TypeScript starts a workflow in Go, asks it, signals it, and reads its memo and its result."""

import json

from harness.commands import run
from harness.stage import Stage

_WORKFLOW = "ticket-typescript"


async def ticket(stage: Stage) -> None:
    """Compares what the client reads, and looks at what the server has."""
    if "typescript" not in stage.workers:
        stage.checks.skipped("ticket", "there is no Node.js")
        return
    customer, agent, question, word = (stage.secret(what) for what in ("customer", "agent", "question", "word"))
    arguments = (stage.temporal.address, stage.config.path, _WORKFLOW, customer, agent, question, word)
    read = json.loads(await run((*stage.tool("typescript", "ticket"), *arguments)))
    expected = {
        "status": {"customer": customer, "answer": f"answer to {question}"},
        "result": [f"{customer} python", word],
        "memo": {"agent": agent, "clerk": f"clerk of {customer}"},
    }
    stage.checks.equal("ticket: a client in TypeScript reads query, result and memo", read, expected)
    decoded = await stage.closed("history of the ticket", await stage.histories(_WORKFLOW))
    missing = [text for text in (customer, agent, word) if text not in decoded]
    stage.checks.equal("ticket: the history has what the client sent, once decoded", missing, [])
