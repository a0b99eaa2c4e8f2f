"""The workflow and the activity of the example: nothing here knows about encryption."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

TASK_QUEUE = "orders"


@dataclass
class Order:
    """What the workflow is started with; on the server it is ciphertext."""

    number: str
    customer: str
    cents: int


@activity.defn
async def charge(order: Order) -> str:
    """Pretend to charge the customer."""
    return f"charged {order.cents / 100:.2f} to {order.customer}"


@workflow.defn
class OrderWorkflow:
    """Charges one order."""

    @workflow.run
    async def run(self, order: Order) -> str:
        """Run the one step there is."""
        return await workflow.execute_activity(
            charge, order, start_to_close_timeout=timedelta(seconds=30)
        )
