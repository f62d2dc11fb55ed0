"""Subscriptions: who is told what, once, with the owner's rights.

Authority: the promises of docs/subscriptions.md.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.utils import timezone

from tests import factories as make
from tests import subscribers
from tests.messages import gw
from tests.subscribers import DONE, hear, subscribe, tell
from tom_scimma import subscriptions
from tom_scimma.hindsight import would_have_told
from tom_scimma.ingest import ingest
from tom_scimma.models import Annotation, Event, Match, Reaction

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noting():
    """An installed app offers our actions, by the hook that apps use."""
    app = apps.get_app_config("custom_code")
    app.subscription_actions = subscribers.actions
    DONE.clear()
    yield
    del app.subscription_actions


def test_an_alert_that_matches_is_acted_on_once(ada):
    subscribe(ada, 'kind = "GW" and classification.BNS > 0.3')
    subscribe(ada, 'kind = "GRB"', "other")
    alert = tell()
    subscriptions.react(alert.pk, "new")
    assert DONE == [("mine", alert.pk)]
    match = Match.objects.get()
    assert (match.why, match.change, match.error, match.capped) == ("matches", "new", "", False)
    assert match.acted is not None


def test_each_version_is_told_and_only_what_still_matches(ada):
    subscribe(ada, "classification.BNS > 0.3")
    first = tell(minutes=9)
    second = tell("updated", minutes=6, alert_type="update", classification={"BNS": 0.9})
    assert DONE == [("mine", first.pk), ("mine", second.pk)]


def test_who_was_told_is_told_once_that_it_no_longer_matches(ada):
    subscribe(ada, "classification.BNS > 0.3")
    subscribe(ada, "classification.BNS > 0.3", "silent", follow=False)
    subscribe(ada, "classification.BNS > 0.95", "never told")
    tell(minutes=9)
    second = tell("updated", minutes=6, alert_type="update", classification={"BNS": 0.1})
    tell("updated", minutes=4, alert_type="update", classification={"BNS": 0.2})
    assert [name for name, _ in DONE] == ["mine", "silent", "mine"]
    assert Match.objects.get(alert=second).why == "ended"


def test_a_retraction_is_told_to_those_who_were_told(ada):
    subscribe(ada, 'state = "active" and classification.BNS > 0.3')
    subscribe(ada, 'kind = "GW" and far < 1e-30', "never told")
    subscribe(ada, 'kind = "GW"', "too late", enabled=False)
    subscribe(ada, "classification.BNS > 0.3", "silent", follow=False)
    subscribe(ada, 'state = "retracted"', "retractions")
    tell(minutes=9)
    subscriptions.Subscription.objects.filter(name="too late").update(enabled=True)
    DONE.clear()
    last = tell("retracted", minutes=3, alert_type="retraction", classification={}, far_hz=None)
    assert sorted(DONE) == [("mine", last.pk), ("retractions", last.pk)]
    assert Match.objects.get(alert=last, subscription__name="mine").why == "retracted"


def test_a_retraction_after_the_end_is_told_too(ada):
    subscribe(ada, "classification.BNS > 0.3")
    tell(minutes=9)
    tell("updated", minutes=6, alert_type="update", classification={"BNS": 0.1})
    tell("retracted", minutes=3, alert_type="retraction")
    assert list(Match.objects.order_by("pk").values_list("why", flat=True)) == ["matches", "ended", "retracted"]


def test_an_age_that_passes_is_no_news(ada):
    subscribe(ada, "days < 0.1 and classification.BNS > 0.3")
    tell(minutes=9)
    tell("updated", minutes=6, alert_type="update", classification={"BNS": 0.1})
    assert [name for name, _ in DONE] == ["mine"]


def test_an_inactive_owner_is_told_nothing(ada):
    subscribe(ada)
    ada.is_active = False
    ada.save()
    tell()
    assert DONE == []
    assert not Match.objects.exists()


def test_a_disabled_subscription_does_nothing(ada):
    subscribe(ada, enabled=False)
    tell()
    assert DONE == []


def test_owners_are_told_what_they_may_see(ada):
    group = Group.objects.create(name="lvk")
    member, root = make.user("member", group), make.user("root", is_superuser=True)
    for owner in (ada, member, root):
        subscribe(owner, 'kind = "GW"', owner.username)
    tell(groups=(group,))
    assert sorted(name for name, _ in DONE) == ["member", "root"]


def test_a_member_who_left_is_told_nothing_more(ada):
    group = Group.objects.create(name="lvk")
    ada.groups.set([group])
    subscribe(ada)
    tell(groups=(group,), minutes=9)
    ada.groups.clear()
    tell("retracted", groups=(group,), alert_type="retraction")
    assert len(DONE) == 1


def test_tests_are_told_to_those_who_ask_for_tests(ada):
    subscribe(ada, name="real")
    subscribe(ada, name="tests", tests=True)
    tell(role="test", live=False)
    tell(name="S261120cd")
    assert [name for name, _ in DONE] == ["tests", "real"]


def test_only_live_alerts_tell(ada):
    subscribe(ada)
    tell(live=False)
    tell("updated", minutes=60 * 7, name="S261120cd")
    assert DONE == []


def test_reports_are_told_to_those_who_ask_for_reports(ada):
    subscribe(ada)
    subscribe(ada, name="reports", reports=True)
    tell("reported", authority=False, alert_type="report", source="somebody")
    assert [name for name, _ in DONE] == ["reports"]


def test_a_cap_keeps_what_is_over_it_unsaid(ada):
    subscribe(ada, cap=2)
    for number in range(4):
        tell(name=f"S26112{number}a")
    assert len(DONE) == 2
    assert list(Match.objects.order_by("pk").values_list("capped", flat=True)) == [False, False, True, True]
    tell("retracted", name="S261120a", minutes=1, alert_type="retraction")
    assert len(DONE) == 3  # what follows on what was said is said
    Match.objects.update(created=timezone.now() - timedelta(hours=2))
    tell(name="S261129z")
    assert len(DONE) == 4


def test_a_broken_action_costs_itself_alone(ada):
    subscribe(ada, "far < 1", "broken", "fail", "note")
    subscribe(ada, "far < 1", "whole")
    subscribe(ada, "far < 1", "unknown", "gone")
    subscribe(ada, "no query at all", "nonsense")
    alert = tell()
    assert sorted(DONE) == [("broken", alert.pk), ("whole", alert.pk)]
    errors = dict(Match.objects.values_list("subscription__name", "error"))
    assert errors == {"broken": "fail: KeyError: 'a bug'", "whole": "", "unknown": "gone: no app offers it"}


def test_an_older_alert_is_judged_by_what_was_known_then(ada):
    """A worker that was busy finds the next version in the event's row."""
    subscribe(ada, "classification.BNS > 0.8")
    first = hear(minutes=9)
    second = hear(minutes=6, alert_type="update", classification={"BNS": 0.9})
    subscriptions.react(first.pk, "new")
    assert DONE == []
    subscriptions.react(second.pk, "updated")
    assert DONE == [("mine", second.pk)]


