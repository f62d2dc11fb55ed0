"""Pages and REST of telescopes and of tonight: what is shown, who may change what, and nobody sees more than they may.

Authority: the rule of one `visible_to` a model; the permissions of models/telescopes.py; the shipped files.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tom_targets.models import Target

from tests import catalogs
from tests import factories as make
from tom_scimma import annotate, skymap
from tom_scimma.models import Alert, Annotation, Candidate
from tom_scimma.query import find, matches
from tom_treasuremap.models import Instrument, TelescopeChange, TelescopeRow, TelescopeState
from tom_treasuremap.telescopes import shipped, status, telescope, telescopes, writing
from tom_treasuremap.telescopes.checks import WrongTelescope
from tom_treasuremap.telescopes.known import shipped_files

pytestmark = pytest.mark.django_db
SKY = skymap.ellipse(60.0, -12.0, (20.0, 6.0), 30.0, containment=0.9, distance_mpc=(100.0, 20.0))


def may(user, *names: str):
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return type(user).objects.get(pk=user.pk)


@pytest.fixture
def keeper():
    """Somebody who may change telescopes and say whether they are open."""
    return may(make.user("keeper"), "change_telescopes", "set_telescope_state")


def said(**more) -> dict:
    """GOTO's file, changed."""
    return {**json.loads(json.dumps(shipped_files()["goto"])), **more}


def page(client, name: str, *args, **query):
    return client.get(reverse(f"tom_treasuremap:{name}", args=args), query)


def post(client, address: str, *args, **values):
    return client.post(reverse(f"tom_treasuremap:{address}", args=args), values)


def test_the_list_and_each_telescope_are_shown_to_all(client):
    text = page(client, "telescopes").content.decode()
    for name, one in shipped().items():
        assert one.label in text
        shown = page(client, "telescope", name)
        assert shown.status_code == 200
        for source in one.sources.values():
            if "filters" not in one.sources or source != one.sources["filters"]:
                assert source.split(":")[0].replace("'", "&#x27;") in shown.content.decode()
    assert "spectrograph FLOYDS" in text  # it has no filters
    assert "Add a telescope" not in text
    assert page(client, "telescope", "hale").status_code == 404


def test_its_file_can_be_read_again(client, settings):
    document = json.loads(page(client, "telescope-file", "lco-1m0-coj").content)
    assert "options" not in document
    settings.TOM_TREASUREMAP = {"TELESCOPES": [{**document, "name": "again"}]}
    assert telescope("again").rings == telescope("lco-1m0-coj").rings


CHANGES = [("telescope-new",), ("telescope-edit", "ztf"), ("telescope-import",)]


@pytest.mark.parametrize("address", CHANGES, ids=lambda one: one[0])
def test_only_who_may_change_telescopes_sees_the_forms(client, keeper, address):
    assert page(client, *address).status_code == 302
    client.force_login(make.user("stranger"))
    assert page(client, *address).status_code in (302, 403)
    assert "Keep it" not in page(client, *address).content.decode()
    client.force_login(keeper)
    assert page(client, *address).status_code == 200


POSTS = [
    ("telescope-state", ("ztf",), {"state": "weather"}),
    ("telescope-new", (), {"text": json.dumps(said(name="mine"))}),
    ("telescope-edit", ("goto",), {"text": json.dumps(said(label="Hacked"))}),
    ("telescope-remove", ("mine",), {}),
]


@pytest.mark.parametrize(("name", "args", "values"), POSTS, ids=lambda one: str(one)[:18])
@pytest.mark.parametrize("who", ["anonymous", "stranger"])
def test_nobody_else_changes_anything(client, keeper, name, args, values, who):
    writing.save(said(name="mine"), keeper, timezone.now())
    before = TelescopeChange.objects.count()
    if who == "stranger":
        client.force_login(make.user("stranger"))
    assert post(client, name, *args, **values).status_code in (302, 403)
    assert TelescopeChange.objects.count() == before
    assert not TelescopeState.objects.exists()
    assert "mine" in telescopes()


def test_a_telescope_is_added_changed_and_removed_with_a_log(client, keeper):
    client.force_login(keeper)
    given = SimpleUploadedFile("mine.json", json.dumps(said(name="mine", label="Mine")).encode())
    assert post(client, "telescope-new", file=given, text="").status_code == 302
    assert telescope("mine").label == "Mine"
    assert post(client, "telescope-edit", "mine", text=json.dumps(said(name="mine", label="Ours"))).status_code == 302
    assert telescope("mine").label == "Ours"
    assert post(client, "telescope-new", text=json.dumps(said(name="mine"))).status_code == 400
    assert post(client, "telescope-remove", "mine").status_code == 302
    assert "mine" not in telescopes()
    logged = list(TelescopeChange.objects.order_by("pk").values_list("what", "by"))
    assert logged == [("added", "keeper"), ("changed", "keeper"), ("removed", "keeper")]


