"""The processes of the test: started together, and all gone when the test ends, however it ends."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# Seconds that the test waits for anything. A loaded machine is slow, and an awaited event
# comes late or never.
PATIENCE = 240


def free_port() -> int:
    """A port of the loopback interface without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def server(arguments: list[str], probe: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it answers at the URL `probe`, for tests without an event loop."""
    with log.open("ab") as out:
        started = subprocess.Popen(arguments, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(probe):
            if started.poll() is not None:
                raise RuntimeError(f"{arguments[0]} ended: see {log}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{arguments[0]} does not answer: see {log}")
            time.sleep(0.1)
        yield started
    finally:
        started.terminate()
        started.wait(10)


def _answers(probe: str) -> bool:
    try:
        urllib.request.urlopen(probe, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def environment(**more: str) -> dict[str, str]:
    """This process's environment without TEMPORAL_*, which would change what clients do."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TEMPORAL_")}
    return inherited | more


class Worker:
    """A process that speaks the workers' line protocol, in lines that begin with "e2e: "; all else goes to its log."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._asked: list[str] = []
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stdout
        with self._log.open("ab", buffering=0) as log:
            async for line in self._process.stdout:
                prefix, _, said = line.decode().strip().partition("e2e: ")
                if prefix or not said:
                    log.write(line)
                elif said.startswith("asked "):
                    self._asked.append(said.removeprefix("asked "))
                else:
                    self._answers.put_nowait(said)
        self._answers.put_nowait("end")

    def asked(self, prefix: str) -> list[str]:
        """The ids of the keys that the worker's key providers were asked for, sorted, if they begin like this."""
        return sorted(key for key in self._asked if key.startswith(prefix))

    async def expect(self, answer: str) -> None:
        """Waits until the worker says this."""
        async with asyncio.timeout(PATIENCE):
            heard = await self._answers.get()
        if heard != answer:
            tail = "\n".join(self._log.read_text().splitlines()[-20:])
            raise RuntimeError(
                f"expected {answer!r} of the {self._name} worker, found {heard!r}; its log ends:\n{tail}"
            )

    async def tell(self, command: str, answer: str) -> None:
        """Sends a command and waits for its answer."""
        assert self._process.stdin
        self._process.stdin.write(f"{command}\n".encode())
        await self._process.stdin.drain()
        await self.expect(answer)

    async def stop(self) -> None:
        """Ends the worker by the end of its standard input, or by force when it does not listen."""
        if self._process.returncode is None:
            assert self._process.stdin
            self._process.stdin.close()
            await _end(self._process)


class Processes:
    """Starts processes and remembers them."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[Process] = []

    async def start(self, name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> Process:
        """Starts a process with pipes for standard input and output."""
        with (self._logs / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=log, env=dict(env), limit=1 << 24
            )
        self._started.append(process)
        return process

    async def worker(self, name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> Worker:
        """Starts a worker and waits until it polls."""
        worker = Worker(name, await self.start(name, command, env), self._logs / f"{name}.log")
        await worker.expect("ready")
        return worker

    async def end(self) -> None:
        """Ends every process that still runs, the youngest first: the workers before their server."""
        for process in reversed(self._started):
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await _end(process)


async def _end(process: Process) -> None:
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
