"""Encodes or decodes a file through the Python SDK's own interface, for the conformance matrix.

    driver.py --codec tdc|sample --config PATH [--key-file PATH --key-id ID] encode|decode IN OUT

IN and OUT hold one serialised temporal.api.common.v1.Payloads. Python's SDK has no zlib codec.

It also asks the SDK itself, for the conformance suite (conformance/oracles.py):

    driver.py descriptors OUT
    driver.py visit-payloads IN OUT
    driver.py [--config PATH] write-values|read-values|write-failures|read-failures IN OUT
    driver.py write-json|read-json|read-history IN OUT
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
from pathlib import Path

import temporal_tdc
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec

import oracle
from sample import SampleCodec


def open_codec(arguments: argparse.Namespace) -> PayloadCodec:
    """Make the codec that the arguments ask for."""
    if arguments.codec == "tdc":
        if arguments.config is None:
            raise SystemExit("--codec tdc needs --config")
        return temporal_tdc.open(arguments.config).payload_codec
    if arguments.codec == "sample":
        if arguments.key_file is None or arguments.key_id is None:
            raise SystemExit("--codec sample needs --key-file and --key-id")
        return SampleCodec(arguments.key_id, base64.b64decode(arguments.key_file.read_text()))
    raise SystemExit("the Python SDK has no zlib codec")


async def convert(codec: PayloadCodec, operation: str, message: bytes) -> bytes:
    """Encode or decode all payloads of a message."""
    payloads = Payloads.FromString(message)
    if operation == "encode":
        await codec.encode_wrapper(payloads)
    else:
        await codec.decode_wrapper(payloads)
    return payloads.SerializeToString()


def ask(arguments: argparse.Namespace) -> bytes:
    """Ask the SDK itself, or tdc where a config is given."""
    if arguments.operation == "descriptors":
        return oracle.describe()
    records = list(Payloads.FromString(arguments.input.read_bytes()).payloads)
    tdc = temporal_tdc.open(arguments.config) if arguments.config else None
    return Payloads(payloads=oracle.answer(arguments.operation, records, tdc)).SerializeToString()


def main() -> int:
    """Read the arguments and convert one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", choices=("tdc", "sample", "zlib"), default="tdc")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--key-file", type=Path, help="32 bytes as base64 text")
    parser.add_argument("--key-id")
    parser.add_argument(
        "operation", choices=("encode", "decode", "descriptors", *oracle.OPERATIONS)
    )
    parser.add_argument("input", type=Path, nargs="?")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.operation not in ("encode", "decode"):
            arguments.output.write_bytes(ask(arguments))
            return 0
        codec = open_codec(arguments)
        answer = asyncio.run(convert(codec, arguments.operation, arguments.input.read_bytes()))
        arguments.output.write_bytes(answer)
    except Exception as error:  # noqa: BLE001 (whatever it is, the caller reads it as one line)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
