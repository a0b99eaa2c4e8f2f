"""The serialization context as the library takes it: ``proto/tdc/context.proto``."""

from __future__ import annotations

from typing import Any, Final

import temporalio.converter
from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from temporal_tdc._wire import bytes_field, int_field

_WORKFLOW: Final = int_field(1, 1)
_ACTIVITY: Final = int_field(1, 2)
_NEXUS: Final = int_field(1, 3)
_IS_LOCAL: Final = int_field(8, 1)

_NexusContext: Any = getattr(temporalio.converter, "NexusSerializationContext", ())
"""Older SDKs have none, and nothing is an instance of ``()``."""


def encode_context(context: SerializationContext) -> bytes:
    """Encode a context.

    Kinds that the library does not know are the empty message, which means no context. That of a
    Nexus operation names no namespace, so the one given at open counts.
    """
    if isinstance(context, WorkflowSerializationContext):
        return _WORKFLOW + _texts(context.namespace, context.workflow_id)
    if isinstance(context, ActivitySerializationContext):
        texts = _texts(
            context.namespace,
            context.workflow_id,
            context.workflow_type,
            getattr(context, "activity_id", None),  # older SDKs have none
            context.activity_type,
            context.activity_task_queue,
        )
        return _ACTIVITY + texts + (_IS_LOCAL if context.is_local else b"")
    if isinstance(context, _NexusContext):
        place: Any = context
        return _NEXUS + _texts(place.endpoint, place.service, place.operation, first=9)
    return b""


def _texts(*texts: str | None, first: int = 2) -> bytes:
    """Encode texts as the fields from ``first`` on."""
    return b"".join(
        bytes_field(number, text.encode()) for number, text in enumerate(texts, first) if text
    )
