"""Compressed bytes -> bytes, never more than asked for. Pure."""

from __future__ import annotations

import bz2
import lzma
import zlib

import zstandard

from ..errors import Undecodable

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_STEP = 1 << 20
_LZMA_MEMORY = 64 << 20
_MEMBERS = 16


def compression(payload: bytes) -> str | None:
    """`gzip`, `zstd` or None, by the first bytes."""
    if payload[:2] == GZIP:
        return "gzip"
    return "zstd" if payload[:4] == ZSTD else None


def inflate(codec: str, payload: bytes, *, max_bytes: int) -> bytes:
    """The decompressed bytes. Codecs: gzip, deflate (raw), bzip2, xz, zstd.

    Raises Undecodable when they would be more than `max_bytes` (found out without making them), or are damaged.
    """
    try:
        data = _zstd(payload, max_bytes) if codec == "zstd" else _stream(codec, payload, max_bytes)
    except (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if isinstance(error, Undecodable):
            raise
        raise Undecodable(f"{codec}: the compressed data are damaged ({error})") from error
    if len(data) > max_bytes:
        raise Undecodable(f"{codec}: more than {max_bytes:,} bytes once decompressed, from {len(payload):,}; refused")
    return data


def head(payload: bytes, size: int) -> bytes:
    """The first `size` bytes once decompressed where `payload` is gzip, else of itself; what there is when damaged."""
    if payload[:2] != GZIP:
        return payload[:size]
    try:
        return zlib.decompressobj(31).decompress(payload[: size * 4], size)
    except zlib.error:
        return b""


def _zstd(payload: bytes, max_bytes: int) -> bytes:
    # a window larger than what we would accept is refused by zstd before it allocates
    reader = zstandard.ZstdDecompressor(max_window_size=max(1 << 10, 1 << (max_bytes - 1).bit_length()))
    with reader.stream_reader(payload) as stream:
        return stream.read(max_bytes + 1)


def _stream(codec: str, payload: bytes, max_bytes: int) -> bytes:
    if codec in ("gzip", "deflate"):
        return _zlib(31 if codec == "gzip" else -15, payload, max_bytes)
    reader = bz2.BZ2Decompressor() if codec == "bzip2" else lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    data = reader.decompress(payload, max_bytes + 1)
    if not reader.eof and len(data) <= max_bytes:
        raise Undecodable(f"{codec}: the compressed data are cut short")
    return data


def _zlib(bits: int, payload: bytes, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size, rest = 0, payload
    while rest and size <= max_bytes:  # gzip may be several members one after the other
        if len(pieces) == _MEMBERS:
            raise Undecodable(f"gzip: more than {_MEMBERS} members in one message; refused")
        reader = zlib.decompressobj(bits)
        pieces.append(reader.decompress(rest, max_bytes + 1 - size))
        size += len(pieces[-1])
        if not reader.eof and size <= max_bytes:
            raise Undecodable(f"{'gzip' if bits == 31 else 'deflate'}: the compressed data are cut short")
        rest = reader.unused_data.lstrip(b"\0") if bits == 31 else b""
    return b"".join(pieces)
