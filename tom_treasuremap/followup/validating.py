"""Everything that is known to be wrong with a request before it is sent, by field: said, not sent.

faults(request)             -> {field: [why]}; {}: nothing is known against it
planned(requests, name)     -> the same by request id, of what a plan asks one telescope for
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from tom_scimma.models import Delivery
from tom_treasuremap import telescopes
from tom_treasuremap.followup import reach, written
from tom_treasuremap.followup.request import Request
from tom_treasuremap.models import Asked
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import rules, transport

#: where one of these is wrong, nothing is reckoned with it
UNSOUND = frozenset({"ra", "dec", "pos_angle", "start", "exposures", "seconds", "count"})
LONGEST = timedelta(days=92)
SOON = timedelta(hours=12)  #: a telescope that is closed now is taken to be closed that long


def faults(request: Request, *, anyway: bool = False, now: datetime | None = None) -> dict[str, list[str]]:
    """What is wrong. `anyway`: that it is closed by weather just now does not matter. Queries, no other I/O."""
    now = now or timezone.now()
    try:
        telescope = telescopes.telescope(request.telescope)
    except KeyError as error:
        return {"telescope": [str(error.args[0])]}
    found: dict[str, list[str]] = {}
    for wrong in (_way(request, telescope), _window(request, now)):
        _add(found, wrong)
    if not _sound(request, telescope, now):
        return found
    for wrong in (
        _range(request, telescope),
        reach.why_not(telescope, request),
        _status(request, telescope, telescopes.status(telescope.name), anyway, now),
        _conflict(request, telescope, _busy(telescope) if request.fixed else ()),
    ):
        _add(found, wrong)
    return found


def planned(requests: Iterable[Request], name: str, *, now: datetime | None = None) -> dict[str, dict[str, list[str]]]:
    """What is wrong with what a plan asks a telescope for, by request id.

    When it can be reached the plan knows already, and weather may get better.
    """
    now = now or timezone.now()
    telescope = telescopes.telescope(name)
    status, busy, found = telescopes.status(name), _busy(telescope), {}
    for request in requests:
        for wrong in (
            _way(request, telescope),
            _window(request, now),
            _range(request, telescope),
            _status(request, telescope, status, True, now),
            _conflict(request, telescope, busy),
        ):
            if wrong:
                _add(found.setdefault(request.id, {}), wrong)
    return found


def _way(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    way = transport(telescope)
    wrong = dict(way.faults(request, telescope))
    unready = way.unready(telescope)
    if unready:
        wrong.setdefault("telescope", []).append(unready)
    return wrong


def _window(request: Request, now: datetime) -> dict[str, list[str]]:
    if request.end <= now:
        return {"end": ["That is over."]}
    if request.end - request.start > LONGEST:
        return {"end": [f"A window is at most {LONGEST.days} days long."]}
    return {}


def _sound(request: Request, telescope: Telescope, now: datetime) -> bool:
    """Whether it says where, when and for how long, so that it can be looked at whether that is possible."""
    if _window(request, now) or request.end <= request.start:
        return False
    return not UNSOUND & rules.faults(request, telescope).keys()


def _range(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    least = float(telescope.options.get("min_exposure", 0))
    most = float(telescope.options.get("max_exposure", 86400))
    wrong = [one.seconds for one in request.exposures if not least <= one.seconds <= most]
    return {"seconds": [f"{wrong[0]:g} s: {telescope.label} exposes from {least:g} to {most:g} s."]} if wrong else {}


def _status(
    request: Request, telescope: Telescope, status: telescopes.Status, anyway: bool, now: datetime
) -> dict[str, list[str]]:
    if status.can_observe or request.start > now + SOON or (status.until is not None and status.until <= request.start):
        return {}
    if anyway and status.state == "weather":
        return {}
    return {"telescope": [f"{telescope.label} is {status.words}."]}


Busy = tuple[str, datetime, datetime]


def _busy(telescope: Telescope) -> list[Busy]:
    """(request id, begin, end) of what a telescope is to do at a known time, but for what is being taken back."""
    rows = Asked.objects.open().filter(
        Q(request__fixed=True) | ~Q(record__scheduled_start=None), telescope=telescope.name
    )
    rows = rows.filter(Q(cancellation=None) | Q(cancellation__state=Delivery.State.REJECTED), cancel_after=None)
    found = []
    for row in rows.select_related("record"):
        begins, ends = row.record.scheduled_start, row.record.scheduled_end
        if begins is None:
            asked = written.from_json(row.request)
            begins, ends = asked.start, _over(asked, telescope)
        if ends is not None:
            found.append((row.request_id, begins, ends))
    return found


def _over(request: Request, telescope: Telescope) -> datetime:
    """When something that begins at its time is over."""
    return request.start + timedelta(seconds=reach.seconds(request, telescope))


def _conflict(request: Request, telescope: Telescope, busy: Sequence[Busy]) -> dict[str, list[str]]:
    """What is to begin at a fixed time, and what is being done, is not run into by another that has a fixed time."""
    over = _over(request, telescope)
    for name, begins, ends in busy:
        if name != request.id and begins < over and request.start < ends:
            words = f"{telescope.label} is to observe something else from {begins:%H:%M} to {ends:%H:%M} UTC: cancel that first."
            return {"start": [words]}
    return {}


def _add(found: dict[str, list[str]], more: dict[str, list[str]]) -> None:
    for field, why in more.items():
        found.setdefault(field, []).extend(why)
