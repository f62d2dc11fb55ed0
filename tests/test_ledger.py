"""The latency ledger: "every step is recorded with its time" (the design)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories as make
from tests.factories import NIGHT
from tom_scimma import ledger
from tom_scimma.models import Alert

pytestmark = pytest.mark.django_db


def alert(**fields) -> Alert:
    """An alert of 03:00, sent 2 s before, at the broker 1 s before, stored 40 ms after."""
    said = {key: fields.pop(key) for key in ("time", "sent", "role") if key in fields}
    found = make.event(f"S{Alert.objects.count():06d}a")
    return make.alert(found, make.notice(found.name, **said), make.message(**fields))


def steps(of: ledger.Ledger) -> dict[str, ledger.Entry]:
    return {entry.step: entry for entry in of.entries}


def test_steps_are_those_of_the_issue_in_its_order():
    assert [entry.label for entry in ledger.ledger(alert()).entries] == [
        "event time",
        "sent",
        "at the broker",
        "received",
        "committed",
        "annotated",
        "told",
        "planned",
        "approved",
        "submitted",
        "first exposure",
        "shared",
    ]


def test_each_step_counts_from_the_one_before_and_is_empty_until_it_happened():
    found = steps(ledger.ledger(alert()))
    seconds = {step: entry.seconds for step, entry in found.items() if entry.time is not None}
    assert seconds == {"event": None, "sent": 38.0, "broker": 1.0, "received": 1.0, "committed": pytest.approx(0.04)}
    assert all(found[step].time is None and found[step].seconds is None for step in list(ledger.STEPS)[5:])
    assert not ledger.ledger(alert()).late


def test_a_missing_step_is_stepped_over():
    found = steps(ledger.ledger(alert(published=None)))
    assert found["broker"].time is None
    assert found["received"].seconds == 2.0


def test_an_early_warning_is_sent_before_its_event():
    found = steps(ledger.ledger(alert(time=NIGHT + timedelta(seconds=20))))
    assert found["sent"].seconds == -22.0
    assert found["broker"].seconds == 1.0
    assert not any(entry.late for entry in found.values())


def test_over_budget_is_late_and_settings_win(settings):
    slow = alert(published=NIGHT - timedelta(seconds=30))
    assert steps(ledger.ledger(slow))["received"].late
    settings.TOM_SCIMMA = {"LATENCY_BUDGETS": {"received": 31}}
    assert not ledger.ledger(slow).late
    settings.TOM_SCIMMA = {"LATENCY_BUDGETS": {"received": None, "committed": 0.01}}
    assert [entry.step for entry in ledger.ledger(slow).entries if entry.late] == ["committed"]


@pytest.mark.parametrize(
    "values",
    [
        {"via": "ingest"},
        {"via": "backfill"},
        {"sent": NIGHT - timedelta(days=20), "published": NIGHT - timedelta(days=20)},  # history at a first start
    ],
)
def test_history_and_files_are_not_judged(values):
    found = ledger.ledger(alert(**{"published": NIGHT - timedelta(seconds=90), **values}))
    assert not found.judged
    assert not found.late
    assert all(entry.budget is None for entry in found.entries)


def test_the_broker_is_not_timed_from_the_event_itself():
    said = alert(sent=None, time=NIGHT - timedelta(hours=1))
    assert not steps(ledger.ledger(said))["broker"].late


def test_a_later_issue_adds_a_step_by_one_function(monkeypatch):
    first, second = alert(), alert()
    done = {first.pk: first.message.stored + timedelta(seconds=2), second.pk: None}
    monkeypatch.setitem(ledger.SOURCES, "annotated", lambda alerts: done)
    now = NIGHT + timedelta(seconds=60)
    good, waiting = ledger.for_event([first, second], now=now)
    assert steps(good)["annotated"].seconds == 2.0
    assert not good.late
    assert steps(waiting)["annotated"].overdue
    assert steps(waiting)["annotated"].time is None
    assert "not yet" in steps(waiting)["annotated"].note
    assert not ledger.for_event([second], now=NIGHT + timedelta(seconds=5))[0].late
    done.pop(second.pk)  # it asks for nothing
    assert not ledger.for_event([second], now=now)[0].late


def test_for_event_asks_as_often_for_many_as_for_one(django_assert_num_queries):
    alert()
    with CaptureQueriesContext(connection) as one:
        assert len(ledger.for_event(Alert.objects.select_related("message"))) == 1
    for _ in range(19):
        alert()
    with django_assert_num_queries(len(one)):
        assert len(ledger.for_event(Alert.objects.select_related("message"))) == 20


def test_medians_are_over_those_heard_as_they_came():
    for wait in (1, 2, 30):
        alert(published=NIGHT - timedelta(seconds=wait), sent=NIGHT - timedelta(seconds=wait + 1))
    alert(via="ingest", published=NIGHT - timedelta(days=1))
    found = {median.step: median for median in ledger.medians(Alert.objects.all())}
    assert (found["received"].seconds, found["received"].count, found["received"].late) == (2.0, 3, 1)
    assert not found["received"].over
    assert found["received"].budget == ledger.BUDGETS["received"]
    assert (found["told"].seconds, found["told"].count) == (None, 0)


def test_medians_without_alerts_are_empty():
    assert all(median.seconds is None and median.count == 0 for median in ledger.medians(Alert.objects.none()))
