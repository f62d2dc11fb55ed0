"""What people make of candidates: a status with its reason, for one or many; all that was decided is kept."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from tom_scimma.candidates import placing
from tom_scimma.models import Candidate, CandidateDecision, Event

#: a reason is a sentence or a few, not a paper
LONGEST = 2000


def decide(candidates: Iterable[Candidate], status: str, reason: str, by) -> int:
    """Gives these candidates a status and a reason, and returns how many. The caller has checked who may.

    Saying again what is decided already is no new decision.
    """
    reason, now = reason.strip()[:LONGEST], timezone.now()
    with transaction.atomic():
        keys = [row.pk for row in candidates]
        rows = [
            row
            for start in range(0, len(keys), 500)
            for row in Candidate.objects.select_for_update(no_key=True)
            .filter(pk__in=keys[start : start + 500])
            .order_by("pk")
            if (row.status, row.reason) != (status, reason)
        ]
        for row in rows:
            row.status, row.reason, row.decided_by, row.decided_at = status, reason, by, now
        Candidate.objects.bulk_update(rows, ["status", "reason", "decided_by", "decided_at"], batch_size=200)
        CandidateDecision.objects.bulk_create(
            [CandidateDecision(candidate=row, status=status, reason=reason, by=by, at=now) for row in rows],
            batch_size=150,
        )
    return len(rows)


def add(event: Event, target, by) -> Candidate:
    """The target as a candidate of the event, whatever its age and place. Raises PermissionDenied for who may not change it.

    The caller has checked that this user may see the event.
    """
    from tom_targets.models import Target
    from tom_targets.permissions import targets_for_user

    if not targets_for_user(by, Target.objects.filter(pk=target.pk), "change_target").exists():
        raise PermissionDenied("Only those who may change a target may make it a candidate.")
    return placing.add(event, target.pk, by)
