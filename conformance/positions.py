"""Every position of a payload, and of a failure, in every message of Temporal's API.

A position is the way to it from a root message: the fields, one inside of the other. No message type is more than twice on a
way, so that causes have causes and the walk ends. One message is made for each position, with nothing in it but what leads there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAYLOAD = "temporal.api.common.v1.Payload"
FAILURE = "temporal.api.failure.v1.Failure"
ANY = "google.protobuf.Any"
#: What is in an Any: a message with payloads of its own, which Temporal sends so.
IN_ANY = "temporal.api.update.v1.Request"
#: Operations of Temporal's own Nexus endpoint, and what their envelope holds.
NEXUS_OPERATIONS = (
    "temporal.api.command.v1.ScheduleNexusOperationCommandAttributes",
    "temporal.api.history.v1.NexusOperationScheduledEventAttributes",
)
SYSTEM_ENDPOINT = "__temporal_system"
IN_ENVELOPE = "temporal.api.workflowservice.v1.SignalWithStartWorkflowExecutionRequest"


@dataclass(frozen=True)
class Position:
    """A way from a root to a payload or a failure."""

    root: str
    #: Descriptors of fields; a full name stands for the message inside of an Any or of an envelope.
    steps: tuple[Any, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The root and the full names of the fields; in angle brackets what an Any or an envelope holds."""
        return (self.root, *(f"<{step}>" if isinstance(step, str) else step.full_name for step in self.steps))

    def __str__(self) -> str:
        parts = [f"<{step}>" if isinstance(step, str) else step.name for step in self.steps]
        return f"{self.root}: {'.'.join(parts) or 'itself'}"


class Api:
    """The messages of an SDK's API, from its descriptors."""

    def __init__(self, descriptors: bytes) -> None:
        files = descriptor_pb2.FileDescriptorSet.FromString(descriptors)
        self._pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self._pool.Add(file)
        self.types = sorted(
            name for file in files.file if file.package.startswith("temporal.api.") for name in _names(file.package, file.message_type)
        )

    def positions(self, target: str) -> Iterator[Position]:
        """Every position of messages of the type `target`."""
        leading = self._leading(target)
        for root in self.types:
            for steps in self._ways(self._pool.FindMessageTypeByName(root), target, leading, {}):
                yield Position(root, steps)

    def message(self, position: Position, mark: Callable[[Any], None]) -> bytes:
        """A message with nothing in it but what leads to the position, where `mark` fills the message that it is given."""
        message = self._new(position.root)
        self._fill(message, position.steps, mark)
        return bytes(message.SerializeToString())

    def parse(self, name: str, message: bytes) -> Any:
        """Parses a message."""
        parsed = self._new(name)
        parsed.ParseFromString(message)
        return parsed

    def _new(self, name: str) -> Any:
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))()

    def _leading(self, target: str) -> set[str]:
        """The types that lead to `target`: the walk must not get lost in the others."""
        leading = {target, ANY}
        before = 0
        while before != len(leading):
            before = len(leading)
            for name in self.types:
                fields = self._pool.FindMessageTypeByName(name).fields
                if any((inner := _inner(field)) and inner.full_name in leading for field in fields):
                    leading.add(name)
        return leading

    def _ways(self, message: Any, target: str, leading: set[str], on_the_way: dict[str, int]) -> Iterator[tuple[Any, ...]]:
        name = message.full_name
        if name == target:
            yield ()
            if target == PAYLOAD:
                return
        if on_the_way.get(name, 0) == 2 or name not in leading:
            return
        on_the_way = {**on_the_way, name: on_the_way.get(name, 0) + 1}
        if name == ANY:
            # One level of it: what an Any holds is a root of its own.
            if on_the_way[name] == 1:
                inner = self._pool.FindMessageTypeByName(IN_ANY)
                yield from ((IN_ANY, *way) for way in self._ways(inner, target, leading, on_the_way))
            return
        for field in message.fields:
            inner = _inner(field)
            if inner is not None:
                yield from ((field, *way) for way in self._ways(inner, target, leading, on_the_way))
        if name in NEXUS_OPERATIONS:
            field = message.fields_by_name["input"]
            inner = self._pool.FindMessageTypeByName(IN_ENVELOPE)
            yield from ((field, IN_ENVELOPE, *way) for way in self._ways(inner, target, leading, on_the_way))

    def _fill(self, message: Any, steps: tuple[Any, ...], mark: Callable[[Any], None]) -> None:
        if not steps:
            mark(message)
            return
        step, *rest = steps
        if isinstance(step, str):
            inner = self._new(step)
            self._fill(inner, tuple(rest), mark)
            if message.DESCRIPTOR.full_name == ANY:
                message.type_url = f"type.googleapis.com/{step}"
                message.value = inner.SerializeToString()
            else:
                # Python's SDK knows an envelope by the third key.
                pairs = {"encoding": "binary/protobuf", "messageType": step, "__temporal_system_payload": "true"}
                message.metadata.update({key: value.encode() for key, value in pairs.items()})
                message.data = inner.SerializeToString()
            return
        if rest and rest[0] == IN_ENVELOPE:
            message.endpoint = SYSTEM_ENDPOINT
        field = getattr(message, step.name)
        if step.message_type.GetOptions().map_entry:
            entry = step.message_type.fields_by_name
            key: Any = "key" if entry["key"].cpp_type == entry["key"].CPPTYPE_STRING else 1
            self._fill(field[key], tuple(rest), mark)
        elif step.is_repeated:
            self._fill(field.add(), tuple(rest), mark)
        else:
            field.SetInParent()
            self._fill(field, tuple(rest), mark)


def _inner(field: Any) -> Any:
    """The message that a field holds, of a map that of its values; None where it holds none."""
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return inner.fields_by_name["value"].message_type
    return inner


def _names(scope: str, messages: Any) -> Iterator[str]:
    for message in messages:
        if not message.options.map_entry:
            yield f"{scope}.{message.name}"
            yield from _names(f"{scope}.{message.name}", message.nested_type)
