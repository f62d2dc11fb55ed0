"""What is queued, when it may leave, and where an answer leads. Authority: the interfaces (Outbox and worker), promises 5 and 6."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import OperationalError, transaction
from django.utils import timezone
from tom_targets.models import Target

from tests import factories as make
from tests.outside.rig import again, crew, deliver, hurry, lane, put, tidy
from tests.outside.standin import Standin
from tom_scimma import destinations, outbox, switch
from tom_scimma.destinations import Receipt
from tom_scimma.models import Attempt, Delivery, Job, Stop
from tom_scimma.worker import Desk, claims
from tom_scimma.worker.lane import Lane
from tom_scimma.worker.sending import Sender, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("app")]
State = Delivery.State


# queueing


def test_the_same_is_one_row_and_another_generation_another(outside, alice, event):
    one, same = put(alice, event), put(alice, event)
    assert one == same
    assert put(alice, event, generation=2) != one
    assert put(alice, event, "other") != one
    assert Delivery.objects.count() == 3
    assert outside.parcels == []  # nothing leaves in the caller's transaction


def test_a_row_says_everything(outside, alice, event):
    row = put(alice, event, event=event)
    assert (row.state, row.service, row.destination, row.subject) == ("queued", "parcel", "parcel", "event:S261120ab")
    assert (row.by, row.by_name, row.event, row.event_name) == (alice, "alice", event, "S261120ab")
    assert row.origin == f"{outside.url}/"
    assert timedelta(hours=23) < row.deadline - timezone.now() <= timedelta(days=1)
    assert put(alice, event, to="postcard").deadline - timezone.now() <= timedelta(minutes=10)
    assert (bytes(row.payload), row.size) == (b"hello", 5)


def test_it_is_queued_with_what_caused_it_or_not_at_all(alice, event):
    with transaction.atomic():
        put(alice, event)
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 0


def test_what_cannot_be_queued_says_so(alice, event):
    with pytest.raises(LookupError, match=r"no destination is called 'parcell'; there are: .*hopskotch, .*parcel, "):
        outbox.queue("parcell", b"", key="k", by=alice, subject=event)
    with pytest.raises(TypeError, match="bytes"):
        outbox.queue("parcel", "text", key="k", by=alice, subject=event)
    with pytest.raises(ValueError, match="kind:identity"):
        outbox.queue("parcel", b"", key="k", by=alice, subject="S261120ab")


# answers


def test_delivered_with_a_receipt(outside, alice, event):
    row = put(alice, event)
    assert deliver() == 1
    row = again(row)
    assert (row.state, row.receipt_id, row.attempts) == ("delivered", "parcel-1", 1)
    assert row.receipt_url.endswith("/parcels/parcel-1")
    assert outside.parcels[0]["key"] == row.key
    assert outside.parcels[0]["from"] == "alice"
    attempt = row.log.get()
    assert (attempt.what, attempt.number, attempt.answer) == ("send", 1, "delivered")
    assert attempt.ended >= attempt.started
    assert deliver() == 0


@pytest.mark.parametrize("fault", [None, "drop"])
def test_what_a_receipt_brings_is_kept_once(outside, alice, event, fault):
    outside.faults.extend([fault] if fault else [])
    put(alice, event, "named", event=event)
    deliver()
    assert [alias.name for alias in event.aliases.all()] == ["parcel of parcel-1"]


def test_what_cannot_be_kept_was_delivered_and_needs_a_person(outside, alice, event):
    row = put(alice, event, "unkept")
    deliver()
    row = again(row)
    assert (row.state, row.receipt_id, row.needs_person) == ("delivered", "parcel-1", True)
    assert "a bug in keeping it" in row.log.get(answer="not kept").text
    assert deliver() == 0


#: fault of the service, state, whether a person must look, what was stored
ANSWERS = [
    ("refuse", State.REJECTED, True, 0),
    ("error", State.REJECTED, True, 0),
    ("moved", State.REJECTED, True, 0),
    ("busy", State.QUEUED, False, 0),
    ("busy:30", State.QUEUED, False, 0),
    ("cut", State.UNKNOWN, False, 0),
    ("drop", State.UNKNOWN, False, 1),
    ("500", State.UNKNOWN, False, 1),
    ("garbage", State.UNKNOWN, False, 1),
]


@pytest.mark.parametrize(("fault", "state", "person", "stored"), ANSWERS)
def test_the_table_of_answers(outside, alice, event, fault, state, person, stored):
    outside.faults.append(fault)
    row = put(alice, event)
    sender = Sender("parcel", crew(), threading.Event())
    assert sender.turn(lane(sender.turn))
    row = again(row)
    assert (row.state, row.needs_person, len(outside.parcels)) == (state, person, stored)
    assert row.reason
    if fault == "refuse":
        assert row.errors == {"text": ["This field is too dull."]}
    if fault == "busy:30":
        assert 29 < (row.not_before - timezone.now()).total_seconds() < 33


@pytest.mark.parametrize(("fault", "state"), [("odd", State.DELIVERED), ("rude", State.REJECTED)])
def test_an_answer_that_no_database_keeps_is_kept_as_far_as_it_can_be(outside, alice, event, fault, state, monkeypatch):
    """PostgreSQL's manual, 8.14: jsonb takes no \\u0000 and no half surrogate pair; JSON has no NaN."""
    monkeypatch.setattr("tom_scimma.worker.sending.KEPT", 0.0)
    outside.faults.append(fault)
    row, stop = put(alice, event), threading.Event()
    stop.set()  # else a fault here would be tried for ever
    Sender("parcel", crew(), stop).turn(lane(lambda lane: False))
    row = again(row)
    assert row.state == state
    kept = row.receipt if fault == "odd" else row.errors
    assert (
        (kept["said"], kept["rate"], kept["path"]) == ("ab", None, "C:\\u0000")
        if fault == "odd"
        else kept["text"] == ["No ?"]
    )


