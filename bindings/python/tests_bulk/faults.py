"""Faults that happen to a task of Spark's between two batches. It runs on the executors."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from pyspark import TaskContext, cloudpickle

#: Longer than any test waits: a task that sleeps so long is tried a second time, beside the first.
SLEEP_SECONDS = 600.0
WAIT_SECONDS = 120.0


class Fault(Enum):
    """What happens to the first try of the first task."""

    EXECUTOR_KILLED = "executor killed"
    TASK_RETRIED = "task retried"
    SPECULATION = "speculation"


def happens(fault: Fault, seen: str, batches: Iterator[Any]) -> Iterator[Any]:
    """Pass batches on, and let the fault happen after the first batch of the first task.

    Each try of that task leaves its first batch in the folder ``seen``, by its number.
    """
    context = TaskContext.get()
    assert context is not None
    if context.partitionId() == 0:
        number = context.attemptNumber()
        if number > 0:
            # On a busy machine a second try would be done before the first one comes so far.
            _wait_for(Path(seen) / "0.parquet")
        batch = next(batches)
        yield batch
        _write(pa.Table.from_batches([batch]), Path(seen) / f"{number}.parquet")
        if number == 0:
            _happen(fault)
    yield from batches


def _write(table: pa.Table, path: Path) -> None:
    """Write a file that is there only when it is whole: a second try may end the first one."""
    unfinished = path.with_suffix(".unfinished")
    parquet.write_table(table, unfinished)
    unfinished.rename(path)


def _wait_for(path: Path) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)


def _happen(fault: Fault) -> None:
    if fault is Fault.TASK_RETRIED:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault is Fault.EXECUTOR_KILLED:
        os.kill(_executor(), signal.SIGKILL)
    time.sleep(SLEEP_SECONDS)


def _executor() -> int:
    """The executor's process: it started the daemon that forked this one."""
    status = Path(f"/proc/{os.getppid()}/stat").read_text()
    executor = int(status.rsplit(")", 1)[1].split()[1])
    assert b"CoarseGrainedExecutorBackend" in Path(f"/proc/{executor}/cmdline").read_bytes()
    return executor


# The executors cannot import a module of the tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # type: ignore[no-untyped-call]
