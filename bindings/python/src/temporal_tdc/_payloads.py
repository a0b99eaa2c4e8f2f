"""The calls on a list of payloads, in batches or one by one as ``_cost`` says."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import partial
from time import thread_time_ns
from typing import Final

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload, Payloads

from temporal_tdc._abi import TdcBuffer
from temporal_tdc._codes import Code
from temporal_tdc._cost import BATCH, BATCHED, SMALL
from temporal_tdc._errors import invalid_payload
from temporal_tdc._payload import Operation, SmallCall, State, call_one
from temporal_tdc._scratch import BySize
from temporal_tdc._wire import length_prefix

_PAYLOADS: Final = 1
_PREFIXES: Final = BySize(partial(length_prefix, _PAYLOADS))
_Bytes: Final = ctypes.c_char * 0


def call_all(
    operation: Operation,
    small: SmallCall,
    payloads: Sequence[Payload],
    done: list[Payload],
    *,
    state: State,
    release: bool,
) -> list[Payload] | None:
    """Encode or decode payloads of any number and size.

    Args:
        operation: Which of the two.
        small: Its call on one small payload.
        payloads: The payloads, which are not changed.
        done: Where the answers go. Called again, it goes on where it stopped: after a key has come,
            or when the rest turned out to be too much for the event loop.
        state: The call that all of these payloads are a part of.
        release: Whether this is a thread of its own: then the GIL is given up for what takes long,
            and nothing is too much.

    Returns:
        ``done``, or ``None`` when the rest is too much for the event loop.
    """
    cost = operation.cost
    if len(payloads) - len(done) > 1 and cost.size <= SMALL:
        cost.size = len(payloads[len(done)].SerializeToString())
    while (rest := len(payloads) - len(done)) > 0:
        if not release and not cost.fits_the_loop(rest):
            return None
        begin, index = thread_time_ns(), len(done)
        if cost.size > SMALL:
            payload = payloads[index]
            done.append(call_one(operation, payload, index, state=state, release=release))
            continue
        is_batch = rest > 1 and cost.size <= BATCHED
        count = max(2 if is_batch else 1, BATCH // max(1, cost.size))
        group = payloads[index : index + count]
        if is_batch:
            items = list(map(Payload.SerializeToString, group))
            cost.size = sum(map(len, items)) // len(items)
            done += call_batch(operation, items, index, state=state, release=release)
        else:
            done += [
                small(payload, at, state)
                or call_one(operation, payload, at, state=state, release=release)
                for at, payload in enumerate(group, index)
            ]
        cost.note(cost.size * len(group), len(group), thread_time_ns() - begin)
    return done


def call_batch(
    operation: Operation, items: Sequence[bytes], index: int = 0, *, state: State, release: bool
) -> list[Payload]:
    """Encode or decode serialised payloads by one call, however many and large they are.

    They are put together in a buffer that is kept. The first has ``index`` in the user's list.
    """
    prefixes = _PREFIXES
    parts = [part for item in items for part in (prefixes[len(item)], item)]
    handle, context = operation.handle, operation.context
    out = TdcBuffer()
    scratch = handle.take()
    try:
        buffer = scratch.message
        buffer.seek(0)
        buffer.writelines(parts)
        size = buffer.tell()
        with buffer.getbuffer() as message:
            status = operation.many[release](
                handle.argument,
                state,
                context,
                len(context),
                _Bytes.from_buffer(message) if size else None,
                size,
                ctypes.byref(out),
                scratch.error_out,
            )
        scratch.trim()
        if status != Code.OK:
            handle.fail(status, scratch, index)
    finally:
        handle.give(scratch)
    try:
        return list(Payloads.FromString(handle.take_bytes(out)).payloads)
    except DecodeError as error:
        raise invalid_payload() from error
