"""Spark: a master and two workers, and what goes wrong in a cluster."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import Cluster, Exports
from faults import Fault, happens
from pyarrow import parquet
from search import files_with, forms
from support import (
    MARK,
    decoded_here,
    nonces,
    read_here,
    sorted_histories,
    sorted_rows,
    write_config,
)

import temporal_tdc
from temporal_tdc import spark as tdc_spark

WAIT_SECONDS = 120.0


@pytest.fixture(scope="module")
def session(cluster: Cluster) -> Iterator[Any]:
    """A session with speculation: a task that takes long is tried again, beside the first try."""
    opened = cluster.session(
        **{
            "spark.speculation": "true",
            "spark.speculation.interval": "100ms",
            "spark.speculation.quantile": "0.1",
            "spark.speculation.multiplier": "1.2",
            "spark.speculation.minTaskRuntime": "1s",
            # An executor that stopped is waited for until then, if another one wants its blocks.
            "spark.network.timeout": "40s",
            "spark.network.timeoutInterval": "20s",
            "spark.executor.heartbeatInterval": "5s",
        }
    )
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def new_config(exports: Exports, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config with another key."""
    config, key = write_config(tmp_path_factory.mktemp("config"), "orders-2027")
    exports.keys.append(key)
    return config


@pytest.fixture
def short_batches(session: Any) -> Iterator[None]:
    """Batches of ten rows between Spark and its Python processes: half of a short file."""
    name = "spark.sql.execution.arrow.maxRecordsPerBatch"
    session.conf.set(name, "10")
    yield
    session.conf.unset(name)


def written(folder: Path) -> list[dict[str, Any]]:
    """The rows in a folder of Parquet files."""
    table = parquet.read_table(folder)
    at = table.schema.get_field_index("event_time")
    # Spark's own writer leaves out the zone, and means UTC.
    time = table.column(at).cast(pa.timestamp("us", "UTC"))
    return sorted_rows(table.set_column(at, "event_time", time).to_pylist())


def meanwhile(session: Any, tasks: int, work: Callable[[], None]) -> threading.Thread:
    """Do something as soon as so many tasks of a job are done."""
    tracker = session.sparkContext.statusTracker()

    def wait() -> None:
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            if any(stage and stage.numCompletedTasks >= tasks for stage in stages):
                work()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def both_executors(session: Any) -> None:
    """Wait until there are two executors: one that was killed is replaced."""
    end = time.monotonic() + WAIT_SECONDS
    infos = session.sparkContext._jsc.sc().statusTracker().getExecutorInfos
    while len(infos()) < 3:  # the driver is one of them
        assert time.monotonic() < end
        time.sleep(0.1)


def task_ends(cluster: Cluster) -> list[dict[str, Any]]:
    """The events in all event logs that say how a task ended."""
    lines = (
        line
        for log in (cluster.folder / "events").iterdir()
        for line in log.read_text().splitlines()
    )
    return [json.loads(line) for line in lines if '"SparkListenerTaskEnd"' in line]


def of_the_page(names: dict[str, str]) -> list[str]:
    """The command of docs/howto/spark-and-ray.md, with the values of this test for its names."""
    page = (Path(__file__).parents[3] / "docs/howto/spark-and-ray.md").read_text(encoding="utf-8")
    _, _, command = page.partition("```sh\npython -m temporal_tdc.spark ")
    command = command.partition("\n```")[0].replace("\\\n", " ")
    words = shlex.split(f"python -m temporal_tdc.spark {command}")
    assert set(names) <= set(words)
    return [names.get(word, word) for word in words]


