"""Calls the actions of the subscriptions that an alert met. Actions write rows (an outbox entry, a target); nothing is sent here.

One subscription's broken action costs that subscription its action and no other: what went wrong is kept in its Match.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tom_scimma import hooks, storable
from tom_scimma.ingest import away
from tom_scimma.models import Alert, Match

logger = logging.getLogger(__name__)


def act(alert: Alert) -> None:
    """Calls each action of each match of an alert that has not been acted on; each match in a transaction of its own."""
    waiting = Match.objects.filter(alert=alert, acted=None, capped=False)
    waiting.filter(subscription__actions=None).update(acted=timezone.now())
    declared = hooks.subscription_actions()
    rows = waiting.select_related("subscription__owner").prefetch_related("subscription__actions").order_by("pk")
    for match in list(rows):
        if _still_wanted(match):
            _act(match, alert, declared)
        else:
            Match.objects.filter(pk=match.pk).update(acted=timezone.now(), error="switched off before it was acted on")


def _still_wanted(match: Match) -> bool:
    return match.subscription.enabled and match.subscription.owner.is_active


def _act(match: Match, alert: Alert, declared: dict[str, dict[str, Any]]) -> None:
    errors = []
    with transaction.atomic():
        # a second worker that does the same waits here, and finds it done
        if not Match.objects.filter(pk=match.pk, acted=None).update(acted=timezone.now()):
            return
        for action in match.subscription.actions.all():
            error = _call(declared.get(action.name), match, alert) if action.name in declared else "no app offers it"
            if error:
                errors.append(f"{action.name}: {error}")
        if errors:
            Match.objects.filter(pk=match.pk).update(error="\n".join(errors))


def _call(action: Any, match: Match, alert: Alert) -> str:
    """What went wrong, or nothing."""
    try:
        with transaction.atomic():
            import_string(action["run"])(match.subscription, alert)
    except Exception as error:
        if away(error):
            raise
        logger.exception("action failed", extra={"action": action["name"], "match": match.pk})
        return storable.text(f"{type(error).__name__}: {error}"[:500])
    return ""
