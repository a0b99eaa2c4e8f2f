"""Decodes an export of Temporal Cloud as a Python program does without tdc.

With the SDK's messages and the sample's codec: ``export.py INPUT OUTPUT``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.export.v1 import WorkflowExecutions

from sample import SampleCodec

# The key and its id are those of scripts/bench-export.
CODEC = SampleCodec("test-key-id", b"test-key-test-key-test-key-test!")


async def decode(message: Message) -> None:
    """Decode every list of payloads, wherever it is: the SDK has no visitor of histories."""
    if isinstance(message, Payloads):
        decoded = await CODEC.decode(message.payloads)
        del message.payloads[:]
        message.payloads.extend(decoded)
        return
    for field, value in message.ListFields():
        if field.message_type is None or isinstance(value, Payload):
            continue
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                await decode(one)


def main() -> None:
    """Read, decode, write."""
    export = WorkflowExecutions.FromString(Path(sys.argv[1]).read_bytes())
    asyncio.run(decode(export))
    Path(sys.argv[2]).write_bytes(export.SerializeToString())


main()
