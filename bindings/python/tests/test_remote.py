"""The remote codec: real HTTP servers, ours and others, and what they do wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf import json_format
from support import config, payload, run
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import History
from temporalio.exceptions import ApplicationError

import temporal_tdc
from temporal_tdc import Code, RemoteError, Tdc

TDC = Path(__file__).parents[3] / "target" / "release" / "tdc"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def remote(port: int, **options: Any) -> str:
    """A config whose codecs end at a server on this machine."""
    options = {"url": f"http://127.0.0.1:{port}", "timeout": "10 s", **options}
    return json.dumps({"version": 1, "codecs": ["zstd", {"remote": options}]})


class Sample:
    """A server after the description of the Python sample's: it prints pretty JSON."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.payloads = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        payloads = json_format.Parse(await request.read(), Payloads())
        self.payloads += len(payloads.payloads)
        work = self.encode if request.path.endswith("/encode") else self.decode
        answer = Payloads(payloads=[work(each) for each in payloads.payloads])
        text = json_format.MessageToJson(answer)
        return web.Response(text=text, content_type="application/json")

    @staticmethod
    def encode(plain: Payload) -> Payload:
        data = plain.SerializeToString()[::-1]
        return Payload(metadata={"encoding": b"binary/far"}, data=data)

    @staticmethod
    def decode(encoded: Payload) -> Payload:
        if encoded.metadata.get("encoding") != b"binary/far":
            return encoded
        return Payload.FromString(encoded.data[::-1])


