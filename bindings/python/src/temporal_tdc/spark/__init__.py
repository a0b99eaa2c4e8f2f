"""Exported histories in Spark: decoded, encoded anew, and as a row an event.

Every function works on Arrow batches in the executors' Python processes, by ``mapInArrow``. Each
process opens the config, and the key files it names, on the disk of its own machine: neither keys
nor anything that is open is part of a job::

    from temporal_tdc import spark as tdc_spark

    exports = tdc_spark.read_exports(spark, ["/exports"])
    decoded = tdc_spark.decode_histories(exports, config="/etc/tdc/tdc.yaml")
    events = tdc_spark.history_events(exports, config="/etc/tdc/tdc.yaml")

A job by itself is ``python -m temporal_tdc.spark``. It needs ``pip install temporal-tdc[spark]`` on
the driver and on every executor.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from typing import Any, Final, TypeVar

from temporal_tdc import _bulk
from temporal_tdc._codes import Code
from temporal_tdc._errors import MisuseError
from temporal_tdc._exports import Export, find_exports, finish_folder, make_folder
from temporal_tdc._rows import EVENTS_DDL

__all__ = [
    "decode_histories",
    "export_events",
    "export_to_parquet",
    "history_events",
    "read_exports",
    "rewrap_histories",
]

Frame = TypeVar("Frame")
"""Spark's ``DataFrame``, by either of its classes."""

AnyPath = str | os.PathLike[str]

_HISTORIES_DDL: Final = "namespace string, file string, item bigint, history binary"
_MOST_TASKS: Final = 10_000


def decode_histories(
    df: Frame, *, config: AnyPath, namespace: str | None = None, column: str = "history"
) -> Frame:
    """Decode a column of histories.

    Args:
        df: It has a binary column with histories, in any form that ``Tdc.decode_history`` takes.
        config: Absolute path of the config, on each executor.
        namespace: The namespace of all rows. Without it, the column ``namespace`` counts if there
            is one.
        column: The name of the binary column.

    Returns:
        The same rows and columns, with the histories decoded in the form that they have.
    """
    work = functools.partial(
        _bulk.decode_batches, _bulk.settings(config, namespace, _binary(df, column))
    )
    return _map(df, work)


def rewrap_histories(
    df: Frame,
    *,
    config: AnyPath,
    to: AnyPath,
    namespace: str | None = None,
    column: str = "history",
) -> Frame:
    """Encode a column of histories anew: decoded by one config, encoded by another.

    Args:
        df: It has a binary column with binary histories (``temporal.api.history.v1.History``).
        config: Absolute path of the config that decodes, on each executor.
        to: The same of the config that encodes.
        namespace: As for ``decode_histories``.
        column: The name of the binary column.

    Returns:
        The same rows and columns. A payload that stays encrypted is an error, because it would be
        encrypted twice.
    """
    settings = _bulk.settings(config, namespace, _binary(df, column), to)
    return _map(df, functools.partial(_bulk.rewrap_batches, settings))


def history_events(
    df: Any, *, config: AnyPath, namespace: str | None = None, column: str = "history"
) -> Any:
    """Decode a column of histories into a row an event.

    Args:
        df: It has a binary column with binary histories, items of an export or whole exports.
        config: As for ``decode_histories``.
        namespace: As for ``decode_histories``.
        column: The name of the binary column.

    Returns:
        ``namespace``, ``workflow_id``, ``run_id``, ``workflow_type``, ``event_id``, ``event_time``,
        ``event_type``, and ``payloads``: an array of ``path``, ``encoding``, ``type``, ``text`` and
        ``bytes``. What is JSON is in ``text``, everything else in ``bytes``.
    """
    settings = _bulk.settings(config, namespace, _binary(df, column))
    return df.mapInArrow(functools.partial(_bulk.event_batches, settings), EVENTS_DDL)


