"""How many of this TOM's targets may be the counterpart, and how deep in the map the best lies."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from tom_scimma.annotators import Finding
from tom_scimma.models import Candidate, CandidateLevel


def annotate(event, map) -> list[Finding]:
    """Counts over candidates whose target every user may see; for those who are logged in.

    Targets that only some may see are left out: a count would tell of them. What one may see oneself is in the
    predicate's own `candidates.count`, and on the page.
    """
    if not event.public and event.groups.count() > 1:  # of several audiences: what one sees the other may not
        return []
    maps = CandidateLevel.objects.filter(candidate=OuterRef("pk"), inside=True)
    if event.public:
        maps = maps.filter(alert__public=True)
    rows = Candidate.objects.filter(Q(because=Candidate.Because.PERSON) | Exists(maps), event=event)
    rows = rows.filter(target__permissions__in=("OPEN", "PUBLIC"))
    found = list(rows.exclude(status=Candidate.Status.RULED_OUT).values_list("level", "status", "because"))
    levels = [level for level, _, _ in found if level is not None]
    value = {
        "count": len(found),
        "interesting": sum(status != Candidate.Status.NEW for _, status, _ in found),
        "inside_50": sum(level <= 0.5 for level in levels),
        "inside_90": sum(level <= 0.9 for level in levels),
    }
    if levels:
        value["best_level"] = min(levels)
    return [Finding(value, users=True)]


def words(value: dict) -> list[tuple[str, str]]:
    """The findings as lines of an event's page."""
    if not value.get("count"):
        return [("Candidates", "none")]
    inside = f"{value['inside_50']} inside 50 %, {value['inside_90']} inside 90 %"
    return [("Candidates", f"{value['count']}, {inside}"), ("Interesting", str(value["interesting"]))]


annotate.label, annotate.words = "candidates", words  # type: ignore[attr-defined]
