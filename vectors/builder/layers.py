"""One function for each codec layer: the bytes of a Payload in, the bytes of the Payload around it out."""

from __future__ import annotations

import struct
import zlib

import cramjam
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from builder.wire import Metadata, payload, plain

#: The key of Temporal's samples, 32 ASCII characters. The Java sample uses the same characters as key id.
KEY = b"test-key-test-key-test-key-test!"
KEY_ID = "test-key-id"
OTHER_KEY = bytes(range(32))
OTHER_KEY_ID = "other/key:2026-11"
NONCE = bytes(range(12))
OTHER_NONCE = bytes(range(100, 112))

#: The one payload that most vectors carry: `"Testing"` as json/plain, as Go, Python and TypeScript write it.
INNER = plain("json/plain", b'"Testing"')

JAVA_CIPHER = b"AES/GCM/NoPadding"


def seal(plaintext: bytes, key: bytes = KEY, nonce: bytes = NONCE, associated: bytes | None = None) -> bytes:
    """nonce, ciphertext, tag: AES-256-GCM with nothing in its associated data unless a vector wants it wrong."""
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def encrypted_metadata(key_id: bytes = KEY_ID.encode()) -> Metadata:
    """The metadata of the Go, Python and TypeScript samples, sorted by key."""
    return {"encoding": b"binary/encrypted", "encryption-key-id": key_id}


def encrypted(plaintext: bytes, key: bytes = KEY, key_id: str = KEY_ID, nonce: bytes = NONCE, associated: bytes | None = None) -> bytes:
    """A whole encrypted Payload."""
    return payload(encrypted_metadata(key_id.encode()), seal(plaintext, key, nonce, associated))


def encrypted_java(
    plaintext: bytes, key: bytes = KEY, key_id: bytes | None = None, cipher: bytes = JAVA_CIPHER, nonce: bytes = NONCE
) -> bytes:
    """The three-key form of the Java sample. Its key id is the key itself, unless another is given."""
    entries = {
        "encoding": b"binary/encrypted",
        "encryption-cipher": cipher,
        "encryption-key-id": key if key_id is None else key_id,
    }
    return payload(entries, seal(plaintext, key, nonce))


def zlib_stored(content: bytes) -> bytes:
    """A zlib stream of stored blocks: the same bytes whatever zlib is installed."""
    blocks = bytearray()
    pieces = [content[at : at + 0xFFFF] for at in range(0, len(content), 0xFFFF)] or [b""]
    for index, piece in enumerate(pieces):
        last = index + 1 == len(pieces)
        blocks += struct.pack("<BHH", last, len(piece), len(piece) ^ 0xFFFF) + piece
    return b"\x78\x01" + bytes(blocks) + struct.pack(">I", zlib.adler32(content))


def zlibbed(plaintext: bytes) -> bytes:
    """A `binary/zlib` Payload (stored blocks: the bytes must not depend on the machine)."""
    return plain("binary/zlib", zlib_stored(plaintext))


def zstd_frame(content: bytes, *, level: int = 3, checksum: bool = False, size: bool = True) -> bytes:
    """One zstd frame made by libzstd, the version that the pinned `zstandard` carries."""
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=checksum, write_content_size=size)
    return compressor.compress(content)


def zstd_streamed(content: bytes) -> bytes:
    """A frame as a stream writes it: many blocks, no content size, and the window of the level whatever the content."""
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    out = b""
    for at in range(0, len(content), 50):
        out += compressor.compress(content[at : at + 50]) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return out + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


def zstded(plaintext: bytes) -> bytes:
    """A `binary/zstd` Payload."""
    return plain("binary/zstd", zstd_frame(plaintext))


def snappy_block(content: bytes) -> bytes:
    """Snappy's block format (not the framing format)."""
    return bytes(cramjam.snappy.compress_raw(content))


def snappied(plaintext: bytes) -> bytes:
    """A `binary/snappy` Payload."""
    return plain("binary/snappy", snappy_block(plaintext))


def gzip_member(content: bytes, *, flags: int = 0, extra: bytes = b"", deflated: bytes | None = None) -> bytes:
    """One gzip member (RFC 1952) around stored blocks, or around a given raw deflate stream of the same content."""
    body = zlib_stored(content)[2:-4] if deflated is None else deflated
    header = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 0, 0, 255)
    return header + extra + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def gzipped(plaintext: bytes) -> bytes:
    """A `binary/gzip` Payload."""
    return plain("binary/gzip", gzip_member(plaintext))


#: A payload that is worth compressing.
ORDER = plain(
    "json/plain",
    b'{"order":"2026-11-0042","customer":"Bj\xc3\xb6rk","lines":['
    + b",".join(b'{"sku":"TEA-%03d","title":"Green tea, 100 g","quantity":%d}' % (n, n + 1) for n in range(8))
    + b"]}",
)
