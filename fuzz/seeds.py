"""Makes the first inputs of the fuzz targets from the vectors.

Usage: seeds.py VECTORS OUT

OUT gets a folder for each target. The committed corpus is what `fuzz/grow` keeps of them and of what the fuzzer finds: a
small set that reaches as much of the code.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

# Longer inputs teach a fuzzer nothing and slow it down.
MAX_LEN = 2048

# The codes that targets/decode.rs gives the encodings; whatever is higher is a whole Payloads.
ENCODINGS = ["binary/encrypted", "binary/zlib", "binary/zstd", "binary/snappy", "binary/gzip", "json/plain", "binary/msgpack"]
WHOLE = 0x7F
ENCRYPTED = 0x80


def fields(message: bytes) -> list[tuple[int, bytes]]:
    """The length-delimited fields at the start of a message, up to the first byte that is none."""
    found, at = [], 0
    while at < len(message):
        tag, length = message[at], 0
        at += 1
        for shift in range(0, 35, 7):
            if at == len(message):
                return found
            length |= (message[at] & 0x7F) << shift
            at += 1
            if message[at - 1] < 0x80:
                break
        if tag & 7 != 2 or at + length > len(message):
            return found
        found.append((tag >> 3, message[at : at + length]))
        at += length
    return found


def decode_inputs(payload: bytes) -> list[bytes]:
    """A payload of a known encoding as the target `decode` takes it: its data alone, behind the encoding's code."""
    inputs, known = [], dict.fromkeys(ENCODINGS, False)
    for number, contents in fields(payload):
        if number == 1:
            entry = dict(fields(contents))
            if entry.get(1) == b"encoding":
                known = {name: name.encode() == entry.get(2) for name in ENCODINGS}
        elif number == 2:
            inputs += [bytes([how | code]) + contents for code, name in enumerate(ENCODINGS) if known[name] for how in (0, ENCRYPTED)]
    return inputs


# How targets/remote.rs reads the first byte: which of the two operations, through local codecs too,
# one less than the payloads that are sent, and one of eight statuses that are not 200.
ENCODES, LOCAL, REFUSED = 0x01, 0x02, 0x80

# Answers of servers as they are written, and some that are none.
ANSWERS = [
    '{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IjAi"}]}',
    '{"payloads":[{"data":"MA"},{"data":"MQ=="},{"metadata":null,"data":null},{"externalPayloads":[{"sizeBytes":"7"}]}]}',
    '{"payloads": [{"external_payloads": [{"size_bytes": 7}, {}]}, {"data": "-_8"}]}\n',
    '{"payloads":[{},{},{},{},{}]}',
    '{"payloads":null}',
    "{}",
    "",
    '{"payloads":[{"data":"MA=="}',
    '{"payloads":[{"data":1}]}',
    '{"payloads":[{"data":"MA==","data":"MQ=="}]}',
    "<html>payloads[1]</html>",
    "not encrypted at payloads[0]: the payload is not encrypted",
    "connection refused\x00\x1b[31m",
]


def remote_inputs(payloads: list[bytes]) -> list[bytes]:
    """The answers with every first byte that means something for them, and payloads that local codecs open."""
    inputs = []
    for answer in ANSWERS:
        text = answer.encode()
        sent = max(1, min(4, text.count(b"{") - 1))
        inputs += [bytes([how | sent - 1 << 2]) + text for how in (0, ENCODES, LOCAL, ENCODES | LOCAL)]
    inputs += [bytes([REFUSED | 4 | number << 4]) + text.encode() for number in range(8) for text in ANSWERS[-3:]]
    for payload in payloads:
        metadata, data = {}, b""
        for number, contents in fields(payload):
            entry = dict(fields(contents))
            if number == 1:
                key = entry.get(1, b"").decode(errors="replace")
                metadata[key] = base64.b64encode(entry.get(2, b"")).decode()
            elif number == 2:
                data = contents
        answer = {"metadata": metadata, "data": base64.b64encode(data).decode()}
        inputs.append(bytes([LOCAL]) + json.dumps({"payloads": [answer]}).encode())
    return inputs


