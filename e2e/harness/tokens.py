"""Tokens of an issuer whose keys are in a file: for the parts of the test that need no identity provider."""

import base64
import json
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "https://login.e2e.test/"
AUDIENCE = "codec-server"


class Issuer:
    """Signs access tokens."""

    def __init__(self, jwks: Path) -> None:
        """Makes a key, and writes its public half into a key set."""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        public = {"kty": "RSA", "kid": "e2e", "use": "sig", "alg": "RS256"}
        public |= {"n": _number(numbers.n), "e": _number(numbers.e)}
        jwks.write_text(json.dumps({"keys": [public]}))

    def token(self, email: str, seconds: int = 3600) -> str:
        """A token for this person, good for this long from now on."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": email, "email": email, "iat": now, "exp": now + seconds}
        header = {"alg": "RS256", "typ": "JWT", "kid": "e2e"}
        signed = ".".join(_segment(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_segment(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def claims(token: str) -> dict[str, Any]:
    """What a token says; nothing is verified."""
    return _part(token, 1)


def key_id(token: str) -> str:
    """The key that a token says it was signed with."""
    kid: str = _part(token, 0)["kid"]
    return kid


def _part(token: str, index: int) -> dict[str, Any]:
    segment = token.split(".")[index]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return said


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _segment(value.to_bytes((value.bit_length() + 7) // 8, "big"))
