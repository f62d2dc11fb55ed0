"""Bytes taken one piece after the other, gzip unpacked as far as it is asked for and no further."""

from __future__ import annotations

import zlib

from tom_scimma.errors import BadSkyMap


class Plain:
    """Bytes taken one after the other, without copying."""

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.place = 0

    def take(self, size: int) -> memoryview:
        """The next `size` bytes, or fewer at the end."""
        piece = self.data[self.place : self.place + size]
        self.place += len(piece)
        return piece

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self.place += size


class Gzipped:
    """What gzipped bytes unpack to, taken one piece after the other; no more is ever unpacked than was asked for."""

    PIECE = 1 << 18

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.place = 0
        self.member = zlib.decompressobj(wbits=31)
        self.waiting: bytes | memoryview = b""

    def take(self, size: int) -> bytearray:
        """The next `size` bytes unpacked, or fewer at the end. Raises BadSkyMap for broken gzip."""
        out, filled = bytearray(size), 0
        while filled < size:
            piece = self._unpack(min(size - filled, 4 * self.PIECE))
            if not piece:
                break
            out[filled : filled + len(piece)] = piece
            filled += len(piece)
        if filled < size:
            del out[filled:]
        return out

    def skip(self, size: int) -> None:
        """Unpack and forget `size` bytes."""
        while size > 0 and (piece := self._unpack(min(size, 4 * self.PIECE))):
            size -= len(piece)

    def _unpack(self, size: int) -> bytes:
        while True:
            if not len(self.waiting):
                self.waiting = self.data[self.place : self.place + self.PIECE]
                self.place += len(self.waiting)
            if self.member.eof:  # a gzip file may hold several members; after the last one anything else is padding
                rest = bytes(self.member.unused_data) + bytes(self.waiting)
                if not rest.startswith(b"\x1f\x8b"):
                    return b""
                self.member, self.waiting = zlib.decompressobj(wbits=31), rest
            ended = not len(self.waiting)
            try:
                piece = self.member.decompress(self.waiting, size)
            except zlib.error as error:
                raise BadSkyMap(f"the gzip stream is broken: {error}") from None
            self.waiting = self.member.unconsumed_tail
            if piece or ended:
                return piece
