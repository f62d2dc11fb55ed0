"""An object is reported to TNS once, whoever presses the button second, and however close behind.

Authority: the promise that nothing is sent twice; TNS takes an AT report for a new object each time.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, TimeoutError

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tom_targets.models import Target

from tests import factories as make
from tests import hermes_content as given
from tom_hermes import reported
from tom_hermes.onward import Tns
from tom_scimma import acts, outbox
from tom_scimma.compose.items import Cargo, items
from tom_scimma.compose.parcels import Parcel
from tom_scimma.compose.sending import send
from tom_scimma.errors import Unsaid
from tom_scimma.models import Delivery, SharedItem

there = Tns("hermes.test")


@pytest.fixture(autouse=True)
def nobody_answers(settings):
    settings.TOM_HERMES = {"BASE_URL": "http://127.0.0.1:9", "TEST_SERVER": True}


@pytest.fixture
def user():
    return make.user("ada")


@pytest.fixture
def target(user):
    row = Target.objects.create(name="AT2026abc", type="SIDEREAL", ra=150.1, dec=2.2)
    row.give_user_access(user)
    return row


def report(target, user, *, brightness: float = 19.5, kind: str = "discovery", **said) -> list[Delivery]:
    """Queues a report of a target as the confirm page does, without what was looked at before."""
    rows = {"photometry": (given.point(brightness=brightness), given.limit())}
    if kind == "classification":
        rows = {"photometry": (), "spectra": (given.spectrum(extra={"classification": "SN Ia"}),)}
    content = given.content(targets=(given.body(pk=target.pk),), event=None, **rows)
    payload, text = there.preview(
        given.filled(there, content, **{f"targets.{target.pk}.reporting_group": "LCO", **said})
    )
    carried = given.content(targets=(given.body(pk=target.pk),), event=None)
    return send([Parcel(there.full_name, payload, text)], Cargo.of(items(carried)), by=user)


@pytest.mark.django_db
def test_a_second_report_that_was_looked_at_before_the_first_was_queued_is_not_queued(user, target):
    (first,) = report(target, user)
    assert report(target, user) == [first]  # the very same: one click too many
    with pytest.raises(Unsaid, match=rf"AT2026abc has an AT report of this TOM already: #{first.pk}, queued."):
        report(target, user, brightness=18.0)
    assert report(target, user, kind="classification")  # is another thing
    Delivery.objects.filter(pk=first.pk).update(state="cancelled")
    assert report(target, user, brightness=18.0)


@pytest.mark.django_db
def test_a_second_classification_is_one_that_its_author_knows_to_be_the_second(user, target):
    """Two people of one TOM classified the same object with different reporters, and both went to TNS."""
    (first,) = report(target, user, kind="classification")
    unsaid = {f"targets.{target.pk}.besides": ""}
    assert report(target, user, kind="classification", **unsaid) == [first]  # one click too many
    with pytest.raises(Unsaid, match=rf"classification of this TOM already: #{first.pk} by ada, SN Ia of"):
        report(target, user, kind="classification", authors="B. Other", **unsaid)
    content = given.content(targets=(given.body(pk=target.pk),), event=None, spectra=(given.spectrum(),), photometry=())
    (asked,) = [need for need in there.needs(content) if need.field == f"targets.{target.pk}.besides"]
    assert (asked.required, asked.value, f"#{first.pk} by ada" in asked.help) == (True, "", True)
    known = {asked.field: str(first.pk)}
    (second,) = report(target, user, kind="classification", authors="B. Other", **known)
    with pytest.raises(Unsaid, match=rf"#{second.pk} by ada"):  # came meanwhile
        report(target, user, kind="classification", authors="C. Third", **known)
    Delivery.objects.update(state="rejected")
    assert report(target, user, kind="classification", authors="C. Third")


@pytest.mark.django_db
def test_it_is_sent_again_by_a_person_only_while_its_reply_is_lost_and_nothing_else_stands(user, target):
    (first,) = report(target, user)
    Delivery.objects.filter(pk=first.pk).update(state="delivered", needs_person=False)
    first.refresh_from_db()
    with pytest.raises(acts.NotNow, match="An object is reported once"):
        acts.resend(first, user)
    Delivery.objects.filter(pk=first.pk).update(state="unknown", looks=1)
    first.refresh_from_db()
    second = acts.resend(first, user)
    Delivery.objects.filter(pk=first.pk).update(state="cancelled")
    with pytest.raises(Unsaid, match=rf"#{second.pk}, queued"):  # what was sent again stands as well
        report(target, user, brightness=18.0)
    Delivery.objects.filter(pk=second.pk).update(state="rejected")
    report(target, user, brightness=18.0)
    second.refresh_from_db()
    with pytest.raises(acts.NotNow, match=r"Cancel #[0-9]+ first if this is to go instead"):
        acts.resend(second, user)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="two connections at once: PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_instant_one_is_queued(user, target):
    begun, queued = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            rows = report(target, user)
            begun.set()
            while (
                not queued.wait(0.05) and not somebody_waits()
            ):  # the other waits for this transaction's end, or is through
                continue
            return rows

    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0] > 0

    def quick():
        begun.wait(10)
        try:
            return report(target, user, brightness=18.0)
        except Unsaid as error:
            return str(error)
        finally:
            queued.set()

    def run(task):
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        (first,), said = (future.result(30) for future in [pool.submit(run, slow), pool.submit(run, quick)])
    assert f"#{first.pk}, queued" in said
    assert list(Delivery.objects.all()) == [first]


@pytest.mark.django_db
def test_what_is_queued_already_asks_nothing(user, target):
    (first,) = report(target, user)
    with CaptureQueriesContext(connection) as asked:
        again = outbox.queue(there.full_name, bytes(first.payload), key=first.key, by=user, subject=target)
    assert again == first
    assert not [query for query in asked if SharedItem._meta.db_table in query["sql"]]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="two connections at once: PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_who_reports_a_target_waits_for_whoever_is_at_it(user, target):
    (first,) = report(target, user)
    payload = bytes(first.payload)

    def claim():
        try:
            with transaction.atomic():
                there.claim(payload)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reported.lock(payload)
            other = pool.submit(claim)
            with pytest.raises(TimeoutError):
                other.result(0.5)
        with pytest.raises(Unsaid, match=f"#{first.pk}, queued"):
            other.result(30)
