"""The end-to-end test: a real Temporal server, and real workers in Go, Python and Java that share one tdc.yaml.

`scripts/test-e2e` builds everything and runs this.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from harness.checks import Checks
from harness.launch import Programs, stage
from scenarios import codec_server_cli
from scenarios.faults import flaky_provider, permanent, poisoned, slow_provider
from scenarios.orders import orders, refused
from scenarios.parcel import parcel
from scenarios.plaintext import plaintext
from scenarios.replays import replays
from scenarios.rotation import rotation


async def run(programs: Programs, folder: Path) -> Checks:
    """Runs all scenarios. Those of the faults wait much and do little, so they run side by side."""
    checks = Checks()
    async with checks.scenario("the test"), stage(programs, folder, checks) as ready:
        async with checks.scenario("orders"):
            await orders(ready)
        async with checks.scenario("refused order"):
            await refused(ready)
        async with checks.scenario("parcel"):
            await parcel(ready)
        async with checks.scenario("replays"):
            await replays(ready)
        for served in (codec_server_cli.laptop, codec_server_cli.team):
            async with checks.scenario(f"command line with the codec server of a {served.__name__}"):
                await served(ready)
        async with asyncio.TaskGroup() as group:
            group.create_task(checks.run(poisoned(ready), "poisoned"))
            for faults in (slow_provider, flaky_provider, permanent):
                for name in ready.workers:
                    group.create_task(checks.run(faults(ready, name), f"{faults.__name__} in {name}"))
        async with checks.scenario("rotation"):
            await rotation(ready)
        async with checks.scenario("plaintext"):
            await plaintext(ready)
    return checks


async def main(arguments: argparse.Namespace) -> int:
    """Runs the test; a signal ends it in the same orderly way as a failure."""
    programs = Programs(
        temporal=arguments.temporal,
        tdc=arguments.tdc,
        go_worker=arguments.go_worker,
        python=Path(sys.executable),
        java={name: Path(launcher) for name, launcher in arguments.java},
        java_classpath=arguments.java_classpath,
    )
    running = asyncio.create_task(run(programs, arguments.folder))
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
    try:
        checks = await running
    except asyncio.CancelledError:
        print("stopped by a signal, and so are all processes of the test", flush=True)
        return 1
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    if checks.failed:
        print(f"logs of the server and the workers: {arguments.folder}", flush=True)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--temporal", type=Path, required=True, help="the temporal command line")
    parser.add_argument("--tdc", type=Path, required=True, help="the tdc command line")
    parser.add_argument("--go-worker", type=Path, required=True)
    parser.add_argument(
        "--java",
        nargs=2,
        action="append",
        required=True,
        metavar=("NAME", "LAUNCHER"),
        help="a JDK to run a Java worker on, like: java17 /usr/bin/java; may be repeated",
    )
    parser.add_argument("--java-classpath", required=True)
    parser.add_argument("--folder", type=lambda p: Path(p).absolute(), required=True, help="is emptied and then used")
    status = asyncio.run(main(parser.parse_args()))
    # temporalio's runtime can crash the interpreter at exit after all went well; nothing is left to clean up here.
    os._exit(status)
