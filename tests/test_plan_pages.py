"""The pages of plans: one click makes one, the page shows it, approves it once, and shows nobody more than they may see.

Authority: the rule that every view checks permission itself; anonymous, stranger, member and owner ask.
"""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import planned as rig
from tom_scimma import ledger
from tom_treasuremap import earth_turning
from tom_treasuremap.models import Plan, TelescopeRow
from tom_treasuremap.plan_forms import QuestionForm
from tom_treasuremap.planning.question import Question
from tom_treasuremap.plans import layer, making, sheet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def observatory(settings):
    settings.TOM_TREASUREMAP = {
        "BASE_URL": "http://treasuremap.test", "TELESCOPES": [rig.telescope(field={"rectangle": [6.0, 6.0]})],
        "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0,
    }  # fmt: skip


@pytest.fixture
def boss():
    return make.user("boss", is_superuser=True)


def act(client, row: Plan, name: str, **said):
    return client.post(reverse("tom_treasuremap:plan-act", args=[row.pk, name]), said, follow=True)


def test_one_click_makes_a_plan_and_the_tab_shows_it(client, boss):
    event = rig.event()
    client.force_login(boss)
    where = reverse("tom_treasuremap:event-plans", args=[event.name])
    assert f'hx-get="{where}"' in client.get(event.get_absolute_url()).content.decode()
    assert "Nobody has planned" in client.get(where, headers={"HX-Request": "true"}).content.decode()
    body = client.post(where, headers={"HX-Request": "true"}).content.decode()
    assert "asked for" in body
    assert "every 1s" in body
    making.begin()
    row = Plan.objects.get()
    body = client.get(where).content.decode()
    assert "ready" in body
    assert escape(row.worth) in body
    part = client.get(where, headers={"HX-Request": "true"}).content.decode()
    assert not part.lstrip().startswith("<link")  # HTML's parser puts that into the head, and htmx takes the body
    assert "plans.css" in part
    body = client.get(row.get_absolute_url()).content.decode()
    for words in ("Approve and send", "no plan can exceed", "Why, and why not", "What if", "csv"):
        assert words.lower() in body.lower(), words
    assert row.visits.first().field in body


def test_a_plan_says_where_the_earths_turning_is_not_known_yet(client, boss, monkeypatch):
    """Authority: dates past the table degrade with a note, on every page with such times (docs/visibility.md)."""
    row = making.ask(Question(telescopes=("tester",)), by=boss, event=rig.event())
    making.begin()
    row.refresh_from_db()
    client.force_login(boss)
    assert "turning is predicted only" not in client.get(row.get_absolute_url()).content.decode()
    short = earth_turning.table()[:1000]
    monkeypatch.setattr(earth_turning, "table", lambda: short)
    assert "turning is predicted only to an earlier date" in html.unescape(
        client.get(row.get_absolute_url()).content.decode()
    )


def test_the_page_without_a_plan_and_with_many(client, boss):
    client.force_login(boss)
    list_ = reverse("tom_treasuremap:plans")
    body = client.get(list_).content.decode()
    assert "There is no plan yet" in body
    assert f'class="dropdown-item" href="{list_}"' in body
    for number in range(40):
        row = Plan.objects.create(name=f"Plan number {number}", asked_by=boss)
        Plan.objects.filter(pk=row.pk).update(line=row)
    body = client.get(list_).content.decode()
    assert "page 1 of 2" in body
    assert "Plan number 39" in body
    assert "No plan is in that state" in client.get(list_, {"state": "done"}).content.decode()


def test_a_form_that_is_wrong_says_so_at_the_field(client, boss):
    event = rig.event()
    client.force_login(boss)
    where = reverse("tom_treasuremap:event-plans", args=[event.name])
    answer = client.post(
        where, {"seconds": "-1", "start": "2026-11-20 03:00", "end": "2026-11-20 02:00", "targets": "nobody"}
    )
    body = answer.content.decode()
    assert answer.status_code == 400
    assert "It ends before it begins" in body
    assert "No target that you may see is called nobody" in body
    assert Plan.objects.count() == 0


