"""External payloads: the server counts the sizes that encoded payloads show outside, and none that are inside alone.

The server in the temporal command is older than 1.30 and counts none, so this one is a server of its own.
"""

import dataclasses
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.converter import DataConverter, PayloadCodec

from harness.counting_server import serve_newer
from harness.stage import Stage

SIZE = 300_000


class InsideAlone(PayloadCodec):
    """What a codec writes that does not copy the field, such as those of the SDKs."""

    def __init__(self, codec: PayloadCodec) -> None:
        self._codec = codec

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encodes, and takes the sizes away from the outside."""
        encoded = [Payload.FromString(item.SerializeToString()) for item in await self._codec.encode(payloads)]
        for item in encoded:
            item.ClearField("external_payloads")
        return encoded

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decodes."""
        return await self._codec.decode(payloads)


async def external_payloads(stage: Stage) -> None:
    """Starts the same workflow with each codec, and compares what the server says of it."""
    address, namespace = await serve_newer(stage, "counting-server")
    stored = _stored(stage.secret("external"))
    encrypting = stage.codec.data_converter
    assert encrypting.payload_codec
    hiding = dataclasses.replace(encrypting, payload_codec=InsideAlone(encrypting.payload_codec))
    for name, converter, counted in (
        ("plain", DataConverter.default, (1, SIZE)),
        ("encrypted", encrypting, (1, SIZE)),
        ("inside-alone", hiding, (0, 0)),
    ):
        client = await Client.connect(address, namespace=namespace, data_converter=converter)
        handle = await client.start_workflow("Unserved", RawValue(stored), id=f"external-{name}", task_queue="nobody")
        info = (await handle.describe()).raw_description.workflow_execution_info
        found = (info.external_payload_count, info.external_payload_size_bytes)
        stage.checks.equal(f"external payloads, {name}: what the server counts", found, counted)
        history = await handle.fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        (sent,) = started.input.payloads
        if name != "plain":
            stage.checks.equal(f"external payloads, {name}: encoding", sent.metadata["encoding"], b"binary/encrypted")
        (read,) = await encrypting.payload_codec.decode([sent])
        stage.checks.equal(f"external payloads, {name}: decoded, the size is there once", read, stored)
        await handle.terminate()


def _stored(key: str) -> Payload:
    """A reference to an object in a store, as the SDKs write one."""
    return Payload(
        metadata={"encoding": b"json/protobuf", "messageType": b"temporal.api.sdk.v1.ExternalStorageReference"},
        data=f'{{"driverName":"aws.s3driver","claimData":{{"bucket":"orders","key":"{key}"}}}}'.encode(),
        external_payloads=[Payload.ExternalPayloadDetails(size_bytes=SIZE)],
    )
