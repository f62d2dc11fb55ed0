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


class NotDone(Exception):
    """Why an action did nothing, in words for the subscription's owner; anything else that is raised is a fault."""


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
        for name in _in_order(match, declared):
            error = _call(declared[name], match, alert) if name in declared else f"{name}: no app offers it"
            if error:
                errors.append(error)
        if errors:
            Match.objects.filter(pk=match.pk).update(error="\n".join(errors))


def _in_order(match: Match, declared: dict[str, dict[str, Any]]) -> list[str]:
    """As apps declare them, not as a person chose them: a telescope is asked for the target that another action makes."""
    order = {name: at for at, name in enumerate(declared)}
    return sorted((one.name for one in match.subscription.actions.all()), key=lambda name: order.get(name, len(order)))


def _call(action: Any, match: Match, alert: Alert) -> str:
    """What went wrong, or nothing."""
    try:
        with transaction.atomic():
            import_string(action["run"])(match.subscription, alert)
    except NotDone as why:
        return storable.text(f"{action['label']}: {why}"[:500])
    except Exception as error:
        if away(error):
            raise
        logger.exception("action failed", extra={"action": action["name"], "match": match.pk})
        return storable.text(f"{action['name']}: {type(error).__name__}: {error}"[:500])
    return ""
