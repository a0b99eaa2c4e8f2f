"""The serialization context as the library takes it: ``proto/tdc/context.proto``."""

from __future__ import annotations

from typing import Final

from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from temporal_tdc._wire import bytes_field, int_field

_WORKFLOW: Final = int_field(1, 1)
_ACTIVITY: Final = int_field(1, 2)
_IS_LOCAL: Final = int_field(8, 1)


def encode_context(context: SerializationContext) -> bytes:
    """Encode a context.

    Kinds that the library does not know, such as Nexus, name no namespace and no workflow: they are
    the empty message, which means no context.
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
    return b""


def _texts(*texts: str | None) -> bytes:
    """Encode texts as the fields from 2 on."""
    return b"".join(
        bytes_field(number, text.encode()) for number, text in enumerate(texts, 2) if text
    )
