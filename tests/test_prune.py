"""Retention. Authority: docs/operating.md and promise 1 ("nothing received is lost that its topic's policy keeps")."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone
from tom_targets.models import Target

from tests import factories as make
from tests import stations
from tests.messages import igwn, record, wxt
from tests.told import contact
from tom_scimma import retention
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Delivery, Event, Message, MessageBody, Reaction, Telling

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = {
        "TOPICS": {"igwn.gwalert": {"days": 30}, "short.*": {"days": 1}, "gcn.notices.*": {"days": 30}}
    }


def prune(capsys, *options):
    call_command("prune", *options)
    return capsys.readouterr().out


def hear(name, *, days, kind="INITIAL", **event):
    """A gravitational-wave alert that came so many days ago."""
    now = timezone.now() - timedelta(days=days)
    heard = ingest([record(igwn(name, kind, now=now, **event), "igwn.gwalert", now=now, source="lab")], now=now)[0]
    Reaction.objects.update(state="done")
    return heard


def test_nothing_is_removed_without_being_asked_twice(capsys):
    stations.message("igwn.gwalert", days=31)
    for options in ((), ("--dry-run",)):
        text = prune(capsys, *options)
        assert "igwn.gwalert (lab): 1 messages older than 30 days" in text
        assert "--yes" in text
    assert Message.objects.count() == 1
    with pytest.raises(CommandError):
        call_command("prune", "--yes", "--dry-run")


def test_what_is_older_than_its_policy_goes_and_the_rest_stays(capsys):
    for topic, days in (
        ("igwn.gwalert", 31),
        ("igwn.gwalert", 29),
        ("short.a", 2),
        ("short.b", 0.5),
        ("kept.for.ever", 5000),
    ):
        stations.message(topic, days=days)
    assert "Removed 2 messages" in prune(capsys, "--yes")
    left = Message.objects.order_by("topic").values_list("topic", flat=True)
    assert list(left) == ["igwn.gwalert", "kept.for.ever", "short.b"]
    assert "Nothing is older" in prune(capsys, "--yes")


def test_one_topic_alone(capsys):
    stations.message("short.a", days=2)
    stations.message("short.b", days=2)
    prune(capsys, "--yes", "--topic", "short.a")
    assert Message.objects.get().topic == "short.b"


def test_quarantined_messages_stay_until_they_are_named(capsys):
    stations.message("short.a", days=2, state="quarantined")
    text = prune(capsys, "--yes")
    assert "0 messages" in text
    assert "1 as old are needed and stay" in text
    assert Message.objects.count() == 1
    prune(capsys, "--yes", "--quarantined")
    assert Message.objects.count() == 0


def test_an_event_goes_with_its_last_message(capsys):
    hear("S261001a", days=40)
    assert (Event.objects.count(), MessageBody.objects.count()) == (1, 1)
    prune(capsys, "--yes")
    assert (Event.objects.count(), Alert.objects.count(), Message.objects.count(), MessageBody.objects.count()) == (
        0,
        0,
        0,
        0,
    )


def test_an_event_stays_whole_while_one_of_its_messages_stays(capsys):
    """Else an old retraction could go before what it retracts, and the event would come to life again."""
    hear("S261001a", days=31, kind="RETRACTION")
    hear("S261001a", days=2, kind="INITIAL")
    Event.objects.update(state="retracted")
    text = prune(capsys, "--yes")
    assert "1 as old are needed and stay" in text
    event = Event.objects.get()
    assert (event.alert_count, event.state) == (2, "retracted")


def test_what_a_target_rests_on_stays(capsys):
    hear("S261001a", days=40)
    Event.objects.update(target=Target.objects.create(name="ours", type="SIDEREAL", ra=1, dec=1))
    text = prune(capsys, "--yes")
    assert "1 as old are needed and stay" in text
    assert Message.objects.count() == 1
    Event.objects.update(target=None)
    prune(capsys, "--yes")
    assert Message.objects.count() == 0


def test_a_target_that_a_notice_made_counts_too(capsys):
    now = timezone.now() - timedelta(days=40)
    ingest([record(wxt(now=now), "gcn.notices.einstein_probe.wxt.alert", now=now)], now=now)
    assert Event.objects.get().target is not None
    prune(capsys, "--yes")
    assert (Message.objects.count(), Event.objects.count()) == (1, 1)


@pytest.mark.parametrize(("state", "stays"), [("queued", 1), ("running", 1), ("done", 0), ("failed", 0)])
def test_a_reaction_that_is_not_done_keeps_its_alert(capsys, state, stays):
    hear("S261001a", days=40)
    Reaction.objects.create(alert=Alert.objects.get(), name="plan", change="new", run="x.y", state=state)
    prune(capsys, "--yes")
    assert Message.objects.count() == stays


def test_a_new_reason_is_one_more_line(capsys, monkeypatch):
    hear("S261001a", days=40)
    hear("S261002b", days=40)
    monkeypatch.setattr(
        retention, "NEEDED", [*retention.NEEDED, ("told", lambda: Event.objects.filter(name="S261001a"))]
    )
    prune(capsys, "--yes")
    assert Event.objects.get().name == "S261001a"


def test_many_go_in_batches(capsys, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 50)
    for _ in range(120):
        stations.message("short.a", days=2)
    with django_assert_max_num_queries(80):
        assert "Removed 120 messages" in prune(capsys, "--yes")


def test_a_message_that_two_events_rest_on(capsys):
    """One of them has a target: the message stays, and with it the other event's alert."""
    now = timezone.now() - timedelta(days=40)
    both = [igwn("S261001a", now=now), igwn("S261002b", now=now)]
    ingest([record(both, "igwn.gwalert", now=now)], now=now)
    assert Event.objects.count() == 2
    Event.objects.filter(name="S261002b").update(
        target=Target.objects.create(name="ours", type="SIDEREAL", ra=1, dec=1)
    )
    prune(capsys, "--yes")
    assert (Event.objects.count(), Message.objects.count()) == (2, 1)


