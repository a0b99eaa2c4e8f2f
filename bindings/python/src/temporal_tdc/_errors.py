"""The exceptions: one small tree, by who can fix the cause."""

from __future__ import annotations

import ctypes
from functools import partial

from temporal_tdc._codes import TRANSIENT, Code


class TdcError(Exception):
    """An error of the library or of this binding.

    No message ever contains plaintext or key bytes.

    Attributes:
        code: The stable number, the same in every language (see ``Code``).
        name: The number's name, such as ``TDC_ERR_AUTHENTICATION``.
        payload_index: Which payload of the call it is about, from 0, or ``None``.
        transient: Whether the same call can succeed later (a key that is not here yet). The worker
            answers every exception of a codec by failing the workflow *task*, which is tried again.
        message: The sentence alone, without code and index.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int,
        name: str | None = None,
        payload_index: int | None = None,
        transient: bool | None = None,
    ) -> None:
        """Make an error; users only ever catch them."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.name = name if name is not None else _name(code)
        self.payload_index = payload_index
        self.transient = code in TRANSIENT if transient is None else transient

    def __str__(self) -> str:
        """Give the name, the number, the payload and the sentence."""
        where = "" if self.payload_index is None else f" in payload {self.payload_index}"
        return f"{self.name} ({self.code}){where}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by all fields; the default would lose the keyword arguments."""
        return partial(type(self), code=self.code), (self.message,), self.__dict__


class InputError(TdcError, ValueError):
    """What came in is malformed or refused: ciphertext, protobuf, compressed data, a limit."""


class AuthenticationError(InputError):
    """A ciphertext does not authenticate: it was changed, or another key has the same id."""


class KeyUnknownError(TdcError, LookupError):
    """No key with this id is here (yet). Transient: keys may arrive by reload or from the host."""


class KeyInvalidError(TdcError, ValueError):
    """A key from the host has a wrong length or id."""


class KeyProviderError(TdcError):
    """No key came from the host: the key provider raised, or none was given. Transient.

    What the provider raised is the ``__cause__``.
    """


class KeyServiceError(TdcError):
    """A key service did not wrap or unwrap a data key. Transient.

    A ``KeyService`` of yours raises it to say why; a call raises it with the service's reason.

    Attributes:
        refused: Access is denied, or the key is disabled or destroyed. Otherwise the service could
            not be reached, was too slow, or answered nonsense.
        invalid: The wrapped key was changed, or is of another key. Only a ``KeyService`` sets it:
            the call then raises the ``InputError`` of the payload.
    """

    def __init__(  # noqa: PLR0913
        self,
        message: str,
        *,
        refused: bool = False,
        invalid: bool = False,
        code: int | None = None,
        name: str | None = None,
        payload_index: int | None = None,
        transient: bool | None = None,
    ) -> None:
        """Give the reason in words, without a secret, and perhaps one of the two kinds."""
        if code is None:
            code = Code.ERR_KEY_REFUSED if refused else Code.ERR_KEY_SERVICE
        super().__init__(
            message, code=code, name=name, payload_index=payload_index, transient=transient
        )
        self.refused = code == Code.ERR_KEY_REFUSED
        self.invalid = invalid


class ConfigError(TdcError, ValueError):
    """The config, a key file or the namespace rules are wrong; the message says where."""


class MisuseError(TdcError):
    """A bug of the caller, such as using a ``Tdc`` that is closed."""


class SystemFaultError(TdcError):
    """A request to the operating system failed. Transient."""


class RemoteError(TdcError):
    """The codec server did not answer, or not with payloads. Transient."""


class InternalError(TdcError):
    """A bug of the library; it stays usable. Please report it."""


class LibraryError(TdcError):
    """The native library cannot be loaded; the message lists every attempt."""


_CLASSES: dict[int, type[TdcError]] = {
    Code.ERR_AUTHENTICATION: AuthenticationError,
    Code.ERR_KEY_UNKNOWN: KeyUnknownError,
    Code.ERR_KEY_INVALID: KeyInvalidError,
    Code.ERR_KEY_PROVIDER: KeyProviderError,
    Code.ERR_KEY_SERVICE: KeyServiceError,
    Code.ERR_KEY_REFUSED: KeyServiceError,
    Code.ERR_REMOTE: RemoteError,
}
_CLASSES_BY_HUNDRED: dict[int, type[TdcError]] = {
    1: InputError,
    3: ConfigError,
    4: MisuseError,
    5: SystemFaultError,
    9: InternalError,
}


def error_class(code: int) -> type[TdcError]:
    """Choose the class for a status; a newer library's unknown code is a plain ``TdcError``."""
    return _CLASSES.get(code) or _CLASSES_BY_HUNDRED.get(code // 100, TdcError)


def library_error(library: ctypes.CDLL, status: int, error: int | None, first: int = 0) -> TdcError:
    """Make the exception of a status, and free the error object.

    Args:
        library: Whose function failed.
        status: What it returned.
        error: The error object's address, if there is one.
        first: The index in the user's list of the call's first payload.

    Returns:
        The exception to raise.
    """
    message, index = "the library gave no details", None
    if error is not None:
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        library.tdc_error_message(error, ctypes.byref(text), ctypes.byref(size))
        message = ctypes.string_at(text, size.value).decode(errors="replace")
        in_call: int = library.tdc_error_payload_index(error)
        index = None if in_call < 0 else first + in_call
        library.tdc_error_free(error)
    name: bytes = library.tdc_status_name(status)
    return error_class(status)(
        message,
        code=status,
        name=name.decode(),
        payload_index=index,
        transient=bool(library.tdc_status_is_transient(status)),
    )


def invalid_payload(index: int | None = None) -> InputError:
    """Report that protobuf refused a result that the library accepted."""
    return InputError(
        "the contents are not a valid Payload", code=Code.ERR_PROTOBUF, payload_index=index
    )


def _name(code: int) -> str:
    try:
        return f"TDC_{Code(code).name}"
    except ValueError:
        return f"TDC_{code}"