def test_a_page_that_looks_again_is_told_what_of_it_is_old(client, boss):
    """Authority: htmx's out-of-band swaps and HX-Refresh, https://htmx.org/attributes/hx-swap-oob/."""
    row = making.ask(Question(telescopes=("tester",), nodes=0), by=boss, event=rig.event())
    client.force_login(boss)

    def look(page: str):
        (where,) = re.findall(r'hx-get="([^"]*part=state[^"]*)"', page)
        return client.get(html.unescape(where), headers={"HX-Request": "true"})

    page = client.get(row.get_absolute_url()).content.decode()
    assert "HX-Refresh" not in look(page).headers
    making.begin()
    assert look(page).headers["HX-Refresh"] == "true"  # pictures, tables and what-if are there now
    page = client.get(row.get_absolute_url(), {"why": "in the plan"}).content.decode()
    again = look(page).content.decode()
    assert "hx-swap-oob" not in again
    assert "why=in%20the%20plan" in again
    row.visits.update(exposure=61.0)
    row.visits.order_by("order").last().delete()
    again = look(page).content.decode()
    for name in ("figures", "visits", "why"):
        assert f'id="plan-{name}" hx-swap-oob' in again, name
    act(client, row, "approve")
    page = client.get(row.get_absolute_url()).content.decode()
    ObservationRecord.objects.filter(pk=row.visits.first().observation_id).update(status="COMPLETED")
    again = look(page).content.decode()
    assert 'id="plan-visits-rows" hx-swap-oob' in again
    assert ">completed</a>" in again
    assert 'id="plan-why"' not in again


def test_pictures_and_files(client, boss):
    row = rig.plan(rig.event(), boss)
    client.force_login(boss)
    for kind in ("sky", "timeline", "altitude", "curve"):
        answer = client.get(reverse("tom_treasuremap:plan-picture", args=[row.pk, kind, "svg"]))
        assert answer.status_code == 200, kind
        assert b"<svg" in answer.content
    assert client.get(reverse("tom_treasuremap:plan-picture", args=[row.pk, "nothing", "svg"])).status_code == 404
    found = client.get(reverse("tom_treasuremap:plan-file", args=[row.pk, "csv"]))
    assert found.status_code == 200
    assert found.content.decode().count("\n") >= row.visits.count()
    assert client.get(reverse("tom_treasuremap:plan-file", args=[row.pk, "exe"])).status_code == 404
    features = layer.fields(row.event, boss)
    assert len(features) == row.visits.values("field").distinct().count()
    assert features[0]["properties"]["name"].startswith("1 ")


def test_approving_by_the_page_once(client, boss):
    row = rig.plan(rig.event(), boss)
    client.force_login(boss)
    assert "requests are on their way" in act(client, row, "approve").content.decode()
    assert "boss approved it" in act(client, row, "approve").content.decode()
    row.refresh_from_db()
    assert row.state == "sent"
    steps = {entry.step: entry.time for entry in ledger.ledger(row.alert).entries}
    assert (steps["planned"], steps["approved"]) == (row.ready, row.approved)


def test_who_may_look_and_who_may_approve(client):
    team = Group.objects.create(name="team")
    member, stranger = make.user("member", team), make.user("stranger")
    row = rig.plan(rig.event(groups=(team,)), member)
    assert row.state == "ready", row.error
    assert row.protected
    pages = [
        row.get_absolute_url(),
        reverse("tom_treasuremap:plan-what-if", args=[row.pk]),
        reverse("tom_treasuremap:plan-picture", args=[row.pk, "curve", "svg"]),
        reverse("tom_treasuremap:plan-file", args=[row.pk, "csv"]),
        f"/api/plans/{row.pk}/",
    ]
    for page in pages:
        assert client.get(page).status_code in (302, 401, 403), page
    client.force_login(stranger)
    assert [client.get(page).status_code for page in pages] == [404] * len(pages)
    assert act(client, row, "approve").status_code == 404
    assert row.title not in client.get(reverse("tom_treasuremap:plans")).content.decode()
    client.force_login(member)
    assert [client.get(page).status_code for page in pages] == [200] * len(pages)
    assert "waits for somebody who may approve" in client.get(row.get_absolute_url()).content.decode()
    act(client, row, "approve")
    row.refresh_from_db()
    assert row.state == "ready"
    member.user_permissions.add(Permission.objects.get(codename="approve_plan"))
    act(client, row, "approve")
    row.refresh_from_db()
    assert row.state == "sent"


