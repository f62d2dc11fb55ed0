"""Text -> tokens, by djangoql's lexer; its names may also hold quoted keys: `properties."t90 (s)"`."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from djangoql.exceptions import DjangoQLLexerError
from djangoql.lexer import DjangoQLLexer

from tom_scimma.query.errors import QueryError

#: a longer text is refused unread
MAX_LENGTH = 2000

_thread = threading.local()
_PART = re.compile(r'"[^"]*"|[^."]+')

#: what people type or paste, and what to write instead
_INSTEAD = {
    **dict.fromkeys("“”„‟«»‘’", 'Use straight quotes: "GW"'),
    **dict.fromkeys("–—−", "Write a plain minus: -"),
    "≤": "Write <=",
    "≥": "Write >=",
    "≠": "Write !=",
    "&": "Write and",
    "|": "Write or",
    "!": "Write != for unlike, or not ( ... )",
    ".": "Write a digit before the point: 0.5",
    "+": "Write the number without its sign",
    "%": "Write 50 % as 0.5",
    ";": "Write and or or between comparisons",
    "[": "Write lists in round brackets: (1, 2)",
}


class Lexer(DjangoQLLexer):
    """djangoql's tokens, with quoted keys in names."""

    t_NAME = r'[_A-Za-z][_0-9A-Za-z]*(\.([_A-Za-z][_0-9A-Za-z]*|"[^"\\\n\r\u2028\u2029]{1,100}"))*'


@dataclass(frozen=True)
class Token:
    """One word of a query and where it stands."""

    type: str  #: djangoql's name of it: NAME, INT_VALUE, EQUALS, ...
    value: str
    at: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of a query. Raises QueryError at the character that begins none."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query has {len(text)} characters; {MAX_LENGTH} is the most", text, MAX_LENGTH, len(text))
    lexer = _lexer().input(text)
    found = []
    try:
        while (token := lexer.token()) is not None:
            length = len(token.value) + (2 if token.type == "STRING_VALUE" else 0)
            found.append(Token(token.type, token.value, token.lexpos, token.lexpos + length))
    except DjangoQLLexerError as error:
        raise _illegal(text, len(text) - len(error.value)) from None
    return found


def parts(name: str) -> tuple[str, ...]:
    """A name's parts: `properties."t90 (s)"` is ("properties", "t90 (s)")."""
    return tuple(part.strip('"') for part in _PART.findall(name))


def _lexer() -> Lexer:
    if not hasattr(_thread, "lexer"):  # it keeps its place in itself, so each thread has its own
        _thread.lexer = Lexer()
    return _thread.lexer


def _illegal(text: str, at: int) -> QueryError:
    character = text[at]
    if character in "\"'":
        return QueryError("this text has no closing quote", text, at, len(text), f"End it with {character}")
    shown = character if character.isprintable() else repr(character)
    return QueryError(f"{shown} means nothing here", text, at, hint=_INSTEAD.get(character, ""))