def reference_inputs() -> list[bytes]:
    """References as the SDKs write them, and claims that may not be followed, with every first byte that targets/references.rs knows."""
    inputs = []
    for key in ["v0/ns/a:b/d", "v0/ns/a%3Ab/d/sha256/a", "v0/ns/c/wt/t/wi/w", "v0/ns/a:b/../d", "v0/d/sha256/a"]:
        for store in "sgd":
            snake = {"bucket": "bucket", "key": key, "hash_algorithm": "sha256", "hash_value": "ab" * 32}
            camel = {"bucket": "bucket", "object": key, "hashAlgorithm": "sha256", "hashValue": "ab" * 32}
            for claim in (snake, camel, snake | camel):
                current = {"driverName": store, "claimData": claim, "other": [{}, None]}
                legacy = {"driver_name": store, "driver_claim": {"claim_data": claim}}
                for form, message in enumerate((current, legacy)):
                    inputs += [bytes([form | answer << 1]) + json.dumps(message).encode() for answer in range(4)]
    return inputs


def export_inputs() -> list[bytes]:
    """Exports as JSON, and what may be taken for one, with a limit that they keep and one that they do not."""
    item = '{"history":{"events":[{"eventId":"1","x":"\\u00fc]}\\""}]}}'
    documents = [
        f'{{"items":[{item},{item}]}}',
        f'{{"newer":[1,{{}}], "unset":null, "items" : [ {item} , {{}}, {{"history":null}},{{"newer":[],"history":{{}}}}], "more":"]}}" }} ',
        f'{{"items":[{item}],"items":[],"events":[]}}',
        f'{{"items":[{item},{{]}}',
        f'{{"items":[{item}',
        f'{{"items":[{item}]}} x',
        '{"items":[{"history":' + "[" * 120 + "]" * 120 + "}]}",
        '{"items":[7,{"events":[]}]}',
        '{"items":7}',
        '{"events":[]}',
        "[]",
        "",
    ]
    return [bytes([limit]) + document.encode() for document in documents for limit in (0, 2, 255)]


def listing_inputs() -> list[bytes]:
    """Pages of both stores, and documents that are none."""
    contents = "<Contents><Key>a%2Fb+c&amp;</Key><LastModified>2015-08-30T12:36:00.123Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>"
    pages = [
        f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>'
        f"<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>{contents}{contents}</ListBucketResult>",
        f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>",
        '<!DOCTYPE a [<!ENTITY b "ccccccccccccccccccccccccc">]><ListBucketResult><IsTruncated>false</IsTruncated>'
        "<Contents><Key>&b;&b;</Key><ETag>&b;</ETag><Size>0</Size></Contents></ListBucketResult>",
        "<Error><Code>NoSuchBucket</Code></Error>",
        '{"items":[{"name":"a/\\u00fc","size":"7","generation":"1","updated":"2015-08-30T12:36:00.123Z","crc32c":"4waSgw=="}],"nextPageToken":"t"}',
        '{"items":[{"name":"a","size":"0","generation":"2"},{"name":"b","size":"-1","generation":"2"}]}',
        '{"items":[],"nextPageToken":""}',
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken></ListBucketResult>",
        "{}",
    ]
    return [bytes([store]) + page.encode() for page in pages for store in (0, 1)]


def main() -> None:
    """Writes the inputs, each under its hash."""
    vectors, out = map(Path, sys.argv[1:])
    inputs: dict[str, list[bytes]] = {"wire": [], "decode": [], "config": [], "remote": []}
    named: list[bytes] = []
    for path in sorted(vectors.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            inputs["config"].append(vector["config"].encode())
            message = bytes.fromhex(vector.get("input", ""))
            payloads = [contents for number, contents in fields(message) if number == 1]
            inputs["wire"] += [message, *payloads]
            inputs["decode"].append(bytes([WHOLE]) + message)
            for payload in payloads:
                inputs["decode"] += decode_inputs(payload)
            named += payloads
    inputs["remote"] = remote_inputs(named)
    inputs["references"] = reference_inputs()
    inputs["export"] = export_inputs()
    inputs["listings"] = listing_inputs()
    for target, contents in inputs.items():
        (out / target).mkdir(parents=True, exist_ok=True)
        for one in contents:
            if len(one) <= MAX_LEN:
                (out / target / hashlib.sha1(one).hexdigest()[:16]).write_bytes(one)


if __name__ == "__main__":
    main()
