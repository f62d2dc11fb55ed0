"""Telling people: each contact of each alert once, at once or when its rules allow, several as one where they waited.

    tell(subscription, alert, contacts, change="updated")     what the action "tell" does, in its transaction
    tell_due()                                                a worker job: what has waited long enough

What goes, goes through the outbox. A message is one Delivery; a Telling is one alert in it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from tom_scimma import course, hours, outbox, tidings
from tom_scimma import hearing as hearings
from tom_scimma.destinations.people import People
from tom_scimma.fold import NEW, REINSTATED, RETRACTED, UPDATED
from tom_scimma.hearing import Hearing
from tom_scimma.models import Alert, Contact, Delivery, Event, Subscription, Telling
from tom_scimma.site import absolute

#: more than so many alerts are not put in one message
MOST = 1000
#: said in the last message that the hourly limit lets through
LAST = "This is message {} within an hour, your limit. What comes next waits, and then comes as one message."
#: what is no news any more once the event is retracted
NEWS = frozenset({NEW, UPDATED, REINSTATED})
TAKEN_BACK = "retracted before it was told"
ALREADY = "told already, because of another subscription"
#: so many contacts are looked after in one run of the job
CONTACTS = 500
#: so many contacts of one subscription are handed their messages at once
AT_ONCE = 100


@transaction.atomic(savepoint=False)
def tell(
    subscription: Subscription, alert: Alert, contacts: Sequence[Contact], *, change: str, note: str = "",
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Writes down that these contacts are to be told of an alert, and hands to the outbox what may go now.

    One row for each (contact, alert, subscription), however often it is asked; said once for each (contact, alert). A
    contact for rehearsals is told of tests alone, and of tests no other; one whose people may not see the alert is not told.
    """
    now, hearing = now or timezone.now(), hearings.of(alert)
    wanted = [one for one in contacts if one.enabled and one.is_test == (alert.role == "test")]
    wanted = [one for one in wanted if hearing.seen(one, [alert.pk])]
    wanted.sort(key=lambda one: one.pk)  # locked in one order, whoever locks them
    if not wanted:
        return
    if change == RETRACTED:
        _locked(wanted)  # nobody is just handing them what is taken back
        _take_back(alert, wanted)
    waiting = {} if subscription.critical else {one.pk: hearing.waits(one, now) for one in wanted}
    rows = [_row(contact, subscription, alert, change, note, waiting.get(contact.pk)) for contact in wanted]
    if change in NEWS and alert.authority and alert.event.state == Event.State.RETRACTED:
        for row in rows:  # its retraction came while this waited to be looked at; nobody was told of it yet
            row.dropped = TAKEN_BACK
    Telling.objects.bulk_create(rows, ignore_conflicts=True)
    ready = [one for one in wanted if waiting.get(one.pk) is None]
    for start in range(0, len(ready), AT_ONCE):
        hand_over(ready[start : start + AT_ONCE], now, hearing, critical=subscription.critical)


def tell_due() -> None:
    """Hands over what has waited long enough: digests, the morning after quiet hours, what the hourly limit held back."""
    now, hearing = timezone.now(), Hearing()
    due = Telling.objects.waiting().filter(due__lte=now).order_by("contact").values_list("contact", flat=True)
    for pk in list(due.distinct()[:CONTACTS]):
        contact = Contact.objects.select_related("owner", "group").defer("address").get(pk=pk)
        hand_over([contact], now, hearing)


def hand_over(
    contacts: Sequence[Contact], now: datetime, hearing: Hearing, *, critical: bool = False
) -> list[Delivery]:  # fmt: skip
    """Queues what these contacts may be told now, as one message each; the rest waits, and says for what and until when.

    With `critical` what is critical alone: the rest waits already.
    """
    with transaction.atomic(savepoint=False):
        locked = _locked(contacts)  # one worker at a time, so that limits hold
        unsaid, messages = _unsaid(locked, critical), _messages(locked, now)
        queued = []
        for contact in locked:
            waiting, sent = unsaid[contact.pk][:MOST], messages[contact.pk]
            told = {one.alert_id for one in waiting if one.is_told}
            for some in ([one for one in waiting if one.critical], [one for one in waiting if not one.critical]):
                fresh = _once(some, told)
                if fresh and (delivery := _hand_over(contact, fresh, sent, now, hearing)) is not None:
                    queued.append(delivery)
                    told.update(one.alert_id for one in fresh)
        return queued


def _locked(contacts: Sequence[Contact]) -> list[Contact]:
    """These contacts as they are now, locked until the end of the transaction, always in the same order."""
    given = {one.pk: one for one in contacts}
    rows = list(Contact.objects.select_for_update().filter(pk__in=list(given)).defer("address").order_by("pk"))
    for row in rows:
        row.owner, row.group = given[row.pk].owner, given[row.pk].group
    return rows


def _take_back(alert: Alert, contacts: Sequence[Contact]) -> None:
    """What was to be said of an event before its retraction, and has not left, is not said any more."""
    earlier = Telling.objects.filter(contact__in=contacts, alert__event=alert.event_id).exclude(alert=alert)
    earlier.waiting().update(dropped=TAKEN_BACK)
    queued = Delivery.objects.filter(tellings__in=earlier, state=Delivery.State.QUEUED, event=alert.event_id)
    for delivery in queued.distinct():
        course.move(delivery, Delivery.State.CANCELLED, reason="The event was retracted before this was sent.")


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


