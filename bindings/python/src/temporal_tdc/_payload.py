"""The calls on one payload: a small one, which most of Temporal's calls are, and any other."""

from __future__ import annotations

import contextlib
import copy
import ctypes
from collections.abc import Callable, Sequence
from time import thread_time_ns
from typing import Any, Final, TypeAlias, cast

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from temporalio.api.common.v1 import Payload

from temporal_tdc._abi import TdcCall
from temporal_tdc._codes import Code
from temporal_tdc._cost import SMALL, TWO_SLICES, Cost
from temporal_tdc._errors import invalid_payload
from temporal_tdc._handle import Handle
from temporal_tdc._native_call import Native, native_operation
from temporal_tdc._requests import Call
from temporal_tdc._scratch import SIZES, Scratch
from temporal_tdc._wire import length_prefix

State: TypeAlias = Any
"""A pointer to the ``Call`` of a list; ``None`` for a try that can ask for nothing."""

SmallCall: TypeAlias = Callable[[Payload, int, State], Payload | None]

_OK: Final = int(Code.OK)
_UNCHANGED: Final = int(Code.UNCHANGED)
_TOO_SMALL: Final = int(Code.ERR_BUFFER_TOO_SMALL)
_DATA: Final = 2
# Older SDKs have fewer fields.
_REST: Final = tuple(field.name for field in Payload.DESCRIPTOR.fields if field.name != "data")
_Bytes: Final = ctypes.c_char * 0


def _reads_bytearray() -> bool:
    with contextlib.suppress(TypeError):  # older protobuf wants bytes
        Payload.FromString(cast("Any", bytearray()))
        return True
    return False


_READS_BYTEARRAY: Final = _reads_bytearray()


class Operation:
    """Encode or decode on one handle, in one serialization context.

    Attributes:
        one: The function for one payload, with the GIL held and released.
        many: The function for a serialised ``Payloads``, with the GIL held and released.
        cost: What the calls cost, in all contexts together.
        renew: Takes a call that is done and has left a request for the next data key; ``None`` for
            decode, which needs none.
    """

    def __init__(
        self, handle: Handle, verb: str, renew: Callable[[Call], None] | None = None
    ) -> None:
        """Look the functions up; ``verb`` is ``encode`` or ``decode``."""
        self.handle = handle
        self.renew = renew
        self.cost = Cost()
        libraries: tuple[Any, Any] = (handle.library.held, handle.library.released)
        self.one = tuple(getattr(each, f"tdc_codec_{verb}_payload") for each in libraries)
        self.many = tuple(getattr(each, f"tdc_codec_{verb}") for each in libraries)
        self.context = b""
        self.native: Native | None = native_operation(
            handle.library,
            handle.pointer,
            verb,
            reads_bytearray=_READS_BYTEARRAY,
        )
        if self.native is not None:
            handle.natives.append(self.native)

    def run_in_thread(self, payloads: Sequence[Payload]) -> list[Payload] | None:
        """Make a long call by the quick way; ``None`` where that cannot do it."""
        native = self.native
        if native is None:
            return None
        with self.handle.borrowed():
            return native.run(payloads, self.context, True) or None  # noqa: FBT003

    def within(self, context: bytes) -> Operation:
        """Give the same in the place that the encoded context names."""
        bound = copy.copy(self)
        bound.context = context
        return bound


