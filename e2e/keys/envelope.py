"""The oracle of envelopes in Python: Temporal Proxy's codec, written after its description and without code of ours.

A payload is encrypted by the package `cryptography`; its data key is wrapped by OpenBao's HTTP API or AWS's own client.
"""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from harness.json_http import call
from temporalio.api.common.v1 import Payload, Payloads

_ENCODING = b"binary/encrypted"


class Service(Protocol):
    """A key that never leaves its service."""

    def wrap(self, data_key: bytes) -> bytes:
        """Wraps a data key."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwraps one."""


@dataclass(frozen=True)
class Transit:
    """A key of OpenBao's transit engine."""

    address: str
    token: str
    key: str

    def _ask(self, verb: str, body: dict[str, str]) -> dict[str, str]:
        headers = {"X-Vault-Token": self.token}
        answer: dict[str, str] = call(f"{self.address}/v1/transit/{verb}/{self.key}", body, headers, "POST")["data"]
        return answer

    def wrap(self, data_key: bytes) -> bytes:
        """Wraps a data key: the text of the engine is the wrapped key."""
        return self._ask("encrypt", {"plaintext": base64.b64encode(data_key).decode()})["ciphertext"].encode()

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwraps one."""
        return base64.b64decode(self._ask("decrypt", {"ciphertext": wrapped.decode()})["plaintext"])


class Kms:
    """A key of AWS KMS."""

    def __init__(self, endpoint: str, region: str, key: str) -> None:
        self._key = key
        self._client: Any = boto3.client(
            "kms",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def wrap(self, data_key: bytes) -> bytes:
        """Wraps a data key."""
        wrapped: bytes = self._client.encrypt(KeyId=self._key, Plaintext=data_key)["CiphertextBlob"]
        return wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwraps one."""
        data_key: bytes = self._client.decrypt(KeyId=self._key, CiphertextBlob=wrapped)["Plaintext"]
        return data_key


@dataclass(frozen=True)
class Envelope:
    """Seals under one URI, and opens what was sealed under it."""

    uri: str
    service: Service

    def seal(self, message: bytes) -> bytes:
        """Encrypts every payload of a serialised Payloads under one new data key."""
        data_key = AESGCM.generate_key(256)
        wrapped, cipher = base64.b64encode(self.service.wrap(data_key)), AESGCM(data_key)

        def seal(payload: Payload) -> Payload:
            nonce = os.urandom(12)
            metadata = {"encoding": _ENCODING, "encryption-key-id": self.uri.encode(), "encryption-dek": wrapped}
            return Payload(metadata=metadata, data=nonce + cipher.encrypt(nonce, payload.SerializeToString(), None))

        return _each(message, seal)

    def open(self, message: bytes) -> bytes:
        """Decrypts every payload that this key sealed; any other stays as it is."""

        def unseal(payload: Payload) -> Payload:
            metadata = payload.metadata
            ours = metadata.get("encoding") == _ENCODING and metadata.get("encryption-key-id") == self.uri.encode()
            if not ours or not metadata.get("encryption-dek"):
                return payload
            data_key = self.service.unwrap(base64.b64decode(metadata["encryption-dek"], validate=True))
            assert len(data_key) == 32
            return Payload.FromString(AESGCM(data_key).decrypt(payload.data[:12], payload.data[12:], None))

        return _each(message, unseal)


def _each(message: bytes, convert: Callable[[Payload], Payload]) -> bytes:
    return Payloads(payloads=map(convert, Payloads.FromString(message).payloads)).SerializeToString()