def test_a_changed_copy_stands_in_place_of_a_shipped_one(client, keeper):
    client.force_login(keeper)
    post(client, "telescope-edit", "goto", text=json.dumps(said(label="GOTO as we know it")))
    assert telescope("goto").label == "GOTO as we know it"
    assert "was not added" not in post(client, "telescope-remove", "goto").content.decode()
    assert telescope("goto").label == shipped()["goto"].label


def test_what_is_wrong_is_said_with_its_line(client, keeper):
    client.force_login(keeper)
    text = json.dumps(said(name="mine", twilight="dusk"), indent=2)
    line = next(i for i, each in enumerate(text.splitlines(), 1) if '"twilight"' in each)
    shown = post(client, "telescope-new", text=text)
    assert shown.status_code == 400
    assert f"line {line}, twilight: &#x27;dusk&#x27; is none of" in shown.content.decode()
    assert "line 2: is not JSON" in post(client, "telescope-new", text="{\n oops").content.decode()
    assert (
        "changes &#x27;goto&#x27;"
        in post(client, "telescope-edit", "goto", text=json.dumps(said(name="other"))).content.decode()
    )
    assert not TelescopeRow.objects.exists()


def test_options_that_earlier_rules_took_lose_no_telescope(client, keeper):
    """`telescopes()` is asked with every batch of messages; what must be mended is said when somebody changes it."""
    old = said(name="mine", options={"min_exposure": "1"})
    TelescopeRow.objects.create(name="mine", said=old, changed=timezone.now())
    assert "mine" in telescopes()
    client.force_login(keeper)
    shown = post(client, "telescope-edit", "mine", text=json.dumps(old))
    assert (shown.status_code, "options.min_exposure" in shown.content.decode()) == (400, True)


def test_an_instrument_of_the_treasure_map_becomes_a_telescope(client, keeper):
    ring = [[-0.05, -0.05], [0.05, -0.05], [0.05, 0.05], [-0.05, 0.05]]
    row = Instrument.objects.create(origin="tm", number=7, name="KAIT camera", rings=[ring], fetched=timezone.now())
    Instrument.objects.create(origin="tm", number=8, name="bare", fetched=timezone.now())
    client.force_login(keeper)
    listed = page(client, "telescope-import").content.decode()
    assert "KAIT camera" in listed
    assert "bare" not in listed
    values = {
        "name": "kait", "label": "KAIT", "latitude": 37.34, "longitude": -121.64, "height": 1253, "timezone": "America/Los_Angeles",
        "min_altitude": 20, "twilight": "astronomical", "filters": "B, V, clear, w", "transport": "download", "source": "its web page",
    }  # fmt: skip
    wrong = post(client, "telescope-of-instrument", row.pk, **{**values, "timezone": "Lick"})
    assert wrong.status_code == 400
    assert "is no time zone" in wrong.content.decode()
    assert post(client, "telescope-of-instrument", row.pk, **values).status_code == 302
    made = telescope("kait")
    assert made.instrument_id == 7
    assert made.rings == (tuple(map(tuple, ring)),)
    assert made.filters["w"].band == "other"
    assert made.site.latitude == 37.34
    assert post(client, "telescope-of-instrument", row.pk, **values).status_code == 400


def test_a_person_says_that_a_telescope_is_closed_until_then(client, keeper):
    client.force_login(keeper)
    assert status("ztf").can_observe
    until = timezone.now() + timedelta(hours=2)
    told = post(client, "telescope-state", "ztf", state="weather", why="clouds", until=f"{until:%Y-%m-%d %H:%M}")
    assert told.status_code == 302
    found = status("ztf")
    assert (found.state, found.why, found.by, found.can_observe) == ("weather", "clouds", "keeper", False)
    assert status("ztf", until + timedelta(minutes=1)).can_observe
    assert status("decam").state == "open"
    assert "clouds" in page(client, "telescopes").content.decode()
    post(client, "telescope-state", "ztf", state="open")
    assert status("ztf").can_observe
    assert TelescopeState.objects.filter(telescope="ztf").count() == 2
    assert TelescopeState.objects.filter(telescope="ztf", newest=True).count() == 1
    assert post(client, "telescope-state", "ztf", state="asleep").status_code == 400
    assert post(client, "telescope-state", "ztf", state="off", until="2020-01-01 00:00").status_code == 400


