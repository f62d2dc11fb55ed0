"""A long JSON list read row by row while it arrives, so that 50,000 rows take the memory of one. Pure."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tom_scimma.errors import Unavailable
from tom_treasuremap.answers import short

BLANK = " \t\r\n"
LONGEST = 2**20  #: characters of one row


def rows(chunks: Iterable[bytes], *, limit: int) -> Iterator[dict[str, Any]]:
    """The objects of a list. Raises Unavailable where it is no list, ends too early or is too long."""
    text, decoder, end = _Text(chunks, limit), json.JSONDecoder(), False
    if not text.take("["):
        raise Unavailable(f"the Treasure Map answered no list: {text.rest()}")
    end = text.take("]")
    while not end:
        row = text.value(decoder)
        if not isinstance(row, dict):
            raise Unavailable(f"a row of the Treasure Map's answer is no object: {short(row)}")
        yield row
        end = not text.take(",")
        if end and not text.take("]"):
            raise Unavailable(f"the Treasure Map's answer is broken: {text.rest()}")


class _Text:
    """The text that has come so far, and a place in it."""

    def __init__(self, chunks: Iterable[bytes], limit: int):
        self._chunks, self._limit = iter(chunks), limit
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text, self._at, self._size = "", 0, 0

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._size += len(chunk)
        if self._size > self._limit:
            raise Unavailable(f"the Treasure Map's answer is longer than {self._limit} bytes")
        self._text, self._at = self._text[self._at :] + self._decode(chunk), 0
        return True

    def take(self, sign: str) -> bool:
        """Passes blanks and this sign; False when something else comes. Raises Unavailable at the end of the text."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in BLANK:
                self._at += 1
            if self._at < len(self._text):
                break
            if not self._more():
                raise Unavailable(
                    "the Treasure Map's answer ends too early" if self._size else "the Treasure Map answered nothing"
                )
        found = self._text[self._at] == sign
        self._at += found
        return found

    def value(self, decoder: json.JSONDecoder) -> Any:
        """The value that comes next."""
        self.take("\0")  # blanks alone
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
                if end < len(self._text):  # else a number may go on
                    self._at = end
                    return value
            except ValueError:
                pass
            if len(self._text) - self._at > LONGEST:
                raise Unavailable(f"the Treasure Map's answer is broken: {self.rest()}")
            if not self._more():
                raise Unavailable("the Treasure Map's answer ends too early")

    def rest(self) -> str:
        return short(self._text[self._at : self._at + 2000])
