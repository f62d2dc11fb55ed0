"""Telling people: each contact of each alert once, at once or when its rules allow, several as one where they waited.

    tell(subscription, alert, contacts, change="updated")     what the action "tell" does, in its transaction
    tell_due()                                                a worker job: what has waited long enough

What goes, goes through the outbox. A message is one Delivery; a Telling is one alert in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from tom_scimma import course, hours, outbox, tidings, versions
from tom_scimma.fold import NEW, REINSTATED, RETRACTED, UPDATED
from tom_scimma.models import Alert, Contact, Delivery, Event, Subscription, Telling
from tom_scimma.site import absolute
from tom_scimma.tidings import Tiding

#: more than so many alerts are not put in one message
MOST = 1000
#: said in the last message that the hourly limit lets through
LAST = "This is message {} within an hour, your limit. What comes next waits, and then comes as one message."
#: what is no news any more once the event is retracted
NEWS = frozenset({NEW, UPDATED, REINSTATED})
TAKEN_BACK = "retracted before it was told"
#: so many contacts are looked after in one run of the job
CONTACTS = 500


def tell(
    subscription: Subscription, alert: Alert, contacts: Sequence[Contact], *, change: str, note: str = "",
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Writes down that these contacts are to be told of an alert, and hands to the outbox what may go now.

    Once for each (contact, alert, subscription), however often it is asked. A contact for rehearsals is told of tests
    alone, and of tests no other; one whose people may not see the alert is not told.
    """
    now = now or timezone.now()
    wanted = [one for one in contacts if one.enabled and one.is_test == (alert.role == "test")]
    wanted = [one for one in wanted if one.alerts.filter(pk=alert.pk).exists()]
    if change == RETRACTED:
        _take_back(alert, wanted)
    waiting = {} if subscription.critical else _waiting(wanted, now)
    rows = [_row(contact, subscription, alert, change, note, waiting.get(contact.pk)) for contact in wanted]
    if change in NEWS and alert.authority and alert.event.state == Event.State.RETRACTED:
        for row in rows:  # its retraction came while this waited to be looked at; nobody was told of it yet
            row.dropped = TAKEN_BACK
    Telling.objects.bulk_create(rows, ignore_conflicts=True)
    for contact in wanted:
        if contact.pk not in waiting:
            hand_over(contact, now)


def tell_due() -> None:
    """Hands over what has waited long enough: digests, the morning after quiet hours, what the hourly limit held back."""
    now = timezone.now()
    due = Telling.objects.waiting().filter(due__lte=now).order_by("contact").values_list("contact", flat=True)
    for pk in list(due.distinct()[:CONTACTS]):
        contact = Contact.objects.select_related("owner", "group").get(pk=pk)
        hand_over(contact, now)


def hand_over(contact: Contact, now: datetime) -> list[Delivery]:
    """Queues what this contact may be told now, as one message; the rest waits, and says for what and until when."""
    with transaction.atomic():
        Contact.objects.select_for_update().get(pk=contact.pk)  # one worker at a time, so that limits hold
        waiting = list(_unsaid(contact))
        queued = []
        for some in ([one for one in waiting if one.critical], [one for one in waiting if not one.critical]):
            if some and (delivery := _hand_over(contact, some, now)) is not None:
                queued.append(delivery)
        return queued


def _take_back(alert: Alert, contacts: Sequence[Contact]) -> None:
    """What was to be said of an event before its retraction, and has not left, is not said any more."""
    earlier = Telling.objects.filter(contact__in=contacts, alert__event=alert.event_id).exclude(alert=alert)
    earlier.waiting().update(dropped=TAKEN_BACK)
    queued = Delivery.objects.filter(tellings__in=earlier, state=Delivery.State.QUEUED, event=alert.event_id)
    for delivery in queued.distinct():
        course.move(delivery, Delivery.State.CANCELLED, reason="The event was retracted before this was sent.")


def _waiting(contacts: Iterable[Contact], now: datetime) -> dict[int, tuple[datetime, str]]:
    """For contacts that wait already: until when, and for what. What comes meanwhile waits with the rest."""
    rows = Telling.objects.waiting().filter(contact__in=[one.pk for one in contacts], due__gt=now, critical=False)
    found = rows.order_by().values("contact", "why").annotate(due=Min("due"))
    return {row["contact"]: (row["due"], row["why"]) for row in found}


