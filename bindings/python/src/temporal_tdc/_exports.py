"""Exports of Temporal Cloud: which files there are, and the histories in one, one after another.

An export is one ``temporal.api.export.v1.WorkflowExecutions``, whose items are read as they come:
no more than one history is in memory, so a file may have any size.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import shutil
import uuid
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple, cast

from google.protobuf.message import DecodeError
from temporalio.api.export.v1 import WorkflowExecution, WorkflowExecutions

from temporal_tdc._codes import Code
from temporal_tdc._errors import InputError, MisuseError
from temporal_tdc._wire import varint

_BUFFER: Final = 1 << 20
_LONGEST_ITEM: Final = (1 << 31) - 1  # protobuf's own limit for a message
_LONGEST_VARINT: Final = 10
_MORE: Final = 0x80

_ITEMS: Final = 1 << 3 | 2
_HISTORY: Final = 1 << 3 | 2
_EVENT_ID: Final = 1 << 3
_FIXED: Final = {1: 8, 5: 4}
"""Sizes of the wire types that have one."""

_UNFINISHED: Final = "_temporary"
_SUCCESS: Final = "_SUCCESS"
_ROOT: Final = ("temporal-workflow-history", "export")


class Export(NamedTuple):
    """A file, and the namespace that its path names."""

    path: str
    namespace: str | None


def find_exports(paths: Iterable[str | os.PathLike[str]]) -> list[Export]:
    """Find the files of an export.

    Args:
        paths: Files, and folders with everything below them. One with ``://`` is opened by fsspec.

    Returns:
        The files, sorted, each once. Hidden ones and those that begin with ``_`` are left out.

    Raises:
        FileNotFoundError: A path does not exist.
    """
    found = sorted({name for path in paths for name in _files(os.fspath(path))})
    return [Export(name, namespace_of(name)) for name in found]


def namespace_of(path: str) -> str | None:
    """Give the namespace of ``…/temporal-workflow-history/export/<namespace>/<year>/…``."""
    parts = path.replace(os.sep, "/").split("/")
    for at in range(len(parts) - 3):
        if tuple(parts[at : at + 2]) == _ROOT:
            return parts[at + 2]
    return None


def read_export(path: str) -> Iterator[bytes]:
    """Read the histories of a file, each a serialised ``temporal.api.history.v1.History``.

    Raises:
        InputError: The file is not an export, or it is cut off.
        OSError: It cannot be read.
    """
    with _open(path) as file:
        item = -1
        try:
            for item, history in enumerate(histories(file)):  # noqa: B007
                yield history
        except _MalformedError as reason:
            message = f"{path}: item {item + 1}: {reason}"
            raise InputError(message, code=Code.ERR_PROTOBUF) from None


def histories(file: BinaryIO) -> Iterator[bytes]:
    """Read the histories of an open file."""
    while True:
        tag = _varint(file, may_end=True)
        if tag is None:
            return
        wire = tag & 7
        if tag == _ITEMS:
            item = _exactly(file, _length(file))
            if item[:1] == bytes([_EVENT_ID]):
                # The "item" is an event: the file is a history, and its only one.
                yield varint(tag) + varint(len(item)) + item + file.read()
                return
            yield _history(item)
        elif wire == 0:
            _varint(file)
        elif wire == 2:  # noqa: PLR2004
            _exactly(file, _length(file))
        elif wire in _FIXED:
            _exactly(file, _FIXED[wire])
        else:
            raise _MalformedError(
                "expected a binary temporal.api.export.v1.WorkflowExecutions, found something else"
            )


def history_of(message: bytes) -> list[bytes]:
    """Give the histories in a binary history, an item of an export or a whole export.

    The form is told by how deep the first event is: it begins with its id, and a history and an
    item begin with a message. Where there is no event, there is no history to give.

    Raises:
        InputError: It is none of these.
    """
    try:
        depth = _depth(message)
        if depth == 0:
            return []
        for unwrap in (_itself, _one, _all):
            if depth == _DEPTHS[unwrap]:
                return unwrap(message)
    except (_MalformedError, DecodeError):
        pass
    raise InputError(
        "expected a binary history: a temporal.api.history.v1.History, or a WorkflowExecution or "
        "WorkflowExecutions of temporal.api.export.v1",
        code=Code.ERR_TYPE,
    )


class _MalformedError(Exception):
    """What is wrong with the bytes of a file."""


def _history(item: bytes) -> bytes:
    """Take the history out of an item; mostly it is all that is in it."""
    if not item:
        return b""
    rest = io.BytesIO(item)
    if _varint(rest) == _HISTORY and _varint(rest) == len(item) - rest.tell():
        return item[rest.tell() :]
    try:
        return WorkflowExecution.FromString(item).history.SerializeToString()
    except DecodeError:
        raise _MalformedError("it is not a WorkflowExecution of temporal.api.export.v1") from None


def _itself(message: bytes) -> list[bytes]:
    return [message]


def _one(message: bytes) -> list[bytes]:
    return [_history(message)]


def _all(message: bytes) -> list[bytes]:
    items = WorkflowExecutions.FromString(message).items
    return [item.history.SerializeToString() for item in items]


_DEPTHS: Final = {_itself: 1, _one: 2, _all: 3}


def has_no_event(message: bytes) -> bool:
    """Whether a history, an item or an export is only empty messages."""
    try:
        return _depth(message) == 0
    except _MalformedError:
        return False


def _depth(message: bytes) -> int | None:
    """Count the messages around the id of the first event: 0 if all are empty, None if unknown."""
    file = io.BytesIO(message)
    ends: list[int] = []
    while (tag := _varint(file, may_end=True)) == _ITEMS:
        length = _varint(file) or 0
        ends.append(file.tell() + length)
        while ends and ends[-1] == file.tell():
            ends.pop()
    if tag is None:
        return None if ends else 0
    return len(ends) if tag == _EVENT_ID else None


def _length(file: BinaryIO) -> int:
    length = _varint(file) or 0
    if length > _LONGEST_ITEM:
        raise _MalformedError(f"it claims to have {length} bytes, expected at most {_LONGEST_ITEM}")
    return length


def _exactly(file: BinaryIO, length: int) -> bytes:
    found = file.read(length)
    if len(found) < length:
        raise _MalformedError("the file ends within it")
    return found


def _varint(file: BinaryIO, *, may_end: bool = False) -> int | None:
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = file.read(1)
        if not byte:
            if may_end and not place:
                return None
            raise _MalformedError("the file ends within it")
        value |= (byte[0] & (_MORE - 1)) << (7 * place)
        if byte[0] < _MORE:
            return value
    raise _MalformedError("a number has more than ten bytes")


def _files(path: str) -> Iterator[str]:
    if "://" in path:
        file_system, name = _fsspec().core.url_to_fs(path)
        found = file_system.find(name)
        if not found:
            raise FileNotFoundError(f"{path} does not exist, or has no files")
        for each in found:
            if _is_data(each[len(name) :].split("/")):
                yield file_system.unstrip_protocol(each)
        return
    root = Path(path)
    if not root.is_dir():
        root.stat()  # says which file does not exist
        yield str(root.absolute())
        return
    for folder, folders, names in os.walk(root):
        folders[:] = filter(_is_shown, folders)
        yield from (str((Path(folder) / name).absolute()) for name in names if _is_shown(name))


def _is_data(parts: Iterable[str]) -> bool:
    return all(_is_shown(part) for part in parts if part)


def _is_shown(name: str) -> bool:
    return not name.startswith((".", "_"))


@contextlib.contextmanager
def _open(path: str) -> Generator[BinaryIO]:
    """Open a file where it is: the task that reads it calls this."""
    if "://" in path:
        with _fsspec().open(path, "rb") as remote:
            yield cast("BinaryIO", io.BufferedReader(remote, _BUFFER))
    else:
        with Path(path).open("rb", buffering=_BUFFER) as local:
            yield local


def make_folder(folder: str) -> None:
    """Make the folder of a job's result.

    Raises:
        FileExistsError: There is something in it.
    """
    if "://" in folder:
        file_system, name = _fsspec().core.url_to_fs(folder)
        found = file_system.find(name) if file_system.exists(name) else ()
        files = [PurePosixPath(file).name for file in found]
        if files:
            # Without a mark of ours, only files of a job's names may be called one's remains.
            are_ours = all(file.startswith("part-") for file in files)
            raise FileExistsError(_has_files(folder, finished=not are_ours))
        return
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        is_ours = (path / _UNFINISHED).exists()
        raise FileExistsError(_has_files(folder, finished=not is_ours))
    (path / _UNFINISHED).mkdir()


def _end_of(folder: str) -> str:
    return f"{folder.rstrip('/')}/{_SUCCESS}"


def _has_files(folder: str, *, finished: bool) -> str:
    if finished:
        return f"{folder} has files already: name another folder"
    return (
        f"{folder} has files of a job that did not finish, or that still runs: delete the folder, "
        "or name another one"
    )


@contextlib.contextmanager
def open_new(folder: str, name: str) -> Generator[BinaryIO]:
    """Open a file that appears in the folder when it is whole, in place of one of its name."""
    if "://" in folder:
        file_system, at = _fsspec().core.url_to_fs(f"{folder.rstrip('/')}/{name}")
        # Without a transaction an error would close the file, and so publish half of it.
        with file_system.transaction, file_system.open(at, "wb") as remote:
            yield remote
        return
    unfinished = Path(folder) / _UNFINISHED / f"{name}.{uuid.uuid4().hex}"
    try:
        with unfinished.open("xb") as local:
            yield local
            local.flush()
            os.fsync(local.fileno())
        unfinished.replace(Path(folder) / name)
    finally:
        unfinished.unlink(missing_ok=True)


def finish_folder(folder: str) -> None:
    """Remove what killed tasks left, and say that the result is whole, as Spark does."""
    if "://" not in folder:
        shutil.rmtree(Path(folder) / _UNFINISHED, ignore_errors=True)
        (Path(folder) / _SUCCESS).touch()
        return
    with _fsspec().open(_end_of(folder), "wb"):
        pass


def _fsspec() -> Any:
    try:
        return importlib.import_module("fsspec")
    except ImportError:
        message = "a path with :// needs the package fsspec, and the one of its store, such as s3fs"
        raise MisuseError(message, code=Code.ERR_ARGUMENT) from None