@asynccontextmanager
async def serving(answer: Answer) -> AsyncGenerator[int]:
    """Serve on a free port."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await answer(request)

    application = web.Application()
    application.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def with_server(answer: Answer, work: Callable[[int], Awaitable[None]]) -> None:
    async def both() -> None:
        async with serving(answer) as port:
            await work(port)

    run(both())


def test_lists_failures_and_messages_go_through_the_server(make_tdc: Callable[..., Tdc]) -> None:
    sample = Sample()

    async def work(port: int) -> None:
        t = make_tdc(remote(port), namespace="orders")
        codec = t.payload_codec
        for payloads in ([payload()], [payload(b"a" * 1000)] * 40, [payload(b"x" * 200_000)] * 3):
            encoded = await codec.encode(payloads)
            assert {each.metadata["encoding"] for each in encoded} == {b"binary/far"}
            assert await codec.decode(encoded) == payloads
        assert await codec.encode([]) == []
        assert len(sample.requests) == 6

        history = History()
        for _ in range(30):
            event = history.events.add().activity_task_completed_event_attributes
            event.result.payloads.append(payload(b"secret"))
        encoded_history = await t.encode_message(history)
        assert b"secret" not in encoded_history.SerializeToString()
        assert await t.decode_message(encoded_history) == history
        assert len(sample.requests) == 8

        failure = Failure()
        await t.data_converter.encode_failure(ApplicationError("no", "detail", "more"), failure)
        details = failure.application_failure_info.details.payloads
        assert [each.metadata["encoding"] for each in details] == [b"binary/far"] * 2
        error = await t.data_converter.decode_failure(failure)
        assert isinstance(error, ApplicationError)
        assert error.details == ("detail", "more")
        assert len(sample.requests) == 10

    with_server(sample, work)
    first = sample.requests[0]
    assert first.headers["X-Namespace"] == "orders"
    assert first.headers["Content-Type"] == "application/json"
    assert "Cookie" not in first.headers


def test_many_tasks_and_event_loops_share_one_config(make_tdc: Callable[..., Tdc]) -> None:
    sample = Sample()
    opened: list[Tdc] = []

    async def work(port: int) -> None:
        opened.append(make_tdc(remote(port)))
        codec = opened[-1].payload_codec
        encoded = await asyncio.gather(*(codec.encode([payload()] * 2) for _ in range(50)))
        decoded = await asyncio.gather(*(codec.decode(each) for each in encoded))
        assert all(each == [payload()] * 2 for each in decoded)

    for _ in range(2):
        with_server(sample, work)
    assert sample.payloads == 400


@pytest.mark.parametrize("is_async", [True, False])
def test_headers_of_the_host_go_before_those_of_the_config(
    make_tdc: Callable[..., Tdc], *, is_async: bool
) -> None:
    sample = Sample()
    tokens = iter(["one", "two"])

    def ordinary(url: str) -> dict[str, str]:
        assert url.startswith("http://127.0.0.1:")
        return {"authorization": f"Bearer {next(tokens)}"}

    async def asynchronous(url: str) -> dict[str, str]:
        await asyncio.sleep(0)
        return ordinary(url)

    async def work(port: int) -> None:
        headers = {"Authorization": {"insecure_inline": "Bearer old"}, "X-Team": "blue"}
        t = make_tdc(
            remote(port, headers=headers), remote_headers=asynchronous if is_async else ordinary
        )
        await t.payload_codec.encode([payload()])
        await t.payload_codec.encode([payload()])

    with_server(sample, work)
    assert [each.headers.getall("Authorization") for each in sample.requests] == [
        ["Bearer one"],
        ["Bearer two"],
    ]
    assert sample.requests[0].headers["X-Team"] == "blue"


def test_headers_that_fail_are_a_transient_error(make_tdc: Callable[..., Tdc]) -> None:
    def away(_: str) -> dict[str, str]:
        raise ConnectionError("the identity provider is away")

    async def work(port: int) -> None:
        with pytest.raises(RemoteError) as caught:
            await make_tdc(remote(port), remote_headers=away).payload_codec.encode([payload()])
        assert caught.value.transient
        assert isinstance(caught.value.__cause__, ConnectionError)

    with_server(Sample(), work)


def text(status: int, body: str, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return answer


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (text(401, "no: secret"), Code.ERR_REMOTE, "credentials (status 401)"),
        (text(500, "secret"), Code.ERR_REMOTE, "failed (status 500)"),
        (text(503, "", **{"Retry-After": "1"}), Code.ERR_REMOTE, "too busy"),
        (text(307, "", Location="http://127.0.0.1:1/decode"), Code.ERR_REMOTE, "redirects are not"),
        (text(200, "<html>secret"), Code.ERR_REMOTE, "did not answer with a list of payloads"),
        (text(200, '{"payloads":[]}'), Code.ERR_REMOTE, "answered 0 payloads, expected 1"),
        (text(400, "payloads[0] is secret"), Code.ERR_REMOTE_REFUSED, "does not decode"),
        (never, Code.ERR_REMOTE, "no answer in 0.5 s"),
        (hang_up, Code.ERR_REMOTE, "gave no answer: RemoteProtocolError"),
    ],
)
def test_what_servers_do_wrong(
    make_tdc: Callable[..., Tdc], answer: Answer, code: Code, says: str
) -> None:
    async def work(port: int) -> None:
        timeout = "500 ms" if answer is never else "1 min"
        codec = make_tdc(remote(port, timeout=timeout)).payload_codec
        with pytest.raises(temporal_tdc.TdcError) as caught:
            await codec.decode([payload()])
        assert (caught.value.code, caught.value.transient) == (code, code == Code.ERR_REMOTE)
        assert isinstance(caught.value, RemoteError) == (code == Code.ERR_REMOTE)
        assert says in str(caught.value)
        assert "secret" not in str(caught.value)

    with_server(answer, work)


def test_an_answer_without_an_end_is_read_to_the_limit_only(
    make_tdc: Callable[..., Tdc],
) -> None:
    cut_off = asyncio.Event()

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(200):
                await response.write(b" " * (1 << 20))
        except ConnectionError:
            cut_off.set()
        return response

    async def work(port: int) -> None:
        document = json.loads(remote(port, timeout="1 min"))
        document["limits"] = {"max_decoded_bytes": "1 MiB"}
        codec = make_tdc(json.dumps(document)).payload_codec
        with pytest.raises(temporal_tdc.TdcError, match="more than") as caught:
            await codec.decode([payload()])
        assert (caught.value.code, caught.value.transient) == (Code.ERR_LIMIT, False)
        await asyncio.wait_for(cut_off.wait(), 60)

    with_server(flood, work)


def test_a_server_that_is_away_is_a_transient_error(make_tdc: Callable[..., Tdc]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        codec = make_tdc(remote(taken.getsockname()[1])).payload_codec
        with pytest.raises(RemoteError, match="cannot connect") as caught:
            run(codec.encode([payload()]))
        assert caught.value.transient


def test_a_call_that_is_cancelled_leaves_the_config_usable(make_tdc: Callable[..., Tdc]) -> None:
    sample = Sample()
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def slow_once(request: web.Request) -> web.StreamResponse:
        if not asked.is_set():
            asked.set()
            await cancelled.wait()
        return await sample(request)

    async def work(port: int) -> None:
        codec = make_tdc(remote(port)).payload_codec
        call = asyncio.create_task(codec.encode([payload()]))
        await asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        cancelled.set()
        assert len(await codec.encode([payload()])) == 1

    with_server(slow_once, work)


def test_without_httpx_opening_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(temporal_tdc.ConfigError, match=r"pip install temporal-tdc\[remote\]"):
        temporal_tdc.parse(remote(1))
    temporal_tdc.parse(config()).close()


@pytest.fixture
def tdc_serve(tmp_path: Path) -> Iterator[int]:
    """Our own codec server; it has the key that the config under test does not have."""
    with serving_tdc(tmp_path, config()) as port:
        yield port


@contextmanager
def serving_tdc(folder: Path, document: str) -> Generator[int]:
    """Start ``tdc serve`` in a folder; returns its port."""
    (folder / "tdc.yaml").write_text(document)
    command = [str(TDC), "serve", "--config", "tdc.yaml", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stderr is not None
        lines = (json.loads(line) for line in process.stderr)
        address: str = next(line["address"] for line in lines if "address" in line)
        try:
            yield int(address.rpartition(":")[2])
        finally:
            process.terminate()
            process.communicate()


def test_our_own_server_and_a_worker_with_the_key_understand_each_other(
    make_tdc: Callable[..., Tdc], tdc: Tdc, tdc_serve: int
) -> None:
    near = make_tdc(remote(tdc_serve))

    async def work() -> None:
        encoded = await near.payload_codec.encode([payload(), payload(b"x" * 100_000)])
        assert {each.metadata["encoding"] for each in encoded} == {b"binary/encrypted"}
        assert await near.payload_codec.decode(encoded) == [payload(), payload(b"x" * 100_000)]
        assert await tdc.payload_codec.decode(encoded) == [payload(), payload(b"x" * 100_000)]
        theirs = await tdc.payload_codec.encode([payload(b"theirs")])
        assert await near.payload_codec.decode(theirs) == [payload(b"theirs")]

        theirs[0].data = theirs[0].data[:-1] + b"!"
        with pytest.raises(temporal_tdc.InputError) as caught:
            await near.payload_codec.decode([payload(), theirs[0]])
        assert (caught.value.code, caught.value.payload_index) == (Code.ERR_REMOTE_REFUSED, 1)

    run(work())


def private_authority(folder: Path) -> Path:
    """Make an authority, and of it a certificate for loopback; gives back the authority's own.

    It has what strict readers ask for, which Python is from 3.13 on.
    """
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    signs = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(keys[0].public_key())
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    authority = [(x509.BasicConstraints(ca=True, path_length=None), True), (signs, True)]
    certificate(folder / "ca.crt", keys[0], keys[0], [*authority, (identifier, False)])
    certificate(folder / "server.crt", keys[1], keys[0], [(loopback, False), (issued_by, False)])
    private = keys[1].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.key").write_bytes(private)
    return folder / "ca.crt"


def certificate(
    file: Path,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> None:
    """Write a certificate of the authority, which is named as its file is."""
    now = dt.datetime.now(dt.timezone.utc)
    subject, issuer = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (file.name, "ca.crt")
    )
    number = x509.random_serial_number()
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), number)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    signed = builder.sign(issuer_key, hashes.SHA256())
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def test_a_server_of_a_private_authority_is_believed_where_ssl_cert_file_names_it(
    make_tdc: Callable[..., Tdc], tdc: Tdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = private_authority(tmp_path)
    tls = {"tls": {"cert": "server.crt", "key": "server.key"}}
    with serving_tdc(tmp_path, config(server=tls)) as port:
        near = make_tdc(remote(port).replace("http:", "https:"))

        async def refused() -> None:
            with pytest.raises(RemoteError, match="CERTIFICATE_VERIFY_FAILED") as caught:
                await near.payload_codec.encode([payload()])
            assert caught.value.transient

        async def believed() -> None:
            encoded = await near.payload_codec.encode([payload(), payload(b"x" * 100_000)])
            assert {each.metadata["encoding"] for each in encoded} == {b"binary/encrypted"}
            for reader in (near, tdc):
                decoded = await reader.payload_codec.decode(encoded)
                assert decoded == [payload(), payload(b"x" * 100_000)]

        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        run(refused())
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        run(believed())
        (tmp_path / "another").mkdir()
        monkeypatch.setenv("SSL_CERT_FILE", str(private_authority(tmp_path / "another")))
        run(refused())
