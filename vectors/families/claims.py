"""Claims of external storage: what an official driver of one language writes, and what all of them read.

They are no payloads and have no configuration, so they are not `Vector`s: `claims/claims.json` is run by the bindings that wrap drivers,
and by the library's reader of claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FILE = "claims/claims.json"
COMMENT = "Claims of external storage drivers, with the key spellings of every SDK."

S3 = "aws.s3driver"
GCS = "gcp.gcsdriver"
GO_S3 = "contrib/aws/s3driver of the Go SDK, temporalio.contrib.aws.s3driver of Python's"
GO_GCS_01 = "contrib/gcp/gcsdriver 0.1 of the Go SDK"
GO_GCS = "contrib/gcp/gcsdriver of the Go SDK, which also writes the name that its 0.1 reads"
PYTHON_GCS = "temporalio.contrib.gcp.gcsdriver of Python's SDK 1.35"
TS_S3 = "@temporalio/external-storage-s3 1.22"
TS_GCS = "@temporalio/external-storage-gcs 1.22"
MADE_UP = "made up"

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OTHER_DIGEST = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
PATH = f"v0/ns/default/wt/Order/wi/order-1/ri/null/d/sha256/{DIGEST}"

Claim = dict[str, str]
BUCKET: Claim = {"bucket": "orders"}
KEY: Claim = {"key": PATH}
OBJECT: Claim = {"object": PATH}
OBJECT_NAME: Claim = {"object_name": PATH}
SNAKE: Claim = {"hash_algorithm": "sha256", "hash_value": DIGEST}
CAMEL: Claim = {"hashAlgorithm": "sha256", "hashValue": DIGEST}
HASH: Claim = {**SNAKE, **CAMEL}


@dataclass(frozen=True)
class ClaimVector:
    """One claim of a driver of one type, and the claim with all spellings or the two keys that disagree."""

    name: str
    source: str
    comment: str
    type: str
    claim: Claim
    expect: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The vector as the README of this folder describes it."""
        return {
            "name": f"claims-{self.name}",
            "source": self.source,
            "comment": self.comment,
            "type": self.type,
            "claim": self.claim,
            "expect": self.expect,
        }


def _becomes(claim: Claim) -> dict[str, Any]:
    return {"claim": claim}


def _disagree(first: str, second: str) -> dict[str, Any]:
    return {"error": "TDC_ERR_REFERENCE", "payload_index": 0, "names": [first, second]}


def _same(name: str, source: str, comment: str, kind: str, claim: Claim) -> ClaimVector:
    return ClaimVector(name, source, comment, kind, claim, _becomes(claim))


ALL_S3: Claim = {**BUCKET, **KEY, **HASH}
ALL_GCS: Claim = {**BUCKET, **KEY, **OBJECT, **OBJECT_NAME, **HASH}

VECTORS: list[ClaimVector] = [
    ClaimVector("s3-go-python", GO_S3, "as Go and Python write it", S3, {**BUCKET, **KEY, **SNAKE}, _becomes(ALL_S3)),
    ClaimVector("s3-typescript", TS_S3, "as TypeScript writes it", S3, {**BUCKET, **KEY, **CAMEL}, _becomes(ALL_S3)),
    ClaimVector("gcs-go-first", GO_GCS_01, "as Go wrote it first", GCS, {**BUCKET, **KEY, **SNAKE}, _becomes(ALL_GCS)),
    ClaimVector("gcs-go", GO_GCS, "as Go writes it", GCS, {**BUCKET, **KEY, **OBJECT_NAME, **SNAKE}, _becomes(ALL_GCS)),
    ClaimVector("gcs-python", PYTHON_GCS, "as Python writes it", GCS, {**BUCKET, **OBJECT_NAME, **SNAKE}, _becomes(ALL_GCS)),
    ClaimVector("gcs-typescript", TS_GCS, "as TypeScript writes it", GCS, {**BUCKET, **OBJECT, **CAMEL}, _becomes(ALL_GCS)),
    _same("s3-both", MADE_UP, "both spellings are there, as tdc writes it: nothing to add", S3, ALL_S3),
    _same("gcs-all", MADE_UP, "every spelling is there, as tdc writes it: nothing to add", GCS, ALL_GCS),
    ClaimVector(
        "gcs-two",
        MADE_UP,
        "two of three are there: the third is added",
        GCS,
        {**BUCKET, **KEY, **OBJECT, **HASH},
        _becomes(ALL_GCS),
    ),
    ClaimVector(
        "s3-mixed",
        MADE_UP,
        "each pair is looked at by itself",
        S3,
        {**BUCKET, **KEY, "hash_algorithm": "sha256", "hashValue": DIGEST},
        _becomes(ALL_S3),
    ),
    ClaimVector(
        "one-hash-key",
        MADE_UP,
        "a key that the claim lacks is not made up",
        S3,
        {"hashValue": DIGEST},
        _becomes({"hashValue": DIGEST, "hash_value": DIGEST}),
    ),
    ClaimVector(
        "empty-value", MADE_UP, "an empty value is a value", GCS, {"object": ""}, _becomes({"object": "", "key": "", "object_name": ""})
    ),
    ClaimVector(
        "unknown-keys", MADE_UP, "other keys stay", S3, {**BUCKET, **KEY, **SNAKE, "region": "eu-1"}, _becomes({**ALL_S3, "region": "eu-1"})
    ),
    _same("s3-object", MADE_UP, "key and object are a pair in claims of Google's driver alone", S3, {**BUCKET, **OBJECT, **HASH}),
    ClaimVector(
        "own-type",
        MADE_UP,
        "the hash is a pair in claims of every driver",
        "minio",
        {**BUCKET, **KEY, **SNAKE},
        _becomes(ALL_S3),
    ),
    _same("own-keys", MADE_UP, "a driver of the user's own, with other keys", "redis", {"key": "payload:1"}),
    _same(
        "own-key-and-object", MADE_UP, "a driver of the user's own, to which they are two things", "vault", {"key": "k1", "object": "o1"}
    ),
    _same("empty", MADE_UP, "a claim without keys", GCS, {}),
    ClaimVector(
        "hash-value-disagrees",
        MADE_UP,
        "one of them is wrong, and nobody can tell which",
        S3,
        {**BUCKET, **KEY, **SNAKE, "hashValue": OTHER_DIGEST},
        _disagree("hash_value", "hashValue"),
    ),
    ClaimVector(
        "hash-algorithm-disagrees",
        MADE_UP,
        "not even by its case",
        S3,
        {**BUCKET, **KEY, **SNAKE, "hashAlgorithm": "SHA256"},
        _disagree("hash_algorithm", "hashAlgorithm"),
    ),
    ClaimVector("object-disagrees", MADE_UP, "two objects", GCS, {**ALL_GCS, "object": "v0/other"}, _disagree("key", "object")),
    ClaimVector("object-empty", MADE_UP, "an empty value disagrees, too", GCS, {**ALL_GCS, "object": ""}, _disagree("key", "object")),
    ClaimVector(
        "object-name-disagrees",
        MADE_UP,
        "the first that is there and the one that differs are named",
        GCS,
        {**BUCKET, **OBJECT, "object_name": "v0/other", **HASH},
        _disagree("object", "object_name"),
    ),
    ClaimVector(
        "own-type-disagrees",
        MADE_UP,
        "the hash is a pair in claims of every driver",
        "minio",
        {"hash_value": DIGEST, "hashValue": OTHER_DIGEST},
        _disagree("hash_value", "hashValue"),
    ),
]
