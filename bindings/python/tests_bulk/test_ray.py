"""Ray: the same functions by ``map_batches``, and what a session leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Exports
from pyarrow import parquet
from search import files_with, forms
from support import MARK, sorted_rows, write_config

from temporal_tdc import ray as tdc_ray


@pytest.fixture
def session(short_folder: Path) -> Iterator[Path]:
    """A session of Ray with two workers, on loopback alone."""
    ray = pytest.importorskip("ray")
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=200 << 20,
        _node_ip_address="127.0.0.1",
        _temp_dir=str(short_folder),
    )
    yield short_folder
    ray.shutdown()


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

    keys = [form for each in (*exports.keys, key) for form in forms(each)]
    found, looked = files_with([session], keys)
    assert found == []
    assert looked > 10
    logs = [path for path in session.rglob("logs") if path.is_dir()]
    found, looked = files_with(logs, [MARK.encode()])
    assert found == []
    assert looked > 5


def _histories(dataset: Any) -> dict[tuple[str, int], bytes]:
    rows = dataset.take_all()
    return {(row["file"], row["item"]): bytes(row["history"]) for row in rows}
