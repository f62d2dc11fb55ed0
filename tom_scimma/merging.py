"""Two events -> one, and back.

join(into, other)          every row that hangs on `other` hangs on `into`; its name and address lead there. The caller
                           holds the transaction and works the values out anew
undo(merge, user)          the reverse, with what has come since under the names of `other`
meanwhile(merge, user)     what went out between the two, as far as this user may know
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core import serializers
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from tom_scimma import folding, meeting
from tom_scimma.acts import NotNow
from tom_scimma.models import (
    Alert,
    Alias,
    Candidate,
    CandidateDecision,
    CandidateLevel,
    Delivery,
    Event,
    Merge,
    Telling,
)
from tom_scimma.models.merges import pair_of

HELD_APART = (Merge.State.UNDONE, Merge.State.REJECTED)


def apart(one: Event, other: Event) -> bool:
    """Whether a person said that these are two."""
    names = {one.name, other.name}
    both = Q(event=one, other=other) | Q(event=other, other=one) | Q(pair=pair_of(*sorted(names)))
    return Merge.objects.filter(both, state__in=HELD_APART).exists()


def join(into: Event, other: Event, *, because: str, by=None, alert: Alert | None = None, merge=None) -> Merge:
    """Moves what hangs on `other`, and deletes its row. Both are locked; `into` is saved by who folds it."""
    now, public = timezone.now(), other.public
    groups = list(other.groups.all())
    moved: dict[str, Any] = {"event": _plain(other), "groups": [group.pk for group in groups]}
    pair = pair_of(into.name, other.name)
    merge = merge or Merge.objects.filter(pair=pair).first() or Merge(pair=pair)
    said = {
        "event": into, "other": None, "name": into.name, "other_name": other.name, "state": Merge.State.MERGED,
        "because": because[:300], "alert": alert, "merged": now, "by": by, "public": public,
        "by_name": by.get_username() if by else "", "decided": now if by else None,
    }  # fmt: skip
    for name, value in said.items():
        setattr(merge, name, value)
    merge.save()
    merge.groups.set(groups)
    moved["lost"] = _candidates(into, other)
    moved["rows"] = {_label(model, field): _move(model, field, into, other) for model, field in _hanging()}
    Delivery.objects.filter(event=into, subject=f"event:{other.name}").update(subject=f"event:{into.name}")
    if into.target_id is None and other.target_id is not None and into.public == other.public:
        into.target_id, into.target_made = other.target_id, other.target_made
        Event.objects.filter(pk=into.pk).update(target=into.target_id, target_made=into.target_made)
        moved["target"] = other.target_id
    moved["merges"] = _merges(into, other)
    other.delete()
    if not Alias.objects.filter(name=moved["event"]["name"]).exists():
        Alias.objects.create(event=into, name=moved["event"]["name"])
    merge.moved = moved
    merge.save(update_fields=["moved"])
    return merge


def undo(merge: Merge, user) -> Event:
    """The event that was joined, as a row of its own again; the two are never joined again but by a person.

    Raises NotNow where the merge is not in force.
    """
    with transaction.atomic():
        into = Event.objects.select_for_update().get(pk=merge.event_id)
        merge.refresh_from_db()
        if merge.state != Merge.State.MERGED:
            raise NotNow(f"{merge.other_name} and {merge.name} are {merge.state}, not merged")
        other = _part(merge, into, user)
        folding.refold([into, other])
    return other


def _part(merge: Merge, into: Event, user) -> Event:
    moved = merge.moved
    Alias.objects.filter(event=into, name=merge.other_name).delete()
    other = Event(**moved["event"])
    other.localization_id = None
    other.save(force_insert=True)
    other.groups.set(moved["groups"])
    for model, field in _hanging():
        pks = moved["rows"].get(_label(model, field), ())
        model._base_manager.filter(pk__in=pks, **{field.name: into}).update(**{field.name: other})
    for column, pks in moved.get("merges", {}).items():  # those joined to it before are its own again
        Merge.objects.filter(pk__in=pks, **{column: into}).update(**{column: other})
    _later(into, other)
    for item in serializers.deserialize("json", json.dumps(moved["lost"]), ignorenonexistent=True):
        item.object.event_id = other.pk
        item.save()
    if "target" in moved and into.target_id == moved["target"]:
        Event.objects.filter(pk=into.pk).update(target=None, target_made=False)
    elif moved["event"]["target_id"] is None:
        Event.objects.filter(pk=other.pk).update(target=None)
    Delivery.objects.filter(event=other, subject=f"event:{into.name}").update(subject=f"event:{other.name}")
    merge.other, merge.state = other, Merge.State.UNDONE
    merge.by, merge.by_name, merge.decided = user, user.get_username(), timezone.now()
    merge.save()
    return other


def meanwhile(merge: Merge, user) -> tuple[list[Delivery], int]:
    """What was said of the joined event while it was one: the newest hundred deliveries, and how many people or groups were told."""
    until = merge.decided if merge.state == Merge.State.UNDONE else None
    times = {"created__gte": merge.merged, **({"created__lte": until} if until else {})}
    said = Delivery.objects.filter(_theirs(merge, Delivery), tellings=None, **times)
    alerts = Alert.objects.visible_to(user).order_by().values("pk")
    told = Telling.objects.filter(
        _theirs(merge, Alert, "alert__"), alert__in=alerts, said__isnull=False, dropped="", **times
    )
    people = told.order_by().values("contact__owner", "contact__group").distinct().count()
    return list(said.visible_to(user).order_by("-pk")[:100]), people


def _theirs(merge: Merge, model: type[models.Model], way: str = "") -> Q:
    """What hangs on the two events, by rows of this model, without what a third had said before it was joined to them."""
    found = Q(pk__in=())
    label = _label(model, model._meta.get_field("event"))
    for column, event in (("event", merge.event_id), ("other", merge.other_id)):
        if event is None:
            continue
        theirs = Q(**{f"{way}event": event})
        for later in Merge.objects.filter(event=event, state=Merge.State.MERGED, merged__gt=merge.merged):
            brought = Q(**{f"{way}pk__in": later.moved["rows"].get(label, ())})
            went = merge.pk in later.moved.get("merges", {}).get(
                column, ()
            )  # the two were joined to the third, or it to them
            theirs &= Q(created__gte=later.merged) | (brought if went else ~brought)
        found |= theirs
    return found


def _merges(into: Event, other: Event) -> dict[str, list[int]]:
    """What was said of the one that goes and of third events holds for the one that stays; which, by column."""
    found: dict[str, list[int]] = {}
    for column, back in (("event", "other"), ("other", "event")):
        rows = Merge.objects.filter(**{column: other}).exclude(**{back: into})
        found[column] = list(rows.values_list("pk", flat=True))
        rows.update(**{column: into})
    return found


def _hanging() -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every table, of any app, whose rows hang on an event: its model and the column."""
    for relation in Event._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            model = relation.related_model
            if not model._meta.auto_created and model is not Merge:
                yield model, relation.field


