"""Tokens -> tree. djangoql's language, with `and` before `or` as everywhere else, and with `not ( ... )`.

any   := all ("or" all)*
all   := one ("and" one)*
one   := "(" any ")" | "not" "(" any ")" | name operator value
"""

from __future__ import annotations

import math

from djangoql.parser import unescape

from tom_scimma.query.errors import QueryError
from tom_scimma.query.tokens import Token, parts, tokens
from tom_scimma.query.tree import And, Not, Or, Span, Test, Tree, Value

#: brackets within brackets, comparisons, and values in lists: more is refused
MAX_DEPTH, MAX_TESTS, MAX_VALUES = 20, 100, 200

_OPERATORS = {
    "EQUALS": "=", "NOT_EQUALS": "!=", "LESS": "<", "LESS_EQUAL": "<=", "GREATER": ">", "GREATER_EQUAL": ">=",
    "CONTAINS": "~", "NOT_CONTAINS": "!~", "IN": "in", "STARTSWITH": "startswith", "ENDSWITH": "endswith",
}  # fmt: skip
_CONSTANTS = {"TRUE": True, "FALSE": False, "NONE": None}
_MEANT = {"and": "and", "or": "or", "not": "not", "in": "in", "true": "True", "false": "False"}
_MEANT |= {"none": "None", "null": "None", "startswith": "startswith", "endswith": "endswith", "is": "=", "like": "~"}


def parse(text: str) -> Tree:
    """The tree of a query. Raises QueryError at the character where it goes wrong."""
    return _Reading(text).whole()


class _Reading:
    """One pass over the tokens of a query."""

    def __init__(self, text: str):
        self.text, self.tokens = text, tokens(text)
        self.here = self.depth = self.tests = self.values = 0

    def whole(self) -> Tree:
        """The query, with nothing after it."""
        if not self.tokens:
            raise QueryError("the query is empty", self.text, hint='Write for example: kind = "GW"')
        tree = self.any()
        if (token := self.next) is not None:
            wanted = (
                "a bracket is closed that was not opened" if token.type == "PAREN_R" else "`and` or `or` belongs here"
            )
            raise self.wrong(wanted)
        return tree

    @property
    def next(self) -> Token | None:
        """The token not yet read, or None at the end."""
        return self.tokens[self.here] if self.here < len(self.tokens) else None

    def take(self, *types: str) -> Token | None:
        """The next token if it is of one of these types."""
        token = self.next
        if token is None or token.type not in types:
            return None
        self.here += 1
        return token

    def need(self, kind: str, words: str) -> Token:
        """The next token, which must be of this type."""
        token = self.take(kind)
        if token is None:
            raise self.wrong(words)
        return token

    def wrong(self, words: str, hint: str = "") -> QueryError:
        """An error at the next token, or at the end."""
        token = self.next
        if token is None:
            return QueryError(f"the query ends too early: {words}", self.text, len(self.text), len(self.text), hint)
        meant = _MEANT.get(token.value.lower()) if token.type == "NAME" else None
        if not hint and meant and meant != token.value:
            hint = f"Write {meant}"
        return QueryError(words, self.text, token.at, token.end, hint)

    def any(self) -> Tree:
        """Alternatives."""
        found = [self.all()]
        while self.take("OR"):
            found.append(self.all())
        return found[0] if len(found) == 1 else Or(tuple(found))

    def all(self) -> Tree:
        """Things that must hold together."""
        found = [self.one()]
        while self.take("AND"):
            found.append(self.one())
        return found[0] if len(found) == 1 else And(tuple(found))

    def one(self) -> Tree:
        """A comparison, or something in brackets."""
        if self.take("NOT"):
            if self.next is None or self.next.type != "PAREN_L":
                raise self.wrong("`not` stands before a bracket", 'Write not (kind = "GW"), or kind != "GW"')
            return Not(self.brackets())
        if self.next is not None and self.next.type == "PAREN_L":
            return self.brackets()
        return self.test()

    def brackets(self) -> Tree:
        """What stands in brackets."""
        if self.depth == MAX_DEPTH:
            raise self.wrong(f"brackets may not stand in more than {MAX_DEPTH} others")
        opened = self.need("PAREN_L", "a bracket ( belongs here")
        self.depth += 1
        tree = self.any()
        if not self.take("PAREN_R"):
            if self.next is None:
                raise QueryError("this bracket is never closed", self.text, opened.at, hint="Add a )")
            raise self.wrong("`and`, `or` or a bracket ) belongs here")
        self.depth -= 1
        return tree

    def test(self) -> Test:
        """A comparison."""
        self.tests += 1
        if self.tests > MAX_TESTS:
            raise self.wrong(f"more than {MAX_TESTS} comparisons", "Use in (...), or several queries")
        name = self.need("NAME", "a name such as kind or far belongs here")
        operator, span = self.operator()
        value = self.several() if operator.endswith("in") else self.value()
        return Test(parts(name.value), operator, value, Span(name.at, name.end), span)

    def operator(self) -> tuple[str, Span]:
        """An operator and where it stands."""
        negated = self.take("NOT")
        types = ("IN", "STARTSWITH", "ENDSWITH") if negated else tuple(_OPERATORS)
        token = self.take(*types)
        if token is None:
            words = (
                "in, startswith or endswith belongs after `not`"
                if negated
                else "a comparison such as = or < belongs here"
            )
            raise self.wrong(words)
        start = negated or token
        return ("not " if negated else "") + _OPERATORS[token.type], Span(start.at, token.end)

    def several(self) -> Value:
        """The values of a list in brackets."""
        opened = self.need("PAREN_L", 'a list in brackets belongs here, such as ("GW", "NU")')
        found = [self.value()]
        while self.take("COMMA"):
            found.append(self.value())
        closed = self.need("PAREN_R", "a comma or ) belongs here")
        return Value(tuple(found), Span(opened.at, closed.end))

    def value(self) -> Value:
        """One number, text, True, False or None."""
        self.values += 1
        token = self.take("STRING_VALUE", "INT_VALUE", "FLOAT_VALUE", *_CONSTANTS)
        if token is None:
            doubled = self.next is not None and self.next.type == "EQUALS"
            raise self.wrong(
                "a value belongs here: a number, a text in quotes, True, False or None", self._quoted(doubled)
            )
        span = Span(token.at, token.end)
        if self.values > MAX_VALUES:
            raise QueryError(f"more than {MAX_VALUES} values", self.text, span.at, span.end)
        if token.type in _CONSTANTS:
            return Value(_CONSTANTS[token.type], span)
        return Value(self._text(token) if token.type == "STRING_VALUE" else self._number(token), span)

    def _quoted(self, doubled: bool) -> str:
        if doubled:
            return "One = is enough"
        token = self.next
        return f'Write "{token.value}"' if token and token.type == "NAME" and token.value.lower() not in _MEANT else ""

    def _text(self, token: Token) -> str:
        text = unescape(token.value)
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
            raise QueryError("this text holds what no database keeps", self.text, token.at, token.end)
        return text

    def _number(self, token: Token) -> float:
        try:
            number = float(token.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise QueryError("this number is too large", self.text, token.at, token.end)
        return number
