"""What alerts set off. Authority: docs/outbox.md: in order, never two at once, at least once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories as make
from tests.messages import igwn, record
from tests.outside.rig import crew, deliver, react, tidy
from tom_scimma.ingest import ingest
from tom_scimma.models import Job, Reaction
from tom_scimma.worker import chores, claims, reacting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("app")]
State = Reaction.State


@pytest.fixture
def outside(outside, monkeypatch, tmp_path):
    outside.trouble = tmp_path / "trouble"
    monkeypatch.setenv("TROUBLE", str(outside.trouble))
    return outside


def alert(name: str = "S261120ab", **fields):
    """An alert with its two reactions, as ingest queues them."""
    event = make.event(name)
    made = make.alert(event, make.notice(name), make.message(), **fields)
    where = "tests.outside.reactions"
    Reaction.objects.bulk_create(
        [Reaction(alert=made, name=name, change="new", run=f"{where}.{name}") for name in ("first", "second")]
    )
    return made


def marks(outside) -> list[tuple]:
    return [(mark["name"], mark["alert"]) for mark in outside.marks]


def states() -> list[str]:
    return list(Reaction.objects.order_by("pk").values_list("state", flat=True))


def test_ingest_queues_and_the_worker_does_them_in_order(outside):
    now = timezone.now()
    ingest([record(igwn(minutes=1, now=now), "igwn.gwalert", now=now)], now=now)
    names = list(Reaction.objects.order_by("pk").values_list("name", flat=True))
    assert names[-2:] == ["first", "second"]
    assert outside.marks == []
    react()
    pk = Reaction.objects.first().alert_id
    assert [mark for mark in marks(outside)] == [("first", pk), ("second", pk)]
    assert outside.marks[0]["change"] == "new"
    assert set(states()) == {"done"}


def test_an_update_waits_for_what_the_alert_before_it_set_off(outside):
    """Else a retraction could be looked at before the alert it takes back, which would then be told as news."""
    one = alert()
    event = one.event
    two = make.alert(event, make.notice(event.name, alert_type="update"), make.message())
    Reaction.objects.create(alert=two, name="first", change="updated", run="tests.outside.reactions.first")
    other = alert("S261120ac")
    now = timezone.now()
    taken = [claims.reaction("here:1", now) for _ in range(3)]
    assert [(found.alert_id, found.name) for found in taken if found] == [(one.pk, "first"), (other.pk, "first")]
    Reaction.objects.filter(alert=one).update(state=State.DONE)
    assert claims.reaction("here:1", now).alert_id == two.pk


def test_one_that_failed_is_tried_later_and_holds_nobody_up(outside):
    outside.trouble.write_text("first raise")
    one = alert()
    react()
    assert marks(outside) == [("second", one.pk)]
    assert states() == ["queued", "done"]
    failed = Reaction.objects.get(name="first")
    assert failed.not_before > timezone.now()
    assert "ValueError: first was told to fail" in failed.error
    Reaction.objects.update(not_before=None)
    react()
    assert marks(outside) == [("second", one.pk), ("first", one.pk)]
    assert (states(), Reaction.objects.get(name="first").error) == (["done", "done"], "")


def test_an_error_with_what_no_database_keeps_is_written_down(outside, monkeypatch):
    """A server's words can stand in an exception: NUL and half a surrogate pair, which PostgreSQL and sqlite3 refuse."""
    monkeypatch.setattr(reacting.logger, "error", lambda *words, **more: None)  # pytest-xdist cannot hand on such a log
    alert()
    taken = claims.reaction("a", timezone.now())
    reacting.finish(taken, ValueError("it said \ud800 and \0"))
    kept = Reaction.objects.get(pk=taken.pk)
    assert (kept.state, kept.error.strip().rpartition(": ")[2]) == ("queued", "it said ? and")


def test_one_that_always_fails_has_failed_in_the_end(outside):
    outside.trouble.write_text("always first raise")
    alert()
    for _ in range(reacting.TRIES + 3):
        Reaction.objects.filter(state="queued").update(not_before=None)
        react()
    assert states() == ["failed", "done"]
    assert Reaction.objects.get(name="first").attempts == reacting.TRIES