def test_times_are_utc_in_a_tom_of_any_zone(client, keeper, settings):
    settings.TIME_ZONE = "Australia/Sydney"
    client.force_login(keeper)
    until = timezone.now() + timedelta(hours=2)
    post(client, "telescope-state", "ztf", state="weather", until=f"{until:%Y-%m-%d %H:%M}")
    body = page(client, "telescope", "ztf").content.decode()
    assert f"until {until:%b} {until.day} {until:%H:%M}" in body
    assert f"It is {timezone.now():%H:}" in page(client, "night", "ztf", until.date()).content.decode()


def test_rest_shows_and_takes_states(client, keeper):
    found = client.get("/api/telescopes/").json()
    assert {one["name"] for one in found} == set(shipped())
    assert "options" not in found[0]
    one = client.get("/api/telescopes/decam/").json()
    assert len(one["rings"]) == 61
    assert one["slew"]["axes"][0] == {"speed": 1.0, "acceleration": None}
    assert client.get("/api/telescopes/hale/").status_code == 404
    at = "/api/telescopes/decam/state/"
    for who, answer in ((None, (401, 403)), (make.user("stranger"), (403,))):
        if who:
            client.force_login(who)
        assert client.post(at, {"state": "off"}, content_type="application/json").status_code in answer
    client.force_login(keeper)
    assert client.post(at, {"state": "x"}, content_type="application/json").status_code == 400
    assert "there are: open, weather" in client.post(at, {"state": "x"}).json()["state"][0]
    said = client.post(at, {"state": "taken", "why": "ToO"}, content_type="application/json").json()
    assert (said["state"], said["by"]) == ("taken", "keeper")
    assert client.get(at).json()["state"] == "taken"
    assert client.get("/api/telescopes/decam/").json()["status"]["why"] == "ToO"


def test_a_wrong_telescope_is_never_stored(keeper):
    with pytest.raises(WrongTelescope):
        writing.save(said(twilight="dusk"), keeper, timezone.now())
    assert not TelescopeRow.objects.exists()


def tonight_of(client, event, **query):
    address = reverse("tom_treasuremap:event-tonight", args=[event.name])
    return client.get(address, query, headers={"HX-Request": "true"})


def test_tonight_of_an_event_says_each_telescope(client):
    event = make.known("S251112cm", sky=SKY)
    shown = tonight_of(client, event)
    text = shown.content.decode()
    for one in shipped().values():
        assert (one.label in text) is not one.reports_only
    assert "<svg" in text
    assert "Reaches" in text
    one = tonight_of(client, event, telescope="ztf").content.decode()
    assert "Candidates and galaxies from ZTF" in one
    assert tonight_of(client, event, telescope='"><script>').status_code == 200
    whole = page(client, "event-tonight", event.name).content.decode()
    assert "<html" in whole
    said = page(client, "event-tonight-json", event.name).json()
    assert {row["telescope"] for row in said["telescopes"]} == {
        n for n, one in shipped().items() if not one.reports_only
    }
    assert all(0 <= row["reachable"] <= 1 for row in said["telescopes"])


def test_tonight_of_an_event_nobody_has_placed(client):
    assert "Nobody has said yet" in tonight_of(client, make.event("S1")).content.decode()


def test_tonight_shows_the_candidates_that_its_reader_sees(client):
    event, owner = make.known("S251112cm", sky=SKY), make.user("owner")
    for name, permissions in (("AT open", "OPEN"), ("AT public", "PUBLIC"), ("AT private", "PRIVATE")):
        target = Target.objects.create(name=name, type="SIDEREAL", ra=60.0, dec=-12.0, permissions=permissions)
        Candidate.objects.create(event=event, target=target, because=Candidate.Because.PERSON)
        if permissions == "PRIVATE":
            target.give_user_access(owner)
    seen = {}
    for who in ("anonymous", "stranger", "owner"):
        if who != "anonymous":
            client.force_login(owner if who == "owner" else make.user(who))
        text = tonight_of(client, event).content.decode()
        seen[who] = {name for name in ("AT open", "AT public", "AT private") if name in text}
    assert "AT private" not in seen["anonymous"] | seen["stranger"]
    assert seen["owner"] == {"AT open", "AT public", "AT private"}


def test_tonight_of_a_protected_event_is_its_groups(client):
    group = Group.objects.create(name="members")
    event = make.known("S251112cm", sky=SKY, groups=(group,))
    for name in ("event-tonight", "event-tonight-json"):
        assert page(client, name, event.name).status_code == 404
    client.force_login(make.user("stranger"))
    assert tonight_of(client, event).status_code == 404
    client.force_login(make.user("member", group))
    assert tonight_of(client, event).status_code == 200