def _row(
    contact: Contact, subscription: Subscription, alert: Alert, change: str, note: str, wait: tuple[datetime, str] | None
) -> Telling:  # fmt: skip
    due, why = wait or (None, "")
    return Telling(
        contact=contact,
        alert=alert,
        subscription=subscription,
        subscription_name=subscription.name,
        change=change,
        note=note,
        critical=subscription.critical,
        due=due,
        why=why,
    )


def _unsaid(contact: Contact) -> Iterable[Telling]:
    rows = Telling.objects.waiting().filter(contact=contact)
    return rows.select_related("alert__event", "subscription__owner").order_by("pk")[:MOST]


def _hand_over(contact: Contact, some: Sequence[Telling], now: datetime) -> Delivery | None:
    """One message of these, if the contact's rules let it go now."""
    if not contact.enabled or contact.forgotten:
        _drop(some, "the contact was switched off")
        return None
    if not _may_go(contact, some, now):
        return None
    seen = set(contact.alerts.filter(pk__in=[one.alert_id for one in some]).values_list("pk", flat=True))
    _drop([one for one in some if one.alert_id not in seen], "its people may not see this alert any more")
    kept = [one for one in some if one.alert_id in seen]
    return _say(contact, kept, now) if kept else None


def _may_go(contact: Contact, some: Sequence[Telling], now: datetime) -> bool:
    """Whether their time has come; else they are given one."""
    opening = hours.opening(
        contact.rules,
        now,
        _messages(contact, now),
        critical=some[0].critical,
        digest_due=any(one.due is not None and one.due <= now for one in some),
    )
    if opening.time <= now:
        return True
    Telling.objects.filter(pk__in=[one.pk for one in some]).update(due=opening.time, why=opening.why)
    return False


def _messages(contact: Contact, now: datetime) -> list[datetime]:
    """When messages went to this contact within the last hour, one time each."""
    lately = Telling.objects.filter(contact=contact, said__gt=now - hours.HOUR)
    return list(lately.order_by().values_list("said", flat=True).distinct())


def _drop(some: Sequence[Telling], why: str) -> None:
    Telling.objects.filter(pk__in=[one.pk for one in some]).update(dropped=why)


def _say(contact: Contact, some: Sequence[Telling], now: datetime) -> Delivery:
    """Queues one message of all these."""
    first, events = some[0], {one.alert.event_id for one in some}
    last = len(_messages(contact, now)) + 1 >= contact.per_hour
    payload = json.dumps(
        written(contact, some, LAST.format(contact.per_hour) if last else ""), ensure_ascii=False
    ).encode()
    where = f"people:{contact.pk}"
    about = first.alert.event if len(events) == 1 else None
    subject = about or f"contact:{contact.pk}"
    said = " ".join(str(one.pk) for one in some)
    delivery = outbox.queue(
        where,
        payload,
        key=outbox.key_of(where, subject, said),
        by=_sender(contact, first),
        subject=subject,
        event=about,
    )
    Telling.objects.filter(pk__in=[one.pk for one in some]).update(delivery=delivery, said=now, due=None)
    return delivery


def _sender(contact: Contact, first: Telling):
    """Who says it: whose subscription it is, else the person it is for; each may see what it holds."""
    return first.subscription.owner if first.subscription is not None else contact.owner


def written(contact: Contact, some: Sequence[Telling], limit: str = "") -> dict:
    """The payload of one message: what is said, and what it is about. No address, and no token."""
    once = list({one.alert_id: one for one in some}.values())  # two subscriptions may have met the same alert
    said = [(one.alert.event.name, worded(contact, one), absolute(one.alert.event.get_absolute_url())) for one in once]
    if len(said) == 1:
        tiding, link = said[0][1], said[0][2]
    else:
        tiding, link = tidings.digest(said, held=some[0].why), absolute("/told/")
    return {
        "contact": contact.pk,
        "tellings": [one.pk for one in some],
        "alert": once[0].alert_id if len(once) == 1 else None,
        "subject": tiding.subject,
        "text": "\n\n".join(filter(None, [tiding.text, limit])),
        "brief": tiding.brief,
        "link": link,
        "why": ", ".join(dict.fromkeys(one.subscription_name for one in some if one.subscription_name)),
    }


def worded(contact: Contact, one: Telling) -> Tiding:
    """What to say of one alert to those whom this contact reaches."""
    heard = versions.heard(one.alert, contact.alerts)
    name, protected = one.alert.event.name, not one.alert.public
    return tidings.tiding(name, one.change, heard.known, heard.changes, note=one.note, protected=protected)
