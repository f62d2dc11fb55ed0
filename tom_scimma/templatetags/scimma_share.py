"""Buttons that open the composer, what a delivery carried, and the badge of what waits for a second person's yes."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template
from django.db import DatabaseError
from django.urls import reverse

from tom_scimma.compose import approvals, corrections, shared
from tom_scimma.models import Approval

register = template.Library()
MANY = 99


@register.inclusion_tag("tom_scimma/partials/share_button.html", takes_context=True)
def share_button(context, event=None, target=None, label="Share", css="btn btn-info btn-sm", **more):
    """A link to the composer with this event and target, and keys by kind: photometry=[7, 8]. Nothing for passers-by."""
    user = getattr(context.get("request"), "user", None)
    said = [("event", event.name)] if event is not None else []
    said += [("target", target.pk)] if target is not None else []
    said += [
        (kind, key) for kind, keys in more.items() for key in (keys if isinstance(keys, (list, tuple)) else [keys])
    ]
    known = user is not None and user.is_authenticated and bool(said)
    return {"address": f"{reverse('tom_scimma:share')}?{urlencode(said)}" if known else "", "label": label, "css": css}


@register.inclusion_tag("tom_scimma/partials/delivery_share.html", takes_context=True)
def delivery_share(context, delivery):
    """What a delivery carried, whether that has changed, who must approve it, and how to correct it."""
    user = context["request"].user
    share = getattr(delivery, "share", None)
    approval = Approval.objects.filter(delivery=delivery).first()
    found = shared.items_of(delivery) if share is not None else []
    return {
        "delivery": delivery,
        "share": share,
        "items": found,
        "carries": shared.counts([delivery])[delivery.pk],
        "changed": shared.changes([share.first_id])[share.first_id] if share is not None else 0,
        "approval": approval,
        "may_decide": approval is not None and approvals.may_decide(delivery, user),
        "deciders": approvals.deciders(delivery) if approval is not None and delivery.state == "held" else (),
        "permission": Approval.PERMISSION,
        "anew": corrections.word(delivery, user),
        "csrf_token": context.get("csrf_token"),
        "request": context["request"],
    }


@register.simple_tag(takes_context=True)
def to_approve(context) -> str:
    """How many deliveries wait for this person's yes; "" for none."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return ""
    try:
        count = Approval.objects.open_for(user).order_by().values("pk")[: MANY + 1].count()
    except DatabaseError:  # not migrated yet: the page itself is worth more than the badge
        return ""
    return f"{MANY}+" if count > MANY else str(count or "")
