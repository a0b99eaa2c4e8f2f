"""A real object store for external payloads: versitygw, which speaks S3's protocol over a folder."""

from dataclasses import dataclass
from pathlib import Path

import aiohttp
from temporalio.api.common.v1 import Payload

from harness.checks import eventually
from harness.processes import Processes, environment, free_port

_BUCKET = "letters"
_ACCESS, _SECRET = "test", "testtest"


@dataclass(frozen=True)
class ObjectStorePrograms:
    """What `scripts/test-e2e` has set up for it."""

    versitygw: Path
    #: A Python with the official S3 driver, its client and tdc.
    python: Path

    def archive(self, *arguments: str | Path) -> list[str | Path]:
        """The command of a worker and a client that store large payloads."""
        program = Path(__file__).parents[1] / "storage" / "python" / "archive.py"
        return [self.python, "-B", program, *arguments]


class ObjectStore:
    """The server, with one bucket."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint = endpoint
        self.bucket = _BUCKET
        self._folder = folder

    @classmethod
    async def start(cls, processes: Processes, versitygw: Path, folder: Path) -> "ObjectStore":
        """Starts it over a new folder."""
        objects, metadata = folder / "objects", folder / "metadata"
        (objects / _BUCKET).mkdir(parents=True)
        metadata.mkdir()
        listen = f"127.0.0.1:{free_port()}"
        options = ["--access", _ACCESS, "--secret", _SECRET, "--port", listen]
        command: list[str | Path] = [versitygw, *options, "posix", "--sidecar", metadata, objects]
        process = await processes.start("versitygw", command, environment())
        store = cls(f"http://{listen}", folder)

        async def serving() -> bool | None:
            if process.returncode is not None:
                raise RuntimeError("versitygw ended at once: see versitygw.log")
            try:
                # The status does not matter: nobody may list buckets without a signature.
                async with aiohttp.ClientSession() as session, session.get(store.endpoint):
                    return True
            except (TimeoutError, aiohttp.ClientError):
                return None

        await eventually("versitygw", serving)
        return store

    def environment(self) -> dict[str, str]:
        """The credentials, as every client of S3 finds them."""
        return {"AWS_ACCESS_KEY_ID": _ACCESS, "AWS_SECRET_ACCESS_KEY": _SECRET}

    def configuration(self, *more: str) -> str:
        """What a configuration says of it, and more of `storage`."""
        place = f"{{ region: us-east-1, endpoint: '{self.endpoint}', path_style: true }}"
        stores = f"stores: {{ aws.s3driver: {{ s3: {place}, buckets: [{self.bucket}] }} }}"
        return f"storage: {{ {', '.join([stores, *more])} }}"

    def keys(self) -> list[str]:
        """The keys of all objects."""
        bucket = self._folder / "objects" / _BUCKET
        return sorted(str(file.relative_to(bucket)) for file in bucket.rglob("*") if file.is_file())

    def payload(self, key: str) -> Payload:
        """What an object holds."""
        return Payload.FromString((self._folder / "objects" / _BUCKET / key).read_bytes())

    def everything(self) -> bytes:
        """Every byte of its folder."""
        return b"".join(file.read_bytes() for file in self._folder.rglob("*") if file.is_file())
