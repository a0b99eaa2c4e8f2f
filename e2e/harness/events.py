"""Events of a workflow as they come."""

import asyncio
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle

from harness.processes import PATIENCE


async def first_event(handle: WorkflowHandle[Any, Any], kind: EventType.ValueType) -> HistoryEvent:
    """Waits for the first event of a kind."""
    async with asyncio.timeout(PATIENCE):
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.event_type == kind:
                return event
    raise RuntimeError(f"{handle.id} ended without {EventType.Name(kind)}")
