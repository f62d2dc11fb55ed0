"""What deliveries carry, and who may see all of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Q

from tom_scimma.compose.rights import all_seen, seen_targets
from tom_scimma.compose.selection import TARGET
from tom_scimma.models import Delivery, Share, SharedItem


def carrier(delivery: Delivery) -> int:
    """The key of the delivery that has the items: itself, or the first part of its share."""
    return Share.objects.filter(pk=delivery.pk).values_list("first", flat=True).first() or delivery.pk


def chosen(delivery: Delivery) -> dict[str, list[int]]:
    """Keys by kind of what it carries."""
    found: dict[str, list[int]] = defaultdict(list)
    first = Share.objects.filter(pk=delivery.pk).values("first")  # only a share's first part has rows of its own
    rows = SharedItem.objects.filter(Q(delivery=delivery.pk) | Q(delivery__in=first))
    for kind, number in rows.values_list("kind", "number"):
        found[kind].append(number)
    return found


def may_carry(delivery: Delivery, user: Any) -> bool:
    """Whether everything that a delivery carries is there and may be seen by this user; None is the TOM itself."""
    found = chosen(delivery)
    return not found or all_seen(found, user)


def unreadable(deliveries: Collection[int], user: Any) -> set[int]:
    """Of these deliveries, those that carry something this user may not see: a target of theirs, or where rights are on
    single objects anything else."""
    firsts = dict(Share.objects.filter(pk__in=deliveries).values_list("pk", "first_id"))
    if not firsts:
        return set()
    rows = SharedItem.objects.filter(delivery__in=set(firsts.values()), kind=TARGET)
    targets: dict[int, set[int]] = defaultdict(set)
    for first, number in rows.values_list("delivery_id", "number"):
        targets[first].add(number)
    seen = seen_targets(set().union(*targets.values()), user) if targets else set()
    hidden = {pk for pk, first in firsts.items() if not targets[first] <= seen}
    if getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        return hidden
    rest = Delivery.objects.filter(pk__in=set(firsts) - hidden).defer("payload")
    return hidden | {row.pk for row in rest if not may_carry(row, user)}