def test_never_two_of_one_alert_at_once(outside):
    one, two = alert(), alert("S261120cd")
    now = timezone.now()
    taken = claims.reaction("a", now)
    assert (taken.alert_id, taken.name) == (one.pk, "first")
    other = claims.reaction("b", now)
    assert (other.alert_id, other.name) == (two.pk, "first")
    assert claims.reaction("c", now) is None
    reacting.finish(taken, None)
    assert claims.reaction("c", now).name == "second"


def test_what_a_killed_worker_left_is_taken_up_again_in_its_place(outside):
    one = alert()
    claims.reaction("elsewhere:1:0", timezone.now())
    assert react() == 0  # as far as anybody knows, that worker is alive
    tidy()
    react()
    assert marks(outside) == [("first", one.pk), ("second", one.pk)]
    assert Reaction.objects.get(name="first").attempts == 2


def test_one_that_kills_each_worker_does_so_a_limited_number_of_times(outside):
    alert()
    for _ in range(reacting.TRIES):
        assert claims.reaction("elsewhere:1:0", timezone.now()).name == "first"
        tidy()
    assert states()[0] == "failed"
    react()
    assert states() == ["failed", "done"]


def test_history_is_not_acted_on_when_the_worker_comes_back(outside):
    one = alert()
    Reaction.objects.update(created=timezone.now() - timedelta(hours=7))
    react()
    assert marks(outside) == [("first", one.pk)]  # which is not for the living alone
    assert states() == ["done", "failed"]
    assert "only what is new" in Reaction.objects.get(name="second").error


def test_one_that_was_given_up_on_may_yet_end(outside):
    alert()
    taken = claims.reaction("a", timezone.now())
    reacting.put_back(taken, "it has been going on for too long", at_least=60)
    assert Reaction.objects.get(pk=taken.pk).state == "queued"
    reacting.finish(taken, None)
    assert Reaction.objects.get(pk=taken.pk).state == "done"


def test_one_that_ends_badly_after_it_was_tried_anew_changes_nothing(outside):
    alert()
    slow = claims.reaction("a", timezone.now())
    reacting.put_back(slow, "too long")
    Reaction.objects.update(not_before=None)
    anew = claims.reaction("b", timezone.now())
    assert anew.pk == slow.pk
    reacting.finish(slow, ValueError("late"))
    assert Reaction.objects.get(pk=slow.pk).state == "running"


def test_jobs_are_done_when_due_by_one_worker(outside):
    known = {"tick": chores.jobs()["tick"]}
    chores.post(known)
    chores.post(known)
    now = timezone.now()
    job = claims.job("a", now, known)
    assert job.name == "tick"
    assert claims.job("b", now, known) is None
    chores.finish(job, known["tick"]["every"], None)
    assert claims.job("b", timezone.now(), known) is None
    Job.objects.update(due=now)
    job = claims.job("b", timezone.now(), known)
    chores.finish(job, known["tick"]["every"], ValueError("no"))
    job = Job.objects.get(name="tick")
    assert (job.runs, job.failures, job.worker) == (2, 1, "")
    assert job.due > timezone.now()
    assert "ValueError" in job.error


def test_a_job_of_a_dead_worker_is_free_again(outside):
    known = {"tick": chores.jobs()["tick"]}
    chores.post(known)
    assert claims.job("elsewhere:1:0", timezone.now(), known) is not None
    assert claims.job("b", timezone.now(), known) is None
    tidy()
    assert claims.job("b", timezone.now(), known) is not None


def test_a_worker_does_not_take_what_it_still_has_in_hand(outside):
    one = alert()
    busy = crew()
    taken = claims.reaction(busy.process, timezone.now())
    busy.reactions.add(taken.pk)
    reacting.put_back(taken, "too long")
    Reaction.objects.update(not_before=None)
    react(by=busy)
    assert marks(outside) == [("second", one.pk)]
    assert deliver() == 0
