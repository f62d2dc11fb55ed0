"""A process with the TOM's database that queues what it is told to and says what became of it; see benchmarks/side.py."""

from __future__ import annotations

import os
import time

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.outside.settings")
django.setup()

from datetime import timedelta  # noqa: E402
from functools import lru_cache  # noqa: E402

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import side  # noqa: E402
from tests import factories as make  # noqa: E402
from tests import told  # noqa: E402
from tom_scimma import outbox, skymap  # noqa: E402
from tom_scimma.ingest import ingest  # noqa: E402
from tom_scimma.models import Alert, Attempt, Contact, Delivery, Event, Reaction, Worker  # noqa: E402
from tom_scimma.notice import iso  # noqa: E402


def migrate() -> None:
    """Makes the tables."""
    call_command("migrate", verbosity=0, skip_checks=True)


def queue(texts: list[str], to: str = "parcel", seconds: float | None = None, about: str = "S261120ab") -> list[int]:
    """Queues a delivery a text, by a user, about an event; their primary keys."""
    user = User.objects.filter(username="alice").first() or make.user("alice")
    event = Event.objects.filter(name=about).first() or make.event(about)
    later = {} if seconds is None else {"deadline": timezone.now() + timedelta(seconds=seconds)}
    with transaction.atomic():
        rows = [
            outbox.queue(
                to,
                text.encode(),
                key=outbox.key_of(to, event, text),
                by=user,
                subject=event,
                event=event,
                **later,
            )
            for text in texts
        ]
    return [row.pk for row in rows]


def alerts(count: int, begin: int = 0) -> None:
    """So many alerts, each with its two reactions."""
    message = make.message()
    for number in range(begin, begin + count):
        event = make.event(f"S{number:06}a")
        with transaction.atomic():
            alert = make.alert(event, make.notice(event.name), message, position=number)
            where = "tests.outside.reactions"
            for name in ("first", "second"):
                Reaction.objects.create(alert=alert, name=name, change="new", run=f"{where}.{name}")


def person(address: str) -> None:
    """Somebody who is told of every gravitational wave at an address, at once."""
    user = make.user("carol", is_superuser=True)
    told.subscription(user, told.contact(user, address=address, per_hour=10_000), cap=None)


def people(count: int, address: str) -> int:
    """So many who are told of the same, each at a place of their own, with the rules as they are by default: messages an hour."""
    for number in range(count):
        user = make.user(f"observer{number}")
        told.subscription(user, told.contact(user, address=f"{address}{number}"))
    return Contact._meta.get_field("per_hour").default


@lru_cache
def _sky(number: int) -> bytes:
    """A map of real size, one of a few places: 19,200 pixels."""
    return skymap.from_gaussian(45.0 * number, 15.0 * number - 60, 8.0, distance=(150.0, 40.0)).to_fits()


@lru_cache
def _large(number: int) -> bytes:
    """As large as they come: 197,000 pixels with distance, or without."""

    def density(ra, dec):
        return np.exp(-np.square((ra - 45 * number) / 40) - np.square((dec + 10 * np.sin(ra / 9)) / 6)) + 1e-3

    distance = {"distance": (lambda ra, dec: 150 + dec, lambda ra, dec: 40 + dec / 9)} if number % 2 else {}
    return skymap.make(density, order=7, rounds=0, **distance).to_fits()


def hear(begin: int, count: int, apart: float = 0.0, large: int = 0) -> float:
    """So many new gravitational-wave alerts come in, of events some seconds apart; when the last was committed (Unix time).

    `large`: one in so many has a map as large as they come.
    """
    for number in range(begin, begin + count):
        now = timezone.now()
        letters = "".join(chr(97 + int(digit)) for digit in str(number))
        when = iso(now - timedelta(minutes=30, seconds=apart * number))
        sky = _large(number // large % 2) if large and not number % large else _sky(number % 8)
        wave = told.wave(f"S261121{letters}", "INITIAL", minutes=0.1, now=now, time=when, skymap=sky)
        ingest([wave], via="listen", now=now)
    return time.time()


def states() -> dict[str, int]:
    """How many deliveries are in each state."""
    return dict(Delivery.objects.order_by().values_list("state").annotate(count=Count("*")))


def said() -> dict[str, dict]:
    """Of each contact whose rules are as they are by default, by its person's number: when each message to it was queued
    (Unix time), in order, and how often one was taken up to be sent."""
    observers = Contact.objects.filter(owner__username__startswith="observer").values_list("pk", "owner__username")
    names = {f"people:{pk}": name.removeprefix("observer") for pk, name in observers}
    found: dict[str, dict] = {}
    rows = Delivery.objects.filter(destination__in=list(names)).order_by("created")
    for destination, created, attempts in rows.values_list("destination", "created", "attempts"):
        one = found.setdefault(names[destination], {"queued": [], "attempts": 0})
        one["queued"].append(created.timestamp())
        one["attempts"] += attempts
    return found


def unasked() -> int:
    """How many lost replies the service was not yet asked about."""
    return Delivery.objects.filter(state="unknown", looks=0).count()


def reactions() -> dict[str, int]:
    """How many reactions are in each state."""
    return dict(Reaction.objects.order_by().values_list("state").annotate(count=Count("*")))


def rows() -> list[dict]:
    """Every delivery."""
    names = ("id", "state", "key", "destination", "attempts", "looks", "needs_person", "reason", "receipt_id", "worker")
    return list(Delivery.objects.order_by("pk").values(*names))


def log(pk: int) -> list[dict]:
    """What was done about one."""
    return list(Attempt.objects.filter(delivery=pk).values("what", "answer", "text", "by_name"))


def waits() -> list[float]:
    """Seconds from queued to claimed, of each that was."""
    found = Delivery.objects.exclude(claimed=None).values_list("created", "claimed")
    return [(claimed - created).total_seconds() for created, claimed in found]


def hurry() -> None:
    """As if all pauses were over."""
    Delivery.objects.exclude(not_before=None).update(not_before=timezone.now())
    Reaction.objects.exclude(not_before=None).update(not_before=None)


def workers() -> list[dict]:
    """Every worker's row."""
    return list(Worker.objects.values("process", "state", "delivered", "reacted", "memory", "last_error"))


def count() -> dict[str, int]:
    """How many rows there are."""
    return {"alerts": Alert.objects.count(), "deliveries": Delivery.objects.count(), "vendor": connection.vendor}


if __name__ == "__main__":
    side.serve(
        {
            f.__name__: f
            for f in (
                migrate,
                queue,
                alerts,
                person,
                people,
                hear,
                states,
                said,
                unasked,
                reactions,
                rows,
                log,
                waits,
                hurry,
                workers,
                count,
            )
        }
    )
