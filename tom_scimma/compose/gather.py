"""What was chosen -> Content, with the rights of the person who shares. The only place where the composer reads data.

    gather(Selection.of(request.GET), user) -> Content        raises Unseen

A handful of queries whatever is chosen; rows come as values, and 10,000 of them in a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tom_scimma.archive.citing import references
from tom_scimma.compose import bodies, files
from tom_scimma.compose.content import (
    Content,
    Counterpart,
    Happening,
    Observation,
    Person,
    Photometry,
    Position,
    Spectrum,
)
from tom_scimma.compose.rights import AT_ONCE, lots, rows_of, seen_targets
from tom_scimma.compose.selection import (
    ASTROMETRY,
    CANDIDATE,
    OBSERVATION,
    PHOTOMETRY,
    PRODUCT,
    SPECTRUM,
    TARGET,
    Selection,
)
from tom_scimma.errors import ScimmaError
from tom_scimma.models import Alias, Candidate, Event

#: columns of the host's tables, in the order of the fields of our shapes; the second is the target
COMMON = ("telescope", "instrument", "source_name", "value")
COLUMNS: dict[str, tuple[str, ...]] = {
    PHOTOMETRY: ("brightness", "brightness_error", "limit", "unit", "bandpass", "exposure_time", *COMMON),
    SPECTRUM: ("wavelength", "flux", "error", "wavelength_unit", "flux_unit", "setup", "exposure_time", *COMMON),
    ASTROMETRY: ("ra", "dec", "ra_error", "dec_error", "ra_error_units", *COMMON),
}


class Unseen(ScimmaError, LookupError):
    """Something of what was chosen is not there, or this person may not see it. Says no more than that."""

    def __init__(self):
        super().__init__("Something of what was chosen is not there (any more), or you may not see it. Choose again.")


def gather(selection: Selection, user: Any, *, references: tuple[Mapping[str, str], ...] = ()) -> Content:
    """Everything chosen, whole or not at all. Raises Unseen."""
    chosen = {kind: _rows(kind, selection.keys(kind), user) for kind in COLUMNS}
    candidates = _candidates(selection.keys(CANDIDATE), user)
    products = _keyed(PRODUCT, selection.keys(PRODUCT), user, ("target_id", "data", "modified"))
    observed = _keyed(OBSERVATION, selection.keys(OBSERVATION), user, ("target_id", *OBSERVED))
    owners = [row[1] for rows in chosen.values() for row in rows]
    owners += [row[1] for row in (*products, *observed)] + [row.target_id for row in candidates]
    keys = tuple(dict.fromkeys((*selection.keys(TARGET), *owners)))
    if len(seen_targets(keys, user)) < len(keys):
        raise Unseen
    targets = bodies.bodies(keys)
    names = {body.pk: body.name for body in targets}
    return Content(
        by=person(user),
        event=_event(selection.event, user),
        targets=targets,
        photometry=tuple(Photometry(row[0], names[row[1]], *row[2:]) for row in chosen[PHOTOMETRY]),
        spectra=tuple(_spectrum(row, names) for row in chosen[SPECTRUM]),
        astrometry=tuple(Position(row[0], names[row[1]], *row[2:]) for row in chosen[ASTROMETRY]),
        observations=tuple(Observation(row[0], names[row[1]], *row[2:-1], row[-1] or {}) for row in observed),
        candidates=tuple(
            Counterpart(names[row.target_id], row.status, row.reason, row.level, row.pk) for row in candidates
        ),
        files=tuple(files.file_of(key, name, modified, names[target]) for key, target, name, modified in products),
        references=references,
    )


OBSERVED = ("facility", "observation_id", "status", "scheduled_start", "scheduled_end", "parameters")


def _keyed(kind: str, keys: tuple[int, ...], user: Any, columns: tuple[str, ...], order: str = "pk") -> list[tuple]:
    """(key, *columns) of these rows. Raises Unseen unless all are there."""
    rows = rows_of(kind, user)
    found = [
        row for lot in lots(keys) for row in rows.filter(pk__in=lot).order_by(order, "pk").values_list("pk", *columns)
    ]
    if len(found) < len(keys):
        raise Unseen
    return found


def _rows(kind: str, keys: tuple[int, ...], user: Any) -> list[tuple]:
    """Rows of data, the oldest first."""
    columns = ("target_id", "timestamp", *COLUMNS[kind])
    found = _keyed(kind, keys, user, columns, order="timestamp")
    return sorted(found, key=lambda row: (row[2], row[0])) if len(keys) > AT_ONCE else found


def _spectrum(row: tuple, names: Mapping[int, str]) -> Spectrum:
    arrays = (tuple(values or ()) for values in row[3:6])
    return Spectrum(row[0], names[row[1]], row[2], *arrays, *row[6:])


def _candidates(keys: tuple[int, ...], user: Any) -> list[Candidate]:
    rows = {row.pk: row for row in Candidate.objects.filter(pk__in=keys).visible_to(user)} if keys else {}
    if len(rows) < len(keys):
        raise Unseen
    return [rows[key] for key in keys]


def _event(name: str, user: Any) -> Happening | None:
    if not name:
        return None
    event = Event.objects.visible_to(user).filter(name=name).first()
    if event is None:
        raise Unseen
    return Happening(
        event.name,
        event.kind,
        aliases=_aliases(event),
        role=event.role,
        state=event.state,
        time=event.time,
        source=event.source,
        circulars=_circulars(event, user),
        archived=references(event, user),
    )


def _aliases(event: Event) -> tuple[str, ...]:
    """Its other names; none where some were perhaps said by alerts that not everybody sees: what leaves is read by all."""
    if event.public and event.alerts.filter(public=False).exists():
        return ()
    rows = Alias.objects.filter(event=event).exclude(name=event.name).order_by("name")
    return tuple(rows.values_list("name", flat=True)[:50])


def _circulars(event: Event, user: Any) -> tuple[int, ...]:
    """The numbers of the GCN circulars about it; an id is the number, with "-2" for a second version."""
    rows = event.alerts.visible_to(user).filter(message__topic__startswith="gcn.circulars")
    numbers = (str(said or "").partition("-")[0] for said in rows.values_list("document__id", flat=True))
    return tuple(sorted({int(number) for number in numbers if number.isdecimal()}))


def person(user: Any) -> Person:
    """Who shares, as far as the TOM knows them."""
    if user is None:
        return Person("")
    profile = getattr(user, "profile", None)
    return Person(user.get_username(), user.get_full_name(), user.email, getattr(profile, "affiliation", None) or "")
