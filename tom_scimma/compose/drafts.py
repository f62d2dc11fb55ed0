"""Drafts: what a person chose and typed, kept until it is sent, so that a reload or a night loses nothing.

draft = opened(Selection.of(request.GET), user)
proof = proof_of(draft)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tom_scimma import destinations
from tom_scimma.compose import sinks
from tom_scimma.compose.gather import Unseen, gather
from tom_scimma.compose.newest import newest
from tom_scimma.compose.parcels import Proof, build
from tom_scimma.compose.rights import all_seen, seen_targets
from tom_scimma.compose.selection import CANDIDATE, TARGET, Selection
from tom_scimma.models import Delivery, Draft

#: an unsent draft is forgotten so long after its last change
KEPT = timedelta(days=30)
#: one person may type so much into a field
LONGEST = 100_000


def opened(
    selection: Selection,
    user: Any,
    *,
    after: Delivery | None = None,
    corrects: bool = False,
    form: Mapping[str, Any] | None = None,
    to: Iterable[str] = (),
) -> Draft:
    """The draft of what was chosen: the one that was opened with the same before, or a new one. Raises Unseen.

    A target alone brings the newest of its data, to begin with. What follows `after`, a delivery, begins
    with what that said, and `corrects` it where it was delivered.
    """
    content = gather(selection, user)
    Draft.objects.filter(user=user, sent=None, updated__lt=timezone.now() - KEPT).delete()
    digest = selection.digest if after is None else f"{selection.digest[:40]}-{after.pk}{'' if corrects else 'e'}"
    row = Draft.objects.filter(user=user, opened=digest, sent=None).first()
    if row is not None:
        return row
    begun = selection.having(TARGET, (body.pk for body in content.targets))
    if content.targets and not selection.has_data and not selection.keys(CANDIDATE):
        begun = newest(begun, user)
    values = {
        "selection": begun.to_json(),
        "corrects": after if corrects else None,
        "form": dict(form or {}),
        "sinks": list(to),
    }
    return Draft.objects.get_or_create(user=user, opened=digest, sent=None, defaults=values)[0]


def selection_of(draft: Draft) -> Selection:
    """What is chosen in a draft."""
    return Selection.from_json(draft.selection)


def references_of(draft: Draft) -> tuple[Mapping[str, str], ...]:
    """What a correction refers to."""
    first = draft.corrects
    if first is None:
        return ()
    try:
        cited = destinations.find(first.destination).cites(first)
    except LookupError:
        return ()
    return (cited,) if cited else ()


def proof_of(draft: Draft) -> Proof:
    """What would leave now, as this person may see it. Raises Unseen."""
    content = gather(selection_of(draft), draft.user, references=references_of(draft))
    found, refused = [], []
    for name in draft.sinks:
        try:
            found.append(sinks.find(name, draft.user))
        except sinks.Unoffered as error:
            refused.append((name, str(error)))
    return build(found, content, draft.form, refused)


def typed(draft: Draft, said: Mapping[str, Any], names: Iterable[str] | None = None) -> None:
    """Keeps what was typed (by field; None: nothing was, what is known stands) and, where given, the sinks ticked."""
    words = {name: str(value)[:LONGEST] for name, value in said.items() if value is not None}

    def change(row: Draft) -> None:
        row.form = {**{name: value for name, value in row.form.items() if name not in said}, **words}
        if names is not None:
            row.sinks = list(dict.fromkeys(names))

    _changed(draft, change)


def choose(draft: Draft, kind: str, keys: Iterable[int]) -> None:
    """Other rows of a kind. Raises Unseen for what this person may not see."""
    chosen = Selection().having(kind, keys)
    if not all_seen(chosen.chosen, draft.user):
        raise Unseen

    def change(row: Draft) -> None:
        row.selection = selection_of(row).having(kind, chosen.keys(kind)).to_json()

    _changed(draft, change)


@transaction.atomic
def _changed(draft: Draft, change: Callable[[Draft], None]) -> None:
    """Changes the row as it is now: a page asks for several things at once. What is sealed stays so unless something is otherwise."""
    row = Draft.objects.select_for_update().get(pk=draft.pk)
    before = (row.selection, row.sinks, row.form)
    change(row)
    if (row.selection, row.sinks, row.form) != before:
        row.built, row.seal, row.updated = b"", "", timezone.now()
        row.save(update_fields=["selection", "sinks", "form", "built", "seal", "updated"])
    for name in ("selection", "sinks", "form", "built", "seal", "updated"):
        setattr(draft, name, getattr(row, name))


def targets_of(draft: Draft) -> list[int]:
    """Keys of the targets whose data the page lists, of those that this person may see."""
    keys = selection_of(draft).keys(TARGET)
    seen = seen_targets(keys, draft.user)
    return [key for key in keys if key in seen]


def called(rows: Iterable[Draft], user: Any) -> list[Draft]:
    """These drafts, each `called` by its title, else by what of it this user may see: a target, an event."""
    from tom_targets.models import Target

    drafts = list(rows)
    first = {draft.pk: chosen[0] for draft in drafts if (chosen := draft.selection.get(TARGET))}
    seen = seen_targets(set(first.values()), user)
    names = dict(Target.objects.filter(pk__in=seen).values_list("pk", "name"))
    for draft in drafts:
        about = names.get(first.get(draft.pk, 0)) or draft.selection.get("event")
        draft.called = draft.form.get("title") or about or "without a title"
    return drafts


def locked(pk: int, user: Any) -> Draft | None:
    """This person's draft as it is now, held until the transaction ends; None where there is none. Call inside one."""
    return Draft.objects.select_for_update().filter(pk=pk, user=user).first()


def queued(rows: Iterable[Delivery]) -> bytes:
    """What a draft that was sent keeps: its deliveries by key, those that were queued before too."""
    return json.dumps([row.pk for row in rows]).encode()


def deliveries(draft: Draft) -> QuerySet[Delivery]:
    """What came of a draft that was sent: its own deliveries, and those that had said the same before, where its owner may know of them."""
    before = json.loads(bytes(draft.built) or b"[]")
    known = Delivery.objects.visible_to(draft.user).filter(pk__in=before).values("pk")
    return Delivery.objects.filter(Q(share__draft=draft) | Q(pk__in=known))
