"""Encodes a text into a file of payloads as JSON, or prints the texts that such a file holds.

roundtrip.py encode|decode CONFIG FILE [TEXT]
"""

import asyncio
import sys
from pathlib import Path

import temporal_tdc
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads


def main(operation: str, config: str, file: str, *texts: str) -> None:
    """Convert as a client would."""
    converter = temporal_tdc.open(config).data_converter
    if operation == "encode":
        payloads = Payloads(payloads=asyncio.run(converter.encode(texts)))
        Path(file).write_text(json_format.MessageToJson(payloads), encoding="utf-8")
    else:
        payloads = json_format.Parse(Path(file).read_text(encoding="utf-8"), Payloads())
        print(*asyncio.run(converter.decode(payloads.payloads)), sep="\n")


main(*sys.argv[1:])
