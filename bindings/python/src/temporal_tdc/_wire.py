"""The little protobuf that this binding writes itself: lengths, and the serialization context."""

from __future__ import annotations

from typing import Final

from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

DATA_TAG: Final = b"\x12"
"""The tag of ``Payload.data``."""

_KEPT_SIZE: Final = 8 * 1024
_LOW_BITS: Final = 0x7F
_PAYLOADS_TAG: Final = b"\x0a"
_WORKFLOW: Final = b"\x08\x01"
_ACTIVITY: Final = b"\x08\x02"
_IS_LOCAL: Final = b"\x40\x01"


def encode_context(context: SerializationContext) -> bytes:
    """Encode a context; the fields are described in ``tdc.h``.

    Kinds that the library does not know, such as Nexus, name no namespace and no workflow: they are
    the empty message, which means no context.
    """
    if isinstance(context, WorkflowSerializationContext):
        return _WORKFLOW + _text(0x12, context.namespace) + _text(0x1A, context.workflow_id)
    if isinstance(context, ActivitySerializationContext):
        return b"".join(
            (
                _ACTIVITY,
                _text(0x12, context.namespace),
                _text(0x1A, context.workflow_id),
                _text(0x22, context.workflow_type),
                _text(0x2A, getattr(context, "activity_id", None)),  # older SDKs have none
                _text(0x32, context.activity_type),
                _text(0x3A, context.activity_task_queue),
                _IS_LOCAL if context.is_local else b"",
            )
        )
    return b""


def varint(value: int) -> bytes:
    """Encode a length as protobuf does."""
    out = bytearray()
    while value > _LOW_BITS:
        out.append(value & _LOW_BITS | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class ItemPrefixes(dict[int, bytes]):
    """The tag and length that stand before a serialised payload inside ``Payloads``."""

    def __missing__(self, size: int) -> bytes:
        """Make the prefix, and keep it if the size is a common one."""
        prefix = _PAYLOADS_TAG + varint(size)
        if size <= _KEPT_SIZE:
            self[size] = prefix
        return prefix


ITEM_PREFIXES: Final = ItemPrefixes()


def _text(tag: int, text: str | None) -> bytes:
    if not text:
        return b""
    content = text.encode()
    return bytes((tag,)) + varint(len(content)) + content