def _label(model: type[models.Model], field: models.Field) -> str:
    return f"{model._meta.label}.{field.name}"


def _move(model: type[models.Model], field: models.Field, into: Event, other: Event) -> list[Any]:
    """Hangs the rows of one event on another; what the other has already stays behind, and goes with the row."""
    rows = model._base_manager.filter(**{field.name: other})
    pks = [pk for pk in rows.values_list("pk", flat=True) if pk not in _doubles(model, field, into, other)]
    model._base_manager.filter(pk__in=pks, **{field.name: other}).update(**{field.name: into})
    return pks


def _doubles(model: type[models.Model], field: models.Field, into: Event, other: Event) -> set[Any]:
    """Rows that would be there twice, by the table's own rules."""
    unique = [tuple(rule.fields) for rule in model._meta.constraints if isinstance(rule, models.UniqueConstraint)]
    unique += [tuple(names) for names in model._meta.unique_together] + [(field.name,)] * bool(field.unique)
    found: set[Any] = set()
    for names in unique:
        if field.name in names:
            rest = [name for name in names if name != field.name]
            taken = set(model._base_manager.filter(**{field.name: into}).values_list(*rest, "pk"))
            taken = {row[:-1] for row in taken}
            rows = model._base_manager.filter(**{field.name: other}).values_list(*rest, "pk")
            found |= {row[-1] for row in rows if row[:-1] in taken}
    return found


def _candidates(into: Event, other: Event) -> list[dict[str, Any]]:
    """One target, a candidate of both: what a person decided on the one that goes holds for the one that stays."""
    mine = {row.target_id: row for row in Candidate.objects.filter(event=into)}
    twice = [row for row in Candidate.objects.filter(event=other) if row.target_id in mine]
    lost = json.loads(serializers.serialize("json", twice))
    for row in twice:
        kept = mine[row.target_id]
        CandidateLevel.objects.filter(candidate=row).update(candidate=kept)
        CandidateDecision.objects.filter(candidate=row).update(candidate=kept)
        if row.decided_at and (kept.decided_at is None or row.decided_at > kept.decided_at):
            for name in ("status", "reason", "decided_by_id", "decided_at"):
                setattr(kept, name, getattr(row, name))
            kept.save()
    return lost


def _later(into: Event, other: Event) -> None:
    """What came since under the names of the event that is parted."""
    names = {other.name, *(meeting.own(alert.notice) for alert in Alert.objects.filter(event=other).iterator())}
    names.discard(into.name)
    rows = Alert.objects.filter(event=into).only("pk", "document")
    pks = [row.pk for row in rows.iterator() if meeting.spelled(row.document["event"]) in names]
    Alert.objects.filter(pk__in=pks).update(event=other)


def _plain(event: Event) -> dict[str, Any]:
    """The event's columns as JSON keeps them, to make its row again."""
    (row,) = json.loads(serializers.serialize("json", [event]))
    columns = {field.name: field for field in Event._meta.concrete_fields}
    return {columns[name].attname: value for name, value in row["fields"].items() if name in columns}
