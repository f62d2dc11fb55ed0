"""When somebody may be told: quiet hours in their own time zone, digests, and so many messages an hour. Pure.

    opening(Rules(zone="America/New_York", quiet=(time(22), time(7))), now) -> (time, "quiet hours")

Hours are those of the clock on the wall, whatever daylight saving does to it: an hour that comes twice is quiet twice,
one that is skipped is not there to be quiet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
ONCE, HOURLY, DAILY = "once", "hourly", "daily"


@dataclass(frozen=True)
class Rules:
    """How one contact wants to be told."""

    zone: str = "UTC"  #: IANA name of the time zone that the times below are in
    quiet: tuple[time, time] | None = None  #: from, until; may run over midnight; equal times: never quiet
    pace: str = ONCE  #: once | hourly | daily
    daily_at: time = time(8)  #: when a daily digest goes
    per_hour: int = 12  #: at most so many messages within any 60 minutes


class Opening(NamedTuple):
    """When the next message may go, and what it waits for: "", "digest", "quiet hours", "hourly limit"."""

    time: datetime
    why: str


def opening(
    rules: Rules, now: datetime, sent: Sequence[datetime] = (), *, critical: bool = False, digest_due: bool = False
) -> Opening:
    """The first moment, not before now, at which the rules let a message go. `sent` are the messages before it.

    A critical one waits neither for quiet hours nor for a digest; the limit an hour holds for it too. With `digest_due`
    it has waited for its digest already.
    """
    moment, why = now, ""
    if not (critical or digest_due or rules.pace == ONCE):
        moment, why = next_digest(rules, now), "digest"
    for _ in range(100):  # the limit may end inside quiet hours, and quiet hours inside nothing
        before = moment
        if not critical and (end := quiet_until(rules, moment)) is not None:
            moment, why = end, "quiet hours"
        if (free := _free_from(rules, moment, sent)) > moment:
            moment, why = free, "hourly limit"
        if moment == before:
            break
    return Opening(moment, why)


def is_quiet(rules: Rules, moment: datetime) -> bool:
    """Whether the clock on their wall is within the quiet hours."""
    if rules.quiet is None:
        return False
    start, end = rules.quiet
    wall = moment.astimezone(ZoneInfo(rules.zone)).time()
    return start <= wall < end if start <= end else wall >= start or wall < end


def quiet_until(rules: Rules, moment: datetime) -> datetime | None:
    """The first moment after the quiet hours that `moment` is in, UTC; None when it is in none."""
    if rules.quiet is None or not is_quiet(rules, moment):
        return None
    end = _next_wall(rules.zone, rules.quiet[1], moment, folds=(0, 1))
    jump = _jump(rules.zone, moment, end)  # the clock may leave the quiet hours forwards, or backwards
    return jump if jump is not None and not is_quiet(rules, jump) else end


def next_digest(rules: Rules, now: datetime) -> datetime:
    """When the next digest goes, after now: at the full hour of UTC, or at the daily time on their wall."""
    if rules.pace == DAILY:
        return _next_wall(rules.zone, rules.daily_at, now, folds=(0,))  # once on the day whose hour comes twice
    return now.astimezone(timezone.utc).replace(minute=0, second=0, microsecond=0) + HOUR


def _next_wall(zone: str, wall: time, after: datetime, *, folds: Sequence[int]) -> datetime:
    """The next moment after `after` when the clock of that zone shows `wall`, UTC; as late where it jumped over it."""
    local = after.astimezone(ZoneInfo(zone))
    for days in range(3):
        day = datetime.combine(local.date() + timedelta(days=days), wall, ZoneInfo(zone))
        for fold in folds:
            moment = day.replace(fold=fold).astimezone(timezone.utc)
            if moment > after:
                return moment
    raise AssertionError(f"{wall} does not come within two days in {zone}")


def _jump(zone: str, start: datetime, end: datetime) -> datetime | None:
    """The moment in (start, end] at which that zone's clock is set, to the second; None where it is not."""
    where = ZoneInfo(zone)
    offset = start.astimezone(where).utcoffset()
    if end.astimezone(where).utcoffset() == offset:
        return None
    start = start.replace(microsecond=0)
    low, high = 0, math.ceil((end - start).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        same = (start + timedelta(seconds=middle)).astimezone(where).utcoffset() == offset
        low, high = (middle, high) if same else (low, middle)
    return (start + timedelta(seconds=high)).astimezone(timezone.utc)


def _free_from(rules: Rules, moment: datetime, sent: Sequence[datetime]) -> datetime:
    """When fewer than `per_hour` messages lie within the hour before: `moment`, or later."""
    recent = sorted(time for time in sent if time > moment - HOUR)
    if len(recent) < rules.per_hour:
        return moment
    return recent[-rules.per_hour] + HOUR if rules.per_hour > 0 else moment + HOUR
