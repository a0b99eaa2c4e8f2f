"""What protobuf's own conformance runner talks to: protobuf ⇄ JSON by libtdc, through the C ABI.

Usage: testee.py LIBTDC DESCRIPTORS

LIBTDC is the shared library. DESCRIPTORS is a FileDescriptorSet of the runner's test messages, which is handed
in when the library asks for a type, as a binding does it. Requests and answers travel over standard input and
output, each behind its length (four bytes, little endian); the messages are those of conformance.proto.

The library converts; it neither rewrites binary messages nor knows the text format: these tests are skipped.
"""

import ctypes
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from conformance import conformance_pb2 as protocol

REQUESTS = 2
ERR_PROTOBUF = 101


class Buffer(ctypes.Structure):
    """``tdc_buffer``."""

    _fields_ = (("data", ctypes.c_void_p), ("len", ctypes.c_size_t), ("capacity", ctypes.c_size_t))


class Call(ctypes.Structure):
    """``tdc_call``."""

    _fields_ = (
        ("payloads", ctypes.c_size_t),
        ("input_bytes", ctypes.c_size_t),
        ("decoded_bytes", ctypes.c_size_t),
        ("pending", ctypes.c_size_t),
        ("memory", ctypes.c_void_p),
    )


class ConversionError(Exception):
    """The library refuses the input; says why, and by which status."""

    def __init__(self, status: int, reason: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.status = status


class Converter:
    """An open configuration of the library."""

    def __init__(self, library: ctypes.CDLL, document: bytes, descriptors: bytes) -> None:
        """Open ``document``; ``descriptors`` are provided when they are asked for."""
        self._library = library
        self._descriptors = descriptors
        self._handle = ctypes.c_void_p()
        status = library.tdc_data_converter_parse(
            document, size(document), None, size(b""), None, size(b""), ctypes.byref(self._handle), None
        )
        if status:
            raise SystemExit(f"the configuration is refused with status {status}")

    def to_json(self, name: str, message: bytes) -> bytes:
        """Give the JSON of a serialised message."""
        return self._convert(self._library.tdc_converter_to_payload, "binary/protobuf", name, message)

    def from_json(self, name: str, text: bytes) -> bytes:
        """Give the serialised message of a JSON text."""
        return self._convert(self._library.tdc_converter_from_payload, "json/protobuf", name, text)

    def _convert(self, call: "ctypes._NamedFuncPointer", encoding: str, name: str, data: bytes) -> bytes:
        payloads = framed(payload({"encoding": encoding, "messageType": name}, data))
        state = Call()
        try:
            while True:
                out, error = Buffer(), ctypes.c_void_p()
                status = call(
                    self._handle,
                    ctypes.byref(state),
                    None,
                    size(b""),
                    payloads,
                    size(payloads),
                    ctypes.byref(out),
                    ctypes.byref(error),
                )
                if status == 0:
                    answer = ctypes.string_at(out.data or 0, out.len)
                    self._library.tdc_buffer_free(ctypes.byref(out))
                    return data_of(answer)
                if status != REQUESTS:
                    raise ConversionError(status, self._take_message(error))
                self._answer(state)
        finally:
            self._library.tdc_call_end(ctypes.byref(state))

    def _answer(self, state: Call) -> None:
        # One type is asked for at a time: Answers { answers { id, descriptor } }.
        message, length, error = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_void_p()
        self._library.tdc_call_requests(ctypes.byref(state), ctypes.byref(message), ctypes.byref(length))
        ((_, request),) = fields(ctypes.string_at(message, length.value))
        descriptor = b"\x22" + varint(len(self._descriptors)) + self._descriptors
        inner = b"\x08" + request[1:2] + descriptor
        answers = b"\x0a" + varint(len(inner)) + inner
        if self._library.tdc_call_answer(self._handle, ctypes.byref(state), answers, size(answers), ctypes.byref(error)):
            raise SystemExit(f"the descriptors of the test messages are refused: {self._take_message(error)}")

    def _take_message(self, error: ctypes.c_void_p) -> str:
        text, length = ctypes.c_void_p(), ctypes.c_size_t()
        self._library.tdc_error_message(error, ctypes.byref(text), ctypes.byref(length))
        message = ctypes.string_at(text.value or 0, length.value).decode()
        self._library.tdc_error_free(error)
        return message


def size(of: bytes) -> ctypes.c_size_t:
    """Give a length as C takes it."""
    return ctypes.c_size_t(len(of))


def varint(number: int) -> bytes:
    """Write a number as protobuf does."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, contents: bytes) -> bytes:
    """Write a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(contents)) + contents