def read_exports(
    spark: Any,
    paths: Iterable[AnyPath],
    *,
    namespace: str | None = None,
    partitions: int | None = None,
) -> Any:
    """Read exports of Temporal Cloud: a row a history, still encoded.

    A task reads a file from its beginning to its end, a history at a time, so a file may be longer
    than the 2 GiB at which ``binaryFile`` ends.

    Args:
        spark: The session.
        paths: Files and folders, which the driver lists and the executors open.
        namespace: The namespace of all histories. Without it, the one that the path of an export
            names (``…/temporal-workflow-history/export/<namespace>/…``).
        partitions: How many tasks; one for each file, up to 10,000, if not given.

    Returns:
        ``namespace``, ``file``, ``item`` (its index in the file) and ``history``.
    """
    exports = find_exports(paths)
    work = functools.partial(_bulk.export_batches, namespace, exports)
    return _tasks(spark, exports, partitions).mapInArrow(work, _HISTORIES_DDL)


def export_events(  # noqa: PLR0913
    spark: Any,
    paths: Iterable[AnyPath],
    *,
    config: AnyPath,
    namespace: str | None = None,
    namespace_from_path: bool = False,
    partitions: int | None = None,
) -> Any:
    """Read exports and decode them into a row an event, in one step.

    It gives what ``history_events`` makes of ``read_exports``, but no history travels between
    Spark's Python processes and its JVM.

    Args:
        spark: The session.
        paths: As for ``read_exports``.
        config: As for ``decode_histories``.
        namespace: As for ``read_exports``.
        namespace_from_path: Refuse a file whose path names no namespace.
        partitions: As for ``read_exports``.

    Returns:
        As ``history_events``.

    Raises:
        MisuseError: With ``namespace_from_path``, a file's path names none.
    """
    exports, settings = find_exports(paths), _bulk.settings(config, namespace)
    if namespace_from_path:
        _check_namespaces(exports)
    work = functools.partial(_bulk.export_event_batches, settings, exports)
    return _tasks(spark, exports, partitions).mapInArrow(work, EVENTS_DDL)


def export_to_parquet(  # noqa: PLR0913
    spark: Any,
    paths: Iterable[AnyPath],
    out: AnyPath,
    *,
    config: AnyPath,
    namespace: str | None = None,
    namespace_from_path: bool = False,
    partitions: int | None = None,
) -> int:
    """Write the decoded events of exports as Parquet: everybody who has the files can read them.

    The tasks write the files, a file a task, so that no row travels to Spark's JVM. That needs a
    folder that every executor can write and the driver can see, or an object store that fsspec
    knows (``s3://…``). Elsewhere let Spark write: ``export_events(…).write.parquet(…)``.

    Args:
        spark: The session.
        paths: As for ``read_exports``.
        out: The folder to write, empty or not there yet.
        config: As for ``decode_histories``.
        namespace: As for ``read_exports``.
        namespace_from_path: As for ``export_events``.
        partitions: As for ``read_exports``.

    Returns:
        How many events were written.

    Raises:
        FileExistsError: The folder has files.
        MisuseError: With ``namespace_from_path``, a file's path names none.
    """
    exports, settings = find_exports(paths), _bulk.settings(config, namespace)
    if namespace_from_path:
        _check_namespaces(exports)
    folder = os.fspath(out)
    if "://" not in folder:
        folder = os.path.abspath(folder)  # noqa: PTH100 # a `Path` would take a URL apart
    make_folder(folder)
    work = functools.partial(_bulk.parquet_batches, settings, exports, folder)
    written = _tasks(spark, exports, partitions).mapInArrow(work, "file string, rows bigint")
    rows: int = sum(each.rows for each in written.collect())
    finish_folder(folder)
    return rows


def _map(df: Frame, work: Any) -> Frame:
    frame: Any = df
    mapped: Frame = frame.mapInArrow(work, frame.schema)
    return mapped


def _binary(df: Any, column: str) -> str:
    kinds = dict(df.dtypes)
    if kinds.get(column) != "binary":
        found = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
        message = f"expected a binary column {column!r} with histories, found {found}"
        raise MisuseError(message, code=Code.ERR_ARGUMENT)
    return column


def _tasks(spark: Any, exports: list[Export], partitions: int | None) -> Any:
    """Give a row for each export, and the rows to as many tasks."""
    tasks = partitions or min(len(exports), _MOST_TASKS)
    return spark.range(0, len(exports), 1, max(1, tasks))


def _check_namespaces(exports: list[Export]) -> None:
    for export in exports:
        if export.namespace is None:
            message = (
                f"{export.path} names no namespace: expected "
                "…/temporal-workflow-history/export/<namespace>/…"
            )
            raise MisuseError(message, code=Code.ERR_ARGUMENT)