def test_annotations_are_seen_by_their_audience(ada):
    group = Group.objects.create(name="lvk")
    member = make.user("member", group)
    for owner in (ada, member):
        subscribe(owner, "annotations.candidates.inside > 2", owner.username)
        subscribe(owner, "annotations.areas.area_90 < 100", f"{owner.username} areas")
    alert = hear()
    Annotation.objects.create(alert=alert, annotator="areas", version="1", value={"area_90": 50})
    Annotation.objects.create(alert=alert, annotator="candidates", version="1", value={"inside": 1}, audience="users")
    row = Annotation.objects.create(
        alert=alert, annotator="candidates", version="1", value={"inside": 3}, audience="groups 1"
    )
    row.groups.set([group])
    Annotation.objects.create(alert=alert, annotator="failed", version="1", error="it broke")
    subscriptions.react(alert.pk, "new")
    assert sorted(name for name, _ in DONE) == ["ada areas", "member", "member areas"]


def test_hindsight_tells_what_would_have_been_told_and_does_nothing(ada):
    hear(minutes=9, classification={"BNS": 0.9})
    hear(minutes=6, alert_type="update", classification={"BNS": 0.1})
    hear(minutes=3, alert_type="retraction", classification={"BNS": 0.1})
    hear("S261120cd", minutes=60 * 24 * 40, classification={"BNS": 0.9})
    hear("S261120ef", minutes=30, live=False, classification={"BNS": 0.9})
    hear("MS261120x", minutes=30, role="test", classification={"BNS": 0.9})
    found = would_have_told("classification.BNS > 0.5", ada, timezone.now(), seconds=10, follow=True)
    assert [(told.event.name, told.why) for told in found.told] == [
        ("S261120ab", "retracted"),
        ("S261120ab", "ended"),
        ("S261120ab", "matches"),
        ("S261120ef", "matches"),
    ]
    assert found.complete
    assert found.alerts == 4
    assert not Match.objects.exists()
    assert DONE == []
    tests = would_have_told("classification.BNS > 0.5", ada, timezone.now(), seconds=10, tests=True)
    assert [told.event.name for told in tests.told] == ["MS261120x"]


def test_hindsight_shows_nobody_more_than_they_see(ada):
    group = Group.objects.create(name="lvk")
    hear(groups=(group,))
    now = timezone.now()
    assert would_have_told('kind = "GW"', ada, now, seconds=10).told == []
    member = make.user("member", group)
    assert len(would_have_told('kind = "GW"', member, now, seconds=10).told) == 1


def test_what_was_told_is_what_hindsight_tells(ada):
    """The same story lived through, and looked back upon."""
    subscribe(ada, "classification.BNS > 0.3", cap=None)
    story = [
        ("new", 50, {"classification": {"BNS": 0.9}}),
        ("updated", 40, {"alert_type": "update", "classification": {"BNS": 0.2}}),
        ("updated", 30, {"alert_type": "update", "classification": {"BNS": 0.6}}),
        ("retracted", 20, {"alert_type": "retraction"}),
        ("reinstated", 10, {"alert_type": "update", "classification": {"BNS": 0.7}}),
    ]
    for change, minutes, said in story:
        tell(change, minutes=minutes, **said)
    lived = list(Match.objects.order_by("alert__order").values_list("alert_id", "why", "change"))
    found = would_have_told("classification.BNS > 0.3", ada, timezone.now(), seconds=10, follow=True)
    assert [(told.alert.pk, told.why, told.change) for told in reversed(found.told)] == lived
    assert [why for _, why, _ in lived] == ["matches", "ended", "matches", "retracted", "matches"]


@pytest.mark.parametrize(
    ("via", "minutes", "name", "count"),
    [
        ("listen", 5, "S261121a", 1),
        ("listen", 5, "MS261121a", 1),
        ("listen", 60 * 7, "S261121a", 0),
        ("listen", 60 * 7, "MS261121a", 0),
        ("backfill", 5, "S261121a", 0),
        ("backfill", 5, "MS261121a", 0),
    ],
)
def test_ingest_asks_for_it_of_live_alerts_and_young_tests_alone(via, minutes, name, count):
    now = subscribers.now()
    ingest([gw(name, minutes=minutes, now=now, record_values={"now": now})], via=via, now=now)
    assert Event.objects.get().role == ("test" if name.startswith("MS") else "observation")
    assert Reaction.objects.filter(name="subscriptions").count() == count
