"""Temporal's data conversion from one shared library and one config file.

``open`` a ``tdc.yaml`` and give ``data_converter`` to the client; workers and activities follow::

    import temporal_tdc
    from temporalio.client import Client

    t = temporal_tdc.open("tdc.yaml")
    client = await Client.connect("localhost:7233", data_converter=t.data_converter)

The same file gives the same bytes in Go, Java and the command line. Nothing here encrypts or
compresses: the native library does; this package passes it bytes, and returns its bytes.
"""

from temporal_tdc._codes import Code
from temporal_tdc._errors import (
    AuthenticationError,
    ConfigError,
    InputError,
    InternalError,
    KeyInvalidError,
    KeyProviderError,
    KeyServiceError,
    KeyUnknownError,
    LibraryError,
    MisuseError,
    RemoteError,
    SystemFaultError,
    TdcError,
)
from temporal_tdc._key_services import KeyService, ServiceKey
from temporal_tdc._keys import KeyProvider
from temporal_tdc._library import library_version
from temporal_tdc._remote import RemoteHeaders
from temporal_tdc._storage import storage_driver
from temporal_tdc._tdc import Tdc, open, parse  # noqa: A004
from temporal_tdc._version import __version__

__all__ = [
    "AuthenticationError",
    "Code",
    "ConfigError",
    "InputError",
    "InternalError",
    "KeyInvalidError",
    "KeyProvider",
    "KeyProviderError",
    "KeyService",
    "KeyServiceError",
    "KeyUnknownError",
    "LibraryError",
    "MisuseError",
    "RemoteError",
    "RemoteHeaders",
    "ServiceKey",
    "SystemFaultError",
    "Tdc",
    "TdcError",
    "__version__",
    "library_version",
    "open",
    "parse",
    "storage_driver",
]
