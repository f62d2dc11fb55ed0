"""What a person may do about something said. Authority: promise 5 (only a person resends) and docs/outbox.md."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from tests import factories as make
from tests.messages import igwn, record
from tests.outside.rig import again, deliver, hurry, put, react
from tom_scimma import acts, switch
from tom_scimma.ingest import ingest
from tom_scimma.models import Delivery, Event, Stop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("app")]


def lost(outside, alice, event):
    """One whose reply was lost, and that the service does not have."""
    outside.faults.append("cut")
    row = put(alice, event)
    deliver()
    return again(row)


def test_a_lost_reply_is_sent_again_by_a_person_only_and_once(outside, alice, bob, event):
    old = lost(outside, alice, event)
    assert acts.possible(old) == {"arrived", "leave", "resend", "look"}
    new = acts.resend(old, bob)
    same = acts.resend(again(old), bob)  # a double click
    assert new == same
    assert (new.generation, new.resend_of, new.by, new.state) == (2, old, bob, "queued")
    assert not again(old).needs_person
    deliver()
    assert again(new).state == "delivered"
    assert outside.keys() == [new.key]
    assert [entry.by for entry in old.log.filter(what="person")] == [bob]
    third = acts.resend(again(new), alice)
    assert third.generation == 3
    assert third.key not in (old.key, new.key)


def test_what_is_asked_for_once_more_goes_unless_it_may_have_arrived(outside, alice, event):
    outside.faults.append("refuse")
    row = put(alice, event)
    assert acts.afresh(row, alice) == row
    deliver()
    new = acts.afresh(again(row), alice)
    assert (new.resend_of, new.state) == (row, "queued")
    assert acts.afresh(again(row), alice) == new  # a double click
    Delivery.objects.filter(pk=new.pk).update(state="unknown", attempts=1, looks=1)
    acts.leave(again(new), alice)
    assert acts.afresh(again(row), alice) == new
    third = acts.afresh(again(row), alice, left=True)
    assert (third.resend_of, third.state) == (new, "queued")


def test_nobody_sends_again_before_the_service_was_asked(outside, alice, event):
    row = put(alice, event)
    Delivery.objects.update(state="unknown", attempts=1, not_before=timezone.now())
    with pytest.raises(acts.NotNow):
        acts.resend(again(row), alice)
    assert acts.possible(again(row)) == {"look"}
    card = put(alice, event, to="postcard")  # nobody can be asked there
    Delivery.objects.filter(pk=card.pk).update(state="unknown")
    assert acts.possible(again(card)) == {"arrived", "leave", "resend"}


def test_a_lost_reply_that_a_person_settles(outside, alice, bob, event):
    row = lost(outside, alice, event)
    behind = put(alice, event, "behind", after=row)
    deliver()
    assert again(behind).state == "queued"
    acts.arrived(row, bob, "I saw it in their archive.")
    row = again(row)
    assert (row.state, row.needs_person) == ("delivered", False)
    assert "bob says that it arrived. I saw it" in row.reason
    deliver()
    assert again(behind).state == "delivered"


def test_a_lost_reply_that_is_left(outside, alice, event):
    row = lost(outside, alice, event)
    behind = put(alice, event, "behind", after=row)
    acts.leave(row, alice)
    assert again(row).state == "cancelled"
    assert again(behind).state == "held"
    acts.release(again(behind), alice)
    assert again(behind).after is None
    deliver()
    assert again(behind).state == "delivered"


def test_looking_again_finds_what_came_late(outside, alice, event):
    row = lost(outside, alice, event)
    assert deliver() == 0
    outside.store(row.key, b"", "late")
    acts.look(row, alice)
    deliver()
    assert again(row).state == "delivered"


def test_what_waits_behind_a_lost_reply_can_be_released(outside, alice, event):
    row = lost(outside, alice, event)
    behind = put(alice, event, "behind", after=row)
    assert "release" in acts.possible(behind)
    acts.release(behind, alice)
    deliver()
    assert (again(row).state, again(behind).state) == ("unknown", "delivered")


def test_what_waits_for_one_that_is_sent_again_waits_for_the_new_one(outside, alice, event):
    outside.faults.append("refuse")
    row = put(alice, event)
    behind = put(alice, event, "behind", after=row)
    deliver()
    new = acts.resend(again(row), alice)
    assert again(behind).after == new
    acts.release(again(behind), alice)
    assert again(behind).after == new  # still in order
    deliver()
    assert again(behind).state == "delivered"
    assert outside.keys() == [new.key, behind.key]


def test_a_held_one_goes_where_the_person_saw_that_it_goes(outside, alice, event, monkeypatch):
    row = put(alice, event)
    Delivery.objects.update(origin="http://old/")
    deliver()
    row = again(row)
    with pytest.raises(acts.NotNow, match="Look again"):
        acts.release(row, alice, origin="http://elsewhere/")
    acts.release(row, alice, origin=f"{outside.url}/")
    deliver()
    assert again(row).state == "delivered"


def test_a_cancelled_one_never_leaves(outside, alice, bob, event):
    row, other = put(alice, event), put(alice, event, "held", hold="Somebody else must approve.")
    assert (other.state, other.needs_person) == ("held", True)
    acts.cancel(row, bob)
    acts.cancel(other, bob)
    deliver()
    assert outside.parcels == []
    assert {again(row).state, again(other).state} == {"cancelled"}
    with pytest.raises(acts.NotNow):
        acts.cancel(again(row), bob)


def test_a_retraction_cancels_what_is_queued_of_its_event(outside, alice, event):
    rows = [put(alice, event, text, event=event) for text in ("a", "b")]
    other = put(alice, make.event("S261121cd"))
    assert acts.cancel_waiting(event, "S261120ab was retracted.") == 2
    assert {again(row).state for row in rows} == {"cancelled"}
    assert "retracted" in again(rows[0]).reason
    assert again(other).state == "queued"


def test_the_worker_withdraws_what_waits_when_a_live_retraction_comes(outside, alice):
    """Promise 4: what has not left us is cancelled at once; a replayed retraction cancels nothing."""
    now = timezone.now()
    waiting = {}
    for name, via in (("S261120ab", "backfill"), ("S261120ac", "listen")):
        hear = partial(ingest, now=now, via=via)
        hear([record(igwn(name, minutes=3, now=now), "igwn.gwalert", now=now)])
        event = Event.objects.get(name=name)
        waiting[via] = put(alice, event, event=event, hold="Wait.")
        hear([record(igwn(name, "RETRACTION", minutes=2, now=now), "igwn.gwalert", now=now)])
    react()
    assert again(waiting["backfill"]).state == "held"
    assert again(waiting["listen"]).state == "cancelled"
    assert "was retracted by LVK" in again(waiting["listen"]).reason


def test_a_click_that_came_too_late_says_so(outside, alice, event):
    row = put(alice, event)
    old = again(row)
    Delivery.objects.update(state="sending")
    with pytest.raises(acts.NotNow, match="meanwhile"):
        acts.cancel(old, alice)


def test_one_that_came_too_late_gets_a_new_deadline(outside, alice, event):
    row = put(alice, event, hold="Wait.")
    Delivery.objects.update(deadline=timezone.now() - timedelta(days=1))
    acts.release(again(row), alice)
    deliver()
    assert again(row).state == "delivered"


def test_seen(outside, alice, event):
    outside.faults.append("refuse")
    row = put(alice, event)
    deliver()
    acts.seen(again(row), alice)
    assert not again(row).needs_person
    assert acts.possible(again(row)) == {"resend"}
    hurry(row)
    assert deliver() == 0


def test_the_switch_is_turned_by_people_and_each_turn_is_kept(alice, bob):
    one = switch.stop(alice, "the map is wrong")
    assert switch.stop(bob) == one
    assert switch.stopped().reason == "the map is wrong"
    assert switch.lift(bob)
    assert not switch.lift(bob)
    assert switch.stopped() is None
    switch.stop(bob)
    record = [(stop.by_name, stop.lifted_by_name, bool(stop.lifted_at)) for stop in Stop.objects.order_by("pk")]
    assert record == [("alice", "bob", True), ("bob", "", False)]
