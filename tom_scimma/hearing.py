"""What is the same for all who are told of an alert, found once: whose contacts, who may see it, how it reads.

    hearing = of(alert)                     one for all tellings of one round of its actions
    hearing.asked(subscription)             -> (Match, [Contact, ...])
    hearing.seen(contact, [3, 4])           -> {3}
    hearing.worded(contact, telling)        -> Tiding

It lasts as long as one worker is at that alert, seconds; whoever is told is asked for again, under a lock, before a
message is written, and their rights again before it leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice

from django.db.models import Min

from tom_scimma import tidings, versions
from tom_scimma.models import Alert, Contact, Match, Subscription, Telling
from tom_scimma.models.visibility import remember_groups
from tom_scimma.tidings import Tiding

#: so many subscriptions of an alert are read at once, with their contacts
AT_ONCE = 200
#: so many texts are kept
TEXTS = 2000
#: the action that asks for it
TELL = "tell"


def of(alert: Alert) -> Hearing:
    """The hearing of an alert: kept with that object, which is one worker's for one round."""
    if not hasattr(alert, "_hearing"):
        alert._hearing = Hearing(alert)
    return alert._hearing


class Hearing:
    """What one worker knows of those whom it tells; without an alert, of whatever waited to be told."""

    def __init__(self, alert: Alert | None = None):
        self._alert = alert
        self._asked: dict[int, tuple[Match, list[int]]] = {}
        self._contacts: dict[int, Contact] = {}
        self._waiting: dict[int, tuple[datetime, str]] = {}
        self._sees: dict[tuple[object, int], bool] = {}
        self._texts: dict[tuple, Tiding] = {}

    def asked(self, subscription: Subscription) -> tuple[Match, list[Contact]]:
        """The match of a subscription, and those of its chosen contacts that its owner may use (still).

        Raises Match.DoesNotExist for a subscription that the alert did not meet.
        """
        if subscription.pk not in self._asked:
            self._read(subscription)
        if subscription.pk not in self._asked:
            raise Match.DoesNotExist(f"no match of {subscription} and alert {self._alert}")
        match, chosen = self._asked[subscription.pk]
        contacts = (self._contacts[pk] for pk in chosen if pk in self._contacts)
        return match, [one for one in contacts if one.usable(subscription.owner)]

    def waits(self, contact: Contact, now: datetime) -> tuple[datetime, str] | None:
        """For a contact that waits already: until when, and for what. What comes meanwhile waits with the rest."""
        if contact.pk not in self._contacts:
            self._keep([contact])
        wait = self._waiting.get(contact.pk)
        return wait if wait is not None and wait[0] > now else None

    def wait(self, contact: Contact, due: datetime, why: str) -> None:
        """Notes that a contact waits from now on."""
        self._waiting[contact.pk] = (due, why)

    def seen(self, contact: Contact, alerts: Collection[int]) -> set[int]:
        """Those of these alerts that whoever the contact reaches may see."""
        rights = contact.rights
        new = [pk for pk in alerts if (rights, pk) not in self._sees]
        if new:
            found = set(contact.alerts.filter(pk__in=new).order_by().values_list("pk", flat=True))
            self._sees.update({(rights, pk): pk in found for pk in new})
        return {pk for pk in alerts if self._sees[rights, pk]}

    def worded(self, contact: Contact, one: Telling) -> Tiding:
        """What to say of one alert to those whom this contact reaches: the same to all who may see the same."""
        key = (contact.rights, one.alert_id, one.change, one.note)
        if key not in self._texts:
            if len(self._texts) >= TEXTS:
                self._texts.clear()
            heard = versions.heard(one.alert, contact.alerts)
            name, protected = one.alert.event.name, not one.alert.public
            self._texts[key] = tidings.tiding(
                name, one.change, heard.known, heard.changes, note=one.note, protected=protected
            )
        return self._texts[key]

    def _read(self, subscription: Subscription) -> None:
        """Reads a subscription and those behind it that the alert met, and everybody whom they tell."""
        rows = Match.objects.filter(
            alert=self._alert, capped=False, subscription__actions__name=TELL, subscription__gte=subscription.pk
        ).order_by("subscription")
        fields = ("pk", "subscription", "why", "change", "subscription__actions__options")
        self._asked = {
            row[1]: (
                Match(pk=row[0], subscription_id=row[1], why=row[2], change=row[3]),
                [int(pk) for pk in row[4].get("contacts") or []],
            )
            for row in rows.values_list(*fields)[:AT_ONCE]
        }
        self._contacts, self._waiting = {}, {}
        chosen = iter(sorted({pk for _, contacts in self._asked.values() for pk in contacts}))
        while some := list(islice(chosen, AT_ONCE)):
            self._keep(
                Contact.objects.filter(pk__in=some, forgotten=False).select_related("owner", "group").defer("address")
            )

    def _keep(self, contacts: Iterable[Contact]) -> None:
        kept = {one.pk: one for one in contacts}
        remember_groups([one.owner for one in kept.values() if one.owner is not None])
        self._contacts.update(kept)
        rows = Telling.objects.waiting().filter(contact__in=list(kept), due__isnull=False, critical=False)
        found = rows.order_by().values("contact", "why").annotate(due=Min("due"))
        self._waiting.update({row["contact"]: (row["due"], row["why"]) for row in found})
