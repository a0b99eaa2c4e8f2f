"""The sample's codec made as fast as Python and ``cryptography`` allow.

What helps: no ``Payload(metadata=...)``, since parsing finished bytes is 1-2 µs cheaper; one parse
for a whole batch of small payloads; slices of a memoryview instead of copies.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

NONCE_SIZE = 12
TAG_SIZE = 16
BATCH_LIMIT = 16 * 1024


class TunedCodec(PayloadCodec):
    """The same bytes as ``SampleCodec``, with less work."""

    def __init__(self, key_id: str, key: bytes) -> None:
        """Make the part of every answer that is always the same."""
        self._key_id = key_id.encode()
        self._cipher = AESGCM(key)
        head = Payload(
            metadata={"encoding": b"binary/encrypted", "encryption-key-id": self._key_id}
        )
        self._prefix = head.SerializeToString(deterministic=True) + b"\x12"

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt every payload."""
        if len(payloads) == 1:
            return [Payload.FromString(b"".join(self._parts(payloads[0].SerializeToString())))]
        plaintexts = [payload.SerializeToString() for payload in payloads]
        if sum(map(len, plaintexts)) > BATCH_LIMIT * len(plaintexts):
            return [Payload.FromString(b"".join(self._parts(text))) for text in plaintexts]
        message: list[bytes] = []
        for plaintext in plaintexts:
            parts = self._parts(plaintext)
            message += (b"\x0a", varint(sum(map(len, parts))), *parts)
        return Payloads.FromString(b"".join(message)).payloads[:]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted and leave the rest alone."""
        return [self._decoded(payload) for payload in payloads]

    def _parts(self, plaintext: bytes) -> tuple[bytes, ...]:
        nonce = os.urandom(NONCE_SIZE)
        size = varint(NONCE_SIZE + len(plaintext) + TAG_SIZE)
        return self._prefix, size, nonce, self._cipher.encrypt(nonce, plaintext, None)

    def _decoded(self, payload: Payload) -> Payload:
        metadata = payload.metadata
        if metadata.get("encoding") != b"binary/encrypted":
            return payload
        if metadata.get("encryption-key-id") != self._key_id:
            raise ValueError("the payload was encrypted with another key")
        data = memoryview(payload.data)
        return Payload.FromString(self._cipher.decrypt(data[:NONCE_SIZE], data[NONCE_SIZE:], None))


def varint(value: int) -> bytes:
    """Encode a length as protobuf does."""
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
