"""By which names notices meet, and which of an event's names is its own. Pure.

Every notice hangs on the event of its own name. An authority's notice also says which other names are the same event's:
its aliases, its own id, and the notices that it cites. Events that share such a name are one, whichever came first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tom_scimma.names import SUPEREVENT, is_event
from tom_scimma.notice import Notice
from tom_scimma.parsers import public_names

LONGEST = 200
_ID = re.compile(r"ivo://.+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: names of a day on which more than one may have happened
_DAY = re.compile(r"GRB ?\d{6}(\.\d+)?|FRB ?\d{6,8}|IceCube-\d{6}")
_SUPEREVENT_IN = re.compile(r"(?:LVC#|^)([MT]?S\d{6}[a-z]+)(?:-\d+-\w+)?$")
_TRIGGER = re.compile(r"(?:Fermi GBM|Swift|IceCube|SVOM|Einstein Probe \w+|INTEGRAL|MAXI|AGILE|CALET|GECAM\S*) [\w.-]+")
_FERMI = re.compile(r"Fermi (\d{8,10})")


@lru_cache(maxsize=8192)
def spelled(name: str) -> str:
    """A name as events are kept under it: its usual spelling, where that says as much as what was written."""
    known = public_names.spelled(name)
    return name if _DAY.fullmatch(name) and known != name and "." in name else known


def own(notice: Notice) -> str:
    """The name of the event that a notice hangs on."""
    return spelled(notice.event)[:LONGEST]


def others(notice: Notice) -> tuple[str, ...]:
    """Further names that the notice gives its event, without those of sources and of days."""
    names = (spelled(name) for name in notice.aliases if is_event(name) and not _DAY.fullmatch(name))
    return tuple(name for name in dict.fromkeys(names) if name != own(notice) and len(name) <= LONGEST)


def ids(notice: Notice) -> tuple[str, ...]:
    """The notice's own id, where no other notice can have it, and those of the notices about the same event that it cites."""
    found = [notice.id] if notice.id and _ID.fullmatch(notice.id.strip()) else []
    found += [cite.id for cite in notice.cites if cite.relation != "coincidence"]
    keys = (_cited(name.strip(), notice.source) for name in found)
    return tuple(key for key in dict.fromkeys(keys) if key and key != own(notice) and len(key) <= LONGEST)


def coincident(notice: Notice) -> tuple[str, ...]:
    """Names of other events that it speaks of as perhaps the same, and that nobody joins by that alone."""
    found = [cite.id for cite in notice.cites]
    if notice.alert_type == "report":
        found += [*notice.aliases, *public_names.all_in((notice.text or "").partition("\n")[0][:400])]
    names = (_named(name.strip()) for name in found)
    return tuple(name for name in dict.fromkeys(names) if name and name != own(notice) and len(name) <= LONGEST)


def _cited(name: str, source: str) -> str | None:
    """The key of a cited notice or event; None for what is no id, and for a superevent, which is LVK's to speak for."""
    superevent = _SUPEREVENT_IN.search(name)
    if superevent:
        if source != "LVK":
            return None
        return name if _ID.fullmatch(name) else spelled(superevent[1])
    return name if _ID.fullmatch(name) else _named(name)


def _named(name: str) -> str | None:
    superevent = _SUPEREVENT_IN.search(name)
    if superevent:
        return spelled(superevent[1])
    if _ID.fullmatch(name):
        return name
    trigger = _FERMI.fullmatch(name)
    name = f"Fermi GBM {trigger[1]}" if trigger else spelled(name)
    return name if (is_event(name) and not _DAY.fullmatch(name)) or _TRIGGER.fullmatch(name) else None


def is_id(key: str) -> bool:
    """Whether a key is a notice's id, which no page shows as a name."""
    return _ID.fullmatch(key) is not None


def rank(name: str) -> tuple[int, str]:
    """The lowest is the event's own name: a superevent's, else a trigger's, else a public name; of equals the first in the alphabet."""
    if SUPEREVENT.fullmatch(name):
        return 0, name
    public = is_event(name) and not name.startswith("sb")
    return (2 if public else 1), name


def numbered_apart(one: str, other: str) -> bool:
    """Whether one authority gave both names: two superevents, or two triggers of one instrument, are two things."""
    if SUPEREVENT.fullmatch(one) and SUPEREVENT.fullmatch(other):
        return True
    both = _TRIGGER.fullmatch(one) and _TRIGGER.fullmatch(other)
    return bool(both) and one.rpartition(" ")[0] == other.rpartition(" ")[0]


#: whose words name an event: those of authorities on real events, of tests, of reports
REAL, TEST, REPORT = 0, 1, 2
