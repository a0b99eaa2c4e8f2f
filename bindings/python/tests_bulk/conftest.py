"""Fixtures: a cluster on loopback, a key service and a store, and exports with their rows."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from harness import openbao, store_servers
from harness.processes import free_port, server
from support import (
    MINUTE,
    ROOT,
    Row,
    encode,
    expected_rows,
    item,
    make_history,
    reset,
    write_config,
)
from temporalio.api.history.v1 import History

import temporal_tdc

MASTER, WORKER = "deploy.master.Master", "deploy.worker.Worker"
START_SECONDS = 90.0


class Exports(NamedTuple):
    """Exports on disk, the config that decodes them, and the rows that are expected then."""

    folder: Path
    config: Path
    #: Secrets that may stay nowhere. Tests add theirs.
    keys: list[bytes]
    rows: list[Row]
    histories: int


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """Two namespaces, twelve files, one of them longer than all others together."""
    folder = tmp_path_factory.mktemp("exports")
    config, key = write_config(folder / "config", "orders-2026")
    rows: list[Row] = []
    histories = 0
    with temporal_tdc.open(config) as tdc:
        for number in range(12):
            namespace = ("orders", "payments")[number % 2]
            path = folder / ROOT / namespace / MINUTE / f"{number}.proto"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for index in range(400 if number == 0 else 20):
                    name = f"{number}-{index}"
                    history, run_id = make_history(name, activities=5, size=900), f"run-of-{name}"
                    if index % 7 == 0:
                        run_id = f"reset-{name}"
                        reset(history, run_id)
                    rows += expected_rows(namespace, run_id, history)
                    file.write(item(encode(tdc, history)))
                    histories += 1
    return Exports(folder / ROOT, config, [key], rows, histories)


class Services(NamedTuple):
    """OpenBao and versitygw, and the environment that programs find them by: empty without them."""

    environment: dict[str, str]
    bao: str
    #: The folder of the store's bucket.
    bucket: Path

    @property
    def token(self) -> str:
        """The token that the machines log in with."""
        return self.environment["VAULT_TOKEN"]

    def ask(self, path: str, body: object = None, method: str = "POST") -> Any:
        """Send OpenBao a request as its administrator."""
        return openbao.Bao(self.bao).ask(path, body or {}, method)

    def allow(self, *verbs: str) -> None:
        """Allow the machines' token these requests for every key, and no other ones."""
        openbao.Bao(self.bao).policy("machine", *(f"transit/{verb}/*" for verb in verbs))

    @contextmanager
    def withdrawn(self, verb: str) -> Iterator[None]:
        """Withdraw one of ``VERBS`` for a while."""
        self.allow(*(each for each in VERBS if each != verb))
        try:
            yield
        finally:
            self.allow(*VERBS)

    def data_key(self, history: bytes) -> bytes:
        """The data key of an encoded history's first payload, which the administrator unwraps."""
        started = History.FromString(history).events[0].workflow_execution_started_event_attributes
        metadata = started.input.payloads[0].metadata
        wrapped = base64.b64decode(metadata["encryption-dek"]).decode()
        name = metadata["encryption-key-id"].decode().removeprefix("hashivault://")
        answer = self.ask(f"transit/decrypt/{name}", {"ciphertext": wrapped})
        data_key = base64.b64decode(answer["data"]["plaintext"])
        assert len(data_key) == 32
        return data_key


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A key service whose token may wrap and unwrap, and a store for exports."""
    bao, versitygw = os.environ.get("TDC_TEST_BAO"), os.environ.get("TDC_TEST_VERSITYGW")
    if not bao or not versitygw:
        yield Services({}, "", Path())
        return
    folder = tmp_path_factory.mktemp("services")
    bucket = folder / "objects" / "exports"
    bucket.mkdir(parents=True)
    (folder / "metadata").mkdir()
    at, listen = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    keys = openbao.development_server(bao, at)
    store = store_servers.versitygw(versitygw, listen, bucket.parent, folder / "metadata")
    with (
        server(keys, openbao.health(f"http://{at}"), folder / "bao.log"),
        server(store, f"http://{listen}", folder / "versitygw.log"),
    ):
        environment = {
            "VAULT_ADDR": f"http://{at}",
            "TDC_KEYS_LIBRARY": os.environ["TDC_KEYS_LIBRARY"],
            **store_servers.s3_credentials(),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{listen}",
        }
        found = Services(environment, f"http://{at}", bucket)
        found.ask("sys/mounts/transit", {"type": "transit"})
        found.allow(*VERBS)
        environment["VAULT_TOKEN"] = openbao.Bao(found.bao).token("machine")
        yield found


@pytest.fixture
def running_services(services: Services) -> Services:
    """The services; a test that needs them is skipped where scripts/test-bulk found none."""
    if not services.environment:
        pytest.skip("scripts/test-bulk found no OpenBao or versitygw")
    return services


#: What the machines ask OpenBao for.
VERBS = ("encrypt", "decrypt")


class Cluster(NamedTuple):
    """A master and two workers, and the folder with what they leave."""

    url: str
    folder: Path
    workers: list[int]
    environment: dict[str, str]

    def executors(self) -> list[int]:
        """The executors' processes: children of the workers."""
        found: list[int] = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
                parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent in self.workers and b"CoarseGrainedExecutorBackend" in command:
                found.append(int(process.name))
        return found

    def conf(self) -> dict[str, str]:
        """The settings of a job that runs here; its event log can be searched."""
        events = self.folder / "events"
        events.mkdir(exist_ok=True)
        return {
            "spark.master": self.url,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.executor.memory": "700m",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": events.as_uri(),
            "spark.eventLog.compress": "false",
            "spark.eventLog.rolling.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
        }

    def session(self, **more: str) -> Any:
        """Open a session of Spark, with more settings."""
        from pyspark.sql import SparkSession  # noqa: PLC0415 # only where there is a cluster

        builder = SparkSession.builder.appName("tests")
        for name, value in {**self.conf(), **more}.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, services: Services) -> Iterator[Cluster]:
    """Spark's standalone cluster by ``spark-class``, on loopback alone.

    Its machines have credentials of the services in their environment; the driver has not.
    """
    import pyspark  # noqa: PLC0415 # only where it is needed

    folder = tmp_path_factory.mktemp("spark")
    home = Path(pyspark.__file__).parent
    local = folder / "local"
    local.mkdir()
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(local),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "PYSPARK_PYTHON": sys.executable,
        # Bytes in memory, not in files of the JVM's that a killed process leaves in /tmp.
        "SPARK_DAEMON_JAVA_OPTS": "-XX:-UsePerfData",
    }
    os.environ.update(environment)
    port = free_port()
    script = [home / "bin" / "spark-class"]
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, host: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = folder / f"{name.rsplit('.', 1)[1]}-{len(processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 # Spark's own script
                [*script, f"org.apache.spark.{name}", "--host", host, *arguments],
                env={**environment, **services.environment, "SPARK_LOCAL_IP": host},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        processes.append(process)
        return process

    url = f"spark://127.0.0.1:{port}"
    try:
        start(MASTER, "127.0.0.1", "--port", str(port), "--webui-port", "0")
        _wait_for_text(folder / "Master-0.log", "I have been elected leader")
        # Two hosts, as Spark sees it: it tries no task twice at once on the same one.
        workers = [
            start(WORKER, host, "--webui-port", "0", *RESOURCES, url)
            for host in ("127.0.0.1", "127.0.0.2")
        ]
        for index in (1, 2):
            _wait_for_text(folder / f"Worker-{index}.log", "Successfully registered")
        yield Cluster(url, folder, [worker.pid for worker in workers], environment)
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait(timeout=60)


RESOURCES = ("--cores", "1", "--memory", "1g")


def _wait_for_text(log: Path, text: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if log.exists() and text in log.read_text(errors="replace"):
            return
        time.sleep(0.2)
    raise AssertionError(f"{text!r} is not in {log}:\n{log.read_text(errors='replace')}")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short name, because Ray makes sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="tdc-ray-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
