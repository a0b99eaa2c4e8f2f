"""The servers of object stores, and the credentials that S3's takes."""

from pathlib import Path

#: The credentials of the store of S3's protocol.
ACCESS, SECRET = "test", "testtest"


def versitygw(program: str | Path, listen: str, objects: Path, metadata: Path) -> list[str]:
    """The command of an S3 store at `HOST:PORT` over a folder, whose subfolders are its buckets."""
    options = ["--access", ACCESS, "--secret", SECRET, "--port", listen]
    return [str(program), *options, "posix", "--sidecar", str(metadata), str(objects)]


def s3_credentials() -> dict[str, str]:
    """The environment in which every client of S3 finds its credentials."""
    return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}


def fake_gcs_server(program: str | Path, listen: str, objects: Path) -> list[str]:
    """The command of a store of Google's protocol at `HOST:PORT`, in memory, with a copy of a folder."""
    host, _, port = listen.partition(":")
    options = ["-scheme", "http", "-host", host, "-port", port, "-external-url", f"http://{listen}"]
    return [str(program), *options, "-backend", "memory", "-data", str(objects)]
