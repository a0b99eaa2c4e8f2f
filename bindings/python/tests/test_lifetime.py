"""Closing, forking, and the end of the interpreter."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest
from support import config, payload, run

import temporal_tdc
from temporal_tdc import Code


def test_close_may_be_called_twice_and_ends_all_use() -> None:
    tdc = temporal_tdc.parse(config())
    codec = tdc.payload_codec
    run(codec.encode([payload()]))
    states = [tdc.closed]
    for _ in range(2):
        tdc.close()
        states.append(tdc.closed)
    assert states == [False, True, True]
    for count, size in ((1, 10), (2, 10), (1, 300_000), (1, 300_000)):
        with pytest.raises(temporal_tdc.MisuseError, match="closed") as caught:
            run(codec.encode([payload(b"x" * size)] * count))
        assert caught.value.code == Code.ERR_ARGUMENT
    with pytest.raises(temporal_tdc.MisuseError):
        tdc.reload()
    with pytest.raises(temporal_tdc.MisuseError):
        _ = tdc.data_converter


def test_the_context_manager_closes() -> None:
    with temporal_tdc.parse(config()) as tdc:
        assert repr(tdc) == "<temporal_tdc.Tdc open>"
    assert repr(tdc) == "<temporal_tdc.Tdc closed>"


def test_a_close_waits_for_the_call_in_flight_to_give_its_scratch_back() -> None:
    tdc = temporal_tdc.parse(config())
    handle = tdc._handle
    scratch = handle.take()
    tdc.close()
    assert handle._free.alive, "the native object must live while a call is inside"
    handle.give(scratch)
    assert not handle._free.alive


def test_close_during_calls_in_other_threads_is_an_exception_never_a_crash() -> None:
    for size in (10, 200_000):
        for _ in range(10):
            close_under_load(size)


def close_under_load(size: int) -> None:
    tdc = temporal_tdc.parse(config())
    codec = tdc.payload_codec
    plain = [payload(b"x" * size)]
    started = threading.Barrier(4)
    outcomes: list[str] = []

    def work() -> None:
        started.wait()
        try:
            for _ in range(100_000):
                assert run(codec.decode(run(codec.encode(plain)))) == plain
        except temporal_tdc.MisuseError:
            outcomes.append("closed")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    started.wait()
    tdc.close()
    for thread in threads:
        thread.join()
    assert outcomes == ["closed"] * 3
    assert not tdc._handle._free.alive


def test_what_nobody_holds_is_freed() -> None:
    tdc = temporal_tdc.parse(config())
    freed = tdc._handle._free
    gone = weakref.ref(tdc)
    codec = tdc.payload_codec
    del tdc
    gc.collect()
    assert gone() is None
    assert freed.alive, "the codec still needs it"
    assert run(codec.encode([payload()]))
    del codec
    gc.collect()
    assert not freed.alive


def nonces(tdc: temporal_tdc.Tdc, count: int) -> set[bytes]:
    many = run(tdc.payload_codec.encode([payload()] * count))
    one = run(tdc.payload_codec.encode([payload()]))
    return {item.data[:12] for item in many + one}


def child(tdc: temporal_tdc.Tdc, connection: Connection) -> None:
    large = payload(b"x" * 3_000_000)
    assert run(tdc.payload_codec.decode(run(tdc.payload_codec.encode([large])))) == [large]
    connection.send(nonces(tdc, 100))
    tdc.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork_both_sides_work_and_never_share_a_nonce(tdc: temporal_tdc.Tdc) -> None:
    before = nonces(tdc, 100)
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(tdc, sender))
    process.start()
    in_parent = nonces(tdc, 100)
    assert receiver.poll(60), "the child did not answer"
    in_child: set[bytes] = receiver.recv()
    process.join()
    assert process.exitcode == 0
    assert len(before | in_parent | in_child) == 303


SHUTDOWN = """
import asyncio, sys, threading
import temporal_tdc
from temporalio.api.common.v1 import Payload

tdc = temporal_tdc.parse(sys.argv[1])
codec = tdc.payload_codec
plain = [Payload(metadata={"encoding": b"json/plain"}, data=b"x" * int(sys.argv[2]))]
started = threading.Event()

def forever():
    while True:
        asyncio.run(codec.encode(plain))
        started.set()

threading.Thread(target=forever, daemon=True).start()
started.wait()
keep = [temporal_tdc.parse(sys.argv[1]) for _ in range(10)]
print("the end")
"""


@pytest.mark.parametrize("size", [10, 300_000])
def test_the_interpreter_may_end_while_handles_are_open_and_calls_run(size: int) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SHUTDOWN, config(), str(size)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "the end\n"), done.stderr
