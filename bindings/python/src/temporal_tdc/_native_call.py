"""The extension module ``_native``, where it loads: a list of payloads by one call.

It makes the calls that succeed and are quick enough; ctypes makes all others, and every call where
the module is missing: on other interpreters than CPython, on CPython without a GIL, and where
``TEMPORAL_TDC_PURE`` is set. It calls the library that ctypes has opened.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, Protocol, cast

from google.protobuf.unknown_fields import UnknownFieldSet
from temporalio.api.common.v1 import Payload, Payloads

from temporal_tdc._abi import ABI_VERSION
from temporal_tdc._library import Library

_PURE: Final = "TEMPORAL_TDC_PURE"
_OTHERS: Final = tuple(
    field.name for field in Payload.DESCRIPTOR.fields if field.name not in ("metadata", "data")
)


class Native(Protocol):
    """``_native.Operation``: encode or decode on one handle."""

    def run(
        self,
        payloads: Sequence[Payload],
        context: bytes,
        release: bool,  # noqa: FBT001
        /,
    ) -> list[Payload] | Literal[False] | None:
        """Encode or decode payloads.

        Args:
            payloads: The payloads, which are not changed.
            context: The encoded serialization context.
            release: Whether to give up the GIL inside the library. The caller then holds a scratch
                of the handle, which keeps the native object alive. Without it the calls stay within
                what may hold the event loop.

        Returns:
            The answers; ``False`` where they may take too long for the event loop; ``None`` where
            ctypes has to make the call, because it fails or asks something of the host.
        """
        ...

    def close(self) -> None:
        """Answer ``None`` from now on."""


def _load() -> Any:
    if os.environ.get(_PURE, "") not in ("", "0"):
        return None
    try:
        module: Any = importlib.import_module("temporal_tdc._native")
    except ImportError:
        return None
    # One left over from another version would read the structs of this one wrongly.
    return module if module.ABI_VERSION == ABI_VERSION else None


_MODULE: Final = _load()


def is_native() -> bool:
    """Say whether the extension module is used."""
    return _MODULE is not None


def native_event_rows() -> Callable[..., bool] | None:
    """Give what adds a decoded history to lists of columns, where there is one: see ``_rows``."""
    return getattr(_MODULE, "event_rows", None)


def _reads_bytearray() -> bool:
    """Say whether protobuf parses a ``bytearray`` in place; an older one wants ``bytes``."""
    with contextlib.suppress(TypeError):
        Payload.FromString(cast("Any", bytearray()))
        return True
    return False


def native_operation(library: Library, pointer: int, verb: str) -> Native | None:
    """Make the quick way to encode or decode, where there is one.

    Args:
        library: The opened library.
        pointer: The native data converter.
        verb: ``encode`` or ``decode``.
    """
    if _MODULE is None:
        return None
    functions = (
        f"tdc_codec_{verb}_payload",
        f"tdc_codec_{verb}",
        "tdc_buffer_free",
        "tdc_call_end",
        "tdc_codec_encode_bound",
    )
    held: Any = library.held
    addresses = (ctypes.cast(getattr(held, name), ctypes.c_void_p).value for name in functions)
    operation: Native = _MODULE.Operation(
        pointer,
        *addresses,
        _reads_bytearray(),
        Payload.SerializeToString,
        _OTHERS,
        UnknownFieldSet,
        Payload.FromString,
        Payloads.FromString,
    )
    return operation
