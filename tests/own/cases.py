"""What targets of a TOM's own model are to the listener, to people's rights and to subscriptions.

Authority: TOM Toolkit's documentation of TARGET_MODEL_CLASS; its `targets_for_user`, which asks for the permissions of
that model.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from tom_observations.models import ObservationRecord
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tests import factories as make
from tests.messages import NOW, xrt
from tests.own.models import OwnTarget
from tom_scimma import places
from tom_scimma.ingest import ingest
from tom_scimma.models import Candidate, Event
from tom_scimma.query.counting import Counting
from tom_scimma.query.seen import Audience
from tom_scimma.targets import share

pytestmark = pytest.mark.django_db


def hear(*records):
    return ingest(list(records), now=NOW)


def write_remarks(target, created):
    """What a person saves while the listener works."""
    OwnTarget.objects.update(remarks="ours")


def member_and_stranger():
    group = Group.objects.create(name="A")
    return group, make.user("member", group), make.user("stranger")


def sees(user) -> bool:
    return targets_for_user(user, Target.objects.all(), "view_target").exists()


def test_a_target_is_made_moved_and_found_again(settings):
    assert Target is OwnTarget
    hear(xrt("1", ra=120.0, dec=0.001), xrt("2", ra=50.0, dec=0.001))
    assert set(Target.objects.values_list("hemisphere", flat=True)) == {"north"}
    settings.HOOKS = {**settings.HOOKS, "target_post_save": "tests.own.cases.write_remarks"}
    hear(*(xrt(name, ra=ra, dec=-0.001, minutes=3, alert_type="update") for name, ra in (("1", 120.0), ("2", 50.0))))
    found = Target.objects.order_by("ra").values_list("ra", "dec", "hemisphere", "remarks")
    assert list(found) == [(50.0, -0.001, "south", "ours"), (120.0, -0.001, "south", "ours")]
    assert places.cone(120.0, -0.001, 1e-6).count() == 1
    hear(xrt("3", ra=120.0, dec=-0.001, minutes=2))
    assert Target.objects.count() == 2


def test_a_target_of_that_name_or_alias_is_used():
    known = Target(name="Einstein Probe WXT 1", type="SIDEREAL", ra=1.0, dec=1.0, permissions="OPEN")
    known.save()
    other = Target(name="NGC 1", type="SIDEREAL", ra=2.0, dec=2.0, permissions="OPEN")
    other.save(names=["Einstein Probe WXT 2"])
    hear(xrt("1", ra=120.0, dec=40.0), xrt("2", ra=50.0, dec=40.0))
    assert set(Event.objects.values_list("target", "target_made")) == {(known.pk, False), (other.pk, False)}


def test_a_protected_topics_target_is_its_groups(settings):
    _, member, stranger = member_and_stranger()
    settings.TOM_SCIMMA = {
        "TOPICS": {"a.xrt": {"groups": ["A"], "authority": ["Einstein Probe"], "targets": {"max_radius_deg": 0.1}}}
    }
    hear(xrt(topic="a.xrt"))
    assert (Target.objects.get().permissions, sees(member), sees(stranger)) == ("PRIVATE", True, False)


def test_what_an_event_leads_to_is_shared_as_the_target_that_it_is():
    """An event's target is the host's part of it, which has permissions that nobody asks for."""
    group, member, stranger = member_and_stranger()
    hear(xrt())
    Target.objects.update(permissions="PRIVATE")
    event = Event.objects.get()
    assert type(event.target) is not OwnTarget
    share(event.target, [group])
    assert (sees(member), sees(stranger)) == (True, False)


def test_candidates_are_counted_for_each_audience():
    group, member, stranger = member_and_stranger()
    target = Target(name="NGC 1", type="SIDEREAL", ra=2.0, dec=2.0, permissions="PRIVATE")
    target.save()
    share(target, [group])
    event = make.event("S261120ab")
    Candidate.objects.create(event=event, target=target, because="person")
    assert [Counting(event).count(Audience.of(who)) for who in (member, stranger)] == [1, 0]


def test_who_may_change_the_target_may_cancel_its_observation(settings):
    from tests import following as up
    from tom_treasuremap.followup import asking, cancelling

    group, member, stranger = member_and_stranger()
    target = Target(name="NGC 1", type="SIDEREAL", ra=60.0, dec=-30.0, permissions="PRIVATE")
    target.save()
    share(target, [group])
    with up.known(settings):
        (record,) = asking.ask([up.request()], by=make.user("asking", is_superuser=True), targets=target)
        record = ObservationRecord.objects.get(pk=record.pk)
        assert [cancelling.may_cancel(record, who) for who in (member, stranger)] == [True, False]
