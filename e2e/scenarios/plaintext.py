"""No secret is on the server's disk; and the search that says so finds one where nothing was encrypted."""

import contextlib
import secrets
import sqlite3
from pathlib import Path

from temporalio.client import Client

from harness import history
from harness.stage import Stage
from harness.vault import read_key


async def plaintext(stage: Stage) -> None:
    """Looks through the server's whole database for every secret of the test, after all scenarios have run."""
    control = f"control-{secrets.token_hex(12)}"
    plain = await Client.connect(stage.temporal.address)
    handle = await plain.start_workflow("Nobody", control, id="control", task_queue="nobody")
    events = await stage.histories("control")
    await handle.terminate()
    stage.checks.equal(
        "control: plaintext of an unencrypted workflow is found in its history",
        history.leaks_in(events, [control]),
        [control],
    )

    database = _pages(stage.folder / "temporal.db")
    stage.checks.equal(
        "control: plaintext of an unencrypted workflow is found in the database",
        history.leaks(database, [control]),
        [control],
    )
    stage.checks.equal(
        f"database: none of {len(stage.markers)} secrets is in its {len(database)} bytes",
        history.leaks(database, stage.markers),
        [],
    )
    told = database + b"".join(log.read_bytes() for log in stage.folder.glob("*.log"))
    keys = {file.stem: read_key(file.parent, file.stem) for file in (stage.folder / "keys").iterdir()}
    stage.checks.equal(
        f"keys: none of {len(keys)} is in the database or in a log",
        [key_id for key_id, key in keys.items() if history.holds(told, key)],
        [],
    )


def _pages(database: Path) -> bytes:
    """All pages of the database as of one moment, those of deleted rows too, while the server goes on writing."""
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.serialize()
