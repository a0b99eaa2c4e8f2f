"""The command line and its peers over one export: ``bench_export.py ROUNDS [PYTHON]``.

Each round runs every program once, as a process of its own. CPU time is what a core was used for,
and says more than the wall time of a machine that does other work too. A Python that has PySpark
writes the rows of the export as Parquet, too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.export.v1 import WorkflowExecutions

ROOT = Path(__file__).parent.parent.parent
TDC = ROOT / "target/release/tdc"
PEER = ROOT / "peers/python/export.py"
PARQUET = ROOT / "peers/python/export_to_parquet.py"
HISTORIES, EVENTS, PAYLOAD = 500, 64, 1024
FILES = 16
CONFIG = """\
version: 1
keys:
  primary: test-key-id
  ring:
    test-key-id: { file: test.key }
codecs: [encrypt]
"""


def export() -> bytes:
    """Histories of one start and many signals."""
    made = WorkflowExecutions()
    for run in range(HISTORIES):
        events = made.items.add().history.events
        for index in range(EVENTS):
            data = f'"{os.urandom(PAYLOAD // 2 - 1).hex()}"'.encode()
            payloads = Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=data)])
            event = events.add(event_id=index + 1)
            if index == 0:
                event.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
                started = event.workflow_execution_started_event_attributes
                started.original_execution_run_id = f"00000000-0000-4000-8000-{run:012}"
                started.input.CopyFrom(payloads)
            else:
                event.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
                event.workflow_execution_signaled_event_attributes.input.CopyFrom(payloads)
    return made.SerializeToString()


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """CPU seconds and wall seconds."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if child.returncode != 0:
        raise RuntimeError(f"{command} failed with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, wall


def main() -> None:
    """Print a table."""
    rounds, with_spark = int(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tdc.yaml").write_text(CONFIG)
        key = folder / "test.key"
        key.touch(mode=0o600)
        key.write_text("dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=")
        (folder / "plain").write_bytes(export())
        (folder / "in").mkdir()
        encoded = folder / "in/0.proto"
        encoded.write_bytes(
            subprocess.check_output([str(TDC), "history", "encode", "plain"], cwd=folder)  # noqa: S603
        )
        for copy in range(1, FILES):
            shutil.copy(encoded, folder / f"in/{copy}.proto")
        decode = [str(TDC), "history", "decode", "--output", "out"]
        programs = {
            "tdc": [*decode, "in/0.proto"],
            "Go": [str(ROOT / "target/go/export"), "in/0.proto", "go.out"],
            "Python": [sys.executable, str(PEER), "in/0.proto", "py.out"],
            f"tdc, {FILES} files, one job": [*decode, "in"],
            f"tdc, {FILES} files, two jobs": [*decode, "--jobs", "2", "in"],
        }
        taken: dict[str, list[tuple[float, float]]] = {program: [] for program in programs}
        for _ in range(rounds):
            for program, command in programs.items():
                taken[program].append(run(command, folder))
        plain = (folder / "plain").read_bytes()
        for output in ("go.out", "py.out", "out/0.proto"):
            if (folder / output).read_bytes() != plain:
                raise SystemExit(f"{output}: other bytes than before encoding")
        size = encoded.stat().st_size / (1 << 20)
        for program, rounds_taken in taken.items():
            cpu, wall = (min(column) for column in zip(*rounds_taken, strict=True))
            of = size * (FILES if "files" in program else 1)
            print(
                f"{program:24} {of:6.1f} MiB  {cpu:6.2f} s CPU  {wall:6.2f} s  "
                f"{of / cpu:6.0f} MiB/s of CPU time"
            )
        if with_spark:
            command = [
                *with_spark,
                "-B",
                str(PARQUET),
                str(folder / "tdc.yaml"),
                str(folder / "in"),
            ]
            said = subprocess.run(  # noqa: S603
                command, check=True, stdout=subprocess.PIPE, text=True
            ).stdout
            rows, seconds = said.split()
            print(
                f"Spark, one core: {rows} events to Parquet in {seconds} s, "
                f"{size * FILES / float(seconds):.0f} MiB/s"
            )


main()
