"""Follows a page of docs/start to the letter: its files are written, its commands are typed.

test_start.py CLONE TEMPORAL PLACE PAGE ..., called by scripts/test-start. The clone has the packages
in dist/, so the command that builds them is skipped; TEMPORAL is the `temporal` command.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import follow_howto
import follow_others
from check_pages import blocks, commands

#: Commands that build what is there already.
BUILT = {"make dist-host", "make build"}
OWN_TERMINAL = "in a terminal of its own"
PRINTS = re.compile(r'prints .*?"([^"]+)"')
#: What the pages' servers listen on: Temporal, its Web UI, the codec server.
PORTS = [7233, 8233, 8081]
WAIT_SECONDS = 300.0


def fail(message: str) -> NoReturn:
    """End with a message."""
    sys.exit(f"start: {message}")


def listens(port: int) -> bool:
    """Whether something answers on a port of this machine."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


class Reader:
    """One who follows a page: a shell, terminals of their own, an empty home and an empty folder."""

    def __init__(self, place: Path, clone: Path, programs: Sequence[Path]) -> None:
        """Take an empty place, the clone, and commands that are installed."""
        self.folder = place / "project"
        self._place = place
        self._state = place / "shell"
        self._log = place / "log"
        self._terminals: list[subprocess.Popen[bytes]] = []
        home = place / "home"
        for each in (self.folder, home):
            each.mkdir(parents=True)
        bins = place / "bin"
        bins.mkdir()
        for program in programs:
            (bins / program.name).symlink_to(program)
        kept = {name: os.environ[name] for name in ("JAVA_HOME", "LANG", "CARGO_HOME", "RUSTUP_HOME", "GOCACHE", "GOMODCACHE") if name in os.environ}
        self._environment = kept | {"HOME": str(home), "PATH": f"{bins}:{os.environ['PATH']}"}
        self._at = clone

    def leaves_the_clone(self) -> None:
        """Go to the empty folder."""
        self._at = self.folder

    def takes_a_folder(self, name: str) -> None:
        """Go to another empty folder."""
        self.folder = self._place / name
        self.folder.mkdir()
        self._at = self.folder

    def types(self, command: str) -> str:
        """Type a command, and return what it prints."""
        # The shell's variables last from one command to the next.
        script = f'[[ -f {self._state} ]] && . {self._state}\n{command}\nstatus=$?\nexport -p >{self._state}\nexit $status\n'
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=self._at,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS * 4,
            check=False,
        )
        said = done.stdout + done.stderr
        with self._log.open("a") as log:
            log.write(f"$ {command}\n{said}\n")
        if done.returncode:
            fail(f"this command ended with {done.returncode}: {command}\n{said}")
        return said

    def opens_a_terminal(self, command: str) -> None:
        """Type a command that goes on, and wait until it listens, if it is one of the servers."""
        script = f"[[ -f {self._state} ]] && . {self._state}\nexec {command}\n"
        log = (self._log.parent / f"terminal-{len(self._terminals)}").open("wb")
        process = subprocess.Popen(
            ["bash", "-c", script], cwd=self._at, env=self._environment, stdout=log, stderr=log, start_new_session=True
        )
        self._terminals.append(process)
        awaited = [port for name, ports in (("temporal server", PORTS[:2]), ("serve --dev", PORTS[2:])) if name in command for port in ports]
        end = time.monotonic() + WAIT_SECONDS
        while not all(map(listens, awaited)):
            if process.poll() is not None or time.monotonic() > end:
                fail(f"this command does not listen: {command}\n{Path(log.name).read_text(errors='replace')}")
            time.sleep(0.2)

    def leaves(self) -> None:
        """Close the terminals, newest first."""
        for process in reversed(self._terminals):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def newest_workflow(reader: Reader) -> str:
    """The id of the workflow that was started last."""
    if not listens(PORTS[0]):
        # The page of the command line reads any workflow.
        reader.opens_a_terminal("temporal server start-dev")
        reader.types("temporal workflow start -n default -t queue --type Any -w any-1 --input '\"Ada\"'")
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = json.loads(reader.types("temporal workflow list -n default --limit 1 -o json") or "[]")
        if found:
            return str(found[0]["execution"]["workflowId"])
        time.sleep(0.5)
    fail("no workflow was started")


def follow(page: Path, reader: Reader) -> int:
    """Do what a page says, and return how many commands that were."""
    typed = 0
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            (reader.folder / block.file).write_text(block.body, encoding="utf-8")
        if block.language != "sh":
            continue
        for command, comment in commands(block.body):
            typed += 1
            if "WORKFLOW" in command:
                command = command.replace("WORKFLOW", newest_workflow(reader))
            if command in BUILT:
                continue
            if OWN_TERMINAL in comment:
                reader.opens_a_terminal(command)
                continue
            said = reader.types(command)
            if (expected := PRINTS.search(comment)) and expected[1] not in said:
                fail(f"{command}: it does not print {expected[1]!r} but\n{said}")
            if "tdc inspect" in command and "--output" in command and "encrypt" not in said:
                fail(f"{command}: nothing is encrypted\n{said}")
        if command == "export TDC=$PWD" or "export PATH=$TDC" in command:
            reader.leaves_the_clone()
    return typed


def main() -> int:
    """Follow each page."""
    clone, temporal, place, *pages = map(Path, sys.argv[1:])
    if busy := [port for port in PORTS if listens(port)]:
        print(f"start: skipped, because something listens on port {busy[0]}, which the pages use")
        return 0
    for page in pages:
        own = place / page.stem
        shutil.rmtree(own, ignore_errors=True)
        reader = Reader(own, clone, [temporal])
        start = time.monotonic()
        try:
            typed = follow(page, reader)
            if page.stem == "cli":
                more = follow_howto.follow(clone / "docs" / "howto", reader)
                print(f"start: docs/howto: {more} commands", flush=True)
            if page.stem in follow_others.AFTER:
                more = follow_others.AFTER[page.stem](clone, reader)
                print(f"start: other pages, after {page.stem}: {more} commands", flush=True)
            if page.stem == "python" and "WITH_SPARK" in os.environ:
                print(f"start: Spark: {follow_others.of_spark(clone, reader)} commands", flush=True)
        finally:
            reader.leaves()
        print(f"start: {page.stem}: {typed} commands in {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
