"""Who sees a candidate, and who decides on it: the rights on its target and on its event both hold, counts included."""

from __future__ import annotations

from datetime import timedelta

import pytest
from guardian.shortcuts import assign_perm
from tom_targets.models import Target

from tests import factories as make
from tests.factories import NIGHT
from tests.world import MAY, ROLES, SECRET, World
from tom_scimma import candidates, places, skymap
from tom_scimma.candidates import deciding, placing
from tom_scimma.models import Candidate

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
OPEN = "S261120ab"


def target(name: str, permissions: str, ra: float = 30.0) -> Target:
    row = Target.objects.create(name=name, type="SIDEREAL", ra=ra, dec=20.0, permissions=permissions)
    Target.objects.filter(pk=row.pk).update(created=NIGHT)
    return row


@pytest.fixture
def world(settings):
    """Targets open to all, public to users, of a group alone; one that only the protected map of the open event holds."""
    settings.TOM_SCIMMA = {"TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}}
    world = World()
    Target.objects.all().delete()
    world.targets = {"open": target("t-open", "OPEN"), "public": target("t-public", "PUBLIC")}
    world.targets["private"] = target("t-private", "PRIVATE")
    for action in ("view_target", "change_target"):
        assign_perm(f"{Target._meta.app_label}.{action}", world.group, world.targets["private"])
    world.targets["hidden"] = target("t-hidden", "OPEN", ra=90.0)
    said = make.notice(OPEN, alert_type="update", source="LVK", sent=NIGHT + timedelta(minutes=5))
    alert = make.alert(world.open, said, make.message(groups=(world.group,)))
    make.localization(alert, skymap.from_gaussian(90.0, 20.0, 3.0, order=3, rounds=3))
    for row in (*world.open.alerts.all(), *world.secret.alerts.all()):
        candidates.react(row.pk, "new")
    return world


#: names of the open event's candidates that each sees
SEEN = {
    "anonymous": {"t-open"},
    "stranger": {"t-open", "t-public"},
    "member": {"t-open", "t-public", "t-private", "t-hidden"},
    "superuser": {"t-open", "t-public", "t-private", "t-hidden"},
}


@pytest.mark.parametrize("role", ROLES)
def test_rights_on_target_and_event_both_hold(world, role):
    client = world.clients[role]
    page = client.get(f"/events/{OPEN}/candidates/")
    text = page.content.decode()
    assert {name for name in SEEN["member"] if name in text} == SEEN[role]
    assert f"{len(SEEN[role])} candidate" in text
    rows = client.get("/api/candidates/").json()
    of_open = [row["target_name"] for row in rows["results"] if row["event"] == OPEN]
    assert set(of_open) == SEEN[role]
    of_secret = [row["target_name"] for row in rows["results"] if row["event"] == SECRET]
    assert set(of_secret) == (SEEN[role] - {"t-hidden"} if role in MAY else set())
    assert rows["count"] == len(of_open) + len(of_secret)
    assert client.get(f"/events/{SECRET}/candidates/").status_code == (200 if role in MAY else 404)


@pytest.mark.parametrize("role", ROLES)
def test_levels_in_protected_maps_are_for_their_groups(world, role):
    rows = world.clients[role].get(f"/api/candidates/?event={OPEN}&target_name=t-open").json()["results"]
    assert len(rows[0]["levels"]) == (2 if role in MAY else 1)
    moves = world.clients[role].get(f"/events/{OPEN}/candidates/").context["moves"]
    assert bool(moves) == (role in MAY)


@pytest.mark.parametrize("role", ROLES)
def test_the_tab_of_a_target(world, role):
    for name, row in world.targets.items():
        answer = world.clients[role].get(f"/scimma/targets/{row.pk}/events/", headers=HTMX)
        assert answer.status_code == (
            404 if (name == "public" and role == "anonymous") or (name == "private" and role not in MAY) else 200
        )
        if answer.status_code == 200:
            text = answer.content.decode()
            assert (SECRET in text) == (role in MAY and name != "hidden")
            assert (OPEN in text) == (name != "hidden" or role in MAY)


def row_of(event, name: str) -> Candidate:
    return Candidate.objects.get(event=event, target__name=name)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_decide(world, role):
    """As in the host: users may change what is public, members what is theirs, passers-by nothing."""
    client = world.clients[role]
    for name in sorted(SEEN["member"]):
        row = row_of(world.open, name)
        address, rest = f"/events/{OPEN}/candidates/{row.pk}/", f"/api/candidates/{row.pk}/"
        page = client.post(address, {"status": "confirmed", "reason": role}, headers=HTMX)
        api = client.patch(rest, {"reason": "rest"}, content_type="application/json")
        if role == "anonymous":
            assert page.status_code in (200, 302)
            assert page.headers.get("HX-Redirect", page.headers.get("Location", "")).startswith("/accounts/login/")
            assert api.status_code in (401, 403)
        else:
            assert page.status_code == api.status_code == (200 if name in SEEN[role] else 404)
        row.refresh_from_db()
        changed = role != "anonymous" and name in SEEN[role]
        assert (row.status, row.reason) == (("confirmed", "rest") if changed else ("new", ""))


def test_who_sees_a_target_may_not_yet_decide_on_it(world):
    reader = make.user("reader")
    assign_perm(f"{Target._meta.app_label}.view_target", reader, world.targets["private"])
    client = world.clients["stranger"]
    client.force_login(reader)
    row = row_of(world.open, "t-private")
    assert "t-private" in client.get(f"/events/{OPEN}/candidates/").content.decode()
    refused = client.post(f"/events/{OPEN}/candidates/{row.pk}/", {"status": "confirmed"}, headers=HTMX)
    assert refused["HX-Redirect"].startswith("/accounts/login/")  # what the host makes of a 403
    assert (
        client.patch(f"/api/candidates/{row.pk}/", {"status": "confirmed"}, content_type="application/json").status_code
        == 403
    )
    many = client.post(
        f"/events/{OPEN}/candidates/decide/", {"candidate": [row.pk], "status": "confirmed"}, headers=HTMX
    )
    assert "1 left as they are" in many.content.decode()
    added = client.post(f"/events/{SECRET}/candidates/add/", {"target": "t-private"}, headers=HTMX)
    assert added.status_code == 404
    assert client.post("/api/candidates/", {"event": OPEN, "target": row.target_id}).status_code == 403
    assert set(Candidate.objects.values_list("status", flat=True)) == {"new"}


@pytest.mark.parametrize("role", ["anonymous", "stranger"])
def test_strangers_decide_and_add_nothing_hidden(world, role):
    client, hidden = world.clients[role], row_of(world.secret, "t-open")
    before = list(Candidate.objects.order_by("pk").values())
    for address, said in (
        (f"/events/{SECRET}/candidates/decide/", {"candidate": [hidden.pk], "status": "confirmed"}),
        (f"/events/{OPEN}/candidates/decide/", {"candidate": [hidden.pk], "status": "confirmed"}),
        (f"/events/{OPEN}/candidates/{hidden.pk}/", {"status": "confirmed"}),
        (f"/events/{SECRET}/candidates/add/", {"target": "t-open"}),
        (f"/events/{OPEN}/candidates/add/", {"target": "t-private"}),
        ("/api/candidates/", {"event": SECRET, "target": world.targets["open"].pk}),
        ("/api/candidates/", {"event": OPEN, "target": world.targets["private"].pk}),
        ("/api/candidates/", {"event": OPEN, "target": "x"}),
    ):
        assert client.post(address, said, headers=HTMX).status_code in (200, 302, 400, 401, 403, 404), address
    assert list(Candidate.objects.order_by("pk").values()) == before


def test_adding_what_only_others_see_makes_it_seen(world):
    """It is a candidate already by a map that this person does not see; now it is one by their word."""
    stranger = world.users["stranger"]
    row = deciding.add(world.open, world.targets["hidden"], stranger)
    assert (row.because, row.added_by) == ("person", stranger)
    assert Candidate.objects.filter(pk=row.pk).visible_to(stranger).exists()


def test_adding_what_only_others_see_tells_nothing_of_what_they_decided(world):
    """Authority: promise 6."""
    row = row_of(world.open, "t-hidden")
    deciding.decide([row], "ruled_out", "known to the members alone", world.users["member"])
    stranger = world.users["stranger"]
    added = deciding.add(world.open, world.targets["hidden"], stranger)
    assert (added.status, added.reason, added.decided_by) == ("new", "", None)
    seen = world.clients["stranger"].get(f"/api/candidates/{row.pk}/")
    assert "members" not in seen.content.decode()
    assert seen.json()["decisions"] == []
    theirs = world.clients["member"].get(f"/api/candidates/{row.pk}/").json()["decisions"]
    assert [one["reason"] for one in theirs] == ["known to the members alone"]
    deciding.decide([added], "interesting", "blue", stranger)
    assert len(world.clients["member"].get(f"/api/candidates/{row.pk}/").json()["decisions"]) == 2
    assert len(world.clients["stranger"].get(f"/api/candidates/{row.pk}/").json()["decisions"]) == 1


def test_a_decided_candidate_that_moves_out_of_a_protected_map_stays_unknown_to_strangers(world):
    row = row_of(world.open, "t-hidden")
    deciding.decide([row], "ruled_out", "known to the members alone", world.users["member"])
    Target.objects.filter(pk=row.target_id).update(ra=250.0)
    places.reconcile()
    placing.place_targets(world.open, [row.target_id])
    assert Candidate.objects.filter(pk=row.pk).exists()
    assert not Candidate.objects.filter(pk=row.pk).visible_to(world.users["stranger"]).exists()


def test_rest_adds_filters_and_tells_the_history(world):
    client = world.clients["member"]
    far = target("t-far", "PUBLIC", ra=200.0)
    made = client.post("/api/candidates/", {"event": OPEN, "target": far.pk}).json()
    assert (made["because"], made["added_by"], made["level"]) == ("person", "member", pytest.approx(1))
    said = {"status": "ruled_out", "reason": "far"}
    assert (
        client.patch(f"/api/candidates/{made['id']}/", said, content_type="application/json").json()["decided_by"]
        == "member"
    )
    assert client.get(f"/api/candidates/{made['id']}/").json()["decisions"][0]["reason"] == "far"
    bad = client.patch(f"/api/candidates/{made['id']}/", {"status": "nice"}, content_type="application/json")
    assert bad.status_code == 400
    for query, count in (
        (f"event={OPEN}", 5),
        (f"event={OPEN}&inside=true", 3),
        (f"event={OPEN}&inside=false", 2),
        ("status=ruled_out", 1),
        (f"target={far.pk}", 1),
        (f"event={OPEN}&level_max=0.5", 3),
        ("since_after=2030-01-01", 0),
        (f"event={OPEN}&ordering=-level", 5),
    ):
        assert client.get(f"/api/candidates/?{query}").json()["count"] == count, query
    assert client.put(f"/api/candidates/{made['id']}/", said, content_type="application/json").status_code == 405
    assert client.delete(f"/api/candidates/{made['id']}/").status_code == 405
