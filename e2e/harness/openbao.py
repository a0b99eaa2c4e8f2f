"""OpenBao, for every test that needs a real key service."""

from pathlib import Path
from typing import Any

from harness.json_http import call

#: The token of the administrator.
ROOT = "root"


def development_server(program: str | Path, listen: str) -> list[str]:
    """The command of a server in memory, which listens at `HOST:PORT`."""
    options = ["-dev-no-store-token", f"-dev-root-token-id={ROOT}", f"-dev-listen-address={listen}"]
    return [str(program), "server", "-dev", *options]


def health(address: str) -> str:
    """The URL that answers once the server at this URL is ready."""
    return f"{address}/v1/sys/health"


class Bao:
    """What the administrator of a server does."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        """A request, as `call` sends it."""
        return call(f"{self.address}/v1/{path}", body, {"X-Vault-Token": ROOT}, method)

    def token(self, policy: str, ttl: str = "1h", **more: object) -> str:
        """A token with one policy and an end."""
        made = self.ask("auth/token/create", {"policies": [policy], "ttl": ttl, **more})
        text: str = made["auth"]["client_token"]
        return text

    def policy(self, name: str, *paths: str) -> None:
        """Allows updates on paths."""
        rules = "\n".join(f'path "{path}" {{ capabilities = ["update"] }}' for path in paths)
        self.ask(f"sys/policies/acl/{name}", {"policy": rules}, "PUT")
