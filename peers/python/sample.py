"""The encryption codec as the official samples describe it, with Python's own crypto.

The peer in the benchmark and in the conformance matrix: it shares no code with the library.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

NONCE_SIZE = 12


class SampleCodec(PayloadCodec):
    """AES-256-GCM over whole payloads; the cipher is made once, as in the Python sample."""

    def __init__(self, key_id: str, key: bytes) -> None:
        """Keep the one key it knows."""
        self._key_id = key_id
        self._cipher = AESGCM(key)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt every payload."""
        return [
            Payload(
                metadata={
                    "encoding": b"binary/encrypted",
                    "encryption-key-id": self._key_id.encode(),
                },
                data=self._encrypt(payload.SerializeToString()),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted and leave the rest alone."""
        decoded: list[Payload] = []
        for payload in payloads:
            if payload.metadata.get("encoding", b"").decode() != "binary/encrypted":
                decoded.append(payload)
                continue
            key_id = payload.metadata.get("encryption-key-id", b"").decode()
            if key_id != self._key_id:
                raise ValueError("the payload was encrypted with another key")
            decoded.append(Payload.FromString(self._decrypt(payload.data)))
        return decoded

    def _encrypt(self, plaintext: bytes) -> bytes:
        nonce = os.urandom(NONCE_SIZE)
        return nonce + self._cipher.encrypt(nonce, plaintext, None)

    def _decrypt(self, data: bytes) -> bytes:
        return self._cipher.decrypt(data[:NONCE_SIZE], data[NONCE_SIZE:], None)
