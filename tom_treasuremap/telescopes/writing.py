"""What people change of telescopes: added, changed, removed, open or closed. Each leaves a line in a log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tom_treasuremap.telescopes.reading import read
from tom_treasuremap.telescopes.states import STATES, Status
from tom_treasuremap.telescopes.telescope import Telescope


@transaction.atomic
def save(said: Mapping[str, Any], by: Any, now: datetime) -> Telescope:
    """Adds a telescope, or changes it; raises WrongTelescope with what is wrong, by field."""
    from tom_treasuremap.models import TelescopeChange, TelescopeRow

    found = read(said)
    row = TelescopeRow.objects.select_for_update().filter(name=found.name).first()
    before = row.said if row is not None and row.removed is None else None
    if before == said:
        return found
    values = {"said": dict(said), "changed": now, "by": by, "removed": None}
    TelescopeRow.objects.update_or_create(name=found.name, defaults=values)
    TelescopeChange.objects.create(
        name=found.name, when=now, by=_name(by), what="changed" if before else "added", before=before, after=dict(said)
    )
    return found


@transaction.atomic
def remove(name: str, by: Any, now: datetime) -> bool:
    """Takes away a telescope that was added by a page; a shipped one of that name is there again. False: there was none."""
    from tom_treasuremap.models import TelescopeChange, TelescopeRow

    row = TelescopeRow.objects.select_for_update().filter(name=name, removed=None).first()
    if row is None:
        return False
    row.removed, row.by = now, by
    row.save(update_fields=["removed", "by"])
    TelescopeChange.objects.create(name=name, when=now, by=_name(by), what="removed", before=row.said)
    return True


@transaction.atomic
def set_state(name: str, state: str, by: Any, now: datetime, *, why: str = "", until: datetime | None = None) -> Status:
    """Says whether a telescope is open. Raises ValueError for a state that there is not, and an end that is over."""
    from tom_treasuremap.models import TelescopeState

    if state not in STATES:
        raise ValueError(f"there is no state {state!r}; known are {', '.join(STATES)}")
    if until is not None and until <= now:
        raise ValueError(f"until {until:%Y-%m-%d %H:%M} is over already")
    TelescopeState.objects.filter(telescope=name, newest=True).update(newest=False)
    row = TelescopeState.objects.create(
        telescope=name, state=state, since=now, until=None if state == "open" else until, why=why[:300], by=_name(by)
    )
    return Status(row.state, row.since, row.by, row.why, row.until)


def _name(by: Any) -> str:
    return by.get_username()[:150] if by is not None else ""
