"""GET /scimma/health/: 200 when this TOM hears what it should and does what is queued, else 503, with the reasons."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tom_scimma.notice import iso
from tom_scimma.topics import Survey, survey
from tom_scimma.workload import Workload, workload


def report(seen: Survey, load: Workload) -> dict[str, Any]:
    """`{"ok", "reasons", "topics", "protected", "worker"}`: topics by name with their light; of protected ones the number."""
    heard = [topic for topic in seen.topics if topic.wanted]
    names = [topic.name for topic in heard]
    return {
        "ok": seen.ok and load.ok,
        "reasons": [*seen.reasons, *load.reasons],
        "topics": {
            topic.name if names.count(topic.name) == 1 else f"{topic.name} ({topic.source})": {
                "light": topic.light,
                "reason": topic.reason,
                "last_message": iso(topic.state.last_message),
                "lag": topic.state.lag,
            }
            for topic in heard
        },
        "protected": seen.hidden,
        "worker": {
            "alive": len(load.alive),
            "to_send": load.ready,
            "oldest": iso(load.oldest),
            "reactions": load.reactions,
            "oldest_reaction": iso(load.oldest_reaction),
            "stopped": load.stop is not None,
            "dry_run": load.dry,
        },
    }


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """The report as anybody may see it; whoever asks, so that a probe needs no session."""
    try:
        now = timezone.now()
        body = report(survey(now, counts=False).visible(AnonymousUser()), workload(now))
    except (DatabaseError, InterfaceError) as error:  # away, or not migrated
        body = {
            "ok": False,
            "reasons": [f"the database does not answer: {type(error).__name__}"],
            "topics": {},
            "protected": 0,
            "worker": {},
        }
    return JsonResponse(body, status=200 if body["ok"] else 503)
