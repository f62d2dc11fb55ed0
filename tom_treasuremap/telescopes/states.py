"""Whether a telescope can observe now, as a person or the observatory's own system said last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

#: state: (what people call it, whether it can observe)
STATES = {
    "open": ("open", True),
    "weather": ("closed by weather", False),
    "taken": ("taken by others", False),
    "off": ("out of order", False),
}


@dataclass(frozen=True)
class Status:
    """What was said last of a telescope; `since` is None where nobody ever said anything, and it counts as open."""

    state: str = "open"
    since: datetime | None = None
    by: str = ""  #: a person's or a client's name
    why: str = ""
    until: datetime | None = None  #: when it is open again by itself

    @property
    def label(self) -> str:
        return STATES[self.state][0]

    @property
    def words(self) -> str:
        """Its state, since when, and who said why."""
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since is not None else ""
        said = f" ({self.by}: {self.why})" if self.why else f" (said by {self.by})" if self.by else ""
        return f"{self.label}{since}{said}"

    @property
    def can_observe(self) -> bool:
        return STATES[self.state][1]


def statuses(now: datetime | None = None) -> Mapping[str, Status]:
    """The last status of each telescope of which one was ever said; one that has run out is open again."""
    from django.utils import timezone

    from tom_treasuremap.models import TelescopeState

    moment = now or timezone.now()
    newest: dict[str, Status] = {}
    for row in TelescopeState.objects.filter(newest=True).order_by("since", "pk"):
        over = row.until is not None and row.until <= moment
        newest[row.telescope] = (
            Status("open", row.until, row.by, f"until then {STATES[row.state][0]}")
            if over
            else Status(row.state, row.since, row.by, row.why, row.until)
        )
    return newest


def status(name: str, now: datetime | None = None) -> Status:
    """What was said last of one telescope."""
    return statuses(now).get(name, Status())