def test_a_service_that_is_not_there_is_tried_again_until_it_is(outside, alice, event, monkeypatch):
    row = put(alice, event)
    outside._server.shutdown()
    outside._server.server_close()
    deliver()
    row = again(row)
    assert (row.state, row.attempts) == ("queued", 1)
    assert "refused" in row.reason
    assert row.not_before > timezone.now()
    assert deliver() == 0  # not before its time


def test_a_lost_reply_that_arrived_is_found(outside, alice, event):
    outside.faults.append("drop")
    row = put(alice, event)
    deliver()
    row = again(row)
    assert (row.state, row.receipt_id) == ("delivered", "parcel-1")
    assert [(one.what, one.answer) for one in row.log.all()] == [("send", "reply lost"), ("look", "found")]
    assert len(outside.parcels) == 1


def test_a_lost_reply_that_is_not_found_is_never_sent_again_by_itself(outside, alice, event):
    outside.faults.append("cut")
    row = put(alice, event)
    for _ in range(30):
        deliver()
        row = hurry(row) if again(row).not_before else again(row)
    assert (row.state, row.attempts, row.needs_person) == ("unknown", 1, True)
    assert row.looks == 20
    assert outside.parcels == []


def test_what_may_come_twice_is_sent_again_after_a_lost_reply(outside, alice, event):
    outside.faults.append("drop")
    row = put(alice, event, to="postcard")
    deliver("postcard")
    assert again(row).state == "queued"
    hurry(row)
    deliver("postcard")
    assert again(row).state == "delivered"
    assert outside.keys() == [row.key, row.key]


def test_what_came_too_late_is_shown_as_not_sent_in_time(outside, alice, event):
    outside.faults.append("busy")
    late = put(alice, event, deadline=timezone.now() + timedelta(seconds=1))
    never = put(alice, event, "b", to="trial", deadline=timezone.now() - timedelta(seconds=1))
    deliver()
    tidy()
    assert again(late).state == again(never).state == "expired"
    assert "429" in again(late).reason
    assert "never tried" in again(never).reason
    assert again(never).needs_person


def test_not_before(outside, alice, event):
    row = put(alice, event, not_before=timezone.now() + timedelta(hours=1))
    assert deliver() == 0
    hurry(row)
    assert deliver() == 1


# order


