"""What every page shows of the outbox: the badge in the navigation, and the banner while something is out of the ordinary.

The host gives a navigation partial no context of its own, so these ask for themselves: one query each.
"""

from __future__ import annotations

from django import template
from django.db import DatabaseError

from tom_scimma.conf import conf
from tom_scimma.models import Delivery
from tom_scimma.switch import stopped

register = template.Library()

#: more than so many are not counted
MANY = 99


@register.simple_tag(takes_context=True)
def waiting_for_you(context) -> str:
    """How many deliveries wait for a person, of those that this one may know of; "" for none."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return ""
    try:
        rows = Delivery.objects.visible_to(user).waiting_for_a_person().order_by()
        count = rows.values("pk")[: MANY + 1].count()
    except DatabaseError:  # not migrated yet: the page itself is worth more than the badge
        return ""
    return f"{MANY}+" if count > MANY else str(count or "")


@register.inclusion_tag("tom_scimma/partials/sent_banner.html", takes_context=True)
def outbox_banner(context) -> dict:
    """What is out of the ordinary: stopped, dry run."""
    try:
        stop = stopped()
    except DatabaseError:
        stop = None
    user = getattr(context.get("request"), "user", None)
    known = user is not None and user.is_authenticated
    return {"stop": stop, "dry_run": conf.DRY_RUN, "dry_destinations": conf.DRY_DESTINATIONS, "known": known}
