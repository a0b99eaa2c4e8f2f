"""Hands histories to the SDK's own replayer, with its default data converter or, where a config is given, with tdc's.

usage: replay.py CONFIG FILE...     CONFIG: - for none. Prints for each file what went wrong, or nothing, as JSON.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import temporal_tdc
from courier import Courier
from echo import Echo
from google.protobuf import json_format
from temporalio.api.export.v1 import WorkflowExecutions
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer


def histories(file: Path) -> list[WorkflowHistory]:
    """The histories in a file."""
    if ".export." not in file.name:
        return [WorkflowHistory.from_json("replayed", file.read_text())]
    export = WorkflowExecutions()
    if file.suffix == ".json":
        json_format.Parse(file.read_text(), export)
    else:
        export.ParseFromString(file.read_bytes())
    if not export.items:
        raise ValueError(f"{file} is empty")
    return [WorkflowHistory("replayed", item.history.events) for item in export.items]


async def replay(file: Path, converter: DataConverter) -> str:
    """Replays the histories in a file."""
    replayer = Replayer(workflows=[Echo, Courier], data_converter=converter)
    try:
        for history in histories(file):
            await replayer.replay_workflow(history)
    except Exception as error:
        return repr(error)
    return ""


async def main(config: str, files: list[Path]) -> None:
    """Replays all files."""
    converter = DataConverter.default if config == "-" else temporal_tdc.open(config).data_converter
    print(json.dumps({file.name: await replay(file, converter) for file in files}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [Path(file) for file in sys.argv[2:]]))
    # temporalio's runtime can crash the interpreter at exit after all went well
    # (temporalio/sdk-python#300).
    os._exit(0)
