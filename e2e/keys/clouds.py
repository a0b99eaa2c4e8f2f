"""Google Cloud KMS and Azure Key Vault as far as the public APIs of keys go: fakes with real cryptography.

The official Python clients are asked the same questions, so a fake that they do not understand is found out.
"""

import base64
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def crc32c(data: bytes) -> int:
    """The checksum that Google wants."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def url64(data: bytes) -> str:
    """Base64 as JSON Web Keys have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_url64(text: str) -> bytes:
    """The bytes of it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class RefusedError(Exception):
    """An answer that is none: its status, and its body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class Clouds(BaseHTTPRequestHandler):
    """Both services, told apart by their paths."""

    google: ClassVar[dict[str, bytes]] = {}
    azure: ClassVar[dict[str, rsa.RSAPrivateKey]] = {}
    #: What was asked: path, headers in lower case, body.
    asked: ClassVar[list[tuple[str, dict[str, str], str]]] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Keys of Azure, tokens of a machine."""
        self._answer("")

    def do_POST(self) -> None:
        """Everything else."""
        self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, body: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked.append((self.path, headers, body))
        status = 200
        try:
            answer = self._ask(self.path.split("?")[0], headers, body)
        except RefusedError as refused:
            status, answer = refused.status, refused.body
        data = json.dumps(answer).encode()
        self.send_response(status)
        if status == 401:
            self.send_header(
                "WWW-Authenticate", 'Bearer authorization="https://login.example.com/t", resource="https://x"'
            )
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _ask(self, path: str, headers: dict[str, str], body: str) -> object:
        if path.endswith("/token"):
            return {"access_token": "of-the-test", "expires_in": 3600, "token_type": "Bearer"}
        if headers.get("authorization") != "Bearer of-the-test":
            raise RefusedError(401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "who are you?"}})
        return self._google(path, json.loads(body)) if path.startswith("/v1/") else self._azure(path, body)

    def _google(self, path: str, asked: dict[str, Any]) -> object:
        def refuse(status: int, name: str, message: str) -> RefusedError:
            return RefusedError(status, {"error": {"code": status, "message": message, "status": name}})

        name, verb = path.removeprefix("/v1/").split(":")
        if name not in self.google:
            raise refuse(403, "PERMISSION_DENIED", f"Permission denied on resource '{name}' (or it may not exist).")
        cipher = AESGCM(self.google[name])
        if verb == "encrypt":
            plain = base64.b64decode(asked["plaintext"])
            if int(asked.get("plaintextCrc32c", crc32c(plain))) != crc32c(plain):
                raise refuse(400, "INVALID_ARGUMENT", "The checksum does not match.")
            nonce = os.urandom(12)
            sealed = nonce + cipher.encrypt(nonce, plain, None)
            return {
                "name": f"{name}/cryptoKeyVersions/1",
                "ciphertext": base64.b64encode(sealed).decode(),
                "ciphertextCrc32c": str(crc32c(sealed)),
                "verifiedPlaintextCrc32c": "plaintextCrc32c" in asked,
                "protectionLevel": "SOFTWARE",
            }
        sealed = base64.b64decode(asked["ciphertext"])
        try:
            plain = cipher.decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError):
            text = "Decryption failed: verify that 'name' refers to the correct CryptoKey."
            raise refuse(400, "INVALID_ARGUMENT", text) from None
        return {
            "plaintext": base64.b64encode(plain).decode(),
            "plaintextCrc32c": str(crc32c(plain)),
            "usedPrimary": True,
        }

    def _azure(self, path: str, body: str) -> object:
        found = re.fullmatch(r"/keys/([\w-]+/[\w-]*)(?:/(wrapkey|unwrapkey))?", path)
        key = self.azure.get(found[1]) if found else None
        if not found or not key:
            raise RefusedError(
                404, {"error": {"code": "KeyNotFound", "message": "A key with this name was not found."}}
            )
        kid = f"http://{self.headers['host']}/keys/{found[1]}"
        if not found[2]:
            public = key.public_key().public_numbers()
            n, e = (url64(number.to_bytes((number.bit_length() + 7) // 8)) for number in (public.n, public.e))
            return {
                "key": {"kid": kid, "kty": "RSA", "key_ops": ["wrapKey", "unwrapKey"], "n": n, "e": e},
                "attributes": {"enabled": True},
            }
        asked = json.loads(body)
        if asked["alg"] != "RSA-OAEP-256":
            raise RefusedError(400, {"error": {"code": "BadParameter", "message": "The algorithm is not supported."}})
        value = from_url64(asked["value"])
        try:
            out = key.public_key().encrypt(value, OAEP) if found[2] == "wrapkey" else key.decrypt(value, OAEP)
        except ValueError:
            raise RefusedError(
                400, {"error": {"code": "BadParameter", "message": "The parameter is incorrect."}}
            ) from None
        return {"kid": kid, "value": url64(out)}


@contextmanager
def serve() -> Iterator[str]:
    """The address of both."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Clouds)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
