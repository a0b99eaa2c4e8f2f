"""Real key services for workers: OpenBao's transit engine, and AWS KMS by moto's server."""

import asyncio
import base64
import subprocess
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from harness import history, openbao
from harness.checks import eventually
from harness.processes import Processes, environment, free_port

REGION = "eu-central-1"


@dataclass(frozen=True)
class KeyServicePrograms:
    """What `scripts/test-e2e` has set up for them."""

    #: The folder of OpenBao and of moto's server.
    services: Path
    #: libtdc_keys.
    library: Path
    #: The program that seals payloads as Temporal Proxy does, by gocloud.dev/secrets.
    gocloud: Path


async def _started(name: str, process: Process, url: str) -> None:
    async def ready() -> bool | None:
        if process.returncode is not None:
            raise RuntimeError(f"{name} ended at once: see {name}.log")
        try:
            async with aiohttp.ClientSession() as session, session.get(url):
                return True
        except (TimeoutError, aiohttp.ClientError):
            return None

    await eventually(name, ready)


class OpenBao:
    """A development server, and what its administrator does."""

    def __init__(self, address: str, programs: KeyServicePrograms) -> None:
        self._bao = openbao.Bao(address)
        self._programs = programs

    @classmethod
    async def start(cls, processes: Processes, programs: KeyServicePrograms) -> "OpenBao":
        """Starts it with the transit engine."""
        listen = f"127.0.0.1:{free_port()}"
        command = openbao.development_server(programs.services / "bao", listen)
        process = await processes.start("openbao", command, environment())
        address = f"http://{listen}"
        await _started("openbao", process, openbao.health(address))
        bao = cls(address, programs)
        await bao.post("sys/mounts/transit", {"type": "transit"})
        return bao

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> None:
        """A request of the administrator."""
        await asyncio.to_thread(self._bao.ask, path, body or {})

    async def allow(self, policy: str, *paths: str) -> None:
        """Says what a policy allows from now on."""
        await asyncio.to_thread(self._bao.policy, policy, *(f"transit/{path}" for path in paths))

    async def token(self, policy: str) -> str:
        """A token with one policy."""
        return await asyncio.to_thread(self._bao.token, policy)

    def environment(self, token: str = openbao.ROOT) -> dict[str, str]:
        """What a program needs to use it."""
        address = self._bao.address
        library = {"TDC_KEYS_LIBRARY": str(self._programs.library)}
        gocloud = {"VAULT_SERVER_URL": address, "VAULT_SERVER_TOKEN": token}
        return library | gocloud | {"VAULT_ADDR": address, "VAULT_TOKEN": token}


class Kms:
    """AWS KMS by moto's server."""

    def __init__(self, address: str, programs: KeyServicePrograms) -> None:
        self._address = address
        self._programs = programs

    @classmethod
    async def start(cls, processes: Processes, programs: KeyServicePrograms) -> "Kms":
        """Starts it."""
        port = free_port()
        command: list[str | Path] = [programs.services / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
        process = await processes.start("moto", command, environment())
        kms = cls(f"http://127.0.0.1:{port}", programs)
        await _started("moto", process, f"{kms._address}/moto-api/")
        return kms

    async def create_key(self) -> dict[str, str]:
        """Makes a key; its Arn and its KeyId."""
        credential = f"Credential=test/20260101/{REGION}/kms/aws4_request, SignedHeaders=host, Signature=0"
        headers = {
            "X-Amz-Target": "TrentService.CreateKey",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 {credential}",
        }
        async with (
            aiohttp.ClientSession(raise_for_status=True) as session,
            session.post(f"{self._address}/", data=b"{}", headers=headers) as answer,
        ):
            made = await answer.json(content_type=None)
            key: dict[str, str] = made["KeyMetadata"]
            return key

    def environment(self) -> dict[str, str]:
        """What a program needs to use it."""
        return {
            "TDC_KEYS_LIBRARY": str(self._programs.library),
            "AWS_ENDPOINT_URL": self._address,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@dataclass(frozen=True)
class Services:
    """Both services."""

    programs: KeyServicePrograms
    bao: OpenBao
    kms: Kms

    def environment(self, token: str = openbao.ROOT) -> dict[str, str]:
        """What a program needs to use both. libtdc_keys reads it once, so the test itself always has all of it."""
        return self.bao.environment(token) | self.kms.environment()


class KeyServices:
    """The services, started when they are needed first."""

    def __init__(self, programs: KeyServicePrograms, processes: Processes) -> None:
        self._programs = programs
        self._processes = processes
        self._started: Services | None = None

    async def start(self) -> Services:
        """Starts them, or gives those that run."""
        if not self._started:
            bao = await OpenBao.start(self._processes, self._programs)
            self._started = Services(self._programs, bao, await Kms.start(self._processes, self._programs))
        return self._started


class Proxy(PayloadCodec):
    """What Temporal Proxy does between a client and the server, around the codec of the client."""

    def __init__(self, gocloud: Path, uri: str, env: dict[str, str], inner: PayloadCodec) -> None:
        self._gocloud = gocloud
        self._uri = uri
        self._env = env
        self._inner = inner

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encodes as the client does, then seals."""
        return self.seal(await self._inner.encode(payloads))

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Opens what is sealed, then decodes."""
        return await self._inner.decode(self._run("open", payloads))

    def seal(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seals payloads under one new data key."""
        return self._run("seal", payloads)

    def _run(self, verb: str, payloads: Sequence[Payload]) -> list[Payload]:
        message = Payloads(payloads=payloads).SerializeToString()
        done = subprocess.run(
            [self._gocloud, verb, self._uri], input=message, capture_output=True, check=True, env=self._env
        )
        return list(Payloads.FromString(done.stdout).payloads)


def reseal(document: Any, convert: Callable[[list[Payload]], list[Payload]]) -> None:
    """Replaces every payload in a JSON document of the server, except search attributes."""
    found = list(history.payloads(document))
    given = [
        Payload(
            metadata={name: base64.b64decode(value) for name, value in one["metadata"].items()},
            data=history.data(one),
        )
        for one in found
    ]
    for one, made in zip(found, convert(given), strict=True):
        metadata = {name: base64.b64encode(value).decode() for name, value in made.metadata.items()}
        one.clear()
        one.update(metadata=metadata, data=base64.b64encode(made.data).decode())
