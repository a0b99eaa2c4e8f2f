"""What the processes of Spark and Ray run, here without either: exports, rows, configs."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from conftest import Exports
from pyarrow import parquet
from support import (
    ROOT,
    add_event,
    encode,
    expected_rows,
    item,
    make_history,
    payload,
    sorted_rows,
    write_config,
)
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History

import temporal_tdc
from temporal_tdc import _bulk
from temporal_tdc._exports import (
    Export,
    find_exports,
    finish_folder,
    has_no_event,
    histories,
    history_of,
    make_folder,
    namespace_of,
    open_new,
    read_export,
)
from temporal_tdc._rows import Events
from temporal_tdc._wire import bytes_field, int_field, length_prefix

INDEXES = pa.RecordBatch.from_arrays([pa.array([0])], ["id"])


def rows_of(*all_histories: History, namespace: str | None = None) -> list[dict[str, object]]:
    events = Events()
    for history in all_histories:
        events.add(namespace, history.SerializeToString())
    return sorted_rows(events.batch().to_pylist())


def parsed(messages: Iterable[bytes]) -> list[History]:
    """Histories that protobuf may have serialised again, with maps in another order."""
    return list(map(History.FromString, messages))


def test_the_namespace_is_in_the_path() -> None:
    path = f"s3://bucket/{ROOT}/orders.a1b2/2026/11/30/12/00/part.proto"
    assert namespace_of(path) == "orders.a1b2"
    assert namespace_of("/exports/part.proto") is None
    assert namespace_of(f"/{ROOT}/part.proto") is None


def test_folders_are_searched_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b/2", "a/1", "a/_SUCCESS", ".git/x", "a/.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [export.path for export in find_exports([tmp_path, tmp_path / "b" / "2"])]
    assert names == [str(tmp_path / "a" / "1"), str(tmp_path / "b" / "2")]
    with pytest.raises(FileNotFoundError):
        find_exports([tmp_path / "absent"])


def test_an_export_is_read_item_by_item() -> None:
    first, second = make_history("a").SerializeToString(), make_history("b").SerializeToString()
    unknown = b"\x10\x05" + bytes_field(3, b"newer") + b"\x25\x00\x00\x00\x00"
    file = item(first) + unknown + item(second)
    assert list(histories(io.BytesIO(file))) == [first, second]
    assert list(histories(io.BytesIO(b""))) == []
    assert list(histories(io.BytesIO(first))) == [first]  # a history alone
    in_pieces = bytes_field(1, bytes_field(1, first[:0]) + bytes_field(1, first))
    assert parsed(histories(io.BytesIO(in_pieces))) == parsed([first])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (item(b"\x0a\x02\x08\x01")[:-1], "item 0: the file ends within it"),
        (b"\x0a", "item 0: the file ends within it"),
        (b"\x0a\xff\xff\xff\xff\x0f", "claims to have 4294967295 bytes"),
        (b"\xff" * 11, "more than ten bytes"),
        (b'{"events":[]}', "found something else"),
    ],
)
def test_a_broken_export_is_an_error_that_says_where(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "export"
    path.write_bytes(data)
    with pytest.raises(temporal_tdc.InputError, match=message) as caught:
        list(read_export(str(path)))
    assert str(path) in str(caught.value)


def test_an_export_may_be_longer_than_two_gibibytes(tmp_path: Path) -> None:
    size, count = 32 << 20, 70
    head = int_field(1, 1) + length_prefix(100, size)  # an event with a field newer than we are
    for _ in range(3):
        head = length_prefix(1, len(head) + size) + head
    path = tmp_path / "export"
    with path.open("wb") as file:
        for _ in range(count):
            file.write(head)
            file.seek(size, os.SEEK_CUR)  # zeros that take no room on the disk
        file.truncate()
    assert path.stat().st_size > 2 << 30
    program = (
        "import resource, sys; from temporal_tdc._exports import read_export;"
        "print(sum(1 for _ in read_export(sys.argv[1])),"
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(  # noqa: S603 # the lines above
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    histories_read, kibibytes = map(int, done.stdout.split())
    assert histories_read == count
    assert kibibytes << 10 < 10 * size


def test_every_binary_form_is_recognised() -> None:
    history = make_history("a").SerializeToString()
    execution = bytes_field(1, history)
    assert history_of(history) == [history]
    assert history_of(execution) == [history]
    assert parsed(history_of(bytes_field(1, execution) * 2)) == parsed([history] * 2)
    for empty in (b"", b"\x0a\x00", b"\x0a\x02\x0a\x00", b"\x0a\x00\x0a\x02\x0a\x00"):
        assert history_of(empty) == []
        assert has_no_event(empty)
    empty_first = bytes_field(1, bytes_field(1, b"")) + bytes_field(1, execution)
    assert parsed(history_of(empty_first)) == parsed([b"", history])
    for broken in (
        b"{}",
        b"\x0a",
        b"\x0a\x02\x0a",
        b"\x12\x00",
        b"\x0a\x0a\x0a\x0a\x0a\x0a\x08\x01",
    ):
        with pytest.raises(temporal_tdc.InputError, match="expected a binary history"):
            history_of(broken)


def test_rows_have_what_the_events_have() -> None:
    history = make_history("a")
    assert rows_of(history, namespace="orders") == expected_rows("orders", "run-of-a", history)


def test_rows_of_unusual_payloads() -> None:
    history = make_history("a", activities=0)
    event = add_event(history, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    result = event.activity_task_completed_event_attributes.result.payloads
    result.extend(payload(number) for number in range(40))  # more than most have
    event = add_event(history, EventType.EVENT_TYPE_MARKER_RECORDED)
    marker = event.marker_recorded_event_attributes
    marker.details["data"].payloads.append(payload("in a map"))
    assert rows_of(history) == expected_rows(None, "run-of-a", history)

    broken = History()
    event = add_event(broken, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    result = event.activity_task_completed_event_attributes.result.payloads
    result.append(Payload(metadata={"encoding": b"json/plain"}, data=b"\xff"))
    result.append(Payload(data=b"no encoding"))
    event.event_type = 999  # type: ignore[assignment]
    (row,) = rows_of(broken)
    assert row["event_type"] == "999"
    assert row["workflow_id"] is None
    path = "activityTaskCompletedEventAttributes.result.payloads"
    assert row["payloads"] == [
        _row(f"{path}[0]", "json/plain", b"\xff"),
        _row(f"{path}[1]", "", b"no encoding"),
    ]


def _row(path: str, encoding: str, data: bytes) -> dict[str, object]:
    return {"path": path, "encoding": encoding, "type": None, "text": None, "bytes": data}


def test_settings_have_no_secret(exports: Exports) -> None:
    settings = _bulk.settings(exports.config)
    assert b"KEY" not in pickle.dumps(settings).upper()
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 # our own
    with pytest.raises(temporal_tdc.MisuseError, match="is a relative path"):
        _bulk.settings("tdc.yaml")


@pytest.mark.parametrize(
    "document",
    [
        "keys: { ring: { a: { insecure_inline: AAAA } } }",
        'keys: { ring: { a: { "insecure\\u005finline": AAAA } } }',
        '{"keys": {"ring": {"a": {"insecure_inline": "AAAA"}}}}',
        "codecs:\n- remote: { url: x, headers: { a: { 'insecure_inline': x } } }",
        "keys:\n  ring:\n    a:\n      ? insecure_inline\n      : AAAA",
    ],
)
def test_inline_secrets_are_refused(document: str) -> None:
    with pytest.raises(temporal_tdc.ConfigError, match=r"tdc.yaml: line .* is refused") as caught:
        _bulk.refuse_inline_secrets("tdc.yaml", document.encode())
    assert "AAAA" not in str(caught.value)


def test_a_comment_is_not_a_secret() -> None:
    _bulk.refuse_inline_secrets("tdc.yaml", b"codecs: [] # not insecure_inline\n")
    with pytest.raises(temporal_tdc.ConfigError, match=r"tdc.yaml: line 1, .* not YAML"):
        _bulk.refuse_inline_secrets("tdc.yaml", b"keys: [")


def test_a_config_is_opened_once_and_again_when_it_changes(tmp_path: Path) -> None:
    config, _ = write_config(tmp_path, "first")
    opened = _bulk.opened(str(config))
    assert _bulk.opened(str(config)) is opened
    config.write_text(config.read_text() + "\n")
    assert _bulk.opened(str(config)) is not opened
    with pytest.raises(temporal_tdc.ConfigError, match="No such file"):
        _bulk.opened(str(tmp_path / "absent.yaml"))


def test_rewrapping_moves_to_another_key(tmp_path: Path) -> None:
    old, _ = write_config(tmp_path / "old", "old")
    new, _ = write_config(tmp_path / "new", "new")
    history = make_history("a")
    with temporal_tdc.open(old) as tdc:
        encoded = encode(tdc, history)
    batch = pa.RecordBatch.from_pydict({"history": [encoded, None]})
    settings = _bulk.settings(old, to=new)
    (made,) = _bulk.rewrap_batches(settings, iter([batch]))
    assert made.schema == batch.schema
    assert made.column(0)[1].as_py() is None
    assert b"a header" not in made.column(0)[0].as_py()
    (decoded,) = _bulk.decode_batches(_bulk.settings(new), iter([made]))
    assert decoded.column(0)[0].as_py() == _decoded(old, encoded)
    # What stays closed is not encrypted a second time.
    with pytest.raises(temporal_tdc.KeyUnknownError):
        list(_bulk.rewrap_batches(settings, iter([made])))
    other = tmp_path / "other.yaml"
    other.write_text("version: 1\ncodecs: [zlib]\n")
    with pytest.raises(temporal_tdc.KeyUnknownError, match=r"row 0 .* payload.s. stay encrypted"):
        list(_bulk.rewrap_batches(_bulk.settings(other, to=new), iter([made])))
    # A failure that was encoded does not become readable.
    payloads_only = tmp_path / "new" / "payloads-only.yaml"
    document = json.loads(new.read_text())
    del document["failures"]
    payloads_only.write_text(json.dumps(document))
    with pytest.raises(temporal_tdc.InputError, match=r"of 2 failure\(s\) are encrypted"):
        list(_bulk.rewrap_batches(_bulk.settings(old, to=payloads_only), iter([batch])))
    text = pa.RecordBatch.from_pydict({"history": [b'{"events":[]}']})
    with pytest.raises(temporal_tdc.InputError, match="tdc rewrap --to does it"):
        list(_bulk.rewrap_batches(settings, iter([text])))


class _CodecServer(BaseHTTPRequestHandler):
    """A codec server that only renames the encoding."""

    def do_POST(self) -> None:
        old, new = b"json/plain", b"binary/renamed"
        if self.path.endswith("/decode"):
            old, new = new, old
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = body.replace(base64.b64encode(old), base64.b64encode(new))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def test_what_asks_the_host_is_answered(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _CodecServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = tmp_path / "tdc.yaml"
        url = f"http://127.0.0.1:{server.server_address[1]}"
        config.write_text(json.dumps({"version": 1, "codecs": [{"remote": {"url": url}}]}))
        history = make_history("a")
        with temporal_tdc.open(config) as tdc:
            encoded = encode(tdc, history)
        assert b"binary/renamed" in encoded
        assert History.FromString(_decoded(config, encoded)) == history
        server.shutdown()


def test_a_key_that_only_a_host_has_is_an_error(exports: Exports, tmp_path: Path) -> None:
    config = tmp_path / "tdc.yaml"
    config.write_text("version: 1\nkeys: { primary: k, host: true }\ncodecs: [encrypt]\n")
    encoded = next(read_export(find_exports([exports.folder])[0].path))
    with pytest.raises(temporal_tdc.KeyProviderError):
        _decoded(config, encoded)


def _decoded(config: Path, encoded: bytes) -> bytes:
    batch = pa.RecordBatch.from_pydict({"history": [encoded]})
    (decoded,) = _bulk.decode_batches(_bulk.settings(config), iter([batch]))
    found: bytes = decoded.column(0)[0].as_py()
    return found


def test_a_file_appears_whole(tmp_path: Path) -> None:
    (tmp_path / "_temporary").mkdir()
    with pytest.raises(TypeError), open_new(str(tmp_path), "part") as file:
        file.writelines([b"half", "not bytes"])  # type: ignore[list-item]
    assert [path.name for path in tmp_path.rglob("*")] == ["_temporary"]
    for text in (b"first", b"again"):
        with open_new(str(tmp_path), "part") as file:
            file.write(text)
    assert (tmp_path / "part").read_bytes() == b"again"


def test_stores_are_opened_by_fsspec(exports: Exports) -> None:
    found = find_exports([(exports.folder / "payments").as_uri()])
    assert [export.path for export in found] == [
        f"file://{export.path}" for export in find_exports([exports.folder / "payments"])
    ]
    assert {export.namespace for export in found} == {"payments"}
    with pytest.raises(FileNotFoundError):
        find_exports(["memory://absent"])
    out = "memory://events"
    make_folder(out)
    ids = pa.RecordBatch.from_arrays([pa.array(range(len(found)))], ["id"])
    work = _bulk.parquet_batches(_bulk.settings(exports.config), found, out, iter([ids]))
    assert next(work).to_pylist()[0]["file"] == "part-000000.parquet"
    finish_folder(out)
    store = fsspec.filesystem("memory")
    assert sorted(store.find("events")) == ["/events/_SUCCESS", "/events/part-000000.parquet"]
    with store.open("/events/part-000000.parquet") as file:
        rows = sorted_rows(parquet.read_table(file).to_pylist())
    assert rows == sorted_rows([row for row in exports.rows if row["namespace"] == "payments"])
    with pytest.raises(TypeError), open_new(out, "half") as half:
        half.writelines([b"half", "not bytes"])  # type: ignore[list-item]
    assert not store.exists("/events/half")
    with pytest.raises(FileExistsError):
        make_folder(out)


def test_a_history_without_events_is_no_error(exports: Exports, tmp_path: Path) -> None:
    history = make_history("a")
    with temporal_tdc.open(exports.config) as tdc:
        encoded = encode(tdc, history)
    path = tmp_path / "export"
    for empty in (b"\x0a\x00", b"\x0a\x02\x0a\x00"):
        for data in (empty, empty + item(encoded) + empty):
            path.write_bytes(data)
            settings, found = _bulk.settings(exports.config), [Export(str(path), None)]
            rows = [
                row
                for batch in _bulk.export_event_batches(settings, found, iter([INDEXES]))
                for row in batch.to_pylist()
            ]
            assert len(rows) == (0 if data == empty else len(history.events))
            batches = list(_bulk.export_batches(None, found, iter([INDEXES])))
            for work in (_bulk.decode_batches, _bulk.rewrap_batches, _bulk.event_batches):
                list(work(settings, iter(batches)))
        batch = pa.RecordBatch.from_pydict({"history": [empty]})
        (decoded,) = _bulk.decode_batches(settings, iter([batch]))
        assert decoded.column(0).to_pylist() == [empty]


def test_a_time_that_is_none_is_an_error_with_its_place(exports: Exports, tmp_path: Path) -> None:
    path = tmp_path / "export"
    for seconds in (1 << 62, -(1 << 62), 253_402_300_800):
        history = make_history("a")
        history.events[2].event_time.seconds = seconds
        both = make_history("b"), history
        path.write_bytes(b"".join(item(each.SerializeToString()) for each in both))
        found = [Export(str(path), None)]
        work = _bulk.export_event_batches(_bulk.settings(exports.config), found, iter([INDEXES]))
        with pytest.raises(temporal_tdc.InputError) as caught:
            list(work)
        assert f"{path}: item 1: event 3: its time is not between" in str(caught.value)


def _reference() -> Payload:
    name = b"temporal.api.sdk.v1.ExternalStorageReference"
    data = b'{"driverName":"s3","claimData":{"key":"v0/d/x"}}'
    return Payload(metadata={"encoding": b"json/protobuf", "messageType": name}, data=data)


def test_references_stay_readable_and_none_is_made(tmp_path: Path) -> None:
    old, _ = write_config(tmp_path / "old", "old")
    new, _ = write_config(tmp_path / "new", "new")
    history = make_history("a")
    add_event(history, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    with temporal_tdc.open(old) as tdc:
        encoded = encode(tdc, history)
        stored = History.FromString(encoded)
        results = stored.events[-1].activity_task_completed_event_attributes.result.payloads
        results.append(_reference())
        batch = pa.RecordBatch.from_pydict({"history": [stored.SerializeToString()]})
        settings = _bulk.settings(old, to=new)
        (made,) = _bulk.rewrap_batches(settings, iter([batch]))
        after = History.FromString(made.column(0)[0].as_py())
        result = after.events[-1].activity_task_completed_event_attributes.result.payloads
        assert list(result) == [_reference()]
        # What was inside of ciphertext must not be followed afterwards.
        (sealed,) = asyncio.run(tdc.payload_codec.encode([_reference()]))
        results[0].CopyFrom(sealed)
    batch = pa.RecordBatch.from_pydict({"history": [stored.SerializeToString()]})
    with pytest.raises(temporal_tdc.InputError, match="is a reference to a stored object"):
        list(_bulk.rewrap_batches(settings, iter([batch])))


def test_a_folder_of_a_job_that_did_not_finish_says_what_to_do(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    make_folder(out)
    with pytest.raises(FileExistsError, match=r"did not finish.*: delete the folder"):
        make_folder(out)
    finish_folder(out)
    with pytest.raises(FileExistsError, match="has files already: name another folder"):
        make_folder(out)
    store = fsspec.filesystem("memory")
    store.pipe("/half/part-000000.parquet", b"")
    with pytest.raises(FileExistsError, match="did not finish"):
        make_folder("memory://half")
    store.pipe("/half/somebody's.txt", b"")
    with pytest.raises(FileExistsError, match="has files already: name another folder"):
        make_folder("memory://half")


def test_an_error_names_file_and_item(exports: Exports, tmp_path: Path) -> None:
    config, _ = write_config(tmp_path, "other")
    path = str(next(exports.folder.rglob("1.proto")))
    work = _bulk.export_event_batches(_bulk.settings(config), [Export(path, None)], iter([INDEXES]))
    with pytest.raises(temporal_tdc.KeyUnknownError) as caught:
        list(work)
    assert f"{path}: item 0: " in str(caught.value)


def test_a_column_that_is_not_there() -> None:
    batch = pa.RecordBatch.from_pydict({"other": [b""]})
    settings = _bulk.Settings("unused")
    with pytest.raises(temporal_tdc.MisuseError, match="no column 'history', found other"):
        list(_bulk._histories(settings, batch))
