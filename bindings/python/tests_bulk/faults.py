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


class Fault(Enum):
    """What happens to the first try of the first task."""

    EXECUTOR_KILLED = "executor killed"
    TASK_RETRIED = "task retried"
    SPECULATION = "speculation"


def happens(fault: Fault, seen: str, batches: Iterator[Any]) -> Iterator[Any]:
    """Pass batches on, and let the fault happen after the first batch.

    Each try of the first task leaves its first batch in the folder ``seen``, by its number.
    """
    context = TaskContext.get()
    assert context is not None
    is_watched, number = context.partitionId() == 0, context.attemptNumber()
    for batch in batches:
        yield batch
        if is_watched:
            is_watched = False
            parquet.write_table(pa.Table.from_batches([batch]), Path(seen) / f"{number}.parquet")
            if number == 0:
                _happen(fault)


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