def test_one_waits_for_another(outside, alice, event):
    outside.faults.append("cut")
    one = put(alice, event, "planned")
    two = put(alice, event, "completed", after=one)
    deliver()
    assert (again(one).state, again(two).state) == ("unknown", "queued")
    outside.store(one.key, b"", "late")
    hurry(one)
    deliver()
    assert (again(one).state, again(two).state) == ("delivered", "delivered")
    assert outside.keys() == [one.key, two.key]


def test_one_behind_a_dead_end_waits_for_a_person(outside, alice, event):
    outside.faults.append("refuse")
    one = put(alice, event, "planned")
    two = put(alice, event, "completed", after=one)
    three = put(alice, event, "more", after=two)
    deliver()
    assert (again(one).state, again(two).state, again(three).state) == ("rejected", "held", "queued")
    assert f"#{one.pk}" in again(two).reason


# may it leave


def held(row, *words):
    deliver()
    row = again(row)
    assert (row.state, row.needs_person) == ("held", True)
    for word in words:
        assert word in row.reason
    return row


def test_it_goes_only_where_it_was_aimed(outside, alice, event, monkeypatch):
    row = put(alice, event)
    with Standin() as other:
        monkeypatch.setenv("OUTSIDE", other.url)
        held(row, outside.url, other.url)
        assert other.parcels == outside.parcels == []


def test_a_sender_who_was_locked_out_sends_nothing(outside, alice, event):
    row = put(alice, event)
    alice.is_active = False
    alice.save()
    held(row, "alice", "not active")


def test_a_sender_who_was_deleted_sends_nothing(outside, alice, event):
    row = put(alice, event)
    alice.delete()
    held(row, "alice", "no account")


def test_a_sender_who_left_the_group_sends_nothing(outside):
    group = Group.objects.create(name="lvk")
    bob = make.user("bob", group)
    secret = make.event("S261118zz", groups=(group,), public=False)
    row = put(bob, secret, event=secret)
    bob.groups.clear()
    held(row, "S261118zz", "may not see it")
    bob.groups.add(group)
    Delivery.objects.update(state="queued")
    deliver()
    assert again(row).state == "delivered"


def test_a_target_that_the_sender_may_not_see_any_more(outside, alice):
    target = Target.objects.create(name="AT2026x", type="SIDEREAL", ra=1, dec=2, permissions="PRIVATE")
    held(put(alice, target), "may not see it")
    target.permissions = "PUBLIC"
    target.save()
    row = put(alice, target, "again")
    deliver()
    assert again(row).state == "delivered"


def test_the_tom_itself_speaks_of_what_everybody_may_see(outside):
    secret = make.event("S261118zz", groups=(Group.objects.create(name="lvk"),), public=False)
    held(put(None, secret), "TOM itself")
    row = put(None, make.event("S261120ab"))
    deliver()
    assert again(row).state == "delivered"


def test_a_subject_that_nobody_knows_is_held(outside, alice):
    held(put(alice, "plan:7"), "plan:7")


def test_a_permission_may_be_asked_for(outside, alice, event, settings):
    settings.TOM_SCIMMA = {"SEND_PERMISSION": "tom_scimma.send_delivery"}
    row = held(put(alice, event), "tom_scimma.send_delivery")
    alice.user_permissions.add(Permission.objects.get(codename="send_delivery"))
    Delivery.objects.filter(pk=row.pk).update(state="queued")
    deliver()
    assert again(row).state == "delivered"


def test_tests_go_to_test_destinations_only(outside, alice, event):
    drill = make.event("MS261120a", role="test")
    played = make.alert(event, make.notice("S261120ab"), make.message(topic="lvk.playground"))
    marked = make.alert(event, make.notice("S261120ab"), make.message(topic="igwn.gwalert", is_test=True))
    for subject in (drill, played, marked):
        held(put(alice, subject), "about a test")
        row = put(alice, subject, to="trial")
        deliver("trial")
        assert again(row).state == "delivered"
    held(put(alice, event, "about the drill", event=drill), "about a test")


