"""What the TOM keeps of targets by name: extras, and fields of a TOM's own target model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connections
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower, Replace

#: so many keys go into one question
PIECE = 10_000

Found = dict[str, list[tuple[int, Any]]]


def among(rows: QuerySet, name: str, ids: Iterable[int] | np.ndarray) -> Iterator[QuerySet]:
    """The rows whose column (a key) is one of these, in a few parts. The keys stand in the query itself.

    As values they would be more than SQLite takes (999), and Django and psycopg need ten times as long for them.
    """
    keys = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
    quote = connections[rows.db].ops.quote_name
    column = f"{quote(rows.model._meta.db_table)}.{quote(rows.model._meta.get_field(name).column)}"
    for start in range(0, len(keys), PIECE):
        yield rows.extra(where=[f"{column} IN ({', '.join(f'{key:d}' for key in keys[start : start + PIECE])})"])


def read_extras(ids: np.ndarray, names: Sequence[str]) -> Found:
    """{name: [(target, value), ...]} of the extras of these names; in any capitals, spaces as underscores.

    A value is the time, else the number, else the text that the host keeps of it.
    """
    from tom_targets.models import TargetExtra

    found: Found = {name: [] for name in names}
    called = Replace(Lower("key"), Value(" "), Value("_"))
    extras = TargetExtra.objects.annotate(called=called).filter(called__in=names)
    for rows in among(extras, "target", ids):
        for target, name, text, number, time in rows.values_list(
            "target_id", "called", "value", "float_value", "time_value"
        ):
            # the host's own conversion takes some numbers for times
            found[name].append((target, number if number is not None else time or text))
    return found


def read_fields(ids: np.ndarray, names: Sequence[str]) -> Found:
    """The same of the target model's own columns; names that it has not are left out."""
    from tom_targets.models import Target

    there = [field.name for field in Target._meta.concrete_fields if field.name in names]
    found: Found = {name: [] for name in there}
    for rows in among(Target.objects.all(), Target._meta.pk.name, ids) if there else ():
        for target, *values in rows.values_list("pk", *there):
            for name, value in zip(there, values, strict=True):
                if value is not None:
                    found[name].append((target, value))
    return found
