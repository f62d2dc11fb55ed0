"""What the TOM keeps of targets by name: extras, and fields of a TOM's own target model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db.models import Value
from django.db.models.functions import Lower, Replace

#: so many keys go into one question; SQLite takes no more than 999 values
PIECE = 900

Found = dict[str, list[tuple[int, Any]]]


def pieces(ids: Iterable[int] | np.ndarray) -> Iterator[list[int]]:
    """The keys in lists that any database takes."""
    keys = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
    for start in range(0, len(keys), PIECE):
        yield keys[start : start + PIECE]


def read_extras(ids: np.ndarray, names: Sequence[str]) -> Found:
    """{name: [(target, value), ...]} of the extras of these names; in any capitals, spaces as underscores.

    A value is the time, else the number, else the text that the host keeps of it.
    """
    from tom_targets.models import TargetExtra

    found: Found = {name: [] for name in names}
    called = Replace(Lower("key"), Value(" "), Value("_"))
    for piece in pieces(ids):
        rows = TargetExtra.objects.filter(target_id__in=piece).annotate(called=called).filter(called__in=names)
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
    for piece in pieces(ids) if there else ():
        for target, *values in Target.objects.filter(pk__in=piece).values_list("pk", *there):
            for name, value in zip(there, values, strict=True):
                if value is not None:
                    found[name].append((target, value))
    return found
