"""The families of vectors, one file each; `ALL` is what `generate.py` writes."""

from builder.vector import Family
from families import (
    chain,
    config,
    encrypt,
    encrypt_java,
    golden,
    gzip_family,
    keys,
    limits_family,
    msgpack_family,
    namespaces,
    snappy_family,
    values,
    whole,
    wire_family,
    zlib_family,
    zstd_family,
)

ALL: list[Family] = [
    golden.FAMILY,
    wire_family.FAMILY,
    encrypt.FAMILY,
    encrypt_java.JAVA,
    encrypt_java.FORGERIES,
    zlib_family.FAMILY,
    zstd_family.FAMILY,
    snappy_family.FAMILY,
    gzip_family.FAMILY,
    chain.FAMILY,
    keys.FAMILY,
    namespaces.FAMILY,
    limits_family.FAMILY,
    config.FAMILY,
    values.FAMILY,
    msgpack_family.FAMILY,
    whole.FAMILY,
]
