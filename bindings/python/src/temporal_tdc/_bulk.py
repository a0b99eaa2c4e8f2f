"""Histories in bulk, over Arrow batches: what Spark's and Ray's processes run.

A process opens a config once and keeps it. Nothing that is open, and no key, is ever pickled: what
travels to the processes is a ``Settings``, which names files.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from temporalio.api.history.v1 import History
from temporalio.converter import WorkflowSerializationContext

from temporal_tdc._codec import Codec
from temporal_tdc._codes import Code
from temporal_tdc._errors import ConfigError, InputError, KeyUnknownError, MisuseError, TdcError
from temporal_tdc._exports import Export, has_no_event, history_of, open_new, read_export
from temporal_tdc._rows import Events, payload_visit
from temporal_tdc._tdc import Tdc, parse

_HISTORY: Final = History.DESCRIPTOR.full_name.encode()
_INLINE: Final = "insecure_inline"
_LONGEST_CONFIG: Final = 1 << 20
_BATCH_BYTES: Final = 8 << 20
_ENCRYPTED: Final = (b"binary/encrypted", b"binary/tdc-encrypted")
_REFERENCE: Final = (
    b"temporal.api.sdk.v1.ExternalStorageReference",
    b"json/external-storage-reference",
)
_JSON: Final = (b"{", b"[")


@dataclass(frozen=True)
class Settings:
    """What a process needs to know; it is pickled, so it has no secrets."""

    config: str
    namespace: str | None = None
    column: str = "history"
    to: str | None = None


def settings(
    config: str | os.PathLike[str],
    namespace: str | None = None,
    column: str = "history",
    to: str | os.PathLike[str] | None = None,
) -> Settings:
    """Check what can be checked before anything runs.

    Raises:
        MisuseError: A config's path is relative.
    """
    for path in (config, to):
        if path is not None and not Path(path).is_absolute():
            message = (
                f"{os.fspath(path)!r} is a relative path: give the absolute one, because each "
                "process opens the file on the disk of its own machine"
            )
            raise MisuseError(message, code=Code.ERR_ARGUMENT)
    return Settings(os.fspath(config), namespace, column, None if to is None else os.fspath(to))


class Opened:
    """An open config, for calls that wait."""

    def __init__(self, tdc: Tdc) -> None:
        """Keep what is open."""
        self._codec = cast("Codec", tdc.payload_codec)
        self.codec: Callable[[str], _Calls] = functools.lru_cache(maxsize=1000)(self._calls)

    def _calls(self, namespace: str) -> _Calls:
        codec = self._codec
        if namespace:
            codec = codec.with_context(WorkflowSerializationContext(namespace, ""))
        return _Calls(codec)


class _Calls:
    """The calls on the histories of a namespace."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def decode(self, history: bytes) -> bytes:
        try:
            return self._call("tdc_history_decode", history)
        except InputError:
            # The library tells the form of a history by its first event.
            if has_no_event(history):
                return history
            raise

    def rewrap(self, history: bytes, to: _Calls) -> bytes:
        if history.lstrip()[:1] in _JSON:
            message = "a history in JSON cannot be rewrapped here: tdc rewrap --to does it"
            raise InputError(message, code=Code.ERR_TYPE)
        decoded = self.decode(history)
        if has_no_event(decoded):
            return decoded
        if any(encoding in decoded for encoding in _ENCRYPTED):
            _check_that_all_are_open(decoded)
        if any(decoded.count(mark) > history.count(mark) for mark in _REFERENCE):
            _check_that_references_were_ones(history, decoded)
        before = history, len(history)
        made = to._call("tdc_message_encode_again", decoded, _HISTORY, len(_HISTORY), *before)
        if sum(map(made.count, _ENCRYPTED)) < sum(map(history.count, _ENCRYPTED)):
            _check_that_failures_are_closed(history, made)
        return made

    def _call(self, function: str, message: bytes, *middle: bytes | int) -> bytes:
        answer = self._codec.call_in_this_thread(function, message, *middle)
        if answer is None:
            # A key service, a codec server or a key that came later: the host's code is async.
            work = self._codec.call(function, message, *middle)
            answer = asyncio.run_coroutine_threadsafe(work, _loop(os.getpid())).result()
        return answer


