"""The provider of logins that the page names: https on port 443, in a network of its own."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

HOST = "login.example.com"
ISSUER = f"https://{HOST}/"


class Login:
    """Signs access tokens, and publishes the key for them."""

    def __init__(self, folder: Path) -> None:
        """Makes its key and its certificate."""
        self._folder = folder
        self.certificate = folder / "login.crt"
        self._key = folder / "login.key"
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "1", "-subj", "/CN=login"),
            *("-addext", f"subjectAltName=DNS:{HOST}", "-addext", "basicConstraints=critical,CA:FALSE"),
            *("-keyout", str(self._key), "-out", str(self.certificate)),
        )

    def serve(self) -> None:
        """Answers every request with the key set, until the process ends."""
        modulus = _openssl("rsa", "-in", str(self._key), "-noout", "-modulus").decode().strip().partition("=")[2]
        public = {"kty": "RSA", "kid": "k", "alg": "RS256", "n": _segment(bytes.fromhex(modulus)), "e": "AQAB"}
        body = json.dumps({"keys": [public]}).encode()

        class Keys(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Keys)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate, self._key)
        listener.socket = tls.wrap_socket(listener.socket, server_side=True)
        threading.Thread(target=listener.serve_forever, daemon=True).start()

    def token(self, email: str) -> str:
        """A token for this person."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "tdc",
            "sub": email,
            "email": email,
            "iat": now,
            "exp": now + 600,
        }
        signed = ".".join(_segment(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "k"}, claims))
        return f"{signed}.{_segment(_openssl('dgst', '-sha256', '-sign', str(self._key), given=signed.encode()))}"


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout
