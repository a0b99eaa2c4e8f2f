"""Starts the server and the workers, and gives the stage on which the scenarios run."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import temporal_tdc
from temporalio.client import Client

from harness.checks import Checks, eventually
from harness.commands import CommandError, Tdc, Temporal
from harness.config import Config, make_keys
from harness.key_services import KeyServicePrograms, KeyServices
from harness.object_store import ObjectStorePrograms
from harness.processes import Processes, Worker, environment, free_port
from harness.stage import Stage

SHARED_KEYS = ("key-a", "key-b", "key-c")


@dataclass(frozen=True)
class Programs:
    """What `scripts/test-e2e` has built."""

    temporal: Path
    tdc: Path
    go_worker: Path
    python: Path
    #: Node.js and the folder of the compiled worker; nothing where there is none.
    node: Path | None
    typescript: Path | None
    java: dict[str, Path]
    java_classpath: str
    chromium: Path | None
    web_ui: Path
    counting_server: Path
    keycloak: Path | None
    keycloak_java: Path | None
    key_services: KeyServicePrograms | None
    object_store: ObjectStorePrograms | None

    @property
    def workers(self) -> list[str]:
        """The names of the workers: a Java worker for each JDK."""
        return ["go", "python", *(["typescript"] if self.typescript else []), *self.java]


@contextlib.asynccontextmanager
async def stage(programs: Programs, folder: Path, checks: Checks) -> AsyncIterator[Stage]:
    """Everything started, in a fresh folder; everything ended again when the block is left, however that happens."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tdc = Tdc(programs.tdc)
    host_keys = [f"{name}-{fault}-{key}" for name in programs.workers for fault in ("slow", "flaky") for key in (1, 2)]
    await make_keys(tdc, folder / "keys", [*SHARED_KEYS, "key-worker", *host_keys])
    config = Config(folder / "tdc.yaml")
    config.write("key-a", ("key-a",))
    Config(folder / "host.yaml").write("key-worker", ("key-worker",), host=True)

    processes = Processes(folder)
    try:
        temporal = await _server(processes, programs.temporal, folder)
        codec = temporal_tdc.open(config.path)
        client = await Client.connect(temporal.address, data_converter=codec.data_converter)

        async def start_worker(name: str) -> Worker:
            command = _worker_command(name, programs, temporal.address, folder)
            return await processes.worker(name, command, environment())

        def tool(name: str, what: str) -> list[str | Path]:
            return _tool(name, programs, what)

        ready = Stage(
            folder,
            checks,
            processes,
            temporal,
            programs.counting_server,
            programs.web_ui,
            tdc,
            config,
            codec,
            client,
            start_worker,
            tool,
            KeyServices(programs.key_services, processes) if programs.key_services else None,
            programs.object_store,
            programs.chromium,
            (programs.keycloak, programs.keycloak_java) if programs.keycloak and programs.keycloak_java else None,
        )
        for name in programs.workers:
            ready.workers[name] = await start_worker(name)
        yield ready
    finally:
        await processes.end()


async def _server(processes: Processes, binary: Path, folder: Path) -> Temporal:
    """Starts a dev server with its database on disk, so that the test can look into it."""
    port, ui_port = free_port(), free_port()
    command: list[str | Path] = [
        binary,
        "server",
        "start-dev",
        "--ip",
        "127.0.0.1",
        "--port",
        str(port),
        "--ui-port",
        str(ui_port),
    ]
    # The database need not outlive the machine, and waiting for the disk would make the server lose
    # tasks.
    command += ["--db-filename", folder / "temporal.db", "--sqlite-pragma", "synchronous=OFF"]
    for attribute in ("OrderRegion", "OrderState"):
        command += ["--search-attribute", f"{attribute}=Keyword"]
    server = await processes.start("server", command, environment())
    temporal = Temporal(binary, f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")

    async def serving() -> bool | None:
        if server.returncode is not None:
            raise RuntimeError("the server ended at once: see server.log")
        try:
            await temporal.json("operator", "cluster", "health")
        except CommandError:
            return None
        return True

    await eventually("the server", serving)
    return temporal


def _worker_command(name: str, programs: Programs, address: str, folder: Path) -> list[str | Path]:
    places = [folder / "tdc.yaml", folder / "host.yaml", folder / "keys"]
    if name in programs.java:
        return [*_java(name, programs, "Worker"), name, address, *places]
    named: list[str | Path] = ["--address", address]
    for option, place in zip(("--config", "--host-config", "--vault"), places, strict=True):
        named += [option, place]
    if name == "python":
        return [programs.python, Path(__file__).parents[1] / "python" / "worker.py", *named]
    if name == "typescript":
        return [*_typescript(programs, "worker"), *named]
    return [programs.go_worker, *named]


def _tool(name: str, programs: Programs, what: str) -> list[str | Path]:
    """Another program in the language of a worker: "sites-worker", "replay" or "read-failure"."""
    if name in programs.java:
        return _java(name, programs, what.title().replace("-", ""))
    if name == "python":
        return [programs.python, Path(__file__).parents[1] / "python" / f"{what.replace('-', '_')}.py"]
    if name == "typescript":
        return _typescript(programs, what)
    return [programs.go_worker, what]


def _typescript(programs: Programs, main: str) -> list[str | Path]:
    assert programs.node
    assert programs.typescript
    return [programs.node, programs.typescript / f"{main}.js"]


def _java(name: str, programs: Programs, main: str) -> list[str | Path]:
    # Short runs gain nothing from the slower, better compiler.
    return [
        programs.java[name],
        "-XX:TieredStopAtLevel=1",
        "-cp",
        programs.java_classpath,
        f"io.tdc.e2e.{main}",
    ]
