"""The types of messages: what the library asks for, and Python's protobuf runtime knows."""

from __future__ import annotations

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from temporal_tdc._faults import PendingError
from temporal_tdc._handle import Handle


def provide_type(
    handle: Handle, pending: PendingError, known: FileDescriptor | None = None
) -> None:
    """Hand in the type that ``pending`` asks for, with the files that it needs.

    Args:
        handle: Whose library asks.
        pending: The question.
        known: The file of the type where the caller has it; else the default pool is searched.

    Raises:
        TdcError: No module with this type was imported, or the library refuses its files.
    """
    file = known
    if file is None:
        try:
            pool = descriptor_pool.Default()
            file = pool.FindMessageTypeByName(pending.type_name).file
        except KeyError:
            raise pending.cause from None
    handle.provide_descriptor(_files(file).SerializeToString())


def _files(file: FileDescriptor) -> FileDescriptorSet:
    """Collect a file and all that it imports, what is imported first."""
    files = FileDescriptorSet()
    seen: set[str] = set()

    def add(each: FileDescriptor) -> None:
        if each.name in seen:
            return
        seen.add(each.name)
        for imported in each.dependencies:
            add(imported)
        files.file.add().ParseFromString(each.serialized_pb)

    add(file)
    return files