def test_dry_run(outside, alice, event, settings):
    settings.TOM_SCIMMA = {"DRY_RUN": True}
    one = put(alice, event)
    two = put(alice, event, "behind", after=one)
    deliver()
    assert (again(one).state, again(two).state, again(one).needs_person) == ("dry", "dry", False)
    assert bytes(again(one).payload) == b"hello"
    settings.TOM_SCIMMA = {"DRY_DESTINATIONS": ["par*"]}
    three = put(alice, event, "third")
    four = put(alice, event, "third", to="trial")
    deliver()
    deliver("trial")
    assert (again(three).state, again(four).state) == ("dry", "delivered")
    assert len(outside.parcels) == 1


def test_the_big_switch_stops_everything(outside, alice, event):
    row = put(alice, event)
    stop = Stop.objects.create(by=alice, by_name="alice")
    assert switch.stopped() == stop
    assert deliver() == 0
    assert again(row).state == "queued"
    Stop.objects.update(in_force=None)
    assert switch.stopped() is None
    assert deliver() == 1


def test_a_check_that_fails_holds_its_delivery_alone(outside, alice, event):
    bad, worse, good = put(alice, event, "explode"), put(alice, event, "nonsense"), put(alice, event)
    sender = Sender("parcel", crew(), threading.Event())
    for _ in range(20):
        with suppress(OperationalError):  # which is what SQLite says of a wrong question, too
            sender.turn(lane(sender.turn))
    assert (again(bad).state, again(worse).state) == ("held", "held")
    assert "RuntimeError: a bug in a check" in again(bad).reason
    assert again(good).state == "delivered"


# killed workers


def test_a_send_that_a_killed_worker_left_counts_as_a_lost_reply(outside, alice, event):
    row, twice = put(alice, event), put(alice, event, to="postcard")
    Delivery.objects.update(state="sending", attempts=1, worker="elsewhere:1:0", claimed=timezone.now())
    Attempt.objects.create(delivery=row, what="send", number=1, by_name="elsewhere:1:0")
    tidy()
    assert (again(row).state, again(twice).state) == ("unknown", "queued")
    assert "elsewhere" in again(row).log.get().text
    deliver()  # looks first, and finds nothing
    assert (again(row).state, again(row).looks, outside.parcels) == ("unknown", 1, [])
    deliver("postcard")
    hurry(twice)
    deliver("postcard")
    assert again(twice).state == "delivered"


def test_an_answer_that_comes_after_all_is_believed(outside, alice, event):
    """A worker that was taken for dead and was only slow."""
    row = put(alice, event)
    Delivery.objects.update(state="unknown", attempts=1)
    row = again(row)
    attempt = Attempt.objects.create(delivery=row, what="send", number=1)
    record(row, attempt, destinations.find("parcel"), None, Receipt("late"))
    assert (again(row).state, again(row).receipt_id) == ("delivered", "late")


def test_a_claim_is_one_workers(outside, alice, event):
    row = again(put(alice, event))
    assert claims.take(again(row), "one", timezone.now()) is not None
    assert claims.take(row, "two", timezone.now()) is None
    assert again(row).worker == "one"


def test_a_job_wakes_its_own_lane_and_one_that_no_app_brings_wakes_none():
    """Authority: docs/outbox.md, a thread for each; `deliver --until-idle` ends when nothing is left to do."""
    desk, now = Desk(crew(), threading.Event()), timezone.now()
    Job.objects.all().delete()
    Job.objects.create(name="of an app that is gone", due=now)
    assert desk.wanted(now) == set()
    Job.objects.create(name="tick", due=now)
    assert desk.wanted(now) == {"jobs"}
    Job.objects.create(name="plans begun", due=now)
    assert desk.wanted(now) == {"jobs", "jobs plans"}
    assert {"jobs", "jobs plans"} <= {lane.name for lane in desk.lanes}


def test_a_lane_that_is_told_to_stop_while_it_looks_does_not_sleep_first():
    """Whoever stops it woke it before: a lane that slept then would sleep to its end."""
    stop = threading.Event()
    told = Lane("test", lambda lane: bool(stop.set()), stop, limit=60, noted=lambda text: None)
    assert told.start().join(20)
