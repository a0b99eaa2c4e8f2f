"""The call on one small payload: what most of Temporal's calls are.

The number of Python operations counts here, so this is one closure over ready-made arguments, and
it keeps the GIL: giving it up and taking it back costs more than sealing some KiB.
"""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload

from temporal_tdc._bulk import CallOut, SingleCall, call_one
from temporal_tdc._codes import Code
from temporal_tdc._direction import Direction, not_protobuf
from temporal_tdc._faults import TooSmallError
from temporal_tdc._frames import CAPACITY, SIZES, SMALL, ZERO

_OK: Final = int(Code.OK)
_UNCHANGED: Final = int(Code.UNCHANGED)


def single_call(direction: Direction, context: bytes) -> SingleCall:
    """Make the function for one payload.

    The function gets the payload, its place in the user's list, and the call that it is a part of.
    It returns ``None`` when the payload may take too long for the event loop or its size is a
    surprise, and raises as ``Handle.fail`` does. Without a call it is quicker, and returns ``None``
    whenever it cannot do it: then a call does it, which asks the host or says what is wrong.
    """
    handle = direction.handle
    take, give, new_frame = handle.idle.pop, handle.idle.append, handle.new_frame
    call, converter = direction.one_held, handle.argument
    serialise, parse = Payload.SerializeToString, Payload.FromString
    sizes, capacity, zero = SIZES, CAPACITY, ZERO
    context_size = sizes[len(context)]

    def single(payload: Payload, index: int, state: CallOut = None) -> Payload | None:
        if direction.size > SMALL:
            if state is None or not direction.fits_the_loop(1):
                return None
            return call_one(direction, context, payload, index, state=state, release=False)
        head = serialise(payload)
        size = len(head)
        if size > SMALL:
            direction.size = size
            return None
        try:
            frame = take()
        except IndexError:
            frame = new_frame()
        try:
            status = call(
                converter,
                state,
                context,
                context_size,
                head,
                sizes[size],
                None,
                zero,
                frame.out,
                capacity,
                frame.written_out,
                None if state is None else frame.error_out,
            )
            if status == _OK:
                written = frame.written
                if written.owned_data:
                    return parse(direction.take_owned(frame))
                return parse(frame.buffer[: written.len])
            if status == _UNCHANGED:
                return payload
            if state is None:
                return None
            handle.fail(status, frame, index)
        except TooSmallError:
            direction.size = SMALL + 1
            return None
        except DecodeError as error:
            raise not_protobuf(index) from error
        finally:
            give(frame)
            if handle.closed:
                handle.drain()

    return single
