"""Keycloak, a real identity provider: three people log in, its keys rotate, it goes away and comes back."""

import asyncio
import json
import shutil
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import aiohttp

from harness.checks import eventually
from harness.processes import PATIENCE, Processes, environment, free_port
from harness.tokens import AUDIENCE

CLIENT = "web-ui"
PEOPLE = ("ada", "ben", "cem")
# Seconds that an access token is good for: longer than the test on any machine.
LIFESPAN = 3600
_ADMIN = "admin"
_REALM = "e2e"


class Keycloak:
    """The provider, with a database in its own folder that outlives a restart."""

    def __init__(self, processes: Processes, home: Path, java: Path, secret: str) -> None:
        """`home` is the distribution, already built; `secret` is every password of the test."""
        self._processes = processes
        self._home = home
        self._java = java
        self._secret = secret
        port = free_port()
        self._port = port
        self._url = f"http://127.0.0.1:{port}"
        self._process: Process | None = None
        self.issuer = f"{self._url}/realms/{_REALM}"
        self.keys = f"{self.issuer}/protocol/openid-connect/certs"

    def prepare(self, web_ui: str) -> None:
        """Forgets an earlier test, and writes the realm that the first start imports."""
        data = self._home / "data"
        shutil.rmtree(data, ignore_errors=True)
        (data / "import").mkdir(parents=True)
        (data / "import" / f"{_REALM}.json").write_text(json.dumps(self._realm(web_ui)))

    def _realm(self, web_ui: str) -> dict[str, Any]:
        mapper = {
            "name": "audience",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            # The codec server is the audience of the access token only, so no ID token can stand in
            # for it.
            "config": {
                "included.custom.audience": AUDIENCE,
                "access.token.claim": "true",
                "id.token.claim": "false",
            },
        }
        client = {
            "clientId": CLIENT,
            "secret": self._secret,
            "redirectUris": [f"{web_ui}/auth/sso/callback"],
            "protocolMappers": [mapper],
        }
        people = [
            {
                "username": name,
                "enabled": True,
                "email": f"{name}@e2e.test",
                "emailVerified": True,
                "firstName": name.title(),
                "lastName": "Tester",
                "credentials": [{"type": "password", "value": self._secret}],
            }
            for name in PEOPLE
        ]
        realm = {"realm": _REALM, "enabled": True, "sslRequired": "none", "accessTokenLifespan": LIFESPAN}
        return realm | {"clients": [client], "users": people}

    async def start(self) -> None:
        """Starts it, and waits until it has a key set."""
        # Its own script waits for the JVM without handing signals on to it, so it could not be
        # ended in an orderly way.
        command: list[str | Path] = [
            self._java,
            "-Xms64m",
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            f"-Dkc.home.dir={self._home}",
            f"-Djboss.server.config.dir={self._home / 'conf'}",
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Dkc.config.built=true",
            "-cp",
            self._home / "lib" / "quarkus-run.jar",
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
        ]
        command += ["start", "--optimized", "--import-realm", "--http-enabled=true", "--cache=local"]
        command += ["--http-host=127.0.0.1", f"--http-port={self._port}", f"--hostname={self._url}"]
        admin = {"KC_BOOTSTRAP_ADMIN_USERNAME": _ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": self._secret}
        process = await self._processes.start("keycloak", command, environment(**admin))
        self._process = process

        async def serving() -> bool | None:
            if process.returncode is not None:
                raise RuntimeError("Keycloak ended at once: see keycloak.log")
            try:
                async with aiohttp.ClientSession() as session, session.get(self.keys) as answer:
                    return True if answer.status == 200 else None
            except (TimeoutError, aiohttp.ClientError):
                return None

        await eventually("Keycloak", serving)

    async def stop(self) -> None:
        """Takes it away."""
        assert self._process
        self._process.terminate()
        async with asyncio.timeout(PATIENCE):
            await self._process.wait()

    async def rotate(self) -> None:
        """Makes a signing key that comes before the one of today; the old one stays in the key set."""
        key = {
            "name": "rotated",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]},
        }
        await self._administer("POST", "components", key)

    async def set_token_lifespan(self, seconds: int) -> None:
        """Says how long access tokens are good that are given out from now on."""
        await self._administer("PUT", "", {"accessTokenLifespan": seconds})

    async def _administer(self, method: str, path: str, body: dict[str, Any]) -> None:
        login = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": _ADMIN,
            "password": self._secret,
        }
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.post(f"{self._url}/realms/master/protocol/openid-connect/token", data=login) as answer:
                token = (await answer.json())["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{self._url}/admin/realms/{_REALM}/{path}".rstrip("/")
            async with session.request(method, url, json=body, headers=headers):
                pass