def test_an_event_that_something_was_sent_about_stays(capsys):
    hear("S261121a", days=31)
    hear("S261121b", days=31)
    make.delivery(None, Event.objects.get(name="S261121a"))
    prune(capsys, "--yes")
    assert set(Event.objects.values_list("name", flat=True)) == {"S261121a"}


@pytest.mark.parametrize("state", Delivery.State.values)
def test_that_people_were_told_keeps_nothing_once_it_is_over(capsys, state):
    hear("S261121a", days=31)
    ada, event = make.user("ada"), Event.objects.get()
    told = make.delivery(ada, event, destination="people:1", service="people", personal=True, state=state)
    prune(capsys, "--yes")
    assert Event.objects.exists() == (state in {"held", "queued", "sending", "unknown"})
    told.refresh_from_db()
    assert told.event_name == "S261121a"


def test_who_is_still_to_be_told_keeps_what_it_says(capsys):
    hear("S261121a", days=31)
    telling = Telling.objects.create(contact=contact(make.user("ada")), alert=Alert.objects.get(), change="new")
    prune(capsys, "--yes")
    assert Event.objects.exists()
    Telling.objects.filter(pk=telling.pk).update(dropped="no news any more")
    prune(capsys, "--yes")
    assert not Event.objects.exists()


def test_what_was_told_of_a_forgotten_event_is_for_superusers_alone(capsys):
    team = Group.objects.create(name="team")
    ada, bob, root = make.user("ada", team), make.user("bob", team), make.user("root", is_superuser=True)
    hear("S261121a", days=31)
    event = Event.objects.get()
    told = make.delivery(ada, event, service="people", destination="people:1", state="delivered")  # a group's channel
    other = make.delivery(ada, event, b"2")
    Delivery.objects.filter(pk=other.pk).update(event=None, event_name="")  # about no event
    assert [set(Delivery.objects.visible_to(user)) for user in (ada, bob)] == [{told, other}] * 2
    prune(capsys, "--yes")
    told.refresh_from_db()
    assert told.event is None
    assert [set(Delivery.objects.visible_to(user)) for user in (ada, bob, root)] == [{other}, {other}, {told, other}]