def test_the_job_writes_a_row_an_event(cluster: Cluster, exports: Exports, tmp_path: Path) -> None:
    conf = cluster.folder / "conf"
    conf.mkdir()
    lines = [f"{name} {value}" for name, value in cluster.conf().items()]
    (conf / "spark-defaults.conf").write_text("\n".join(lines))
    out = tmp_path / "events"
    command = of_the_page(
        {
            "python": sys.executable,
            "/exports": str(exports.folder),
            "/events": str(out),
            "/etc/tdc/tdc.yaml": str(exports.config),
            "spark://spark:7077": cluster.url,
        }
    )
    environment = {**cluster.environment, "SPARK_CONF_DIR": str(conf)}
    done = subprocess.run(  # noqa: S603 # this package
        command, env=environment, capture_output=True, text=True, check=False
    )
    (cluster.folder / "driver.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr
    assert f"temporal_tdc.spark: {len(exports.rows)} events in" in done.stderr
    assert written(out) == sorted_rows(exports.rows)
    assert (out / "_SUCCESS").exists()
    assert not (out / "_temporary").exists()


def test_an_executor_is_killed(
    cluster: Cluster, session: Any, exports: Exports, tmp_path: Path
) -> None:
    out = tmp_path / "events"
    both_executors(session)
    killer = meanwhile(session, 2, lambda: os.kill(cluster.executors()[0], signal.SIGKILL))
    rows = tdc_spark.export_to_parquet(session, [exports.folder], out, config=exports.config)
    killer.join()
    assert rows == len(exports.rows)
    assert written(out) == sorted_rows(exports.rows)
    ends = task_ends(cluster)
    assert any(end["Task End Reason"]["Reason"] == "ExecutorLostFailure" for end in ends)
    assert any(end["Task Info"]["Attempt"] > 0 for end in ends)


def test_spark_itself_writes_while_an_executor_is_killed(
    cluster: Cluster, session: Any, exports: Exports, tmp_path: Path
) -> None:
    out = tmp_path / "events"
    events = tdc_spark.export_events(session, [exports.folder], config=exports.config)
    both_executors(session)
    killer = meanwhile(session, 2, lambda: os.kill(cluster.executors()[0], signal.SIGKILL))
    events.write.parquet(str(out))
    killer.join()
    assert written(out) == sorted_rows(exports.rows)


def test_a_task_is_tried_twice_at_once(
    cluster: Cluster, session: Any, exports: Exports, tmp_path: Path
) -> None:
    out = tmp_path / "events"
    both_executors(session)
    stopped: list[int] = []

    def stop() -> None:
        stopped.append(cluster.executors()[0])
        os.kill(stopped[0], signal.SIGSTOP)

    stopper = meanwhile(session, 2, stop)
    try:
        rows = tdc_spark.export_to_parquet(session, [exports.folder], out, config=exports.config)
    finally:
        stopper.join()
        for process in stopped:
            # On a busy machine Spark has given it up by now, and ended it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
    assert stopped
    assert rows == len(exports.rows)
    time.sleep(3)  # what the stopped executor still does changes nothing
    assert written(out) == sorted_rows(exports.rows)
    tries = [end["Task Info"] for end in task_ends(cluster)]
    assert any(each["Speculative"] and not each["Failed"] for each in tries)


def test_histories_as_a_column(session: Any, exports: Exports, tmp_path: Path) -> None:
    encoded = tdc_spark.read_exports(session, [exports.folder], partitions=3)
    assert encoded.count() == exports.histories
    config = exports.config
    decoded = tdc_spark.decode_histories(encoded, config=config)
    assert decoded.columns == encoded.columns
    once = tdc_spark.history_events(encoded, config=config)
    twice = tdc_spark.history_events(decoded, config=config)
    expected = sorted_rows(exports.rows)
    for number, events in enumerate((once, twice)):
        out = tmp_path / str(number)
        events.write.parquet(str(out))
        assert written(out) == expected


def test_rewrapped_histories_decode_to_the_same(
    session: Any, exports: Exports, new_config: Path
) -> None:
    encoded = tdc_spark.read_exports(session, [exports.folder], namespace="orders").limit(150)
    encoded.cache()
    rewrapped = tdc_spark.rewrap_histories(encoded, config=exports.config, to=new_config)
    rewrapped.cache()
    pairs = zip(encoded.collect(), rewrapped.collect(), strict=True)
    assert all(bytes(old.history) != bytes(fresh.history) for old, fresh in pairs)
    before = tdc_spark.decode_histories(encoded, config=exports.config).collect()
    after = tdc_spark.decode_histories(rewrapped, config=new_config).collect()
    assert before == after
    with pytest.raises(Exception, match="TDC_ERR_KEY_UNKNOWN"):
        tdc_spark.decode_histories(rewrapped, config=exports.config).collect()


@pytest.mark.usefixtures("short_batches")
@pytest.mark.parametrize("fault", Fault)
def test_decoded_histories_are_there_once(
    session: Any, exports: Exports, tmp_path: Path, fault: Fault
) -> None:
    folder = exports.folder / "payments"
    encoded = tdc_spark.read_exports(session, [folder])
    decoded = tdc_spark.decode_histories(encoded, config=exports.config)
    found, _ = tried_again(session, decoded, fault, tmp_path)
    expected = decoded_here(exports.config, read_here(folder))
    assert sorted_histories(found) == sorted_histories(expected)


@pytest.mark.usefixtures("short_batches")
@pytest.mark.parametrize("fault", Fault)
def test_rewrapped_histories_are_there_once(
    session: Any, exports: Exports, new_config: Path, tmp_path: Path, fault: Fault
) -> None:
    folder = exports.folder / "payments"
    encoded = tdc_spark.read_exports(session, [folder])
    rewrapped = tdc_spark.rewrap_histories(encoded, config=exports.config, to=new_config)
    found, given_up = tried_again(session, rewrapped, fault, tmp_path)
    before = read_here(folder)
    assert sorted_histories(decoded_here(new_config, found)) == sorted_histories(
        decoded_here(exports.config, before)
    )
    # No nonce is used twice, neither one of the encoded exports nor one of the try that failed.
    used = [nonces(table["history"].to_pylist()) for table in (before, given_up, found)]
    assert all(used)
    assert len(used[0]) == len(used[2]), "what was encrypted is encrypted again"
    assert len(set().union(*used)) == sum(map(len, used))


def tried_again(session: Any, frame: Any, fault: Fault, folder: Path) -> tuple[pa.Table, pa.Table]:
    """The rows that Spark writes in spite of a fault, and the first ones of the try that failed."""
    out, seen = folder / "out", folder / "seen"
    seen.mkdir()
    both_executors(session)
    faulty = frame.mapInArrow(functools.partial(happens, fault, str(seen)), frame.schema)
    faulty.write.parquet(str(out))
    assert {path.name for path in seen.iterdir()} >= {"0.parquet", "1.parquet"}
    return parquet.read_table(out), parquet.read_table(seen / "0.parquet")


def test_what_is_refused(session: Any, exports: Exports, tmp_path: Path) -> None:
    encoded = tdc_spark.read_exports(session, [exports.folder])
    with pytest.raises(temporal_tdc.MisuseError, match="absolute"):
        tdc_spark.decode_histories(encoded, config="tdc.yaml")
    with pytest.raises(temporal_tdc.MisuseError, match="expected a binary column 'file'"):
        tdc_spark.decode_histories(encoded, config=exports.config, column="file")
    inline = tmp_path / "inline.yaml"
    inline.write_text(
        'version: 1\nkeys: { ring: { a: { "insecure\\u005finline": AAAA } } }\ncodecs: []\n'
    )
    with pytest.raises(Exception, match="insecure_inline is refused in Spark and Ray"):
        tdc_spark.decode_histories(encoded, config=inline).collect()
    with pytest.raises(FileExistsError):
        tdc_spark.export_to_parquet(session, [exports.folder], tmp_path, config=exports.config)
    broken = tmp_path / "broken.proto"
    broken.write_bytes((exports.folder / "orders").rglob("0.proto").__next__().read_bytes()[:-9])
    with pytest.raises(Exception, match="item 399: the file ends within it"):
        tdc_spark.read_exports(session, [broken]).collect()
    with pytest.raises(temporal_tdc.MisuseError, match="names no namespace"):
        tdc_spark.export_events(session, [broken], config=exports.config, namespace_from_path=True)


def test_no_secret_stays_behind(cluster: Cluster, session: Any, exports: Exports) -> None:
    """Runs last: it searches what the tests here and in test_services have left."""
    events = tdc_spark.export_events(session, [exports.folder], config=exports.config)
    by_type = events.groupBy("event_type").count().collect()  # a shuffle
    assert sum(row["count"] for row in by_type) == len(exports.rows)
    keys = [form for key in exports.keys for form in forms(key)]
    found, looked = files_with([cluster.folder], keys)
    assert found == []
    assert looked > 10  # logs of the master, both workers, executors and jobs
    logs = [cluster.folder / "events", cluster.folder / "work"]
    found, looked = files_with(logs, [MARK.encode()])
    texts = [path for path in cluster.folder.glob("*.log") if MARK in path.read_text()]
    assert found + texts == []
    assert looked > 5
    # The search finds what is there.
    planted = cluster.folder / "work" / "planted"
    planted.write_bytes(b"x" * 5000 + keys[1])
    assert files_with([cluster.folder], keys)[0] == [planted]
