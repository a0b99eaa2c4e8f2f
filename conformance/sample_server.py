"""The codec server after the Python sample's description (peers/python/server.py), as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from participants import FailedError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Seconds until it listens.
PATIENCE = 60


@contextmanager
def sample_server(root: Path) -> Iterator[str]:
    """Starts it; returns its URL."""
    # Its packages are in the bindings' venv, which the Python driver has created.
    python = root / "target" / "python" / "venv" / "bin" / "python"
    if not python.exists():
        raise SkippedError("target/python/venv does not exist: scripts/driver-python makes it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), str(root / "peers" / "python" / "server.py"), f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:  # noqa: S603 - our own
        try:
            _wait(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None:
                said = server.stderr.read().decode(errors="replace") if server.stderr else ""
                raise FailedError(f"the Python sample's server ended: {said[-300:]}") from None
            time.sleep(0.05)
        else:
            return
    raise FailedError("the Python sample's server does not listen")
