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
        self.waiting = b""

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
            if len(self.waiting) < 2:
                more = self.data[self.place : self.place + self.PIECE]
                self.place += len(more)
                self.waiting = bytes(self.waiting) + bytes(more)
            if self.member.eof:  # a gzip file may hold several members; what follows the last one is padding
                if not self.waiting.startswith(b"\x1f\x8b"):
                    return b""
                self.member = zlib.decompressobj(wbits=31)
            ended = not self.waiting
            try:
                piece = self.member.decompress(self.waiting, size)
            except zlib.error as error:
                raise BadSkyMap(f"the gzip stream is broken: {error}") from None
            # at the end of a member both of them hold what is left
            self.waiting = self.member.unused_data if self.member.eof else self.member.unconsumed_tail
            if piece or ended:
                return piece
