"""What people see and do about what was asked: nights, marks, buttons, REST; each as passer-by, stranger, colleague, owner.

Authority: the promise that what is private stays so, and the pages of the issue.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tests import following as up
from tom_scimma.models import Candidate, Subscription
from tom_treasuremap import gathering
from tom_treasuremap.followup import asking, following, written
from tom_treasuremap.followup.request import State
from tom_treasuremap.models import Arming, Asked, Pointing, Report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known(settings):
    with up.known(settings, up.SENT):
        yield


@pytest.fixture
def target(ada):
    return up.target(ada)


@pytest.fixture
def asked(ada, target) -> Asked:
    start, end = up.dark()
    wanted = up.request(ra=target.ra, dec=target.dec, start=start, end=end)
    return asking.ask([wanted], by=ada, targets=target)[0].asked


def night(asked) -> str:
    return reverse("tom_treasuremap:night", args=[asked.telescope, asked.night])


def body(client, path) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_night_shows_what_one_may_see(client, ada, asked):
    assert client.get(night(asked)).status_code == 302
    client.force_login(make.user("stranger"))
    assert "AT2026abc" not in body(client, night(asked))
    client.force_login(ada)
    page = body(client, night(asked))
    for words in ("AT2026abc", "Dark from", "<polyline", "Observed", "Failed", "Skipped", "ACP", "r 3 × 120 s"):
        assert words in page, words
    assert 'text-bg-info">1' in body(client, reverse("tom_treasuremap:nights"))
    assert client.get("/followup/nights/nothing/2026-11-27/").status_code == 404
    assert client.get("/followup/nights/one-metre/2026-13-27/").status_code == 404


def test_a_night_of_a_whole_day_is_said_to_be_one(client, ada, settings):
    """A telescope that also observes by day, or stands at a pole in winter, is not dark "from 12:00 to 12:00"."""
    with up.known(settings, {**up.SAID, "name": "always", "twilight": 90}):
        client.force_login(ada)
        body = client.get(reverse("tom_treasuremap:night", args=["always", "2026-11-27"])).content.decode()
    assert "Dark enough all day" in body


def test_a_request_stands_on_the_page_of_each_night_in_which_it_may_be_done(client, ada, target):
    """From a morning for a day and a half: the night to come, not the one that is over; while it waits, the next one too."""
    client.force_login(ada)
    dusk, dawn = up.dark()
    morning = dawn - timedelta(days=1) + timedelta(hours=2)  # the Sun is up, and it is not noon yet
    wanted = up.request(ra=target.ra, dec=target.dec, start=morning, end=morning + timedelta(hours=38))
    row = asking.ask([wanted], by=ada, targets=target)[0].asked
    first = (dusk + timedelta(hours=149.07 / 15 - 12)).date()
    assert row.night == first
    names = [f"/followup/nights/one-metre/{first + timedelta(days=i)}/" for i in (-1, 0, 1, 2)]
    assert ["AT2026abc" in body(client, name) for name in names] == [False, True, True, False]
    following.apply(row, State("COMPLETED", dusk + timedelta(hours=25), dusk + timedelta(hours=25, minutes=9)))
    assert ["AT2026abc" in body(client, name) for name in names] == [False, True, True, False]


def test_what_is_open_is_a_file_for_the_telescope(client, ada, asked):
    client.force_login(ada)
    for form in ("csv", "ecsv", "json", "acp"):
        answer = client.get(reverse("tom_treasuremap:night-file", args=[asked.telescope, asked.night, form]))
        assert answer.status_code == 200
        assert b"AT2026abc" in answer.content
    client.force_login(make.user("stranger"))
    answer = client.get(reverse("tom_treasuremap:night-file", args=[asked.telescope, asked.night, "csv"]))
    assert b"AT2026abc" not in answer.content


def act(client, asked, name, **said):
    return client.post(reverse("tom_treasuremap:asked-act", args=[asked.pk, name]), said)


def test_marked_as_observed_it_flows_on_and_can_be_shared(client, ada, asked, target):
    event = make.event("S261127ab", time=timezone.now() - timedelta(hours=1), target=target)
    client.force_login(ada)
    act(client, asked, "begun")
    asked.record.refresh_from_db()
    assert asked.record.status == "IN_PROGRESS"
    begun = asked.record.scheduled_start
    act(client, asked, "observed", depth="21.3")
    asked.record.refresh_from_db()
    assert (asked.record.status, asked.record.scheduled_start) == ("COMPLETED", begun)
    gathering.own_pointings(event)
    pointing = Pointing.objects.get()
    assert (pointing.status, pointing.depth, pointing.band, pointing.telescope) == (
        "completed", 21.3, "r", "FollowUp one-metre",
    )  # fmt: skip
    assert f"observation={asked.record_id}" in body(client, night(asked))
    act(client, asked, "failed", why="no: clouds")  # by hand again, since a person may have slipped
    asked.refresh_from_db()
    assert (asked.record.status, asked.message) == ("FAILED", "no: clouds")
    following.apply(asked, State("COMPLETED"))  # not by a machine
    asked.record.refresh_from_db()
    assert asked.record.status == "FAILED"


def test_what_is_wrong_with_a_mark_is_said_where_it_is_seen(client, ada, asked):
    """A page that comes back at its row hides the message, which stands at the top."""
    client.force_login(ada)
    page, row = night(asked), f"{night(asked)}#request-{asked.pk}"
    assert act(client, asked, "observed", depth="21,3 mag", next=row).headers["Location"] == page
    assert "Not marked. depth: Enter a number." in body(client, page)
    assert act(client, asked, "observed", depth="21.3", next=row).headers["Location"] == row


def test_a_night_says_what_the_treasure_map_was_told_of_it(client, ada, target, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "BASE_URL": "http://127.0.0.1:9/"}
    event = make.event("S261127ab", target=target)
    (record,) = asking.ask([up.request()], by=ada, event=event, targets=target)
    client.force_login(ada)
    assert "Treasure Map yet" not in body(client, night(record.asked))
    act(client, record.asked, "observed", depth="21.3")
    assert "Not told to the Treasure Map yet" in body(client, night(record.asked))
    source = {"source": f"observation:{record.pk}", "observation": record, "by": ada, "wanted": "completed"}
    row = Report.objects.create(event=event, origin="http://127.0.0.1:9", **source)
    assert "on its way</a>" in body(client, night(record.asked))
    row.status = "completed"
    row.save()
    assert f'{reverse("tom_treasuremap:event-reports", args=[event.name])}">completed</a>' in body(
        client, night(record.asked)
    )


def test_nobody_else_marks_cancels_or_keeps(client, ada, asked, target):
    for name in ("observed", "cancel", "keep", "failed"):
        assert act(client, asked, name).status_code == 302
    client.force_login(make.user("stranger"))
    assert act(client, asked, "cancel").status_code == 404
    reader = make.user("reader")
    from guardian.shortcuts import assign_perm

    assign_perm("tom_targets.view_target", reader, target)
    client.force_login(reader)
    for name in ("observed", "cancel", "keep"):
        act(client, asked, name)
        asked.record.refresh_from_db()
        assert asked.record.status == "PENDING", name
    client.force_login(ada)
    assert act(client, asked, "explode").status_code == 404
    act(client, asked, "observed", depth="deep")
    asked.record.refresh_from_db()
    assert asked.record.status == "PENDING"
    act(client, asked, "cancel")
    asked.record.refresh_from_db()
    assert asked.record.status == "CANCELED"


def test_buttons_on_target_candidate_and_event(client, ada, target, astropy_frames):
    event = make.known("S261127ab", target=target)
    Candidate.objects.create(event=event, target=target, since=timezone.now(), because="person", level=0.5)
    client.force_login(ada)
    create = "/observations/FollowUp/create/?target_id="
    assert f"{create}{target.pk}" in body(client, f"/targets/{target.pk}/")
    assert f"{create}{target.pk}&amp;event=S261127ab" in body(client, event.get_absolute_url())
    page = body(client, reverse("tom_scimma:event-candidates", args=[event.name]))
    assert f"{create}{target.pk}&amp;event=S261127ab" in page
    client.logout()
    assert create not in body(client, event.get_absolute_url())


def test_an_event_page_does_not_tell_a_stranger_what_was_asked(client, ada, target):
    event = make.event("S261127ab")
    asking.ask([up.request(event=event.name)], by=ada, event=event, targets=target)
    client.force_login(make.user("stranger"))
    page = body(client, event.get_absolute_url())
    assert "AT2026abc" not in page
    assert "No telescope was asked yet" in page
    client.force_login(ada)
    assert "AT2026abc" in body(client, event.get_absolute_url())


# --- REST


def test_rest_asks_lists_cancels_and_marks(client, ada, target):
    start, end = up.dark()
    said = {
        "target": target.pk, "telescope": "one-metre", "filter_1": "r", "seconds_1": 60, "start": written.iso(start),
        "end": written.iso(end),
    }  # fmt: skip
    post = {"content_type": "application/json"}
    assert client.post("/api/followup/", said, **post).status_code in (401, 403)
    client.force_login(ada)
    answer = client.post("/api/followup/", {**said, "filter_1": "z"}, **post)
    assert answer.status_code == 400
    assert "has no filter z" in answer.json()["filter_1"][0]
    for number, why in ((None, "required"), ("M 31", "whole number"), (10**6, "no such target")):
        answer = client.post("/api/followup/", {**said, "target": number}, **post)
        assert (answer.status_code, list(answer.json())) == (400, ["target"])  # the name that the request has for it
        assert why in answer.json()["target"][0]
    answer = client.post("/api/followup/", {**said, "event": "S000000a"}, **post)
    assert list(answer.json()) == ["event"]
    made = client.post("/api/followup/", said, **post)
    assert made.status_code == 201, made.content
    assert client.post("/api/followup/", said, **post).json()[0]["id"] == made.json()[0]["id"]  # once
    number = made.json()[0]["id"]
    found = client.get("/api/followup/?telescope=one-metre&status=PENDING").json()["results"]
    assert [row["id"] for row in found] == [number]
    assert client.get("/api/followup/?night=soon").status_code == 400
    marked = client.post(f"/api/followup/{number}/mark/", {"what": "observed", "depth": 20.5}, **post)
    assert marked.json()["status"] == "COMPLETED"
    assert client.post(f"/api/followup/{number}/cancel/", **post).status_code == 400
    client.force_login(make.user("stranger"))
    assert client.get("/api/followup/").json()["count"] == 0
    assert client.post(f"/api/followup/{number}/mark/", {"what": "failed"}, **post).status_code == 404
    assert client.post("/api/followup/", {**said, "priority": 2}, **post).status_code == 400


def test_rest_arms_and_disarms(client, ada):
    rule = Subscription.objects.create(owner=ada, name="kilonovae", query="kind = GW")
    until = written.iso(timezone.now() + timedelta(hours=3))
    said = {"telescope": "dome", "rule": rule.pk, "until": until, "hours": 1, "requests": 2}
    client.force_login(ada)
    assert client.post("/api/armings/", said, content_type="application/json").status_code == 403
    make.permitted(ada, "arm_telescope")
    made = client.post("/api/armings/", said, content_type="application/json")
    assert made.status_code == 201, made.content
    number = made.json()["id"]
    client.force_login(make.user("stranger"))
    assert client.delete(f"/api/armings/{number}/").status_code == 404
    client.force_login(ada)
    assert client.delete(f"/api/armings/{number}/").json()["in_force"] is False
    assert Arming.objects.get().disarmed_by == ada


def test_who_arms_for_a_subscription_that_asks_no_telescope_is_told_so(client, ada):
    """docs/followup.md: armed alone does nothing; the subscription has to ask that telescope."""
    rule = Subscription.objects.create(owner=ada, name="kilonovae", query="kind = GW")
    rule.actions.create(name="tell")
    make.permitted(ada, "arm_telescope")
    client.force_login(ada)
    page = reverse("tom_treasuremap:armings")
    until = timezone.now() + timedelta(hours=3)
    said = {"telescope": "dome", "rule": rule.pk, "until": f"{until:%Y-%m-%dT%H:%M}", "hours": 1, "requests": 2}
    words = "“kilonovae” asks no telescope. Give it the action"
    assert "only tells people" in body(client, page)  # beside the choice
    assert client.post(page, said, follow=True).content.decode().count(words) == 2  # the message, and in the list
    assert words in client.get("/api/armings/").json()["results"][0]["asks_nothing"]
    asking_it = rule.actions.create(name="follow_up", options={"telescope": "one-metre"})
    assert "“kilonovae” asks one-metre, not dome" in body(client, page)
    asking_it.delete()
    plan = rule.actions.create(
        name="plan", options={"telescopes": ["dome"]}
    )  # a person approves it: no telescope moves
    assert words in body(client, page)
    plan.options["send"] = True
    plan.save()
    assert "kilonovae” asks" not in body(client, page)