@functools.cache
def _loop(_process: int) -> asyncio.AbstractEventLoop:
    """Run an event loop in a thread; a forked child, which has no such thread, gets its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


_opened: dict[str, tuple[tuple[int, ...], Opened]] = {}


def opened(config: str) -> Opened:
    """Give the open config of this process, which is opened again when its file was changed.

    Raises:
        ConfigError: It is not usable, or it has an inline secret.
    """
    path = Path(config)
    try:
        status = path.stat()
        stamp = status.st_ino, status.st_size, status.st_mtime_ns
        known = _opened.get(config)
        if known is None or known[0] != stamp:
            with path.open("rb") as file:
                document = file.read(_LONGEST_CONFIG + 1)
            refuse_inline_secrets(config, document)
            known = _opened[config] = stamp, Opened(parse(document, base_dir=path.parent))
    except OSError as error:
        message = f"{config}: {error.strerror or type(error).__name__}"
        raise ConfigError(message, code=Code.ERR_IO) from None
    return known[1]


def refuse_inline_secrets(name: str, document: bytes) -> None:
    """Refuse a config that has a key or a header's value in it.

    Such a file is a key, and files that are given to a cluster are copied, logged and kept.

    Raises:
        ConfigError: It has one, or it is not YAML.
    """
    yaml = module("yaml", "pyyaml")
    try:
        # Events and not text: so that neither quotes nor escapes hide the word.
        for event in yaml.parse(document, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.ScalarEvent) and event.value == _INLINE:
                line, column = event.start_mark.line + 1, event.start_mark.column + 1
                message = (
                    f"{name}: line {line}, column {column}: {_INLINE} is refused in Spark and Ray: "
                    "keep the secret in a file or a key service that each machine reads itself"
                )
                raise ConfigError(message, code=Code.ERR_CONFIG)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" line {mark.line + 1}, column {mark.column + 1}:"
        message = f"{name}:{where} this is not YAML"
        raise ConfigError(message, code=Code.ERR_CONFIG) from None


def _check_that_failures_are_closed(history: bytes, made: bytes) -> None:
    """Check that no failure became readable, if the new configuration encrypts payloads only."""
    before, after = _closed(history), _closed(made)
    if 0 < after < before:
        message = (
            f"message and stack trace of {before - after} failure(s) are encrypted and would be "
            "readable: set failures: { encode_common_attributes: true } in the new configuration"
        )
        raise InputError(message, code=Code.ERR_NOT_ENCRYPTED)


def _check_that_all_are_open(decoded: bytes) -> None:
    """Check that every payload was decoded: one that was not would be encrypted twice."""
    closed = _closed(decoded)
    if closed:
        message = (
            f"{closed} payload(s) stay encrypted under a key that the configuration does not name: "
            "add it to keys.ring"
        )
        raise KeyUnknownError(message, code=Code.ERR_KEY_UNKNOWN)


def _check_that_references_were_ones(history: bytes, decoded: bytes) -> None:
    """Check that no value inside ciphertext becomes a reference, which would be followed.

    Encode leaves references to stored objects readable, as the SDKs write them.
    """
    before, after = (_references(message) for message in (history, decoded))
    if not after <= before:
        message = (
            "a payload that was encoded is a reference to a stored object: if a proxy encodes "
            "after storing, use tdc rewrap --to, which reads sealed_after_storing"
        )
        raise InputError(message, code=Code.ERR_REFERENCE)


def _closed(history: bytes) -> int:
    """Count the payloads that are encrypted, those of failures included."""
    closed = 0

    def found(_: str, message: Any) -> None:
        nonlocal closed
        metadata = getattr(message, "metadata", {})
        closed += metadata.get("encoding", b"") in _ENCRYPTED

    visit = payload_visit(History.DESCRIPTOR)
    if visit is not None:
        visit(History.FromString(history), "", found)
    return closed


def _references(history: bytes) -> set[bytes]:
    found: set[bytes] = set()

    def add(_: str, payload: Any) -> None:
        metadata = getattr(payload, "metadata", {})
        if any(metadata.get(key) in _REFERENCE for key in ("encoding", "messageType")):
            found.add(payload.SerializeToString(deterministic=True))

    visit = payload_visit(History.DESCRIPTOR)
    if visit is not None:
        visit(History.FromString(history), "", add)
    return found


def decode_batches(settings: Settings, batches: Iterator[Any]) -> Iterator[Any]:
    """Decode the column of histories; every other column stays."""
    codec = opened(settings.config).codec
    yield from _replaced(settings, batches, lambda namespace: codec(namespace).decode)


def rewrap_batches(settings: Settings, batches: Iterator[Any]) -> Iterator[Any]:
    """Decode the column of histories by one config and encode it by another."""
    old, new = opened(settings.config).codec, opened(settings.to or settings.config).codec

    def rewrap(namespace: str) -> Callable[[bytes], bytes]:
        return functools.partial(old(namespace).rewrap, to=new(namespace))

    yield from _replaced(settings, batches, rewrap)


def event_batches(settings: Settings, batches: Iterator[Any]) -> Iterator[Any]:
    """Decode the column of histories, and give a row for each event."""
    events = Events()
    codec = opened(settings.config).codec
    for batch in batches:
        for row, (namespace, history) in enumerate(_histories(settings, batch)):
            if history is not None:
                decode = codec(namespace or "").decode
                with _Where(f"row {row} of a batch"):
                    for each in history_of(history):
                        events.add(namespace, decode(each))
            if events.is_full:
                yield events.batch()
    if not events.is_empty:
        yield events.batch()


def export_event_batches(
    settings: Settings, exports: Sequence[Export], batches: Iterator[Any]
) -> Iterator[Any]:
    """Read exports, decode them, and give a row for each event."""
    events = Events()
    codec = opened(settings.config).codec
    for export in _exports(exports, batches):
        namespace = export.namespace if settings.namespace is None else settings.namespace
        decode = codec(namespace or "").decode
        for item, history in enumerate(read_export(export.path)):
            with _Where(f"{export.path}: item {item}"):
                events.add(namespace, decode(history))
            if events.is_full:
                yield events.batch()
    if not events.is_empty:
        yield events.batch()


def parquet_batches(
    settings: Settings, exports: Sequence[Export], out: str, batches: Iterator[Any]
) -> Iterator[Any]:
    """Write what ``export_event_batches`` gives as one Parquet file, and give its name and rows.

    A file gets its name when it is whole, and the name depends on nothing but the task: a second
    try, or one beside the first, writes the same file.
    """
    arrow, parquet = module("pyarrow"), module("pyarrow.parquet", "pyarrow")
    indexes = [index for batch in batches for index in batch.column(0).to_pylist()]
    if not indexes:
        return
    name, rows = f"part-{indexes[0]:06d}.parquet", 0
    ids = arrow.RecordBatch.from_arrays([arrow.array(indexes, arrow.int64())], ["id"])
    with open_new(out, name) as file, contextlib.ExitStack() as stack:
        writer = None
        for batch in export_event_batches(settings, exports, iter([ids])):
            if writer is None:
                writer = stack.enter_context(parquet.ParquetWriter(file, batch.schema))
            writer.write_batch(batch)
            rows += batch.num_rows
        if writer is None:
            stack.enter_context(parquet.ParquetWriter(file, Events().batch().schema))
    arrays = [arrow.array([name]), arrow.array([rows], arrow.int64())]
    yield arrow.RecordBatch.from_arrays(arrays, ["file", "rows"])


def export_batches(
    namespace: str | None, exports: Sequence[Export], batches: Iterator[Any]
) -> Iterator[Any]:
    """Read exports as they are: a row for each history."""
    arrow = module("pyarrow")
    rows: list[tuple[Any, ...]] = []
    size = 0

    def batch() -> Any:
        columns = zip(*rows, strict=True)
        types = arrow.string(), arrow.string(), arrow.int64(), arrow.binary()
        arrays = [arrow.array(*pair) for pair in zip(columns, types, strict=True)]
        return arrow.RecordBatch.from_arrays(arrays, ["namespace", "file", "item", "history"])

    for export in _exports(exports, batches):
        name = export.namespace if namespace is None else namespace
        for item, history in enumerate(read_export(export.path)):
            rows.append((name, export.path, item, history))
            size += len(history)
            if size >= _BATCH_BYTES:
                yield batch()
                rows, size = [], 0
    if rows:
        yield batch()


def _exports(exports: Sequence[Export], batches: Iterator[Any]) -> Iterator[Export]:
    """Give the exports whose indexes are in the first column."""
    for batch in batches:
        for index in batch.column(0).to_pylist():
            yield exports[index]


def _replaced(
    settings: Settings, batches: Iterator[Any], make: Callable[[str], Callable[[bytes], bytes]]
) -> Iterator[Any]:
    arrow = module("pyarrow")
    for batch in batches:
        histories: list[bytes | None] = []
        for row, (namespace, history) in enumerate(_histories(settings, batch)):
            with _Where(f"row {row} of a batch"):
                done = None if history is None else make(namespace or "")(history)
            histories.append(done)
        at = batch.schema.get_field_index(settings.column)
        arrays = list(batch.columns)
        arrays[at] = arrow.array(histories, batch.schema.field(at).type)
        yield arrow.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _histories(settings: Settings, batch: Any) -> Iterator[tuple[str | None, bytes | None]]:
    """Give namespace and history of each row, one at a time."""
    names = batch.schema.names
    if settings.column not in names:
        message = f"there is no column {settings.column!r}, found {', '.join(names)}"
        raise MisuseError(message, code=Code.ERR_ARGUMENT)
    histories = batch.column(names.index(settings.column))
    namespaces = None
    if settings.namespace is None and "namespace" in names:
        namespaces = batch.column(names.index("namespace"))
    for row in range(batch.num_rows):
        namespace = settings.namespace if namespaces is None else namespaces[row].as_py()
        yield namespace, histories[row].as_py()


class _Where:
    """Says in an error where it happened; a class, because a generator costs more."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, TdcError):
            error.message = f"{self._where}: {error.message}"


def module(name: str, package: str | None = None) -> Any:
    """Import what is an extra of this package."""
    try:
        return importlib.import_module(name)
    except ImportError:
        message = (
            f"the package {package or name} is missing: pip install 'temporal-tdc[spark]' or "
            "'temporal-tdc[ray]'"
        )
        raise MisuseError(message, code=Code.ERR_ARGUMENT) from None