def small_call(operation: Operation) -> SmallCall:
    """Make the function for one small payload.

    The number of Python operations counts here, so it is one closure over ready-made arguments, and
    it keeps the GIL: giving it up and taking it back costs more than encrypting some KiB.

    The function gets the payload, its place in the user's list, and the call that it is a part of.
    It returns ``None`` when the payload may take too long for the event loop or its size is a
    surprise, and raises as ``Handle.fail`` does. Without a call it is quicker, and returns ``None``
    whenever it cannot do it: then a call does it, which asks the host or says what is wrong. Where
    data keys are renewed, the call of the scratch memory notices that one is due. It goes on adding
    up what it used of the limits, and is made anew whenever anything but success comes of that.
    """
    handle, cost, context = operation.handle, operation.cost, operation.context
    take, give, new_scratch = handle.idle.pop, handle.idle.append, handle.new_scratch
    call, converter = operation.one[False], handle.argument
    serialise, parse = Payload.SerializeToString, Payload.FromString
    sizes, capacity, zero = SIZES, SIZES.make(handle.capacity), SIZES[0]
    context_size = sizes[len(context)]
    renews = operation.renew is not None

    def small(payload: Payload, index: int, state: State = None) -> Payload | None:
        if cost.size > SMALL:
            if state is None or not cost.fits_the_loop(1):
                return None
            return call_one(operation, payload, index, state=state, release=False)
        head = serialise(payload)
        size = len(head)
        if size > SMALL:
            cost.size = size
            return None
        try:
            scratch = take()
        except IndexError:
            scratch = new_scratch()
        try:
            spare = (
                scratch.call_out if renews and state is None and handle.has_key_services else state
            )
            status = call(
                converter,
                spare,
                context,
                context_size,
                head,
                sizes[size],
                None,
                zero,
                scratch.out,
                capacity,
                scratch.written_out,
                None if state is None else scratch.error_out,
            )
            if spare is not state and (status > _UNCHANGED or scratch.call.memory):
                _renew(operation, scratch, status)
            if status == _OK:
                if scratch.owned.data:
                    return parse(handle.take_bytes(scratch.owned))
                return parse(scratch.buffer[: scratch.written.len])
            if status == _UNCHANGED:
                return payload
            if state is None:
                return None
            if status == _TOO_SMALL:
                handle.size_needed(scratch)
                return None
            handle.fail(status, scratch, index)
        except DecodeError as error:
            raise invalid_payload(index) from error
        finally:
            give(scratch)
            if handle.closed:
                handle.drain()

    return small


def _renew(operation: Operation, scratch: Scratch, status: int) -> None:
    """Take over the call of the scratch memory, which gets a new one."""
    call = Call(operation.handle.library.held)
    ctypes.memmove(ctypes.byref(call), scratch.call_out, ctypes.sizeof(TdcCall))
    ctypes.memset(scratch.call_out, 0, ctypes.sizeof(TdcCall))
    if status <= _UNCHANGED and call.pending and operation.renew is not None:
        operation.renew(call)


def call_one(
    operation: Operation, payload: Payload, index: int, *, state: State, release: bool
) -> Payload:
    """Encode or decode one payload of any size; the arguments are those of ``call_all``."""
    begin = thread_time_ns()
    head, data = _slices(operation.cost, payload)
    size = len(head) + len(data)
    handle, context = operation.handle, operation.context
    capacity, status = 0, _TOO_SMALL
    scratch = handle.take()
    try:
        needed = handle.bound(size)
        # The keys of now may be others than those of the bound: then the error says what they need.
        while status == _TOO_SMALL and needed > capacity:
            capacity = needed
            # The export of `from_buffer` ends with the call: then the area can be cut to size.
            status = operation.one[release](
                handle.argument,
                state,
                context,
                SIZES[len(context)],
                head,
                SIZES[len(head)],
                data,
                SIZES[len(data)],
                ctypes.byref(_Bytes.from_buffer(scratch.sized_area(capacity))),
                SIZES[capacity],
                scratch.written_out,
                scratch.error_out,
            )
            if status == _TOO_SMALL:
                needed = handle.size_needed(scratch)
        if status == _OK:
            if scratch.owned.data:
                return Payload.FromString(handle.take_bytes(scratch.owned))
            del scratch.area[scratch.written.len :]
            # Newer protobuf reads a bytearray in place, whatever its type stub says.
            area: Any = scratch.area if _READS_BYTEARRAY else bytes(scratch.area)
            answer = Payload.FromString(area)
            scratch.trim()
            return answer
        if status == _UNCHANGED:
            return payload
        handle.fail(status, scratch, index)
    except DecodeError as error:
        raise invalid_payload(index) from error
    finally:
        handle.give(scratch)
        if size > SMALL:
            operation.cost.note(size, 1, thread_time_ns() - begin)


def _slices(cost: Cost, payload: Payload) -> tuple[bytes, bytes]:
    """Serialise a payload: whole, or its contents apart when they are large."""
    if cost.size >= TWO_SLICES:
        data = payload.data
        cost.size = len(data)
        # Fields that this SDK does not know must come through too: then it stays whole.
        if len(data) >= TWO_SLICES and not UnknownFieldSet(payload):
            rest = Payload(**{name: getattr(payload, name) for name in _REST})
            return rest.SerializeToString() + length_prefix(_DATA, len(data)), data
    whole = payload.SerializeToString()
    cost.size = len(whole)
    return whole, b""
