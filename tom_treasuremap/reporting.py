"""What became of a pointing of ours, told to the Treasure Map: planned, completed, cancelled, each once.

report(pointing, user, event=event, source="visit:5")     -> the Report; a planner calls this for an approved plan's visits

The first word is posted. Later ones change what is there by its id as far as the server can: planned to completed, with time
and angle. Where anything else changed, or its time by more than a day, the planned one is cancelled and a new one posted
behind that.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction

from tom_scimma import outbox
from tom_scimma.errors import Unsaid
from tom_scimma.models import Delivery, Event
from tom_treasuremap import cancelling, completing, rules
from tom_treasuremap.destination import TreasureMapPointings, packed
from tom_treasuremap.models import Report
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.service import origin, why_not_asked
from tom_treasuremap.sources import moment

SETTLED = ("completed", "cancelled")
#: what is planned is not told anew for a time that moves less: it changes there as it is completed, and not before
MOVED = timedelta(days=1)


@transaction.atomic
def report(pointing: Pointing, by: Any, *, event: Event, source: str, observation: int | None = None) -> Report | None:
    """Queues what is new about a pointing; the same again queues nothing. None: it was never told and need not be.

    `source` names it for good ("observation:17", "visit:5"). Raises Unsaid, by field, for what cannot be told.
    """
    reason = why_not_asked(event)
    if reason:
        raise Unsaid(reason)
    if event.state == Event.State.RETRACTED and pointing.status != "cancelled":
        raise Unsaid(f"{event.name} was retracted: nothing more is told of it.")
    mine = Report.objects.select_for_update().filter(event=event, origin=origin(), source=source)
    last = mine.order_by("-turn").first()
    if pointing.status == "cancelled":
        if last is not None and last.status not in SETTLED:
            cancelling.cancel([last], by, "It was not done.")
        return last
    said = rules.values(pointing)
    wrong = rules.faults(said)
    if last is None:
        _demand(wrong)
        return _post(event, source, 1, said, by, observation)
    return _changed(last, said, wrong, by)


def _demand(wrong: rules.Faults) -> None:
    if wrong:
        words = " ".join(f"{name}: {text}" for name, texts in wrong.items() for text in texts)
        raise Unsaid(words, wrong)


def _changed(last: Report, said: dict[str, Any], wrong: rules.Faults, by: Any) -> Report:
    """What a later word about the same pointing asks for."""
    if last.wanted == "cancelled" or last.status == "cancelled":
        _demand(wrong)
        return _post(last.event, last.source, last.turn + 1, said, by, last.observation_id, after=last.cancelled)
    beyond = rules.beyond_update(last.said, said)
    completed = said["status"] == "completed"
    if last.wanted == "completed" and not last.may_be_completed:
        if completed and beyond:
            last.problem = (
                f"Told as it was first: the Treasure Map changes nothing that is completed ({', '.join(beyond)})."
            )
            last.save(update_fields=["problem", "changed"])
        return last
    if not beyond and completed:
        completing.complete(last, by, moment(said["time"]), said.get("pos_angle"))
        return last
    if not beyond and last.posted_id is not None and _near(said.get("time"), last.said.get("time")):
        return last
    _demand(wrong)
    names = ", ".join(beyond) or "time"
    cancels = cancelling.cancel([last], by, f"It is told anew: {names} changed, which cannot be changed there.")
    after = cancels[0] if cancels else _still_open(last)
    return _post(last.event, last.source, last.turn + 1, said, by, last.observation_id, after=after)


def _near(one: Any, other: Any) -> bool:
    """Whether two times are so near that the one may stand for the other until it is done."""
    first, second = moment(one), moment(other)
    return first == second or (first is not None and second is not None and abs(first - second) <= MOVED)


def _still_open(last: Report) -> Delivery | None:
    """What the new word waits for where the old one may yet arrive."""
    return last.posted if last.posted is not None and last.posted.state in cancelling.OPEN else None


def _post(
    event: Event,
    source: str,
    turn: int,
    said: dict[str, Any],
    by: Any,
    observation: int | None,
    after: Delivery | None = None,
) -> Report:
    payload = packed({"event": event.name, "source": source, "turn": turn, "pointing": said})
    values = {"said": said, "wanted": said["status"], "by": by, "observation_id": observation}
    identity = {"event": event, "origin": origin(), "source": source, "turn": turn}
    made, _ = Report.objects.update_or_create(**identity, defaults=values)
    there = cancelling.destination_of(TreasureMapPointings, event)
    key = outbox.key_of(there, event, payload)
    subject = completing.subject_of(made)
    made.posted = outbox.queue(there, payload, key=key, by=by, subject=subject, event=event, after=after)
    made.digest, made.problem = hashlib.sha256(payload).hexdigest(), ""
    made.save()
    return made
