"""GET /scimma/health/: 200 when this TOM hears what it should, else 503, with the reasons. For probes; cheap."""

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


def report(seen: Survey) -> dict[str, Any]:
    """`{"ok", "reasons", "topics", "protected"}`: topics by name with their light; of protected ones the number."""
    heard = [topic for topic in seen.topics if topic.wanted]
    names = [topic.name for topic in heard]
    return {
        "ok": seen.ok,
        "reasons": list(seen.reasons),
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
    }


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """The report as anybody may see it; whoever asks, so that a probe needs no session."""
    try:
        body = report(survey(timezone.now(), counts=False).visible(AnonymousUser()))
    except (DatabaseError, InterfaceError) as error:  # away, or not migrated
        body = {
            "ok": False,
            "reasons": [f"the database does not answer: {type(error).__name__}"],
            "topics": {},
            "protected": 0,
        }
    return JsonResponse(body, status=200 if body["ok"] else 503)
