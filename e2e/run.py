"""The end-to-end test: a real Temporal server, and real workers in four languages that share one tdc.yaml.

`scripts/test-e2e` builds everything and runs this.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from harness.checks import Checks
from harness.key_services import KeyServicePrograms
from harness.launch import Programs, stage
from harness.object_store import ObjectStorePrograms
from harness.stage import Stage
from scenarios.bound import bound
from scenarios.codec_server_cli import laptop, team
from scenarios.cure import cure
from scenarios.external_payloads import external_payloads
from scenarios.faults import faults
from scenarios.identity import identity
from scenarios.key_services import key_services
from scenarios.orders import orders, refused
from scenarios.parcel import parcel
from scenarios.plaintext import plaintext
from scenarios.relay import relay
from scenarios.replays import replays
from scenarios.rotation import rotation
from scenarios.split_export import split_export
from scenarios.stored_objects import stored_objects
from scenarios.summaries import summaries
from scenarios.ticket import ticket
from scenarios.web_ui import web_ui

#: All, in the order in which they run. One that lacks a program says so and does nothing.
SCENARIOS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "orders": orders,
    "refused-order": refused,
    "parcel": parcel,
    "ticket": ticket,
    "external-payloads": external_payloads,
    "stored-objects": stored_objects,
    "relay": relay,
    "replays": replays,
    "split-export": split_export,
    "laptop": laptop,
    "team": team,
    "web-ui": web_ui,
    "identity": identity,
    "faults": faults,
    "cure": cure,
    "rotation": rotation,
    "key-services": key_services,
    "summaries": summaries,
    "bound": bound,
    "plaintext": plaintext,
}


async def run(programs: Programs, folder: Path, only: Sequence[str]) -> Checks:
    """Runs all scenarios, or only some, in the same order."""
    checks = Checks()
    async with checks.scenario("the test"), stage(programs, folder, checks) as ready:
        for name, scenario in SCENARIOS.items():
            if not only or name in only:
                async with checks.scenario(name):
                    await scenario(ready)
    return checks


async def main(arguments: argparse.Namespace) -> int:
    """Runs the test; a signal ends it in the same orderly way as a failure."""
    programs = Programs(
        temporal=arguments.temporal,
        tdc=arguments.tdc,
        go_worker=arguments.go_worker,
        python=Path(sys.executable),
        node=arguments.node,
        typescript=arguments.typescript,
        java={name: Path(launcher) for name, launcher in arguments.java},
        java_classpath=arguments.java_classpath,
        chromium=arguments.chromium,
        web_ui=arguments.web_ui,
        counting_server=arguments.counting_server,
        keycloak=arguments.keycloak,
        keycloak_java=arguments.keycloak_java,
        key_services=KeyServicePrograms(*arguments.key_services) if arguments.key_services else None,
        object_store=ObjectStorePrograms(*arguments.object_store) if arguments.object_store else None,
    )
    running = asyncio.create_task(run(programs, arguments.folder, arguments.only))
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
    parser.add_argument("--node", type=Path, help="Node.js; without it the TypeScript worker is left out")
    parser.add_argument("--typescript", type=Path, help="the folder of the compiled TypeScript worker")
    parser.add_argument(
        "--java",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "LAUNCHER"),
        help="a JDK to run a Java worker on, like: java17 /usr/bin/java; may be repeated",
    )
    parser.add_argument("--java-classpath", required=True)
    parser.add_argument("--chromium", type=Path, help="the browser; without it the Web UI is left out")
    parser.add_argument("--web-ui", type=Path, required=True, help="a Web UI that is newer than the dev server's")
    parser.add_argument("--counting-server", type=Path, required=True, help="a server that counts external payloads")
    parser.add_argument("--keycloak", type=Path, help="Keycloak, prepared; without it the login is left out")
    parser.add_argument("--keycloak-java", type=Path, help="the JVM for it")
    parser.add_argument(
        "--key-services",
        nargs=3,
        type=Path,
        metavar=("FOLDER", "LIBRARY", "GOCLOUD"),
        help="where bao and moto_server are, libtdc_keys, and the program that seals as Temporal Proxy does",
    )
    parser.add_argument(
        "--object-store",
        nargs=3,
        type=Path,
        metavar=("VERSITYGW", "FAKE_GCS_SERVER", "PYTHON"),
        help="two stores, and a Python with the official drivers, their clients and tdc",
    )
    parser.add_argument("--folder", type=lambda p: Path(p).absolute(), required=True, help="is emptied and then used")
    parser.add_argument(
        "--only",
        action="append",
        choices=SCENARIOS,
        help="run this scenario alone; may be repeated. Some look at what others left: replays at parcel, for example",
    )
    status = asyncio.run(main(parser.parse_args()))
    # temporalio's runtime can crash the interpreter at exit after all went well; nothing is left to
    # clean up here.
    os._exit(status)