def test_tonight_of_a_target(client):
    private = Target.objects.create(name="AT x", type="SIDEREAL", ra=10.0, dec=20.0, permissions="PRIVATE")
    moving = Target.objects.create(name="C/x", type="NON_SIDEREAL", permissions="OPEN")
    owner = make.user("owner")
    private.give_user_access(owner)
    assert page(client, "target-tonight", private.pk).status_code == 404
    client.force_login(make.user("stranger"))
    assert page(client, "target-tonight", private.pk).status_code == 404
    assert "no fixed position" in page(client, "target-tonight", moving.pk).content.decode()
    client.force_login(owner)
    text = page(client, "target-tonight", private.pk).content.decode()
    assert "AT x" in text
    assert "<svg" in text
    assert "Reaches" not in text


def test_the_tabs_are_hooks_of_the_app():
    from django.apps import apps

    app = apps.get_app_config("tom_treasuremap")
    assert any(
        panel["label"] == "Tonight" and panel["url"] == "tom_treasuremap:event-tonight" for panel in app.event_panels()
    )
    assert any(tab["label"] == "Tonight" for tab in app.target_detail_tabs())
    assert app.event_annotators() == ["tom_treasuremap.up.annotate"]
    assert app.nav_items()


def test_up_is_annotated_for_the_alerts_own_night_and_can_be_asked(client):
    from tom_treasuremap.reachable import places, reachable

    event = make.known("S251112cm", sky=SKY)
    alert = Alert.objects.get(event=event)
    annotate.react(alert.pk, "new")
    found = Annotation.objects.get(alert=alert, annotator="up")
    assert found.error == ""
    assert set(found.value) == {
        key for name, one in shipped().items() if not one.reports_only
        for key in (name.replace("-", "_"), f"{name.replace('-', '_')}_hours")
    }  # fmt: skip
    assert found.value["lco_1m0_coj"] == pytest.approx(reachable(telescope("lco-1m0-coj"), places(SKY), alert.order))
    anybody = make.user("anybody")
    asked = "annotations.up.lco_1m0_coj > 0.1 and annotations.up.lco_1m0_coj_hours > 0.5"
    assert [row.name for row in find(asked, anybody)] == ["S251112cm"]
    assert not find("annotations.up.lco_1m0_coj > 1.5", anybody).exists()
    assert matches(asked, anybody, alert)
    assert "best place" in client.get(event.get_absolute_url()).content.decode()


def test_the_settings_are_checked(settings):
    from tom_treasuremap.checks import settings_check

    settings.TOM_TREASUREMAP = {"TELESCOPES": [said(twilight="dusk"), "/nowhere/x.json"]}
    found = [error for error in settings_check(None) if error.id == "tom_treasuremap.E007"]
    assert len(found) == 2
    assert "twilight" in found[0].msg
    assert "cannot be read" in found[1].msg


def test_tonight_lists_the_events_best_galaxies(client, settings, tmp_path):
    settings.TOM_SCIMMA = {"GALAXY_DIR": str(tmp_path)}
    catalogs.loaded(tmp_path)
    event = make.known(
        "S261120ab", sky=skymap.from_gaussian(30.0, 20.0, 12.0, distance=(120.0, 30.0), order=4, rounds=3)
    )
    text = tonight_of(client, event, telescope="ztf").content.decode()
    assert text.count('data-label="Galaxy"') == 10


def test_who_said_it_is_told_to_people_who_are_logged_in(client, keeper):
    writing.set_state("ztf", "weather", keeper, timezone.now(), why="fog")
    assert "keeper" not in page(client, "telescope", "ztf").content.decode()
    assert client.get("/api/telescopes/ztf/state/").json()["by"] == ""
    assert "keeper" not in client.get("/api/telescopes/").content.decode()
    client.force_login(make.user("reader"))
    assert "keeper" in page(client, "telescope", "ztf").content.decode()
    assert client.get("/api/telescopes/ztf/").json()["status"]["by"] == "keeper"


BAD = ['{"name": NaN}', "[" * 100000, '{"name": "\\u0000"}', "[]", "null", '{"name": "new", "site": null}']


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:12])
def test_no_text_ends_in_a_fault_of_ours(client, keeper, text):
    client.force_login(keeper)
    assert post(client, "telescope-new", text=text).status_code == 400
    assert post(client, "telescope-new", text=json.dumps(said(name="mine", transport="pigeon"))).status_code == 400
    assert post(client, "telescope-new", text=json.dumps(said(name="new"))).status_code == 400
    assert not TelescopeRow.objects.exists()
