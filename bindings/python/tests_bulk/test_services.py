"""Spark with keys in a key service, which only the machines can ask, and exports in a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster, Exports, Services
from pyarrow import parquet
from support import ROOT, encode, item, make_history, sorted_rows, write_service_config
from temporalio.api.history.v1 import History

import temporal_tdc
from temporal_tdc import spark as tdc_spark

COUNT = 20


@pytest.fixture(scope="module")
def session(cluster: Cluster) -> Iterator[Any]:
    """A session whose event log is searched later, by the last test with Spark."""
    opened = cluster.session()
    yield opened
    opened.stop()


def test_executors_ask_the_key_service(
    running_services: Services,
    session: Any,
    exports: Exports,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key in ("orders-2026", "orders-2027"):
        running_services.ask(f"transit/keys/{key}")
    old, new = (write_service_config(tmp_path / key, key) for key in ("orders-2026", "orders-2027"))
    path = tmp_path / "export.proto"
    plain = [make_history(f"service-{number}") for number in range(COUNT)]
    with monkeypatch.context() as worker:
        for name in ("VAULT_ADDR", "VAULT_TOKEN", "TDC_KEYS_LIBRARY"):
            worker.setenv(name, running_services.environment[name])
        with temporal_tdc.open(old) as tdc:
            stored = [encode(tdc, history) for history in plain]
    path.write_bytes(b"".join(map(item, stored)))
    # What may stay nowhere: the machines' token, and the data key that the service gives them.
    token, data_key = running_services.token.encode(), running_services.data_key(stored[0])
    exports.keys.extend([token, data_key])

    encoded = tdc_spark.read_exports(session, [path], namespace="orders", partitions=2)
    decoded = tdc_spark.decode_histories(encoded, config=old).collect()
    assert [History.FromString(bytes(row.history)) for row in decoded] == plain
    rewrapped = tdc_spark.rewrap_histories(encoded, config=old, to=new)
    rewrapped.cache()
    assert tdc_spark.decode_histories(rewrapped, config=new).collect() == decoded
    assert all(b"hashivault://orders-2027" in bytes(row.history) for row in rewrapped.collect())

    # A config that no process has opened yet knows no data key, so each has to be asked for.
    refused, allowed = (
        write_service_config(tmp_path / name, "orders-2026") for name in ("refused", "allowed")
    )
    with (
        running_services.withdrawn("decrypt"),
        pytest.raises(Exception, match="TDC_ERR_KEY_REFUSED"),
    ):
        tdc_spark.decode_histories(encoded, config=refused).collect()
    assert tdc_spark.decode_histories(encoded, config=allowed).collect() == decoded


def test_exports_in_a_store(
    running_services: Services,
    session: Any,
    exports: Exports,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3fs = pytest.importorskip("s3fs")
    for name, value in running_services.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    store = s3fs.S3FileSystem(skip_instance_cache=True)
    store.put(str(exports.folder), f"exports/{ROOT.parent}/", recursive=True)
    rows = tdc_spark.export_to_parquet(
        session,
        [f"s3://exports/{ROOT}"],
        "s3://exports/events",
        config=exports.config,
        namespace_from_path=True,
    )
    assert rows == len(exports.rows)
    written = parquet.read_table(running_services.bucket / "events").to_pylist()
    assert sorted_rows(written) == sorted_rows(exports.rows)
    assert not (running_services.bucket / "events" / "_temporary").exists()