def test_what_if_by_the_page_and_kept(client, boss):
    row = rig.plan(rig.event(), boss)
    client.force_login(boss)
    where = reverse("tom_treasuremap:plan-what-if", args=[row.pk])
    assert "It would be worth" in client.get(where, {"airmass": "2.5"}).content.decode()
    assert "is a number" in client.get(where, {"airmass": "high"}).content.decode()
    assert Plan.objects.count() == 1
    act(client, row, "keep", airmass="2.5")
    new = Plan.objects.get(version=2)
    assert (new.asks.airmass, new.why) == (2.5, "boss kept a what-if: airmass up to 2.5.")
    assert "60 s, airmass up to 2.5;" in client.get(new.get_absolute_url()).content.decode()
    row.refresh_from_db()
    assert row.state == "superseded"


def test_reasons_are_filtered(client, boss):
    row = rig.plan(rig.event(), boss, budget=0.2)
    client.force_login(boss)
    body = client.get(row.get_absolute_url(), {"why": "in the plan"}).content.decode()
    named = {one["name"] for one in row.considered if not one["in"]}
    section = body.split("Why, and why not")[1]
    assert not any(f"<td>{name}</td>" in section for name in named)


def test_a_filter_that_no_telescope_has_is_said_at_the_form(boss):
    event = rig.event()
    for filters, words in (
        ("K", "has no filter K; it has g, r"),
        ("g, K / r", "None of the telescopes has a filter K"),
    ):
        form = QuestionForm({"filters": filters}, user=boss, event=event)
        assert words in form.errors["filters"][0]
    assert QuestionForm({"filters": "g, r / g"}, user=boss, event=event).is_valid()


def test_a_form_reads_all_telescopes_once(boss):
    with CaptureQueriesContext(connection) as asked:
        assert QuestionForm({"filters": "g"}, user=boss).is_valid()
    assert sum(TelescopeRow._meta.db_table in one["sql"] for one in asked) == 1


def test_a_plan_of_nothing_says_why_at_its_top(client, boss):
    row = rig.plan(rig.event(), boss, airmass=1.0)
    client.force_login(boss)
    top = client.get(row.get_absolute_url()).content.decode().split("Why, and why not")[0]
    assert (row.state, row.visits.count()) == ("ready", 0)
    assert "Nothing can be looked at: Tester: too low all night" in top


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "60 s"),
        ({"filters": ("g", "r"), "visits": 2}, "60 s in g, r, 2 visits"),
        (
            {"filters": ("g", "r"), "later": (("i",),), "exposure": "filter", "seconds_by_filter": {"g": 30.0, "r": 60.0, "i": 45.0}},
            "in g 30 s, r 60 s, then i 45 s, 2 visits",
        ),
        ({"filters": ("g", "r"), "exposure": "filter", "seconds_by_filter": {"g": 30.0}}, "60 s in g 30 s, r"),
        ({"exposure": "deep", "filters": ("r",)}, "as deep as the source asks in r"),
        (
            {"airmass": 2.5, "moon": False, "budget": 1.5, "shared": False},
            "60 s, airmass up to 2.5, no Moon rule, 1.5 h of each telescope, the same sky from each telescope",
        ),
    ],
)  # fmt: skip
def test_a_plan_in_one_line_says_how_long_its_exposures_are(said, words):
    assert Question(subjects=("point",), **said).words == f"one field centred on the alert, {words}"


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("planned by wide_survey at 17:35 on 27 Nov", "planned by others"),
        ("already covered by deep_team at 14:15 on 27 Nov to i = 22.7", "already covered"),
        ("Tester sees it for 2 min only; its visits need 17 min", "up for too short"),
        ("Tester: too low all night", "too low all night"),
        ("nothing of the probability is left there", "nothing left"),
    ],
)
def test_reasons_are_counted_by_kind(why, kind):
    """Whoever planned it, and how long it is up: words of planning/covered.py and planning/reasons.py."""
    assert sheet.kind_of({"in": False, "why": why}) == kind