def _unsaid(contacts: Sequence[Contact], critical: bool) -> dict[int, list[Telling]]:
    """What is still to be said, by contact: what is critical first, so that however much waits it is never behind that."""
    rows = Telling.objects.waiting().filter(contact__in=contacts, **({"critical": True} if critical else {}))
    same = Telling.objects.filter(contact=OuterRef("contact"), alert=OuterRef("alert"), said__isnull=False)
    rows = rows.annotate(is_told=Exists(same.exclude(delivery__state=Delivery.State.CANCELLED)))
    rows = rows.select_related("alert__event", "subscription__owner").defer("alert__document")
    found: dict[int, list[Telling]] = defaultdict(list)
    for row in rows.order_by("-critical", "pk")[: MOST * len(contacts)]:  # a digest may have waited through a storm
        found[row.contact_id].append(row)
    return found


def _once(some: Sequence[Telling], told: set[int]) -> list[Telling]:
    """Those of alerts that the contact was not told of because of another subscription; the rest is dropped."""
    if again := [one for one in some if one.alert_id in told]:
        _drop(again, ALREADY)
    return [one for one in some if one.alert_id not in told]


def _hand_over(
    contact: Contact, some: Sequence[Telling], sent: list[datetime], now: datetime, hearing: Hearing
) -> Delivery | None:  # fmt: skip
    """One message of these, if the contact's rules let it go now; `sent` are those of the last hour."""
    if not contact.enabled or contact.forgotten:
        _drop(some, "the contact was switched off")
        return None
    if not _may_go(contact, some, sent, now, hearing):
        return None
    seen = hearing.seen(contact, [one.alert_id for one in some])
    if hidden := [one for one in some if one.alert_id not in seen]:
        _drop(hidden, "its people may not see this alert any more")
    kept = [one for one in some if one.alert_id in seen]
    if not kept:
        return None
    delivery = _say(contact, kept, hearing, last=len(sent) + 1 >= contact.per_hour, now=now)
    sent.append(_said_at(delivery, now))
    return delivery


def _may_go(
    contact: Contact, some: Sequence[Telling], sent: Sequence[datetime], now: datetime, hearing: Hearing
) -> bool:  # fmt: skip
    """Whether their time has come; else they are given one."""
    critical = some[0].critical
    digest_due = any(one.due is not None and one.due <= now for one in some)
    opening = hours.opening(contact.rules, now, sent, critical=critical, digest_due=digest_due)
    if opening.time <= now:
        return True
    Telling.objects.filter(pk__in=[one.pk for one in some]).update(due=opening.time, why=opening.why)
    if not critical:
        hearing.wait(contact, opening.time, opening.why)
    return False


def _messages(contacts: Sequence[Contact], now: datetime) -> dict[int, list[datetime]]:
    """When messages went to these contacts within the last hour, one time each."""
    lately = Telling.objects.filter(contact__in=contacts, said__gt=now - hours.HOUR).order_by()
    found: dict[int, list[datetime]] = defaultdict(list)
    for contact, said, _ in lately.values_list("contact", "said", "delivery").distinct():
        found[contact].append(said)
    return found


def _drop(some: Sequence[Telling], why: str) -> None:
    Telling.objects.filter(pk__in=[one.pk for one in some]).update(dropped=why)


def _say(contact: Contact, some: Sequence[Telling], hearing: Hearing, *, last: bool, now: datetime) -> Delivery:
    """Queues one message of all these; the last that the hourly limit lets through says so."""
    first, events = some[0], {one.alert.event_id for one in some}
    payload = written(contact, some, hearing, LAST.format(contact.per_hour) if last else "")
    there = People(str(contact.pk))
    there.contact = contact
    about = first.alert.event if len(events) == 1 else None
    subject = about or f"contact:{contact.pk}"
    said = " ".join(str(one.pk) for one in some)
    delivery = outbox.queue(
        there,
        json.dumps(payload, ensure_ascii=False).encode(),
        key=outbox.key_of(there.full_name, subject, said),
        by=_sender(contact, first),
        subject=subject,
        event=about,
    )
    Telling.objects.filter(pk__in=[one.pk for one in some]).update(
        delivery=delivery, said=_said_at(delivery, now), due=None
    )
    return delivery


def _said_at(delivery: Delivery, now: datetime) -> datetime:
    """When its hour begins: not before it is queued, however long its worker waited for another since `now`."""
    return max(now, delivery.created)


def _sender(contact: Contact, first: Telling):
    """Who says it: whose subscription it is, else the person it is for; each may see what it holds."""
    return first.subscription.owner if first.subscription is not None else contact.owner


def written(contact: Contact, some: Sequence[Telling], hearing: Hearing, limit: str = "") -> dict:
    """The payload of one message: what is said, and what it is about. No address, and no token."""
    once = list({one.alert_id: one for one in some}.values())  # two subscriptions may have met the same alert
    said = []
    for number, one in enumerate(once):
        event, spelled = one.alert.event, number < tidings.SHOWN
        tiding = hearing.worded(contact, one) if spelled else tidings.COUNTED
        said.append((event.name, tiding, absolute(event.get_absolute_url()) if spelled else ""))
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
