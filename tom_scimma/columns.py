"""How a model's columns are said to the database itself, past Django: PostgreSQL's types, and what turns values into those that
a driver takes. For bulk.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson
from django.db import models

#: PostgreSQL's names for the types that our columns have
_TYPES = {
    "AutoField": "int4",
    "BigAutoField": "int8",
    "BigIntegerField": "int8",
    "BinaryField": "bytea",
    "BooleanField": "bool",
    "CharField": "varchar",
    "DateTimeField": "timestamptz",
    "FloatField": "float8",
    "IntegerField": "int4",
    "JSONField": "jsonb",
    "TextField": "text",
    "UUIDField": "uuid",
}
#: fields whose values SQLite takes as they are
_PLAIN = {
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BinaryField",
    "BooleanField",
    "CharField",
    "FloatField",
    "IntegerField",
    "TextField",
}


def copies(connection: Any) -> bool:
    """Whether it is PostgreSQL by psycopg 3."""
    return connection.vendor == "postgresql" and hasattr(getattr(connection.Database, "Cursor", None), "copy")


def type_of(field: models.Field) -> str:
    """PostgreSQL's name for the type of a field's column."""
    return _TYPES[stored(field).get_internal_type()]


def stored(field: models.Field) -> models.Field:
    """The field that decides a column's type: of a foreign key, that which it points to."""
    while field.remote_field is not None:
        field = field.target_field
    return field


def to_json(value: Any) -> bytes:
    """JSON by orjson, which takes a fifth of the time; what it refuses (numbers beyond 64 bits) as Django writes it."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, default=str).encode()


def as_jsonb(value: Any) -> Any:
    from psycopg.types.json import Jsonb

    return None if value is None else Jsonb(value, dumps=to_json)


def copied(fields: Sequence[models.Field]) -> list[tuple[int, Callable[[Any], Any]]]:
    """By place, what turns a field's value into one that psycopg copies."""
    kinds = [type_of(field) for field in fields]
    return [(place, as_jsonb) for place, kind in enumerate(kinds) if kind == "jsonb"]


def adapters(fields: Sequence[models.Field], connection: Any) -> list[tuple[int, Callable[[Any], Any]]]:
    """By place, what turns a field's value into one that SQLite takes."""
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for place, field in enumerate(fields):
        kind = stored(field).get_internal_type()
        if (
            kind == "JSONField" and type(field) is models.JSONField
        ):  # others Django writes: constraints compare the text
            found.append((place, lambda value: None if value is None else to_json(value).decode()))
        elif kind == "DateTimeField":
            found.append((place, connection.ops.adapt_datetimefield_value))
        elif kind not in _PLAIN or kind == "JSONField":
            found.append((place, partial(field.get_db_prep_save, connection=connection)))
    return found
