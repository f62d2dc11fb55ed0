"""What may be chosen, as tables: a target's data, its files and observations, an event's candidates; page by page.

page(draft, "photometry", number=2, sort="-timestamp") -> Page(rows, ...)
picked(draft, "photometry", shown, ticked)             -> the keys that are chosen now
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet

from tom_scimma import wording
from tom_scimma.compose import drafts, rights
from tom_scimma.compose.newest import newest
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
from tom_scimma.models import Candidate, Delivery, Draft, SharedItem

PER_PAGE = 25
#: all of a kind is at most so many
ALL = 50_000
#: kind -> what a table of it is called, and its columns: (sort, title)
TABLES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    TARGET: ("Targets", (("name", "Name"), ("ra", "RA, Dec"))),
    CANDIDATE: ("Candidates", (("target__name", "Target"), ("level", "Level"), ("status", "Status"))),
    PHOTOMETRY: (
        "Photometry",
        (
            ("timestamp", "Time (UTC)"),
            ("brightness", "Brightness"),
            ("bandpass", "Band"),
            ("telescope", "With"),
            ("source_name", "From"),
        ),
    ),
    SPECTRUM: (
        "Spectra",
        (("timestamp", "Time (UTC)"), ("telescope", "With"), ("setup", "Setup"), ("source_name", "From")),
    ),
    ASTROMETRY: (
        "Astrometry",
        (("timestamp", "Time (UTC)"), ("ra", "RA, Dec"), ("telescope", "With"), ("source_name", "From")),
    ),
    PRODUCT: ("Files", (("data", "Name"), ("data_product_type", "Type"), ("created", "Added"))),
    OBSERVATION: (
        "Observations",
        (("facility", "Facility"), ("observation_id", "Id"), ("status", "Status"), ("scheduled_start", "Start")),
    ),
}
NEWEST = {
    PHOTOMETRY: "-timestamp",
    SPECTRUM: "-timestamp",
    ASTROMETRY: "-timestamp",
    PRODUCT: "-created",
    OBSERVATION: "-scheduled_start",
}


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    pk: int
    ticked: bool
    target: str
    cells: tuple[str, ...]
    shared: bool  #: it has been delivered somewhere


@dataclass(frozen=True)
class Page:
    """One page of a table."""

    kind: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    number: int
    pages: int
    count: int
    chosen: int
    sort: str
    several: bool = field(default=False)  #: of more targets than one, so that each line names its own


def offered(draft: Draft, kind: str) -> QuerySet:
    """What may be chosen of a kind, as this person may see it."""
    targets = drafts.targets_of(draft)
    if kind == TARGET:
        from tom_targets.models import Target

        return Target.objects.filter(pk__in=targets)
    if kind == CANDIDATE:
        name = drafts.selection_of(draft).event
        return Candidate.objects.filter(event__name=name).visible_to(draft.user).select_related("target")
    return rights.rows_of(kind, draft.user).filter(target__in=targets).select_related("target")


def page(draft: Draft, kind: str, *, number: Any = 1, sort: str = "") -> Page:
    """One page of what may be chosen. A sort or a number that makes no sense counts as not said."""
    title, columns = TABLES[kind]
    known = {column for column, _ in columns}
    sort = sort if sort.lstrip("-") in known else NEWEST.get(kind, columns[0][0])
    rows = offered(draft, kind).order_by(sort, "-pk")
    if kind in (PHOTOMETRY, SPECTRUM, ASTROMETRY, PRODUCT):
        rows = rows.defer(*(["wavelength", "flux", "error"] if kind == SPECTRUM else []))
    rows = rows.annotate(was_shared=Exists(_delivered(kind)))
    pages = Paginator(rows, PER_PAGE)
    shown = pages.get_page(number)
    chosen = set(drafts.selection_of(draft).keys(kind))
    lines = tuple(Row(row.pk, row.pk in chosen, _target(row, kind), cells(row, kind), row.was_shared) for row in shown)
    several = kind != TARGET and kind != CANDIDATE and len(drafts.targets_of(draft)) > 1
    return Page(kind, title, columns, lines, shown.number, pages.num_pages, pages.count, len(chosen), sort, several)


def _delivered(kind: str) -> QuerySet:
    return SharedItem.objects.filter(kind=kind, number=OuterRef("pk"), delivery__state=Delivery.State.DELIVERED)


def _target(row: Any, kind: str) -> str:
    return "" if kind == TARGET else row.target.name


def cells(row: Any, kind: str) -> tuple[str, ...]:
    """A row's cells, in the order of its table's columns."""
    with_what = " ".join(filter(None, (getattr(row, "telescope", ""), getattr(row, "instrument", ""))))
    if kind == TARGET:
        return row.name, _place(row.ra, row.dec)
    if kind == CANDIDATE:
        return (
            row.target.name,
            f"{row.level:.3f}" if row.level is not None else wording.NOTHING,
            row.get_status_display(),
        )
    if kind == PHOTOMETRY:
        return wording.utc(row.timestamp), brightness(row), row.bandpass, with_what, row.source_name
    if kind == SPECTRUM:
        return wording.utc(row.timestamp), with_what, row.setup, row.source_name
    if kind == ASTROMETRY:
        return wording.utc(row.timestamp), _place(row.ra, row.dec), with_what, row.source_name
    if kind == PRODUCT:
        return str(row.data).rpartition("/")[2], row.data_product_type, wording.utc(row.created)
    return row.facility, row.observation_id, row.status, wording.utc(row.scheduled_start)


def brightness(row: Any) -> str:
    """A measured brightness or limit with its unit."""
    if row.brightness is None:
        return f"> {row.limit:g} {row.unit}".strip() if row.limit is not None else wording.NOTHING
    error = f" ± {row.brightness_error:g}" if row.brightness_error is not None else ""
    return f"{row.brightness:g}{error} {row.unit}".strip()


def _place(ra: float | None, dec: float | None) -> str:
    return f"{ra:.5f} {dec:+.5f}" if ra is not None and dec is not None else wording.NOTHING


def picked(draft: Draft, kind: str, shown: Collection[int], ticked: Collection[int]) -> list[int]:
    """The keys chosen once those shown are ticked as they are; what other pages chose stays."""
    before, now = drafts.selection_of(draft).keys(kind), set(ticked) & set(shown)
    return [*(key for key in before if key not in shown), *(key for key in shown if key in now)]


def whole(draft: Draft, kind: str, act: str) -> list[int] | None:
    """The keys of an act on all of a kind: all, none, newest, unshared; None for an act that there is not."""
    if act == "none":
        return []
    if act == "newest":
        begun = Selection(chosen={TARGET: tuple(drafts.targets_of(draft))})
        return list(newest(begun, draft.user).keys(kind))
    rows = offered(draft, kind).order_by("-pk")
    if act == "unshared":
        rows = rows.filter(~Exists(_delivered(kind)))
    elif act != "all":
        return None
    return list(rows.values_list("pk", flat=True)[:ALL])


def kinds(draft: Draft) -> list[tuple[str, str, int, int]]:
    """(kind, title, how many there are, how many are chosen) of each table that has something in it."""
    selection, found = drafts.selection_of(draft), []
    for kind, (title, _) in TABLES.items():
        if kind == CANDIDATE and not selection.event:
            continue
        count = offered(draft, kind).count()
        if count:
            found.append((kind, title, count, len(selection.keys(kind))))
    return found
