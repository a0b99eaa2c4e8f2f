"""Ray: the same functions by ``map_batches``, and what a session leaves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Exports, Services
from pyarrow import parquet
from search import files_with, forms
from support import (
    MARK,
    encode,
    item,
    make_history,
    sorted_rows,
    write_config,
    write_service_config,
)
from temporalio.api.history.v1 import History

import temporal_tdc
from temporal_tdc import ray as tdc_ray

WAIT_SECONDS = 20.0


@contextmanager
def _session(short_folder: Path) -> Iterator[None]:
    """A session of Ray on two CPUs, on loopback alone."""
    ray = pytest.importorskip("ray")
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=200 << 20,
        _node_ip_address="127.0.0.1",
        _temp_dir=str(short_folder),
    )
    try:
        yield
    finally:
        ray.shutdown()


@pytest.fixture
def session(short_folder: Path) -> Iterator[Path]:
    """The folder of an open session."""
    with _session(short_folder):
        yield short_folder


def test_ray(session: Path, exports: Exports, tmp_path: Path) -> None:
    encoded = tdc_ray.read_exports([exports.folder]).materialize()
    assert encoded.count() == exports.histories
    out = tmp_path / "events"
    tdc_ray.history_events(encoded, config=exports.config).write_parquet(str(out))
    assert sorted_rows(parquet.read_table(out).to_pylist()) == sorted_rows(exports.rows)

    new, key = write_config(tmp_path / "config", "orders-2028")
    some = encoded.limit(100).materialize()
    rewrapped = tdc_ray.rewrap_histories(some, config=exports.config, to=new).materialize()
    before = _histories(tdc_ray.decode_histories(some, config=exports.config))
    after = _histories(tdc_ray.decode_histories(rewrapped, config=new))
    assert before == after
    assert _histories(some) != _histories(rewrapped)

    with pytest.raises(Exception, match="TDC_ERR_KEY_UNKNOWN"):
        tdc_ray.decode_histories(rewrapped, config=exports.config).materialize()

    check_that_no_secret_stays(session, *exports.keys, key)


def test_workers_ask_the_key_service_and_the_store(
    running_services: Services,
    short_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3fs = pytest.importorskip("s3fs")
    # Ray's workers inherit the environment.
    for name, value in running_services.environment.items():
        monkeypatch.setenv(name, value)
    running_services.ask("transit/keys/ray")
    config = write_service_config(tmp_path / "config", "ray")
    plain = [make_history(f"ray-{number}") for number in range(20)]
    with temporal_tdc.open(config) as tdc:
        stored = [encode(tdc, history) for history in plain]
    token, data_key = running_services.token.encode(), running_services.data_key(stored[0])
    with s3fs.S3FileSystem(skip_instance_cache=True).open("exports/ray/export.proto", "wb") as out:
        out.write(b"".join(map(item, stored)))

    with _session(short_folder):
        encoded = tdc_ray.read_exports(["s3://exports/ray"], namespace="orders")
        decoded = _histories(tdc_ray.decode_histories(encoded, config=config))
        assert [History.FromString(decoded[key]) for key in sorted(decoded)] == plain
        check_that_no_secret_stays(short_folder, token, data_key)


def check_that_no_secret_stays(session: Path, *secrets: bytes) -> None:
    """Search the folder of a session for secrets, and its logs for plaintext."""
    keys = [form for secret in secrets for form in forms(secret)]
    found, looked = files_with([session], keys)
    assert found == []
    assert looked > 10
    logs = [path for path in session.rglob("logs") if path.is_dir()]
    found, looked = files_with(logs, [MARK.encode()])
    assert found == []
    assert looked > 5
    # The search finds each of them after a worker has written it.
    needles = [*keys, MARK.encode()]
    _write_in_a_worker(b"\n".join(needles))
    end = time.monotonic() + WAIT_SECONDS
    while not all(files_with(logs, [needle])[0] for needle in needles):
        assert time.monotonic() < end
        time.sleep(0.2)


def _write_in_a_worker(text: bytes) -> None:
    import ray  # noqa: PLC0415 # only where there is a session

    def write() -> None:
        os.write(1, text + b"\n")

    ray.get(ray.remote(write).remote())


def _histories(dataset: Any) -> dict[tuple[str, int], bytes]:
    rows = dataset.take_all()
    return {(row["file"], row["item"]): bytes(row["history"]) for row in rows}
