"""Everything that is known to be wrong with a request before it is sent, by field: said, not sent.

faults(request)     -> {field: [why]}; {}: nothing is known against it
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from tom_treasuremap import telescopes
from tom_treasuremap.followup import reach
from tom_treasuremap.followup.request import Request
from tom_treasuremap.models import Asked
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import transport

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
    for wrong in (_way(request, telescope), _spectrum(request, telescope), _window(request, now)):
        _add(found, wrong)
    if found:
        return found
    for wrong in (
        _range(request, telescope),
        reach.why_not(telescope, request),
        _status(request, telescope, anyway, now),
        _conflict(request, telescope),
    ):
        _add(found, wrong)
    return found


def spectrographs(telescope: Telescope) -> list[str]:
    """What a telescope can take spectra with."""
    return [str(name) for name in telescope.options.get("spectrographs", ())]


def _way(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    way = transport(telescope)
    wrong = dict(way.faults(request, telescope))
    if request.kind == "spectrum":
        wrong.pop("filter", None)
    unready = way.unready(telescope)
    if unready:
        wrong.setdefault("telescope", []).append(unready)
    return wrong


def _spectrum(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    if request.kind != "spectrum":
        return {}
    there = spectrographs(telescope)
    if not there:
        return {"telescope": [f"{telescope.label} has no spectrograph."]}
    wrong = [one.filter for one in request.exposures if one.filter not in there]
    return {"filter": [f"{telescope.label} has no {wrong[0]}; it has: {', '.join(there)}."]} if wrong else {}


def _window(request: Request, now: datetime) -> dict[str, list[str]]:
    if request.end <= now:
        return {"end": ["That is over."]}
    if request.end - request.start > LONGEST:
        return {"end": [f"A window is at most {LONGEST.days} days long."]}
    return {}


def _range(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    least = float(telescope.options.get("min_exposure", 0))
    most = float(telescope.options.get("max_exposure", 86400))
    wrong = [one.seconds for one in request.exposures if not least <= one.seconds <= most]
    return {"seconds": [f"{wrong[0]:g} s: {telescope.label} exposes from {least:g} to {most:g} s."]} if wrong else {}


def _status(request: Request, telescope: Telescope, anyway: bool, now: datetime) -> dict[str, list[str]]:
    status = telescopes.status(telescope.name)
    if status.can_observe or request.start > now + SOON or (status.until is not None and status.until <= request.start):
        return {}
    if anyway and status.state == "weather":
        return {}
    since = f" since {status.since:%Y-%m-%d %H:%M} UTC" if status.since is not None else ""
    said = f" ({status.by}: {status.why})" if status.why else f" (said by {status.by})" if status.by else ""
    return {"telescope": [f"{telescope.label} is {status.label}{since}{said}."]}


def _conflict(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    """What is to begin at a fixed time, and what is being done, is not run into by another that has a fixed time."""
    if not request.fixed:
        return {}
    for row in Asked.objects.open().filter(telescope=telescope.name).exclude(request_id=request.id):
        record = row.record
        begins, ends = record.scheduled_start, record.scheduled_end
        if begins is None and row.request.get("fixed"):
            begins, ends = (datetime.fromisoformat(row.request[name]) for name in ("start", "end"))
        if begins is not None and ends is not None and begins < request.end and request.start < ends:
            words = f"{telescope.label} is to observe something else from {begins:%H:%M} to {ends:%H:%M} UTC: cancel that first."
            return {"start": [words]}
    return {}


def _add(found: dict[str, list[str]], more: dict[str, list[str]]) -> None:
    for field, why in more.items():
        found.setdefault(field, []).extend(why)
