"""The tab of pointings, its files, its buttons and REST: empty, one, thousands; and who may see what.

Authority: the rule of one `visible_to` a model, and that nothing is asked of a server while a page is made.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories
from tom_treasuremap.models import EventName, FetchState, Instrument, Pointing

pytestmark = pytest.mark.django_db
NAME = "S251112cm"
ORIGIN = "treasuremap.test"


@pytest.fixture(autouse=True)
def server(settings):
    settings.TOM_TREASUREMAP = {"BASE_URL": f"http://{ORIGIN}"}


@pytest.fixture
def event():
    return factories.event(NAME)


def looks(event, count: int, **fields) -> list[Pointing]:
    """So many rows of pointings, of three teams."""
    now = timezone.now()
    rows = []
    for i in range(count):
        values = {
            "source": "treasuremap", "origin": ORIGIN, "source_id": str(i), "status": ("completed", "planned", "cancelled")[i % 3],
            "team": ("ztf", "<b>GOTO</b>", "decam")[i % 3], "telescope": ("ZTF", "GOTO-4", "DECam")[i % 3], "instrument_id": 47 + i % 3,
            "ra": i % 360, "dec": i % 90, "time": factories.NIGHT + timedelta(minutes=i), "band": "gri"[i % 3], "depth": 20 + i % 3,
            "depth_unit": "ab_mag", "first_seen": now, "last_seen": now, "changed": now,
        }  # fmt: skip
        rows.append(Pointing(event=event, **{**values, **fields}))
    return Pointing.objects.bulk_create(rows, batch_size=1000)


def page(client, event, htmx: bool = True, **query):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.get(reverse("tom_treasuremap:event-pointings", args=[event.name]), query, headers=headers)


def test_the_event_page_offers_the_tab_and_does_not_load_it(client, event):
    looks(event, 3)
    body = client.get(event.get_absolute_url()).content.decode()
    assert f'hx-get="/treasuremap/{NAME}/pointings/"' in body
    assert "GOTO" not in body


def test_nothing_is_known_yet(client, event):
    body = page(client, event).content.decode()
    assert "has not been asked about this event" in body
    assert "Nobody’s pointings" in body
    assert "Fetch now" not in body  # nobody has logged in


def test_one_row_and_what_a_source_says_is_text(client, event):
    looks(event, 2)
    Instrument.objects.create(
        origin=ORIGIN, number=47, name="ZTF", problem="no footprint there", fetched=timezone.now()
    )
    body = page(client, event, htmx=False).content.decode()
    assert "&lt;b&gt;GOTO&lt;/b&gt;" in body
    assert "<b>GOTO" not in body
    assert "1 done, 1 planned, by 2 teams" in " ".join(body.split())
    assert "No footprint is known of ZTF" in body


def test_five_thousand_rows_are_paged_and_filtered_with_few_queries(client, event, django_assert_max_num_queries):
    looks(event, 5000)
    with django_assert_max_num_queries(30):
        body = page(client, event).content.decode()
    assert "page 1 of 100" in body
    assert body.count("<tr>") == 51
    body = page(
        client, event, team="ztf", band="g", status="completed", depth_min="19", depth_max="20.5"
    ).content.decode()
    assert "1667 pointings" in body.replace(",", "").replace(" ", " ")
    assert "DECam</td>" not in body
    assert page(client, event, depth_min="deep", team="nobody").status_code == 200


def test_downloads_are_what_was_chosen(client, event):
    looks(event, 6)
    looks(event, 1, source_id="=1+1", team="=cmd()")
    url = reverse("tom_treasuremap:event-pointings-file", args=[NAME, "csv"])
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get(url, {"status": "completed"})).decode())))
    assert {row["status"] for row in rows} == {"completed"}
    assert "'=cmd()" in {row["team"] for row in rows}
    url = reverse("tom_treasuremap:event-pointings-file", args=[NAME, "json"])
    found = json.loads(b"".join(client.get(url)))
    assert len(found) == 7
    assert found[0]["time"].endswith("Z")
    assert json.loads(b"".join(client.get(url, {"instrument": "nothing"}))) == []
    assert client.get(url.replace("json", "exe")).status_code == 404


def test_gone_rows_are_apart(client, event):
    looks(event, 2)
    looks(event, 1, source_id="x", vanished=timezone.now(), team="went")
    assert "went" not in page(client, event).content.decode().split("<tbody>")[1]
    body = page(client, event, vanished="true").content.decode()
    assert "went" in body.split("<tbody>")[1]
    assert ">gone<" in body


def test_how_fetching_went_is_told(client, event):
    now = timezone.now()
    state = FetchState.objects.create(
        event=event, source="treasuremap", origin=ORIGIN, tried=now, fetched=now - timedelta(hours=1), count=3, failures=2,
        error="the Treasure Map answered 502: a web page (<b>) instead of JSON", due=now + timedelta(minutes=4),
    )  # fmt: skip
    looks(event, 3)
    body = page(client, event).content.decode()
    assert "Not fetched" in body
    assert "2 times in a row" in body
    assert "(&lt;b&gt;)" in body
    assert "What was known stays" in body
    state.failures, state.error = 0, ""
    state.save()
    EventName.objects.create(event=event, origin=ORIGIN, graceid="", checked=now)
    assert "it does not know this event" in page(client, event).content.decode()


def test_a_person_asks_and_the_worker_does_it(client, event):
    url = reverse("tom_treasuremap:event-fetch", args=[NAME])
    assert client.post(url).status_code == 302
    assert FetchState.objects.count() == 0
    user = factories.user("ann")
    client.force_login(user)
    assert client.post(url, {"follow": "yes"}).status_code == 302
    state = FetchState.objects.get()
    assert (state.followed, state.asked_by, state.tried) == (True, user, None)
    assert state.due <= timezone.now()
    assert client.get(url).status_code == 405
    client.post(url, {"follow": "no"})
    assert FetchState.objects.get().followed is False


def test_a_protected_event_offers_no_question(client):
    group = factories.Group.objects.create(name="few")
    event = factories.event("S251112zz", groups=(group,))
    client.force_login(factories.user("ann", group))
    assert "would tell of it" in page(client, event).content.decode()
    client.post(reverse("tom_treasuremap:event-fetch", args=[event.name]))
    assert FetchState.objects.count() == 0


def test_a_file_by_the_page(client, event):
    url = reverse("tom_treasuremap:event-load", args=[NAME])
    user, group = factories.user("ann"), factories.Group.objects.create(name="few")
    user.groups.add(group)
    good = b"ra,dec,time,band\n1,2,2025-11-12T20:00:00,r\n"

    def send(data: bytes, **more):
        return client.post(url, {"file": SimpleUploadedFile("night.csv", data), **more})

    assert send(good).status_code == 302
    assert Pointing.objects.count() == 0
    client.force_login(user)
    answer = send(good)
    assert answer.status_code == 400
    assert "line 2: no status" in answer.content.decode()
    assert send(good, status="completed", group=group.pk).status_code == 302
    row = Pointing.objects.get()
    assert (row.group, row.submitter, row.status) == (group, "ann", "completed")
    other = factories.Group.objects.create(name="others")
    assert send(good, status="completed", group=other.pk).status_code == 400
    assert client.post(url).status_code == 400


def test_who_sees_what(client, event, settings):
    few = factories.Group.objects.create(name="few")
    hidden = factories.event("S251112zz", groups=(few,))
    target = Target.objects.create(name="AT2025x", type="SIDEREAL", ra=1, dec=2, permissions="PRIVATE")
    record = ObservationRecord.objects.create(
        target=target, facility="LCO", parameters={}, observation_id="1", status=""
    )
    looks(event, 1, source_id="open")
    looks(event, 1, source_id="theirs", source="file", group=few)
    looks(event, 1, source_id="ours", source="own", observation=record)
    looks(hidden, 1, source_id="secret")
    member, stranger = factories.user("member", few), factories.user("stranger")
    boss = factories.user("boss", is_superuser=True)
    from guardian.shortcuts import assign_perm

    owner = factories.user("owner")
    assign_perm("tom_targets.view_target", owner, target)
    expected = {
        None: {"open"},
        stranger: {"open"},
        member: {"open", "theirs", "secret"},
        owner: {"open", "ours"},
        boss: {"open", "theirs", "ours", "secret"},
    }
    for user, sees in expected.items():
        rows = Pointing.objects.visible_to(user or AnonymousUser())
        assert set(rows.values_list("source_id", flat=True)) == sees
        if user is not None:
            client.force_login(user)
            found = client.get("/api/pointings/", {"limit": 10}).json()["results"]
            assert {row["key"].partition(":")[2] for row in found} == sees
            status = page(client, hidden).status_code
            assert status == (200 if "secret" in sees else 404)
        for name in ("event-fetch", "event-load"):
            if user in (stranger, owner):
                assert client.post(reverse(f"tom_treasuremap:{name}", args=[hidden.name])).status_code == 404


def test_rest_is_filtered_and_read_only(client, event):
    looks(event, 9)
    client.force_login(factories.user("ann"))
    found = client.get("/api/pointings/", {"event": NAME, "team": "ztf", "instrument": "47", "ordering": "time"}).json()
    assert found["count"] == 3
    assert found["results"][0]["event"] == NAME
    after = (factories.NIGHT + timedelta(minutes=7)).isoformat().replace("+00:00", "Z")
    assert client.get("/api/pointings/", {"after": after}).json()["count"] == 2
    assert client.get("/api/pointings/", {"band": "zz"}).status_code == 400
    assert client.post("/api/pointings/", {}).status_code in (403, 405)
