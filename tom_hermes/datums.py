"""Rows of messages -> the host's typed datums, each once, all together.

Written in bulk: the host's own save checks each row with a query or two, and its signal calls other TOMs over HTTP from
within. So no post_save of a datum fires here; `signals.data_received` does, after the commit. What is a duplicate is what the
host's constraints say: the same day, filter, number and instrument of one target, whoever said it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Model, QuerySet
from guardian.shortcuts import assign_perm, remove_perm
from tom_dataproducts.models import AstrometryReducedDatum, PhotometryReducedDatum, SpectroscopyReducedDatum

from tom_hermes.arrived import Arrived, location
from tom_hermes.models import Received
from tom_hermes.rows import plain
from tom_hermes.said import ASTROMETRY, PHOTOMETRY, SPECTROSCOPY, SaidDatum, Unread
from tom_scimma import bulk, ingest, places

SOURCE = "HERMES"
MODELS = {
    PHOTOMETRY: PhotometryReducedDatum,
    ASTROMETRY: AstrometryReducedDatum,
    SPECTROSCOPY: SpectroscopyReducedDatum,
}
#: what makes a datum of a target the same as another, by the host's constraints
SAME = {
    PHOTOMETRY: ("bandpass", "timestamp", "brightness", "limit", "instrument"),
    ASTROMETRY: ("timestamp", "telescope", "instrument", "ra", "dec"),
    SPECTROSCOPY: ("timestamp", "telescope", "instrument", "flux"),
}
Pair = tuple[Arrived, SaidDatum]


class Made(NamedTuple):
    """A datum that was stored."""

    model: type[Model]
    pk: int
    target: int


def write(arrivals: Sequence[Arrived]) -> list[Made]:
    """Stores the data of arrivals whose targets are known and returns the new datums; the others become unplaced."""
    wanted: dict[str, list[Pair]] = defaultdict(list)
    for arrival in arrivals:
        for said in arrival.said.data:
            if said.target in arrival.homes:
                wanted[said.section].append((arrival, said))
            else:
                arrival.unplaced.append(_homeless(arrival, said))
    made = [datum for section, pairs in wanted.items() for datum in _section(section, pairs)]
    places.mark(list({datum.target for datum in made}))
    return made


def stored(arrival: Arrived) -> list[Any]:
    """The datums that are here of what an arrival says of targets that are known, new or not."""
    found: list[Any] = []
    for section in MODELS:
        pairs = [
            (arrival, said) for said in arrival.said.data if said.section == section and said.target in arrival.homes
        ]
        wanted, key_of = {_key(*pair) for pair in pairs}, attrgetter("target_id", *SAME[section])
        found += [row for row in _alike(MODELS[section].objects.all(), pairs) if _plain(key_of(row)) in wanted]
    return found


def given(received: Received, targets: Iterable[int]) -> list[QuerySet]:
    """What a message gave to these targets, a query for each kind."""
    place = location(received)
    return [
        model.objects.filter(target_id__in=list(targets), source_name=SOURCE, source_location=place)
        for model in MODELS.values()
    ]


def close(rows: QuerySet, groups: Iterable[int]) -> None:
    """Data that have permissions of their own are these groups' alone, of all groups."""
    permission = f"tom_dataproducts.view_{rows.model._meta.model_name}"
    for group in Group.objects.exclude(pk__in=groups):
        remove_perm(permission, group, rows)
    for group in Group.objects.filter(pk__in=groups):
        assign_perm(permission, group, rows)


def _homeless(arrival: Arrived, said: SaidDatum) -> Unread:
    nameless = ("target", "the row names no target, and the message is not about one alone")
    reason, words = arrival.refused.get(said.target, nameless)
    return Unread(said.section, said.index, reason, words, said.target, plain(said.row))


def _section(section: str, pairs: Sequence[Pair]) -> list[Made]:
    """The new datums of one kind, stored."""
    seen: set[tuple] = set(map(_plain, _alike(MODELS[section].objects.values_list("target_id", *SAME[section]), pairs)))
    new = []
    for arrival, said in pairs:
        key = _key(arrival, said)
        if key in seen:
            arrival.repeated += 1
            continue
        seen.add(key)
        arrival.data += 1
        new.append((arrival, said))
    stored = _each(new) if section == SPECTROSCOPY else _all(section, new)
    _permit(stored)
    return [made for _, made in stored]


def _columns(arrival: Arrived, said: SaidDatum) -> dict[str, Any]:
    """The columns of the typed datum of a row, with where it comes from; all that have no value of the database's own."""
    return {
        "target_id": arrival.homes[said.target],
        "timestamp": said.time,
        "value": {**said.extra, "hermes": {"topic": arrival.topic, "uuid": arrival.uuid_text}},
        "source_name": SOURCE,
        "source_location": arrival.location,
        "reduction_version": "",
        **said.values,
    }


def _key(arrival: Arrived, said: SaidDatum) -> tuple:
    """What makes a row the same as another."""
    values = said.values
    same = (said.time if name == "timestamp" else values[name] for name in SAME[said.section])
    return _plain((arrival.homes[said.target], *same))


def _plain(key: Iterable[Any]) -> tuple:
    return tuple(tuple(value) if isinstance(value, list) else value for value in key)


def _alike(rows: QuerySet, pairs: Sequence[Pair]) -> list[Any]:
    """Of these rows those of these targets at these times."""
    targets, times = {arrival.homes[said.target] for arrival, said in pairs}, {said.time for _, said in pairs}
    return bulk.having(rows.filter(reduction_version=""), target=targets, timestamp=times)


def _all(section: str, new: Sequence[Pair]) -> list[tuple[Arrived, Made]]:
    model, rows = MODELS[section], [_columns(*pair) for pair in new]
    keys = bulk.insert_rows(model, list(rows[0]), [list(row.values()) for row in rows]) if rows else []
    return [
        (arrival, Made(model, key, row["target_id"])) for (arrival, _), row, key in zip(new, rows, keys, strict=True)
    ]


def _each(new: Sequence[Pair]) -> list[tuple[Arrived, Made]]:
    """Spectra one by one: the host's constraint puts the fluxes into an index, which PostgreSQL refuses of long ones."""
    stored = []
    for arrival, said in new:
        try:
            with transaction.atomic():
                stored += _all(said.section, [(arrival, said)])
        except OperationalError as error:
            if ingest.away(error):
                raise
            arrival.data -= 1
            words = f"the database does not take so long a spectrum ({len(said.values['flux'])} fluxes): {_line(error)}"
            arrival.unplaced.append(
                Unread(said.section, said.index, "value", words[:500], said.target, plain(said.row))
            )
    return stored


def _line(error: DatabaseError) -> str:
    return str(error).strip().splitlines()[0][:200]


def _permit(stored: Sequence[tuple[Arrived, Made]]) -> None:
    """Where data have permissions of their own: those of a protected topic to its groups, the others to the group Public."""
    if getattr(settings, "TARGET_PERMISSIONS_ONLY", True) or not stored:
        return
    everybody = frozenset(Group.objects.filter(name="Public").values_list("pk", flat=True))
    by_audience: dict[frozenset[int], list[Made]] = defaultdict(list)
    for arrival, made in stored:
        by_audience[arrival.groups if arrival.protected else everybody].append(made)
    for audience, rows in by_audience.items():
        model = rows[0].model
        these = model.objects.filter(pk__in=[row.pk for row in rows])
        for group in Group.objects.filter(pk__in=audience):
            assign_perm(f"tom_dataproducts.view_{model._meta.model_name}", group, these)
