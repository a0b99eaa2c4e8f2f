"""Exported histories in Ray: the functions of ``temporal_tdc.spark`` by ``map_batches``.

Each of Ray's worker processes opens the config, and the key files it names, on the disk of its own
machine::

    from temporal_tdc import ray as tdc_ray

    exports = tdc_ray.read_exports(["/exports"])
    events = tdc_ray.history_events(exports, config="/etc/tdc/tdc.yaml")
    events.write_parquet("/events")

It needs ``pip install temporal-tdc[ray]`` on every machine.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from temporal_tdc import _bulk
from temporal_tdc._exports import find_exports

__all__ = ["decode_histories", "history_events", "read_exports", "rewrap_histories"]

AnyPath = str | os.PathLike[str]

_BATCH: Final = 256
"""Histories in a batch: one may have megabytes, and a batch is in memory three times."""


def read_exports(paths: Iterable[AnyPath], *, namespace: str | None = None) -> Any:
    """Read exports of Temporal Cloud: a row a history, still encoded.

    Args:
        paths: Files and folders, which the driver lists and the workers open.
        namespace: The namespace of all histories; that of the file's path if not given.

    Returns:
        A ``ray.data.Dataset`` with ``namespace``, ``file``, ``item`` and ``history``.
    """
    ray = _bulk.module("ray.data", "ray")
    exports = find_exports(paths)
    indexes = ray.range(len(exports), override_num_blocks=max(1, len(exports)))
    return _map(indexes, functools.partial(_bulk.export_batches, namespace, exports))


def decode_histories(
    ds: Any, *, config: AnyPath, namespace: str | None = None, column: str = "history"
) -> Any:
    """Decode a column of histories.

    Args:
        ds: A ``ray.data.Dataset`` with a binary column of histories, in any form that
            ``Tdc.decode_history`` takes.
        config: Absolute path of the config, on each machine.
        namespace: The namespace of all rows; if not given, the column ``namespace`` where it is.
        column: The name of the binary column.

    Returns:
        The same rows and columns, with the histories decoded in the form that they have.
    """
    settings = _bulk.settings(config, namespace, column)
    return _map(ds, functools.partial(_bulk.decode_batches, settings))


def rewrap_histories(
    ds: Any,
    *,
    config: AnyPath,
    to: AnyPath,
    namespace: str | None = None,
    column: str = "history",
) -> Any:
    """Encode a column of binary histories anew: decoded by one config, encoded by another.

    Args:
        ds: As for ``decode_histories``; the histories are ``temporal.api.history.v1.History``.
        config: Absolute path of the config that decodes, on each machine.
        to: The same of the config that encodes.
        namespace: As for ``decode_histories``.
        column: The name of the binary column.

    Returns:
        The same rows and columns. A payload that stays encrypted is an error, because it would be
        encrypted twice.
    """
    settings = _bulk.settings(config, namespace, column, to)
    return _map(ds, functools.partial(_bulk.rewrap_batches, settings))


def history_events(
    ds: Any, *, config: AnyPath, namespace: str | None = None, column: str = "history"
) -> Any:
    """Decode a column of histories into a row an event.

    Args:
        ds: A ``ray.data.Dataset`` with a binary column of binary histories, items of an export or
            whole exports.
        config: As for ``decode_histories``.
        namespace: As for ``decode_histories``.
        column: The name of the binary column.

    Returns:
        The columns of ``temporal_tdc.spark.history_events``.
    """
    settings = _bulk.settings(config, namespace, column)
    return _map(ds, functools.partial(_bulk.event_batches, settings))


def _map(ds: Any, work: Callable[[Iterator[Any]], Iterator[Any]]) -> Any:
    return ds.map_batches(
        functools.partial(_tables, work), batch_size=_BATCH, batch_format="pyarrow"
    )


def _tables(work: Callable[[Iterator[Any]], Iterator[Any]], table: Any) -> Iterator[Any]:
    """Give Ray's table to what takes batches, and its batches back as tables."""
    arrow = _bulk.module("pyarrow")
    for batch in work(iter(table.to_batches())):
        yield arrow.Table.from_batches([batch])