def payload(metadata: dict[str, str], data: bytes) -> bytes:
    """Write a Payload."""
    entries = [field(1, field(1, key.encode()) + field(2, value.encode())) for key, value in metadata.items()]
    return b"".join(entries) + field(2, data)


def framed(one: bytes) -> bytes:
    """Write a Payloads with one payload."""
    return field(1, one)


def fields(message: bytes) -> list[tuple[int, bytes]]:
    """Read the fields of a message that has length-delimited ones only."""
    found, at = [], 0
    while at < len(message):
        number = message[at] >> 3
        length = shift = 0
        while True:
            at += 1
            length |= (message[at] & 0x7F) << shift
            shift += 7
            if message[at] < 0x80:
                break
        found.append((number, message[at + 1 : at + 1 + length]))
        at += 1 + length
    return found


def data_of(payloads: bytes) -> bytes:
    """Give the data of the one payload of a list."""
    ((_, only),) = fields(payloads)
    return dict(fields(only)).get(2, b"")


def answer(request: protocol.ConformanceRequest, strict: Converter, lenient: Converter) -> protocol.ConformanceResponse:
    """Do what the runner asks."""
    response = protocol.ConformanceResponse()
    if request.message_type == "conformance.FailureSet":
        response.protobuf_payload = b""
        return response
    ignore = request.test_category == protocol.JSON_IGNORE_UNKNOWN_PARSING_TEST
    converter = lenient if ignore else strict
    given, wanted = request.WhichOneof("payload"), request.requested_output_format
    known = {"protobuf_payload": protocol.JSON, "json_payload": None}
    if (
        given not in known
        or wanted not in (protocol.PROTOBUF, protocol.JSON)
        or (given, wanted)
        == (
            "protobuf_payload",
            protocol.PROTOBUF,
        )
    ):
        response.skipped = "the library converts between protobuf and JSON"
        return response
    try:
        if given == "json_payload":
            message = converter.from_json(request.message_type, request.json_payload.encode("utf-8", "surrogatepass"))
        else:
            message = request.protobuf_payload
    except ConversionError as refusal:
        response.parse_error = str(refusal)
        return response
    if wanted == protocol.PROTOBUF:
        response.protobuf_payload = message
        return response
    try:
        response.json_payload = strict.to_json(request.message_type, message).decode()
    except ConversionError as refusal:
        # The library reads and writes in one pass; the status tells which of the two failed.
        if refusal.status == ERR_PROTOBUF:
            response.parse_error = str(refusal)
        else:
            response.serialize_error = str(refusal)
    return response


def serve(requests: BinaryIO, answers: BinaryIO, strict: Converter, lenient: Converter) -> None:
    """Answer until there are no more requests."""
    while len(head := requests.read(4)) == 4:
        request = protocol.ConformanceRequest.FromString(requests.read(*struct.unpack("<I", head)))
        response = answer(request, strict, lenient).SerializeToString()
        answers.write(struct.pack("<I", len(response)) + response)
        answers.flush()


def main() -> None:
    """Open both configurations and serve."""
    library = ctypes.CDLL(sys.argv[1])
    library.tdc_error_message.restype = None
    library.tdc_error_free.restype = None
    library.tdc_buffer_free.restype = None
    descriptors = Path(sys.argv[2]).read_bytes()
    strict = Converter(library, b"version: 1\n", descriptors)
    lenient = Converter(library, b"{version: 1, converters: [{json-protobuf: {ignore_unknown_fields: true}}, json]}", descriptors)
    serve(sys.stdin.buffer, sys.stdout.buffer, strict, lenient)


if __name__ == "__main__":
    main()
