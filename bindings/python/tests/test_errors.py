"""Errors: the tree, the codes, and what a message must never say."""

from __future__ import annotations

import ctypes
import pickle
from collections.abc import Callable

import pytest
from support import KEY, config, payload, run
from temporalio.api.common.v1 import Payload

import temporal_tdc
from temporal_tdc import Code
from temporal_tdc._codes import TRANSIENT
from temporal_tdc._library import load


def changed(encoded: Payload) -> Payload:
    """Flip one bit of the tag."""
    data = encoded.data
    return Payload(metadata=encoded.metadata, data=data[:-1] + bytes((data[-1] ^ 1,)))


@pytest.mark.parametrize("code", list(Code))
def test_the_code_table_is_the_librarys(code: Code) -> None:
    library = load().held
    name = ctypes.c_char_p(library.tdc_status_name(code)).value
    assert name == f"TDC_{code.name}".encode()
    assert bool(library.tdc_status_is_transient(code)) == (code in TRANSIENT)


def test_the_library_has_no_codes_beyond_the_table() -> None:
    library = load().held
    known = {f"TDC_{code.name}".encode() for code in Code}
    names = {ctypes.c_char_p(library.tdc_status_name(number)).value for number in range(1000)}
    unknown = ctypes.c_char_p(library.tdc_status_name(999_999)).value
    assert names - {unknown} == known


@pytest.mark.parametrize("size", [9, 80_000, 300_000])
@pytest.mark.parametrize("count", [1, 3])
def test_a_changed_ciphertext_names_the_payload(
    tdc: temporal_tdc.Tdc, size: int, count: int
) -> None:
    for _ in range(2):
        encoded = run(tdc.payload_codec.encode([payload(b"s" * size)] * count))
        encoded[-1] = changed(encoded[-1])
        with pytest.raises(temporal_tdc.AuthenticationError) as caught:
            run(tdc.payload_codec.decode(encoded))
        assert caught.value.code == Code.ERR_AUTHENTICATION
        assert int(caught.value.code) == 102
        assert caught.value.name == "TDC_ERR_AUTHENTICATION"
        assert caught.value.payload_index == count - 1
        assert caught.value.transient  # the key can be put right
        assert f"TDC_ERR_AUTHENTICATION (102) in payload {count - 1}: " in str(caught.value)


def test_every_error_of_the_codec_is_a_tdc_error_and_a_python_kind(tdc: temporal_tdc.Tdc) -> None:
    (encoded,) = run(tdc.payload_codec.encode([payload()]))
    encoded.metadata["encryption-key-id"] = b"another-key"
    with pytest.raises(temporal_tdc.TdcError) as caught:
        run(tdc.payload_codec.decode([encoded]))
    assert isinstance(caught.value, temporal_tdc.KeyUnknownError)
    assert isinstance(caught.value, LookupError)
    assert caught.value.transient
    encoded.data = b"short"
    encoded.metadata["encryption-key-id"] = b"test-key-id"
    with pytest.raises(temporal_tdc.InputError) as refused:
        run(tdc.payload_codec.decode([encoded]))
    assert isinstance(refused.value, ValueError)
    assert refused.value.code == Code.ERR_CIPHERTEXT


def test_a_layer_that_breaks_is_an_input_error(
    make_tdc: Callable[..., temporal_tdc.Tdc],
) -> None:
    plain = make_tdc(config(codecs=[]))
    broken = Payload(metadata={"encoding": b"binary/zlib"}, data=b"\x78\x9cnot zlib at all")
    with pytest.raises(temporal_tdc.InputError) as caught:
        run(plain.payload_codec.decode([broken]))
    assert caught.value.code == Code.ERR_COMPRESSED


def test_nothing_comes_out_when_one_of_many_is_refused(
    make_tdc: Callable[..., temporal_tdc.Tdc],
) -> None:
    strict = make_tdc(config(codecs=[{"encrypt": {"required": True}}]))
    (encoded,) = run(strict.payload_codec.encode([payload()]))
    with pytest.raises(temporal_tdc.InputError) as caught:
        run(strict.payload_codec.decode([encoded, payload()]))
    assert caught.value.code == Code.ERR_NOT_ENCRYPTED
    assert caught.value.payload_index == 1


def test_messages_hold_neither_plaintext_nor_key(tdc: temporal_tdc.Tdc) -> None:
    secret = b"attack at dawn, attack at dawn"
    (encoded,) = run(tdc.payload_codec.encode([payload(secret)]))
    with pytest.raises(temporal_tdc.TdcError) as caught:
        run(tdc.payload_codec.decode([changed(encoded)]))
    shown = repr(caught.value) + str(caught.value) + repr(tdc)
    assert secret.decode() not in shown
    assert KEY.decode() not in shown


def test_errors_survive_pickling_with_all_they_know() -> None:
    error = temporal_tdc.AuthenticationError(
        "a sentence", code=102, payload_index=3, transient=False
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is temporal_tdc.AuthenticationError
    assert vars(copy) == vars(error)
    assert str(copy) == str(error) == "TDC_ERR_AUTHENTICATION (102) in payload 3: a sentence"


def test_a_code_of_a_newer_library_is_still_an_error() -> None:
    assert temporal_tdc.TdcError("new", code=777).name == "TDC_777"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("version: 1\ncodecs: [encrypt]\n", "key"),
        ("version: 1\ncodexs: []\n", "codexs"),
        ("version: [", "line"),
        ("", "version"),
    ],
)
def test_a_bad_config_is_a_config_error_that_says_where(document: str, says: str) -> None:
    with pytest.raises(temporal_tdc.ConfigError, match=says) as caught:
        temporal_tdc.parse(document)
    assert caught.value.code == Code.ERR_CONFIG
    assert caught.value.payload_index is None


def test_a_missing_file_is_an_error_that_names_it() -> None:
    with pytest.raises(temporal_tdc.TdcError, match=r"no-such-file\.yaml"):
        temporal_tdc.open("no-such-file.yaml")
