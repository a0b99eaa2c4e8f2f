"""A workflow between a parent in Go and an activity in Java: it fails because of the one, and makes the other fail."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError


@workflow.defn(name="Courier")
class Courier:
    """Gives its work to the activity of a helper, which refuses."""

    @workflow.run
    async def run(self, customer: str, helper: str) -> None:
        """Fails with a message and details of its own, and with the activity's failure as the cause."""
        try:
            await workflow.execute_activity(
                "Refuse", customer, task_queue=helper, start_to_close_timeout=timedelta(minutes=1)
            )
        except ActivityError as error:
            raise ApplicationError(
                f"courier drops the parcel of {customer}", f"courier record of {customer}", type="Dropped"
            ) from error
