"""The calls on many payloads together and on one large payload.

What these cost is the number of copies. Small payloads travel as one serialised ``Payloads``: one
call and one parse for all of them. From 128 KiB up the contents cross the boundary as a slice of
their own, since serialising a payload copies it twice. A large answer is parsed in place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from time import perf_counter_ns
from typing import Any, Final

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from temporalio.api.common.v1 import Payload, Payloads

from temporal_tdc._abi import Buffer
from temporal_tdc._codes import Code
from temporal_tdc._direction import Direction, not_protobuf
from temporal_tdc._faults import TooSmallError
from temporal_tdc._frames import SIZES, SMALL, Frame
from temporal_tdc._wire import DATA_TAG, item_prefix, varint

_TWO_SLICES: Final = 128 * 1024
_OK: Final = int(Code.OK)
_UNCHANGED: Final = int(Code.UNCHANGED)
_Bytes: Final = ctypes.c_char * 0
_size_argument: Final[Any] = ctypes.c_size_t.from_param


def join_payloads(items: Iterable[bytes]) -> bytes:
    """Put serialised payloads together as one serialised ``Payloads``."""
    return b"".join([part for item in items for part in (item_prefix(len(item)), item)])


def call_many(
    direction: Direction, context: bytes, message: bytes, *, release: bool
) -> list[Payload]:
    """Encode or decode payloads together.

    Args:
        direction: Which of the two.
        context: The encoded serialization context.
        message: The payloads, as one serialised ``Payloads``.
        release: Whether to give up the GIL meanwhile.
    """
    begin = perf_counter_ns()
    answer = call_bytes(direction, context, message, release=release)
    try:
        payloads = Payloads.FromString(answer).payloads[:]
    except DecodeError as error:
        raise not_protobuf(None) from error
    direction.pace.note(len(message), perf_counter_ns() - begin)
    return payloads


def call_bytes(direction: Direction, context: bytes, message: bytes, *, release: bool) -> bytes:
    """Do what ``call_many`` does, before the answer is parsed."""
    handle = direction.handle
    call = direction.many_released if release else direction.many_held
    out = Buffer()
    with handle.borrowed() as frame:
        status = call(
            handle.argument,
            context,
            len(context),
            message,
            len(message),
            ctypes.byref(out),
            frame.error_out,
        )
        if status != _OK:
            handle.fail(status, frame)
    return direction.take(out)


def call_each(
    direction: Direction,
    context: bytes,
    payloads: Sequence[Payload],
    done: list[Payload],
    *,
    release: bool,
) -> list[Payload]:
    """Encode or decode payloads of any size one by one.

    Args:
        direction: Which of the two.
        context: The encoded serialization context.
        payloads: The payloads, which are not changed.
        done: Where the answers go; called again after a key has come, it goes on where it stopped.
        release: Whether to give up the GIL meanwhile.
    """
    for index in range(len(done), len(payloads)):
        answer = call_one(direction, context, payloads[index], index, release=release)
        done.append(answer)
    return done


def call_one(
    direction: Direction, context: bytes, payload: Payload, index: int, *, release: bool
) -> Payload:
    """Encode or decode one payload of any size; the arguments are those of ``call_each``."""
    begin = perf_counter_ns()
    head, data = _slices(direction, payload)
    size = len(head) + len(data)
    capacity = size + direction.headroom
    call = direction.one_released if release else direction.one_held
    handle = direction.handle
    frame = handle.take()
    try:
        # The export that `from_buffer` makes ends with the call: then the area can be cut to size.
        status = call(
            handle.argument,
            context,
            SIZES[len(context)],
            head,
            _size_argument(len(head)),
            data,
            _size_argument(len(data)),
            ctypes.byref(_Bytes.from_buffer(frame.sized_area(capacity))),
            _size_argument(capacity),
            frame.written_out,
            frame.error_out,
        )
        if status == _OK:
            return _answer(direction, frame)
        if status == _UNCHANGED:
            return payload
        handle.fail(status, frame, index)
    except TooSmallError as small:
        direction.headroom = small.size - size
    except DecodeError as error:
        raise not_protobuf(index) from error
    finally:
        handle.give(frame)
        if size > SMALL:
            direction.pace.note(size, perf_counter_ns() - begin)
    return call_one(direction, context, payload, index, release=release)


def _slices(direction: Direction, payload: Payload) -> tuple[bytes, bytes]:
    """Serialise a payload: whole, or its contents apart when they are large."""
    if direction.size >= _TWO_SLICES:
        data = payload.data
        direction.size = len(data)
        # Fields that this SDK does not know must come through too: then it is not taken apart.
        if len(data) >= _TWO_SLICES and not UnknownFieldSet(payload):
            rest = Payload(metadata=payload.metadata, external_payloads=payload.external_payloads)
            return rest.SerializeToString() + DATA_TAG + varint(len(data)), data
    whole = payload.SerializeToString()
    direction.size = len(whole)
    return whole, b""


def _answer(direction: Direction, frame: Frame) -> Payload:
    if frame.written.owned_data:
        return Payload.FromString(direction.take_owned(frame))
    del frame.area[frame.written.len :]
    # Protobuf reads a bytearray in place; its type stub says bytes.
    answer = Payload.FromString(frame.area)  # type: ignore[arg-type]
    frame.trim()
    return answer
