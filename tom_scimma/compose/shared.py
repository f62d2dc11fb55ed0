"""What was shared of a target or an event: when, by whom, where, with links, and whether it has changed since."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from tom_scimma.models import Delivery, SharedItem
from tom_scimma.readership import readable

#: so many deliveries are listed
SHOWN = 50
WORDS = {
    "target": ("target", "targets"),
    "photometry": ("point of photometry", "points of photometry"),
    "spectrum": ("spectrum", "spectra"),
    "astrometry": ("position", "positions"),
    "product": ("file", "files"),
    "observation": ("observation", "observations"),
    "candidate": ("candidate", "candidates"),
}


@dataclass(frozen=True)
class Told:
    """One delivery of the composer, and what it carried."""

    delivery: Delivery
    carries: str
    changed: int  #: objects that have other values now, or are gone
    read: bool  #: whether this user may read what it says


def of_target(target: Any, user: Any) -> list[Told]:
    """What was shared of a target."""
    keys = SharedItem.objects.filter(target=target).order_by().values("delivery").distinct()
    return _told(Delivery.objects.filter(pk__in=keys), user)


def of_event(event: Any, user: Any) -> list[Told]:
    """What was shared about an event by the composer."""
    return _told(Delivery.objects.filter(event=event, share__number=1), user)


def _told(rows: Any, user: Any) -> list[Told]:
    rows = rows.filter(personal=False).visible_to(user).defer("payload").select_related("share").order_by("-pk")
    found = list(rows[:SHOWN])
    seen, said, changed = readable(found, user), counts(found), changes(row.pk for row in found)
    return [Told(row, said[row.pk] if row.pk in seen else "", changed[row.pk], row.pk in seen) for row in found]


def counts(deliveries: Collection[Delivery]) -> dict[int, str]:
    """What each carries, in words, by key: "1 target, 12 points of photometry"."""
    keys = {row.share.first_id if hasattr(row, "share") else row.pk: row.pk for row in deliveries}
    rows = (
        SharedItem.objects.filter(delivery__in=keys).order_by().values_list("delivery", "kind").annotate(n=Count("pk"))
    )
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for first, kind, number in rows:
        found[keys[first]].append((kind, number))
    ranks = list(WORDS)
    return defaultdict(
        str,
        {
            key: ", ".join(
                f"{n} {WORDS[kind][n != 1]}" for kind, n in sorted(pairs, key=lambda pair: ranks.index(pair[0]))
            )
            for key, pairs in found.items()
        },
    )


def changes(deliveries: Any) -> Counter:
    """How many objects of each have changed since it was sent, by key."""
    rows = SharedItem.objects.filter(delivery__in=list(deliveries)).exclude(changed=None).order_by()
    return Counter(dict(rows.values_list("delivery").annotate(n=Count("pk"))))


def items_of(delivery: Delivery, *, most: int = 200) -> list[SharedItem]:
    """The first of what a delivery carries, what has changed before the rest."""
    share = getattr(delivery, "share", None)
    rows = SharedItem.objects.filter(delivery=share.first_id if share is not None else delivery.pk)
    return list(rows.select_related("target").order_by("-changed", "kind", "number")[:most])
