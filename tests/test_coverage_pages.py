"""The tab of coverage: asked, worked out, kept, drawn; and never more than its reader may see.

Authority: coverage.py (tested against draws and mocpy), and the rule of one `visible_to` a model.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tests.outside import rig
from tom_scimma import skymap
from tom_scimma.models import Alert, Reaction
from tom_treasuremap import ahead, covering, layers, working
from tom_treasuremap.models import CoverageRun, Instrument, Pointing

pytestmark = pytest.mark.django_db
NAME, ORIGIN = "S251112cm", "treasuremap.test"
SKY = skymap.ellipse(30.0, 20.0, (5.0, 3.0), 0.0, containment=0.9, distance_mpc=(100.0, 20.0))


@pytest.fixture(autouse=True)
def server(settings):
    settings.TOM_TREASUREMAP = {"BASE_URL": f"http://{ORIGIN}"}


@pytest.fixture
def event():
    made = make.known(NAME, sky=SKY)
    square = [[[-1, -1], [-0.05, -1], [-0.05, 1], [-1, 1]], [[0.05, -1], [1, -1], [1, 1], [0.05, 1]]]
    Instrument.objects.create(origin=ORIGIN, number=47, name="ZTF", rings=square, fetched=timezone.now())
    Instrument.objects.create(origin=ORIGIN, number=48, name="bare", problem="none", fetched=timezone.now())
    return made


def looks(event, places, **fields) -> list[Pointing]:
    """Rows of pointings at (ra, dec)."""
    now, begin = timezone.now(), Pointing.objects.count()
    rows = []
    for i, (ra, dec) in enumerate(places):
        values = {
            "source": "treasuremap", "origin": ORIGIN, "source_id": str(begin + i), "status": "completed", "team": "ztf",
            "telescope": "ZTF", "instrument_id": 47, "ra": ra, "dec": dec, "pos_angle": 0.0, "band": "r", "depth": 21.0,
            "time": make.NIGHT + timedelta(hours=1 + i), "depth_unit": "ab_mag", "first_seen": now, "last_seen": now, "changed": now,
        }  # fmt: skip
        rows.append(Pointing(event=event, **{**values, **fields}))
    return Pointing.objects.bulk_create(rows, batch_size=1000)


def page(client, event, **query):
    return client.get(
        reverse("tom_treasuremap:event-coverage", args=[event.name]), query, headers={"HX-Request": "true"}
    )


def numbers(client, event, **query):
    return client.get(reverse("tom_treasuremap:event-coverage-json", args=[event.name]), query)


def test_the_event_page_offers_the_tab_and_nothing_is_known_yet(client, event):
    assert f'hx-get="/treasuremap/{NAME}/coverage/"' in client.get(event.get_absolute_url()).content.decode()
    assert "Nobody’s pointings" in page(client, event).content.decode()
    assert numbers(client, event).json()["state"] == "nothing"
    assert CoverageRun.objects.count() == 0


def test_what_two_teams_cover(client, event):
    looks(event, [(30, 20), (32.2, 20)])
    looks(event, [(30, 20.5)], team="<i>GOTO</i>", band="g")
    looks(event, [(28, 20)], status="planned")
    looks(event, [(30, 22)], instrument_id=48, telescope="bare")
    body = page(client, event).content.decode()
    assert "&lt;i&gt;GOTO" in body
    assert "<i>GOTO" not in body
    assert "2 planned" not in body
    assert "1 planned one would add" in body
    assert "its footprint is not known" in body
    said = numbers(client, event).json()
    fields = _fields([(30, 20), (32.2, 20), (30, 20.5)])
    assert said["union"] == pytest.approx(SKY.union(fields), abs=1e-4)
    assert {row["team"]: row["count"] for row in said["teams"]} == {"ztf": 2, "<i>GOTO</i>": 1}
    assert said["planned"]["count"] == 1
    assert said["curve"][-1][1] == pytest.approx(said["union"], abs=2e-4)
    assert said["seen"][0]["area"] == pytest.approx(said["area"], rel=0.02)
    assert CoverageRun.objects.count() == 1  # page and REST asked the same


def _fields(places):
    camera = working.cameras([_Look(47)])[47]
    return camera.at([ra for ra, _ in places], [dec for _, dec in places])


class _Look:
    def __init__(self, number):
        self.instrument_id = number


def test_the_choice_of_team_and_band(client, event):
    looks(event, [(30, 20)])
    looks(event, [(34, 20)], team="goto", band="g")
    everybody, one, none = (
        numbers(client, event, **said).json() for said in ({}, {"team": "goto"}, {"team": "goto", "band": "r"})
    )
    assert one["union"] < everybody["union"]
    assert [row["team"] for row in one["teams"]] == ["goto"]
    assert none["state"] == "nothing"


def test_any_choice_of_teams_instruments_and_bands(client, event):
    looks(event, [(30, 20)])
    looks(event, [(34, 20)], team="goto", band="g", telescope="GOTO")
    looks(event, [(30, 23)], team="lco", band="i", telescope="Sinistro")
    for name, two in (("team", ["ztf", "lco"]), ("instrument", ["ZTF", "Sinistro"]), ("band", ["r", "i"])):
        said = numbers(client, event, **{name: two}).json()
        assert {row["team"] for row in said["teams"]} == {"ztf", "lco"}
        body = page(client, event, **{name: two}).content.decode()
        assert f"<strong>{', '.join(sorted(two))}</strong>" in body
        assert body.count(" checked>") == 2


def test_planned_pointings_count_where_one_wants_them_to(client, event):
    looks(event, [(30, 20)])
    looks(event, [(34, 20)], status="planned", team="goto")
    done, coming, both = (
        numbers(client, event, **said).json()
        for said in ({}, {"status": "planned"}, {"status": ["planned", "completed"]})
    )
    assert [row["team"] for row in coming["teams"]] == ["goto"]
    assert (coming["count"], both["count"], both["planned"]["count"]) == (1, 2, 0)
    assert both["union"] == pytest.approx(done["union"] + done["planned"]["gain"], abs=2e-4)
    assert (
        "by 2 completed and planned pointings" in page(client, event, status=["planned", "completed"]).content.decode()
    )


@pytest.mark.parametrize(("name", "words"), [("after", "After (UTC)"), ("depth_min", "Depth from"), ("team", "Team")])
def test_a_choice_that_cannot_be_read_is_no_answer_about_everybody(client, event, name, words):
    looks(event, [(30, 20)])
    body = page(client, event, **{name: "what?"}).content.decode()
    assert f"{words}: " in body
    assert "of the probability is covered" not in body
    wrong = numbers(client, event, **{name: "what?"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, [name])
    assert CoverageRun.objects.count() == 0


def test_times_are_utc_whatever_the_tom_s_time_zone(client, event, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    looks(event, [(30, 20), (34, 20)])  # one and two hours after NIGHT
    before = f"{make.NIGHT + timedelta(minutes=90):%Y-%m-%d %H:%M}"
    assert numbers(client, event, before=before).json()["count"] == 1
    assert client.get("/api/pointings/", {"before": before}).json()["count"] == 1


def test_no_list_of_choices_names_what_one_may_not_see(client, event):
    looks(event, [(30, 20)])
    looks(event, [(34, 20)], team="secret team", band="q", group=Group.objects.create(name="team"))
    client.force_login(make.user("stranger"))
    browsed = client.get("/api/pointings/", {"event": NAME}, headers={"Accept": "text/html"}).content.decode()
    assert "secret team" not in browsed
    seen, unseen = ({"team": name} for name in ("secret team", "nobody"))
    assert client.get("/api/pointings/", seen).status_code == client.get("/api/pointings/", unseen).status_code == 400


def test_the_choice_of_the_map(client, event):
    looks(event, [(30, 20)])
    first = Alert.objects.get(event=event)
    newer = make.alert(
        event,
        make.notice(NAME, alert_type="update", sent=make.NIGHT + timedelta(hours=2)),
        make.message(),
        authority=True,
    )
    row = make.localization(newer, skymap.from_gaussian(30.0, 20.0, 0.5, order=6))
    type(event).objects.filter(pk=event.pk).update(localization=row)
    event.refresh_from_db()
    old, new = (numbers(client, event, version=pk).json()["union"] for pk in (first.pk, newer.pk))
    assert new > 2 * old
    assert numbers(client, event).json()["union"] == new
    assert 'name="version"' in page(client, event).content.decode()


def test_whether_a_source_would_have_been_seen(client, event):
    looks(event, [(30, 20), (32.2, 20)])
    looks(event, [(30, 22)], depth=None)
    body = page(client, event, preset="kilonova").content.decode()
    assert "would have been seen with a probability" in body
    assert "1 could not tell: no depth as an AB magnitude" in body
    assert "Extinction: none" in body
    bright = numbers(client, event, preset="own", magnitudes="r -30", decline="0").json()
    faint = numbers(client, event, preset="own", magnitudes="r -3", decline="0").json()
    covered = numbers(client, event, depth_min="20").json()["union"]
    assert bright["detected"]["probability"] == pytest.approx(covered, abs=1e-3)
    assert faint["detected"]["probability"] < 1e-3
    wrong = numbers(client, event, preset="own", magnitudes="r bright")
    assert wrong.status_code == 400
    assert "not a band" in wrong.content.decode()
    assert "not a band" in page(client, event, preset="own", magnitudes="r bright").content.decode()


def test_many_pointings_are_left_to_the_worker(client, event):
    looks(event, [(30 + i / 100, 20) for i in range(covering.SMALL + 1)])
    body = page(client, event).content.decode()
    assert "being worked out" in body
    assert 'hx-trigger="load delay:1s"' in body
    assert numbers(client, event).status_code == 202
    assert client.get(reverse("tom_treasuremap:event-residual", args=[NAME, "png"])).status_code == 404
    working.due()
    assert "of the probability is covered" in page(client, event).content.decode()
    assert numbers(client, event).status_code == 200


def test_what_ended_the_worker_once_does_not_end_it_again(client, event):
    looks(event, [(30 + i / 100, 20) for i in range(covering.SMALL + 1)])
    page(client, event)
    CoverageRun.objects.update(error="Working it out was begun and did not end.")
    working.due()
    assert "did not end" in page(client, event).content.decode()


def test_another_server_s_instrument_of_the_same_number_is_not_taken(client, event):
    looks(event, [(30, 20)])
    before = numbers(client, event).json()["area"]
    tiny = [[[-0.1, -0.1], [0.1, -0.1], [0.1, 0.1], [-0.1, 0.1]]]
    Instrument.objects.create(origin="elsewhere.test", number=47, name="other", rings=tiny, fetched=timezone.now())
    assert numbers(client, event).json()["area"] == before


def test_new_pointings_and_new_maps_are_worked_out_ahead(event):
    looks(event, [(30, 20)])
    alert = Alert.objects.get(event=event)
    Reaction.objects.create(alert=alert, name="coverage", change="updated", run="tom_treasuremap.ahead.react")
    rig.react()
    assert CoverageRun.objects.get().state == "asked"  # the next alert's tellings do not wait for it
    working.due()
    assert CoverageRun.objects.get().state == "done"
    looks(event, [(33, 20)])
    ahead._changed(None, event=event)
    assert CoverageRun.objects.count() == 2


def test_pictures_and_files(client, event):
    looks(event, [(30, 20), (32.2, 20)])
    for name, form, kind in (
        ("event-coverage-curve", "svg", "image/svg+xml"),
        ("event-coverage-curve", "pdf", "application/pdf"),
        ("event-residual", "png", "image/png"),
        ("event-residual", "fits", "application/fits"),
    ):
        found = client.get(reverse(f"tom_treasuremap:{name}", args=[NAME, form]))
        assert (found.status_code, found["Content-Type"]) == (200, kind)
    left = skymap.read(client.get(reverse("tom_treasuremap:event-residual", args=[NAME, "fits"])).content)
    assert left.inside(_fields([(30, 20)]))[0] < 2e-3
    assert client.get(reverse("tom_treasuremap:event-residual", args=[NAME, "exe"])).status_code == 400


def test_a_map_that_is_gone_is_said(client, event):
    looks(event, [(30, 20)])
    asked = covering.question(event, None, _empty())
    run = covering.ask(asked)
    CoverageRun.objects.filter(pk=run.pk).update(question={**run.question, "alert": 0})
    run.refresh_from_db()
    working.work(run)
    assert "the map that this was asked of is gone" in page(client, event).content.decode()


def _empty():
    from django.http import QueryDict

    return QueryDict()


def test_footprints_on_the_event_s_sky(client, event):
    looks(event, [(30, 20), (32.2, 20)])
    looks(event, [(28, 20)], status="planned")
    done = client.get(f"/events/{NAME}/sky/observed.json").json()["features"]
    assert len(done) == 2
    assert len(done[0]["geometry"]["coordinates"]) == 2  # the CCDs apart
    assert client.get(f"/events/{NAME}/sky/planned.json").json()["features"][0]["properties"]["dashed"]
    assert layers.often(event, AnonymousUser()) == []
    page(client, event)
    assert client.get(f"/events/{NAME}/sky/often.json").json()["features"][0]["properties"]["moc"]


# private stays private


@pytest.mark.parametrize("role", ["anonymous", "stranger", "member", "superuser"])
def test_nobody_s_numbers_hold_what_they_may_not_see(client, event, role):
    group = Group.objects.create(name="team")
    if role != "anonymous":
        user = make.user(role, *([group] if role == "member" else []), is_superuser=role == "superuser")
        client.force_login(user)
    looks(event, [(30, 20)])
    looks(event, [(34, 20)], team="secret team", group=group)
    inside = role in ("member", "superuser")
    said = numbers(client, event).json()
    assert said["count"] == (2 if inside else 1)
    assert ("secret" in page(client, event).content.decode()) == inside
    assert ("secret" in client.get(f"/events/{NAME}/sky/observed.json").content.decode()) == inside
    page(client, event)
    assert {run.answer["count"] for run in CoverageRun.objects.all()} == {said["count"]}


def test_a_protected_event_is_not_there_for_strangers(client, event):
    group = Group.objects.create(name="lvk")
    secret = make.event("S251113zz", public=False)
    secret.groups.add(group)
    looks(secret, [(30, 20)])
    for name, *more in (
        ("event-coverage",),
        ("event-coverage-json",),
        ("event-residual", "png"),
        ("event-coverage-curve", "svg"),
    ):
        assert client.get(reverse(f"tom_treasuremap:{name}", args=[secret.name, *more])).status_code == 404
    ahead.ask(secret)
    assert CoverageRun.objects.count() == 0  # what everybody may see of it is nothing


def test_a_page_with_thousands_asks_little_of_the_database(client, event, django_assert_max_num_queries):
    looks(event, [(30 + i / 1000, 20) for i in range(3000)])
    page(client, event)
    CoverageRun.objects.update(state="done", answer=_answer())
    with django_assert_max_num_queries(30):
        assert page(client, event).status_code == 200


def _answer():
    return {
        "count": 3000, "union": 0.5, "error": 1e-5, "area": 10.0, "map_area": 50.0, "teams": [], "curve": [], "unplaced": [],
        "planned": {"count": 0, "gain": 0}, "seen": [], "detected": None,
    }  # fmt: skip
