"""The calls on many payloads and on large ones.

What these cost is the number of copies and of fresh memory pages. Small payloads travel together,
as serialised ``Payloads`` of some 384 KiB: one call and one parse for all of them. From 128 KiB up
the contents cross the boundary as a slice of their own, since serialising a payload copies it
twice, and a large answer is parsed in place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from time import thread_time_ns
from typing import Any, Final, TypeAlias

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from temporalio.api.common.v1 import Payload, Payloads

from temporal_tdc._abi import Buffer
from temporal_tdc._codes import Code
from temporal_tdc._direction import Direction, not_protobuf
from temporal_tdc._faults import TooSmallError
from temporal_tdc._frames import SIZES, SMALL, Frame
from temporal_tdc._wire import DATA_TAG, ITEM_PREFIXES, varint

CallOut: TypeAlias = Any
"""A pointer to the ``Call`` of a list; ``None`` for one that can ask for nothing."""

SingleCall: TypeAlias = Callable[[Payload, int, CallOut], Payload | None]

_TOGETHER: Final = 16 * 1024
_GROUP: Final = 384 * 1024
_TWO_SLICES: Final = 128 * 1024


def _reads_bytearray() -> bool:
    area: Any = bytearray()
    try:
        Payload.FromString(area)
    except TypeError:
        return False
    return True


_READS_BYTEARRAY: Final = _reads_bytearray()
# Older SDKs have fewer fields.
_REST: Final = tuple(field.name for field in Payload.DESCRIPTOR.fields if field.name != "data")
_OK: Final = int(Code.OK)
_UNCHANGED: Final = int(Code.UNCHANGED)
_Bytes: Final = ctypes.c_char * 0
_size_argument: Final[Any] = ctypes.c_size_t.from_param


def call_all(
    direction: Direction,
    context: bytes,
    single: SingleCall,
    payloads: Sequence[Payload],
    done: list[Payload],
    *,
    state: CallOut,
    release: bool,
) -> None:
    """Encode or decode payloads of any number and size.

    Args:
        direction: Which of the two.
        context: The encoded serialization context.
        single: The call on one small payload in this direction and context.
        payloads: The payloads, which are not changed.
        done: Where the answers go. Called again, it goes on where it stopped: after a key has come,
            or when the rest turned out to be too much for the event loop.
        state: The call that all of these payloads are a part of.
        release: Whether this is a thread of its own: then the GIL is given up for what takes long,
            and nothing is too much.
    """
    if len(payloads) - len(done) > 1 and direction.size <= SMALL:
        direction.size = len(payloads[len(done)].SerializeToString())
    while (rest := len(payloads) - len(done)) > 0:
        if not release and not direction.fits_the_loop(rest):
            return
        begin, index = thread_time_ns(), len(done)
        if rest > 1 and direction.size <= _TOGETHER:
            group = payloads[index : index + max(2, _GROUP // max(1, direction.size))]
            _call_group(direction, context, group, done, state=state, release=release)
        elif direction.size <= SMALL:
            group = payloads[index : index + max(1, _GROUP // max(1, direction.size))]
            done += [
                single(payload, at, state)
                or call_one(direction, context, payload, at, state=state, release=release)
                for at, payload in enumerate(group, index)
            ]
        else:
            payload = payloads[index]
            done.append(call_one(direction, context, payload, index, state=state, release=release))
            continue
        direction.note(direction.size * len(group), len(group), thread_time_ns() - begin)


def call_together(
    direction: Direction,
    context: bytes,
    items: Sequence[bytes],
    *,
    state: CallOut,
    release: bool,
) -> list[Payload]:
    """Encode or decode serialised payloads by one call, however many and large they are."""
    parts = [part for item in items for part in (ITEM_PREFIXES[len(item)], item)]
    answer = call_bytes(direction, context, parts, state=state, release=release)
    try:
        return list(Payloads.FromString(answer).payloads)
    except DecodeError as error:
        raise not_protobuf(None) from error


def _call_group(
    direction: Direction,
    context: bytes,
    group: Sequence[Payload],
    done: list[Payload],
    *,
    state: CallOut,
    release: bool,
) -> None:
    items = list(map(Payload.SerializeToString, group))
    direction.size = sum(map(len, items)) // len(items)
    prefixes = ITEM_PREFIXES
    parts = [part for item in items for part in (prefixes[len(item)], item)]
    answer = call_bytes(direction, context, parts, len(done), state=state, release=release)
    try:
        done += Payloads.FromString(answer).payloads
    except DecodeError as error:
        raise not_protobuf(None) from error


def call_bytes(
    direction: Direction,
    context: bytes,
    parts: list[bytes],
    index: int = 0,
    *,
    state: CallOut,
    release: bool,
) -> bytes:
    """Encode or decode one serialised ``Payloads``, whose first one has ``index`` in the list.

    It comes in parts, which are put together in a buffer that is kept.
    """
    handle = direction.handle
    call = direction.many_released if release else direction.many_held
    out = Buffer()
    frame = handle.take()
    try:
        buffer = frame.message
        buffer.seek(0)
        buffer.writelines(parts)
        size = buffer.tell()
        with buffer.getbuffer() as message:
            status = call(
                handle.argument,
                state,
                context,
                len(context),
                _Bytes.from_buffer(message) if size else None,
                size,
                ctypes.byref(out),
                frame.error_out,
            )
        frame.trim()
        if status != _OK:
            handle.fail(status, frame, index)
    finally:
        handle.give(frame)
    return direction.take(out)


def call_one(
    direction: Direction,
    context: bytes,
    payload: Payload,
    index: int,
    *,
    state: CallOut,
    release: bool,
) -> Payload:
    """Encode or decode one payload of any size; the arguments are those of ``call_all``."""
    begin = thread_time_ns()
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
            state,
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
            direction.note(size, 1, thread_time_ns() - begin)
    return call_one(direction, context, payload, index, state=state, release=release)


def _slices(direction: Direction, payload: Payload) -> tuple[bytes, bytes]:
    """Serialise a payload: whole, or its contents apart when they are large."""
    if direction.size >= _TWO_SLICES:
        data = payload.data
        direction.size = len(data)
        # Fields that this SDK does not know must come through too: then it is not taken apart.
        if len(data) >= _TWO_SLICES and not UnknownFieldSet(payload):
            rest = Payload(**{name: getattr(payload, name) for name in _REST})
            return rest.SerializeToString() + DATA_TAG + varint(len(data)), data
    whole = payload.SerializeToString()
    direction.size = len(whole)
    return whole, b""


def _answer(direction: Direction, frame: Frame) -> Payload:
    if frame.written.owned_data:
        return Payload.FromString(direction.take_owned(frame))
    del frame.area[frame.written.len :]
    # Newer protobuf reads a bytearray in place, whatever its type stub says; older wants bytes.
    area: Any = frame.area if _READS_BYTEARRAY else bytes(frame.area)
    answer = Payload.FromString(area)
    frame.trim()
    return answer
