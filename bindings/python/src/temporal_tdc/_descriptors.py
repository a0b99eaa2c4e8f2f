"""The types of messages: what the library asks for, and Python's protobuf runtime knows."""

from __future__ import annotations

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from temporal_tdc._call import Kind, Request, answer


def describe(request: Request, known: FileDescriptor | None = None) -> bytes:
    """Answer a request for a message type with its file and the files that it needs.

    Args:
        request: What the library asks for.
        known: The file of the type where the caller has it; else the default pool is searched.

    Returns:
        The answer: that there is no such type where no module with it was imported.
    """
    file = known
    if file is None:
        try:
            file = descriptor_pool.Default().FindMessageTypeByName(request.text).file
        except KeyError:
            return answer(request, Kind.UNKNOWN)
    return answer(request, Kind.DESCRIPTOR, _files(file).SerializeToString())


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
