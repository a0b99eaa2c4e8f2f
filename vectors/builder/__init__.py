"""Building blocks for the vectors: protobuf bytes, codec layers, configuration documents.

Nothing here calls tdc. The cryptography is PyPI's `cryptography`, the compression is `zstandard`, `cramjam` and zlib, and the
protobuf bytes are written by hand, because most vectors need bytes that no protobuf library would write.
"""
