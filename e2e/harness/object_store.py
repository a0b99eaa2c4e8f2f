"""Real object stores for external payloads: versitygw, which speaks S3's protocol, and fake-gcs-server, Google's."""

import json
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from temporalio.api.common.v1 import Payload

from harness import store_servers
from harness.checks import eventually
from harness.processes import Processes, environment, free_port

_BUCKET = "letters"


@dataclass(frozen=True)
class ObjectStorePrograms:
    """What `scripts/test-e2e` has set up for it."""

    versitygw: Path
    fake_gcs_server: Path
    #: A Python with the official drivers, their clients and tdc.
    python: Path

    def archive(self, *arguments: str | Path) -> list[str | Path]:
        """The command of a worker or a client that stores large payloads."""
        program = Path(__file__).parents[1] / "storage" / "python" / "archive.py"
        return [self.python, "-B", program, *arguments]


class ObjectStore(ABC):
    """A server with one bucket."""

    #: Its name on the command lines of workers.
    kind: str
    #: The name that its official drivers have.
    driver: str
    #: The names in a claim with every spelling.
    spellings: frozenset[str]

    def __init__(self, folder: Path) -> None:
        self.bucket = _BUCKET
        self._folder = folder
        (folder / "objects" / _BUCKET).mkdir(parents=True)
        self._listen = f"127.0.0.1:{free_port()}"
        self.endpoint = f"http://{self._listen}"

    async def _serve(self, processes: Processes, name: str, command: list[str]) -> None:
        process = await processes.start(name, command, environment())

        async def serving() -> bool | None:
            if process.returncode is not None:
                raise RuntimeError(f"{name} ended at once: see {name}.log")
            try:
                # The status does not matter: nobody may list buckets without a signature.
                async with aiohttp.ClientSession() as session, session.get(self.endpoint):
                    return True
            except (TimeoutError, aiohttp.ClientError):
                return None

        await eventually(name, serving)

    @property
    def places(self) -> tuple[str, str, str]:
        """What a worker is told of it."""
        return self.kind, self.endpoint, self.bucket

    def environment(self) -> dict[str, str]:
        """The credentials, as every client finds them."""
        return {}

    def configuration(self, *more: str) -> str:
        """What a configuration says of it, and more of `storage`."""
        stores = f"stores: {{ {self.driver}: {{ {self._place()}, buckets: [{self.bucket}] }} }}"
        return f"storage: {{ {', '.join([stores, *more])} }}"

    @abstractmethod
    def _place(self) -> str: ...

    @abstractmethod
    def keys(self) -> list[str]:
        """The keys of all objects."""

    @abstractmethod
    def _object(self, key: str) -> bytes: ...

    def payload(self, key: str) -> Payload:
        """What an object holds."""
        return Payload.FromString(self._object(key))

    def everything(self) -> bytes:
        """Every byte that it has."""
        return b"".join(map(self._object, self.keys()))


class S3Store(ObjectStore):
    """versitygw over a folder."""

    kind = "s3"
    driver = "aws.s3driver"
    spellings = frozenset({"bucket", "key", "hash_algorithm", "hash_value", "hashAlgorithm", "hashValue"})

    @classmethod
    async def start(cls, processes: Processes, programs: ObjectStorePrograms, folder: Path) -> "S3Store":
        """Starts it over a new folder."""
        store, metadata = cls(folder), folder / "metadata"
        metadata.mkdir()
        command = store_servers.versitygw(programs.versitygw, store._listen, folder / "objects", metadata)
        await store._serve(processes, "versitygw", command)
        return store

    def environment(self) -> dict[str, str]:
        """The credentials, as every client of S3 finds them."""
        return store_servers.s3_credentials()

    def _place(self) -> str:
        return f"s3: {{ region: us-east-1, endpoint: '{self.endpoint}', path_style: true }}"

    def keys(self) -> list[str]:
        """The keys of all objects."""
        bucket = self._folder / "objects" / _BUCKET
        return sorted(str(file.relative_to(bucket)) for file in bucket.rglob("*") if file.is_file())

    def _object(self, key: str) -> bytes:
        return (self._folder / "objects" / _BUCKET / key).read_bytes()

    def everything(self) -> bytes:
        """Every byte of its folder."""
        return b"".join(file.read_bytes() for file in self._folder.rglob("*") if file.is_file())


class GcsStore(ObjectStore):
    """fake-gcs-server, in memory."""

    kind = "gcs"
    driver = "gcp.gcsdriver"
    spellings = S3Store.spellings | {"object", "object_name"}

    @classmethod
    async def start(cls, processes: Processes, programs: ObjectStorePrograms, folder: Path) -> "GcsStore":
        """Starts it with an empty bucket."""
        store = cls(folder)
        command = store_servers.fake_gcs_server(programs.fake_gcs_server, store._listen, folder / "objects")
        await store._serve(processes, "fake-gcs-server", command)
        return store

    def _place(self) -> str:
        return f"gcs: {{ endpoint: '{self.endpoint}' }}"

    def keys(self) -> list[str]:
        """The keys of all objects."""
        listed = json.loads(self._get(""))
        assert "nextPageToken" not in listed, "more objects than fit a page"
        return sorted(item["name"] for item in listed["items"])

    def _object(self, key: str) -> bytes:
        return self._get(f"/{urllib.parse.quote(key, safe='')}?alt=media")

    def _get(self, path: str) -> bytes:
        url = f"{self.endpoint}/storage/v1/b/{self.bucket}/o{path}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            data: bytes = answer.read()
        return data
