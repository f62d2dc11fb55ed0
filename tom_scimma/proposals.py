"""Likenesses that a person judges: two events that may be one.

note(statements)                    what the notices of a batch hint at; called in ingest's transaction
propose(one, other, because)        a row for a person, once a pair
tied(one, other)                    whether what waits for a person would make the two one already
accept(merge, user), reject(...)    what the person says
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tom_scimma import bulk, folding, meeting, merging, roster
from tom_scimma.acts import NotNow
from tom_scimma.models import Alert, Alias, Event, Hint, Merge, NoticeId
from tom_scimma.models.merges import pair_of
from tom_scimma.statements import Statement


def note(statements: Iterable[Statement]) -> None:
    """Proposes the pairs that notices speak of without the right to join them: coincidences, and what reports name together.

    A hint at an event that is not here yet waits for it, so that the order of arrival does not matter.
    """
    statements = list(statements)
    _answer(statements)
    hints = [(item, name) for item in statements for name in meeting.coincident(item.notice)]
    if not hints:
        return
    events = _named({name for _, name in hints})
    for item, name in hints:
        other = events.get(name)
        if other is not None and other.pk != item.event.pk:
            propose(item.event, other, _because(item, name), alert=item.alert)
    early = [
        Hint(alert=item.alert, name=name, because=_because(item, name)[:300])
        for item, name in hints
        if name not in events
    ]
    if early:
        Hint.objects.bulk_create(early, ignore_conflicts=True)


def _answer(statements: Iterable[Statement]) -> None:
    """Proposes what earlier notices hinted at, now that somebody speaks of it."""
    events = {key: item.event for item in statements for key in roster.names(item)}
    for hint in bulk.having(Hint.objects.select_related("alert__event"), name=events):
        one, other = hint.alert.event, events[hint.name]
        if one.pk != other.pk:
            propose(one, other, hint.because, alert=hint.alert)
        if one.role == other.role:  # a test of that name may still be followed by the real one
            hint.delete()


def propose(one: Event, other: Event, because: str, *, alert: Alert | None = None) -> Merge | None:
    """The proposal, if it is new; None for a pair that was spoken of before, and for a test and something real."""
    if (one.role == "test") != (other.role == "test"):
        return None
    keep, rest = sorted((one, other), key=lambda row: (not row.public, roster.standing(row), meeting.rank(row.name)))
    both = Q(event=keep, other=rest) | Q(event=rest, other=keep) | Q(pair=pair_of(keep.name, rest.name))
    if Merge.objects.filter(both).exists():
        return None
    groups = [group for row in (keep, rest) if not row.public for group in row.groups.all()]
    merge = Merge.objects.create(
        event=keep, other=rest, name=keep.name, other_name=rest.name, pair=pair_of(keep.name, rest.name),
        state=Merge.State.PROPOSED, because=because[:300], alert=alert, public=keep.public and rest.public,
    )  # fmt: skip
    merge.groups.set(groups)
    return merge


def tied(one: Event, other: Event) -> bool:
    """Whether proposals that wait lead from the one to the other: who accepts these joins the two as well.

    Those alone that everybody sees: nobody is to lack a question because it hangs on an event that they may not see.
    """
    reached, newest = {one.pk}, {one.pk}
    while newest and other.pk not in reached:
        rows = Merge.objects.filter(Q(event__in=newest) | Q(other__in=newest), state=Merge.State.PROPOSED, public=True)
        newest = {pk for row in rows.values_list("event_id", "other_id") for pk in row if pk} - reached
        reached |= newest
    return other.pk in reached


def may_decide(merge: Merge, user) -> bool:
    """Whether this user may join or part these events: who may see them, and change events or be of the staff."""
    return bool(user.is_authenticated) and (user.is_staff or user.has_perm("tom_scimma.change_merge"))


def accept(merge: Merge, user) -> Event:
    """Joins the two; returns the event that stays. Raises NotNow where somebody decided before."""
    with transaction.atomic():
        merge = _waiting(merge)
        pair = [merge.event_id, merge.other_id]
        rows = {row.pk: row for row in Event.objects.select_for_update().filter(pk__in=pair).order_by("pk")}
        into, other = rows[merge.event_id], rows[merge.other_id]
        if into.public != other.public:
            raise NotNow("one of them is protected: joining them would show it to all")
        merging.join(into, other, because=merge.because, by=user, alert=merge.alert, merge=merge)
        folding.refold([into])
    return into


def reject(merge: Merge, user) -> None:
    """They are two, and nothing joins them by itself any more. Raises NotNow where somebody decided before."""
    with transaction.atomic():
        merge = _waiting(merge)
        alike = Q(event=merge.event_id, other=merge.other_id) | Q(event=merge.other_id, other=merge.event_id)
        rows = Merge.objects.filter(
            Q(alike, state=Merge.State.PROPOSED) | Q(pk=merge.pk)
        )  # a join may have made two of one
        said = {"by": user, "by_name": user.get_username(), "decided": timezone.now()}
        rows.update(state=Merge.State.REJECTED, **said)


def _waiting(merge: Merge) -> Merge:
    found = Merge.objects.select_for_update().get(pk=merge.pk)
    if found.state not in (Merge.State.PROPOSED, Merge.State.UNDONE, Merge.State.REJECTED) or found.other_id is None:
        raise NotNow(f"{found.other_name} and {found.name} are {found.state} already, by {found.by_name or 'a notice'}")
    return found


def _named(names: set[str]) -> dict[str, Event]:
    events = {row.name: row for row in Event.objects.filter(name__in=names)}
    for model in (Alias, NoticeId):
        rows = model.objects.filter(name__in=names).select_related("event")
        events = {**{row.name: row.event for row in rows}, **events}
    return events


def _because(statement: Statement, name: str) -> str:
    notice = statement.notice
    if any(cite.relation == "coincidence" for cite in notice.cites):
        return f"{notice.source} says that {meeting.own(notice)} and {name} coincide"
    return f"{notice.source} names {name} in its {notice.alert_type} of {meeting.own(notice)}"
