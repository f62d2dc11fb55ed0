"""Stored messages parsed again: rows stay, values follow, nobody is told."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tom_targets.models import Target

from tests.messages import NOW, gw, record, wxt, xrt
from tom_scimma import parsers
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Event, Message
from tom_scimma.replay import replay

pytestmark = pytest.mark.django_db


def hear(*records, via="listen"):
    return ingest(list(records), now=NOW, via=via)


def rows():
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in (Event, Alert)}


def test_replaying_what_was_understood_changes_nothing():
    hear(gw(minutes=9), gw(kind="RETRACTION", minutes=6), gw(kind="UPDATE", minutes=3), xrt())
    before = rows()
    replay(Message.objects.all())
    assert rows() == before


def test_a_quarantined_message_is_understood_once_its_parser_can(monkeypatch):
    """A parser with a bug, mended afterwards: the bug is real code in the table of parsers, then taken out again."""
    monkeypatch.setitem(parsers.PARSERS, "igwn", BROKEN)
    (result,) = hear(gw())
    assert result.state == "quarantined"
    assert "this parser has a bug" in Message.objects.get().traceback
    monkeypatch.undo()
    (result,) = replay(Message.objects.all())
    assert (result.state, Event.objects.get().far_hz) == ("parsed", 1e-9)
    assert Message.objects.get().error == ""
    assert not Alert.objects.get().live


def broken_parse(topic, said):
    raise KeyError("this parser has a bug")


BROKEN = SimpleNamespace(recognises=lambda said: True, parse=broken_parse)


def test_a_message_that_still_cannot_be_read_stays_quarantined():
    hear(record(b"{", "igwn.gwalert"))
    (result,) = replay(Message.objects.all())
    assert result.state == "quarantined"
    assert Message.objects.get().traceback


def test_what_a_message_no_longer_says_is_removed(monkeypatch):
    hear(gw(minutes=9), gw(kind="UPDATE", minutes=3, far=5.0))
    monkeypatch.setitem(parsers.PARSERS, "igwn", BROKEN)
    replay(Message.objects.filter(alerts__alert_type="update"))
    event = Event.objects.get()
    assert (event.far_hz, event.alert_count) == (1e-9, 1)
    replay(Message.objects.all())
    assert not Event.objects.exists()
    assert Message.objects.filter(state="quarantined").count() == 2


def test_a_message_that_says_the_same_twice_survives():
    hear(record(b"\n".join([gw().payload] * 2), "igwn.gwalert"))
    before = rows()
    (result,) = replay(Message.objects.all())
    assert result.state == "parsed"
    assert rows() == before


def test_a_broken_hook_of_the_tom_costs_no_alert(settings):
    hear(xrt(), via="ingest")
    before = Alert.objects.values("pk", "key").get()
    Event.objects.update(target=None)
    Target.objects.all().delete()
    settings.HOOKS = {**settings.HOOKS, "target_post_save": "tests.test_ingest.broken_hook"}
    (result,) = replay(Message.objects.all())
    assert (result.state, Event.objects.count()) == ("parsed", 1)
    assert Alert.objects.values("pk", "key").get() == before


def test_a_forged_report_makes_no_target():
    hear(record(wxt(), "hermes.test"))
    replay(Message.objects.all())
    assert not Target.objects.exists()


def test_events_are_locked_before_their_message():
    """The order in which `prune` locks them: the other way round the two would wait for each other on PostgreSQL."""
    hear(gw(minutes=9), gw(kind="UPDATE", minutes=3))
    with CaptureQueriesContext(connection) as captured:
        replay(Message.objects.all()[:1])
    said = [query["sql"] for query in captured.captured_queries]
    event = next(i for i, sql in enumerate(said) if sql.startswith("SELECT") and 'FROM "tom_scimma_event"' in sql)
    message = next(i for i, sql in enumerate(said) if sql.startswith('UPDATE "tom_scimma_message"'))
    assert event < message
    if connection.features.has_select_for_update:
        locked = next(i for i, sql in enumerate(said) if "FOR UPDATE" in sql)
        assert 'FROM "tom_scimma_event"' in said[locked]
        assert locked < message
