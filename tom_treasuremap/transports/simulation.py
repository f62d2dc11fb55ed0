"""What a simulated telescope does with the requests that it took: a story that follows from them, a seed and the time alone. Pure.

    states([Taken(request, at)], telescope, Manner(seed=3, weather=0.2), now) -> {id: State}

It looks at one thing at a time, the most important first, and stops while its dome is shut, or while people say that it is
closed. What it did before a moment never changes by what it is asked after it. Its time runs `speed` times: who waits for a
window, a sky or an exposure waits so much less. All times that it tells are those of our clocks. What is to begin at its time,
as in a plan, has the way there in the plan already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, timezone

from tom_treasuremap.followup.request import Request, State
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import rules

EPOCH = datetime(2020, 1, 1, tzinfo=timezone.utc)
NEVER = EPOCH + timedelta(days=36525)
WAY = 30.0  #: s, from one place to the next
LATE = 60.0  #: s, by which it may end too late where it was to begin at its time
SPELL = 1800.0  #: s, the weather stays as it is
THINKING = 20.0  #: s, until a request has its place in the schedule
TROUBLES = (
    "The filter wheel is stuck.",
    "The guider lost its star.",
    "The camera did not read out.",
    "The mount tripped.",
)


@dataclass(frozen=True)
class Closed:
    """A time in which people said that it cannot observe, on our clocks."""

    begin: datetime
    end: datetime | None = None  #: None: nobody has said yet that it is open again
    words: str = "Closed."


@dataclass(frozen=True)
class Manner:
    """How a simulated telescope behaves. What may happen does so in that part of cases: 0 never, 1 always."""

    seed: int = 1
    speed: float = 1.0  #: its seconds in one of ours
    weather: float = 0.0  #: the dome is shut
    failures: float = 0.0  #: an instrument fails
    refusals: float = 0.0  #: a request is not taken
    lost: float = 0.0  #: it takes a request and nobody hears its answer
    off: bool = False  #: nothing answers there
    closed: tuple[Closed, ...] = ()  #: no setting: it follows from what people said


#: what settings may say
SAID = tuple(item.name for item in fields(Manner) if item.name != "closed")


@dataclass(frozen=True)
class Taken:
    """A request that it took, and when it was cancelled."""

    request: Request
    at: datetime
    cancelled: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """Once that it looked there: done, or why not."""

    begin: datetime
    end: datetime
    outcome: str = "done"  #: done, weather, failed


@dataclass(frozen=True)
class Course:
    """What becomes of one request."""

    taken: Taken
    turns: tuple[Turn, ...] = ()
    expired: datetime | None = None


def states(taken: Sequence[Taken], telescope: Telescope, manner: Manner, now: datetime) -> dict[str, State]:
    """What the telescope says of each request at a moment."""
    return {
        course.taken.request.id: state(course, telescope, manner, now) for course in courses(taken, telescope, manner)
    }


def chance(seed: int, *words: object) -> float:
    """A number from 0 to below 1 that is always the same for the same words."""
    digest = hashlib.sha256("\n".join(map(str, (seed, *words))).encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


# --- the story


def courses(taken: Sequence[Taken], telescope: Telescope, manner: Manner) -> list[Course]:
    """What becomes of each request, if nothing else is asked for."""
    waiting = {one.request.id: Course(one) for one in taken}
    ended: list[Course] = []
    time = EPOCH
    while waiting:
        time = max(time, min(_ready(course.taken, manner) for course in waiting.values()))
        for name, course in list(waiting.items()):
            over = _over(course, telescope, manner, time)
            if over is not None:
                ended.append(over)
                del waiting[name]
        if not waiting:
            break
        there = [course for course in waiting.values() if _ready(course.taken, manner) <= time]
        shut = _shut(telescope, manner, time)
        chosen = None if shut else _next(there, waiting.values(), telescope, manner, time)
        if chosen is None:
            time = min(shut or NEVER, _idle(waiting.values(), manner, time))
            continue
        course = waiting[chosen.taken.request.id] = _looked(chosen, telescope, manner, time)
        time = course.turns[-1].end
        if course.turns[-1].outcome != "weather":
            ended.append(waiting.pop(chosen.taken.request.id))
    return ended


def window(taken: Taken, manner: Manner) -> tuple[datetime, datetime]:
    """From when to when it may look there, as our clocks have it."""
    begin, end = (
        taken.at + (moment - taken.at) / manner.speed if moment > taken.at else moment
        for moment in (taken.request.start, taken.request.end)
    )
    return begin, end


def _ready(taken: Taken, manner: Manner) -> datetime:
    return max(taken.at + timedelta(seconds=THINKING / manner.speed), window(taken, manner)[0])


def _length(request: Request, telescope: Telescope, manner: Manner) -> timedelta:
    """How long it is busy with a request."""
    whole = rules.seconds(request, telescope)
    return timedelta(seconds=(whole - telescope.readout if request.fixed else WAY + whole) / manner.speed)


def _over(course: Course, telescope: Telescope, manner: Manner, time: datetime) -> Course | None:
    """The course where it ends without another turn: cancelled by now, or no time left for it."""
    if course.taken.cancelled is not None and course.taken.cancelled <= time:
        return course
    end = window(course.taken, manner)[1]
    late = timedelta(seconds=LATE / manner.speed if course.taken.request.fixed else 0)
    if time + _length(course.taken.request, telescope, manner) > end + late:
        return replace(course, expired=max(end, course.taken.at))
    return None


def _next(there: Sequence[Course], waiting, telescope: Telescope, manner: Manner, time: datetime) -> Course | None:
    """What comes next: what is to begin at its time, then by importance; nothing that would run into such a one."""
    fixed = [
        window(course.taken, manner)[0]
        for course in waiting
        if course.taken.request.fixed and course.taken.at <= time < window(course.taken, manner)[0]
    ]
    until = min(fixed, default=None)
    fits = [
        course for course in there if until is None or time + _length(course.taken.request, telescope, manner) <= until
    ]
    order = lambda course: (not course.taken.request.fixed, -course.taken.request.priority, course.taken.request.end)  # noqa: E731
    return min(fits, key=lambda course: (*order(course), course.taken.request.id), default=None)


def _idle(waiting, manner: Manner, time: datetime) -> datetime:
    """When something changes next by itself."""
    moments = (
        moment
        for course in waiting
        for moment in (_ready(course.taken, manner), *window(course.taken, manner), course.taken.cancelled)
        if moment is not None and moment > time
    )
    return min(moments, default=NEVER)


def _looked(course: Course, telescope: Telescope, manner: Manner, time: datetime) -> Course:
    """The course with one more turn, which begins now."""
    request = course.taken.request
    end, outcome = time + _length(request, telescope, manner), "done"
    if chance(manner.seed, "failure", telescope.name, request.id) < manner.failures:
        end, outcome = time + (end - time) / 2, "failed"
    for closing in _changes(time, end, manner):
        if _shut(telescope, manner, closing):
            end, outcome = closing, "weather"
            break
    return replace(course, turns=(*course.turns, Turn(time, end, outcome)))


def _changes(begin: datetime, end: datetime, manner: Manner) -> list[datetime]:
    """When between two moments the weather may change, or it was closed, in order."""
    spell = timedelta(seconds=SPELL / manner.speed)
    found = [one.begin for one in manner.closed if begin < one.begin < end]
    moment = EPOCH + ((begin - EPOCH) // spell + 1) * spell
    while moment < end:
        found.append(moment)
        moment += spell
    return sorted(found)


def _shut(telescope: Telescope, manner: Manner, time: datetime) -> datetime | None:
    """Until when, at least, the dome is shut; None while it is open."""
    said = _closed(manner, time)
    if said is not None:
        return said.end or NEVER
    spell = timedelta(seconds=SPELL / manner.speed)
    number = (time - EPOCH) // spell
    if chance(manner.seed, "weather", telescope.name, number) < manner.weather:
        return EPOCH + (number + 1) * spell
    return None


def _closed(manner: Manner, time: datetime) -> Closed | None:
    """What people said at a moment of it that it is closed."""
    return next((one for one in manner.closed if one.begin <= time < (one.end or NEVER)), None)


# --- what it says of that


def state(course: Course, telescope: Telescope, manner: Manner, now: datetime) -> State:
    """What the telescope says of one request at a moment."""
    taken, begun = course.taken, [turn for turn in course.turns if turn.begin <= now]
    if begun and now < begun[-1].end:
        return State("IN_PROGRESS", begun[-1].begin, begun[-1].begin + _length(taken.request, telescope, manner))
    if begun and begun[-1].outcome == "failed":
        words = TROUBLES[int(chance(manner.seed, "trouble", taken.request.id) * len(TROUBLES))]
        return State("FAILED", begun[-1].begin, begun[-1].end, words)
    if begun and begun[-1].outcome == "done":
        return _completed(taken.request, telescope, manner, begun[-1])
    if taken.cancelled is not None and taken.cancelled <= now:
        return State("CANCELED", message="Cancelled before it began.")
    if course.expired is not None and course.expired <= now:
        return State("WINDOW_EXPIRED", message="There was no time for it in its window.")
    return _waiting(course, telescope, manner, now)


def _waiting(course: Course, telescope: Telescope, manner: Manner, now: datetime) -> State:
    closed = _closed(manner, now)
    words = closed.words if closed is not None else "Shut for weather." if _shut(telescope, manner, now) else ""
    ahead = next((turn for turn in course.turns if turn.begin > now), None)
    if ahead is None or now < course.taken.at + timedelta(seconds=THINKING / manner.speed):
        return State("PENDING", message=words)
    end = ahead.begin + _length(course.taken.request, telescope, manner)
    return State("SCHEDULED", ahead.begin, end, words)


def _completed(request: Request, telescope: Telescope, manner: Manner, turn: Turn) -> State:
    observed = tuple(_observed(request, telescope, manner, turn))
    products = tuple(
        {
            "id": f"{request.id}-{number}",
            "filename": f"{request.id}-{number}-{exposure.filter}.fits",
            "created": turn.end,
        }
        for number, exposure in enumerate(request.exposures, 1)
    )
    return State("COMPLETED", observed[0]["start"], observed[-1]["end"], products=products, observed=observed)


def _observed(request: Request, telescope: Telescope, manner: Manner, turn: Turn) -> Iterator[dict]:
    """Each exposure as it was done."""
    clock = 0.0 if request.fixed else WAY
    for order, exposure in enumerate(request.exposures):
        clock += telescope.filter_change if order else 0.0
        for number in range(exposure.count):
            start = turn.begin + timedelta(seconds=clock / manner.speed)
            yield {
                "start": start,
                "end": start + timedelta(seconds=exposure.seconds / manner.speed),
                "filter": exposure.filter,
                "seconds": exposure.seconds,
                "depth": _depth(telescope, exposure.filter, exposure.seconds, manner, f"{request.id} {order} {number}"),
                "ra": request.ra,
                "dec": request.dec,
                "pos_angle": request.pos_angle,
            }
            clock += exposure.seconds + telescope.readout


def _depth(telescope: Telescope, name: str, seconds: float, manner: Manner, which: str) -> float | None:
    """How deep one went: as deep as the filter goes in that time, or up to 0.3 mag less."""
    import numpy as np

    depths = telescope.filters[name].depths if name in telescope.filters else ()
    if not depths:
        return None
    times, magnitudes = zip(*depths, strict=True)
    deep = float(np.interp(np.log10(seconds), np.log10(times), magnitudes))
    return round(deep - 0.3 * chance(manner.seed, "depth", which), 2)
