"""The value of one key of a JSON column as a number, as text, or whether it is there; alike on SQLite and PostgreSQL.

A number is a JSON number, or a boolean as 1 or 0; text is a JSON string. What is of another kind, or too large for a float,
is as good as missing, so that a value no one foresaw never ends a query. Keys are parameters, never part of the statement.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Func

NUMBER, TEXT, TYPE = "number", "text", "type"
_SQLITE = {
    NUMBER: "CASE WHEN type IN ('integer', 'real') THEN CASE WHEN abs(CAST(value AS REAL)) < 1.7e308 THEN CAST(value AS REAL) END"
    " WHEN type = 'true' THEN 1.0 WHEN type = 'false' THEN 0.0 END",
    TEXT: "CASE type WHEN 'text' THEN value END",
    TYPE: "NULLIF(type, 'null')",
}
_POSTGRESQL = {
    # a JSON number of PostgreSQL has any size; a float has not, and a failing cast would end the query
    NUMBER: "CASE jsonb_typeof(v) WHEN 'number' THEN CASE WHEN abs((v #>> '{}')::numeric) < 1.7e308 THEN (v #>> '{}')::float8 END"
    " WHEN 'boolean' THEN CASE WHEN v = 'true'::jsonb THEN 1::float8 ELSE 0::float8 END END",
    TEXT: "CASE jsonb_typeof(v) WHEN 'string' THEN v #>> '{}' END",
    TYPE: "NULLIF(jsonb_typeof(v), 'null')",
}


class JsonKey(Func):
    """One key of a JSON object: `JsonKey(F("properties"), "HasNS", NUMBER)`; `within` names an object inside the column."""

    def __init__(self, expression, key: str, view: str, within: str = ""):
        super().__init__(expression, output_field=models.FloatField() if view == NUMBER else models.TextField())
        self.key, self.view, self.within = key, view, within

    def as_sqlite(self, compiler, connection, **context):
        column, params = compiler.compile(self.source_expressions[0])
        path = f'$."{self.within}"' if self.within else "$"
        return f"(SELECT {_SQLITE[self.view]} FROM json_each({column}, %s) WHERE key = %s LIMIT 1)", (
            *params,
            path,
            self.key,
        )

    def as_postgresql(self, compiler, connection, **context):
        column, params = compiler.compile(self.source_expressions[0])
        if self.within:
            column, params = f"({column} -> %s::text)", (*params, self.within)
        return f"(SELECT {_POSTGRESQL[self.view]} FROM (SELECT {column} -> %s::text AS v) AS j)", (*params, self.key)


class Folded(Func):
    """Text with its ASCII letters in lower case, which both databases and Python do alike."""

    output_field = models.TextField()
    UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="LOWER")

    def as_postgresql(self, compiler, connection, **context):
        template = f"translate(%(expressions)s, '{self.UPPER}', '{self.LOWER}')"
        return self.as_sql(compiler, connection, template=template)


_FOLD = str.maketrans(Folded.UPPER, Folded.LOWER)


def folded(text: str) -> str:
    """The same of a text in memory."""
    return text.translate(_FOLD)
