"""Rows of messages -> the host's typed datums, each once, all together.

Written in bulk: the host's own save checks each row with a query or two, and its signal calls other TOMs over HTTP from
within. So no post_save of a datum fires here; `signals.data_received` does, after the commit. What is a duplicate is what the
host's constraints say: the same day, filter, number and instrument of one target, whoever said it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import QuerySet
from guardian.shortcuts import assign_perm, remove_perm
from tom_dataproducts.models import AstrometryReducedDatum, PhotometryReducedDatum, SpectroscopyReducedDatum

from tom_hermes.arrived import Arrived
from tom_hermes.conf import page
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
Pair = tuple[Arrived, Any]


def write(arrivals: Sequence[Arrived]) -> list[Any]:
    """Stores the data of arrivals whose targets are known and returns the new datums; the others become unplaced."""
    wanted: dict[str, list[tuple[Arrived, SaidDatum]]] = defaultdict(list)
    for arrival in arrivals:
        for said in arrival.said.data:
            if said.target in arrival.homes:
                wanted[said.section].append((arrival, said))
            else:
                arrival.unplaced.append(_homeless(arrival, said))
    made = [datum for section, pairs in wanted.items() for datum in _section(section, pairs)]
    places.mark(list({datum.target_id for datum in made}))
    return made


def stored(arrival: Arrived) -> list[Any]:
    """The datums that are here of what an arrival says of targets that are known, new or not."""
    found: list[Any] = []
    for section, model in MODELS.items():
        rows = [
            datum(arrival, said)
            for said in arrival.said.data
            if said.section == section and said.target in arrival.homes
        ]
        key_of = _keys(section)
        wanted = {key_of(row) for row in rows}
        times, targets = {row.timestamp for row in rows}, {row.target_id for row in rows}
        here = model.objects.filter(target_id__in=targets, timestamp__in=times, reduction_version="") if rows else ()
        found += [row for row in here if key_of(row) in wanted]
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


def _section(section: str, pairs: Sequence[tuple[Arrived, SaidDatum]]) -> list[Any]:
    """The new datums of one kind, stored."""
    rows = [(arrival, said, datum(arrival, said)) for arrival, said in pairs]
    seen, key_of, new = _here(section, rows), _keys(section), []
    for arrival, said, row in rows:
        key = key_of(row)
        if key in seen:
            arrival.repeated += 1
            continue
        seen.add(key)
        arrival.data += 1
        new.append((arrival, said, row))
    stored = _each(new) if section == SPECTROSCOPY else _all(new)
    _permit(stored)
    return [row for _, _, row in stored]


def datum(arrival: Arrived, said: SaidDatum) -> Any:
    """The unsaved typed datum of a row, with where it comes from."""
    return MODELS[said.section](
        target_id=arrival.homes[said.target],
        timestamp=said.time,
        value={**said.extra, "hermes": {"topic": arrival.topic, "uuid": str(arrival.uuid) if arrival.uuid else ""}},
        source_name=SOURCE,
        source_location=location(arrival),
        **said.values,
    )


def location(arrival: Arrived | Received) -> str:
    """Where the message can be read: at HERMES, else its place on the stream."""
    if arrival.uuid is not None:
        return page(f"message/{arrival.uuid}")[:200]
    return (arrival.message.place if arrival.message is not None else arrival.topic)[:200]


def _keys(section: str) -> Callable[[Any], tuple]:
    names = SAME[section]

    def key(row: Any) -> tuple:
        values = (getattr(row, name) for name in names)
        return (row.target_id, *(tuple(value) if isinstance(value, list) else value for value in values))

    return key


def _here(section: str, rows: Sequence[tuple[Arrived, SaidDatum, Any]]) -> set[tuple]:
    """Keys of what is stored already of these targets at these times."""
    targets, times = {row.target_id for _, _, row in rows}, {row.timestamp for _, _, row in rows}
    if not rows:
        return set()
    stored = MODELS[section].objects.filter(target_id__in=targets, timestamp__in=times, reduction_version="")
    found = stored.values_list("target_id", *SAME[section])
    return {tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in found}


def _all(new: list[tuple[Arrived, SaidDatum, Any]]) -> list[tuple[Arrived, SaidDatum, Any]]:
    bulk.insert([row for _, _, row in new])
    return new


def _each(new: list[tuple[Arrived, SaidDatum, Any]]) -> list[tuple[Arrived, SaidDatum, Any]]:
    """Spectra one by one: the host's constraint puts the fluxes into an index, which PostgreSQL refuses of long ones."""
    stored = []
    for arrival, said, row in new:
        try:
            with transaction.atomic():
                bulk.insert([row])
        except OperationalError as error:
            if ingest.away(error):
                raise
            arrival.data -= 1
            words = f"the database does not take so long a spectrum ({len(said.values['flux'])} fluxes): {_line(error)}"
            arrival.unplaced.append(
                Unread(said.section, said.index, "value", words[:500], said.target, plain(said.row))
            )
        else:
            stored.append((arrival, said, row))
    return stored


def _line(error: DatabaseError) -> str:
    return str(error).strip().splitlines()[0][:200]


def _permit(stored: list[tuple[Arrived, SaidDatum, Any]]) -> None:
    """Where data have permissions of their own: those of a protected topic to its groups, the others to the group Public."""
    if getattr(settings, "TARGET_PERMISSIONS_ONLY", True) or not stored:
        return
    everybody = frozenset(Group.objects.filter(name="Public").values_list("pk", flat=True))
    by_audience: dict[frozenset[int], list[Any]] = defaultdict(list)
    for arrival, _, row in stored:
        by_audience[arrival.groups if arrival.protected else everybody].append(row)
    for audience, rows in by_audience.items():
        model = type(rows[0])
        these = model.objects.filter(pk__in=[row.pk for row in rows])
        for group in Group.objects.filter(pk__in=audience):
            assign_perm(f"tom_dataproducts.view_{model._meta.model_name}", group, these)