@pytest.mark.parametrize(("grid", "words"), [(None, "fields laid where they cover most"), ("ztf", "own grid")])
def test_the_heading_says_a_grid_only_of_a_telescope_that_has_one(grid, words, settings):
    telescope = {**rig.telescope(), **({"grid": grid} if grid else {})}
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [telescope]}
    assert words in sheet.asked(Plan(telescopes=["tester"], question={}))


def test_a_plan_of_targets(client, boss):
    from tom_targets.models import Target

    Target.objects.create(name="SN 1", type="SIDEREAL", ra=rig.opposite(), dec=-20, permissions="PUBLIC")
    client.force_login(boss)
    where = reverse("tom_treasuremap:plan-new")
    assert "Name at least one target" in client.post(where, {}).content.decode()
    client.post(where, {"targets": "SN 1", "seconds": "300"})
    making.begin()
    row = Plan.objects.get()
    assert (row.state, row.error) == ("ready", "")
    assert row.visits.get().target.name == "SN 1"
    assert "%" not in row.worth
    assert "1 of the weight" in row.considered[0]["why"]
    body = act(client, row, "approve").content.decode()
    assert "1 request is on its way" in body
    assert row.visits.get().observation.target.name == "SN 1"


def test_over_rest(client, boss):
    event = rig.event()
    client.force_login(boss)
    answer = client.post("/api/plans/", {"event": event.name, "visits": 1}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    making.begin()
    said = client.get(f"/api/plans/{answer.json()['id']}/").json()
    assert said["state"] == "ready"
    assert said["visits"]
    assert said["reasons"]
    assert client.post(f"/api/plans/{said['id']}/approve/").json()["state"] == "sent"
    assert client.post(f"/api/plans/{said['id']}/approve/").status_code == 409
    assert client.get("/api/plans/", {"event": event.name}).json()["count"] == 1


def test_what_is_past_is_said_before_it_is_approved(client, boss):
    row = rig.plan(rig.event(), boss)
    first = row.visits.order_by("order").first()
    all_, where = row.visits.count(), row.get_absolute_url()
    client.force_login(boss)
    row.visits.filter(pk=first.pk).update(start=timezone.now() + timedelta(minutes=5))
    assert "what has begun before it is approved is left out" in client.get(where).content.decode()
    row.visits.filter(pk=first.pk).update(start=timezone.now() - timedelta(minutes=5), end=timezone.now())
    assert f"1 of its {all_} exposures is past: approved now, it is left out" in client.get(where).content.decode()
    words = f"1 of its {all_} exposures was not asked for: its time was past when it was sent."
    body = act(client, row, "approve").content.decode()
    assert f"what becomes of them. {words}" in body
    assert client.get(where).content.decode().count(words) == 1
    first.refresh_from_db()
    assert first.observation is None
    assert "past" in first.trouble


def test_filters_may_say_their_seconds_and_how_deep_asks_for_a_source():
    form = QuestionForm({"filters": "g 60, r", "seconds": "45"})
    assert form.is_valid(), form.errors
    asked = form.question()
    assert (asked.filters, asked.exposure, asked.seconds_by_filter, asked.seconds) == (
        ("g", "r"),
        "filter",
        {"g": 60.0},
        45.0,
    )
    assert "no filter" in str(QuestionForm({"filters": "g sixty"}).errors)
    assert "what is to be detected" in str(QuestionForm({"exposure": "deep"}).errors)
    source = next(key for key, _ in QuestionForm().fields["source"].choices if key)
    form = QuestionForm({"exposure": "deep", "source": source})
    assert form.is_valid(), form.errors
    assert form.question().exposure == "deep"
    form = QuestionForm({"exposure": "deep", "source": source, "preset": "galaxies"})
    assert "Only fields on the map" in form.errors["exposure"][0]
    assert QuestionForm({"exposure": "deep", "source": source, "preset": "galaxies", "subjects": ["point"]}).is_valid()
