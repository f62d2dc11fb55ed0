"""The pages of what is told to the Treasure Map: who sees and does what, wrong input, one form to a receipt.

Authority: the rule that every view checks login and permission itself, and that nothing is sent while a page is made.
"""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tom_observations.models import ObservationRecord

from tests import catalogs, sharing
from tests import factories as make
from tests import treasuremap_reports as reports
from tests.outside.rig import deliver
from tom_scimma import account_tests, skymap
from tom_scimma.models import Delivery, Event
from tom_treasuremap import accounts
from tom_treasuremap.models import Instrument, Report, ReportRule, TreasureMapProfile
from tom_treasuremap.service import service

pytestmark = pytest.mark.django_db
FORM = {
    "status": "planned", "instrument": "100", "ra": "125.25", "dec": "-12.5", "time": "2026-11-20 03:00", "band": "r", "depth": "21.5",
    "depth_unit": "ab_mag",
}  # fmt: skip


@pytest.fixture
def fake(settings):
    with reports.at_standin(settings) as fake:
        yield fake


@pytest.fixture
def event(fake):
    return Event.objects.get(name=reports.NAME)


@pytest.fixture
def ada(fake, client):
    user = make.user("ada")
    client.force_login(user)
    return user


def url(name: str, *more) -> str:
    return reverse(f"tom_treasuremap:{name}", args=[reports.NAME, *more])


def send() -> None:
    for lane in (
        "treasuremap",
        "treasuremap-complete",
        "treasuremap-cancel",
        "treasuremap-doi",
        "treasuremap-instrument",
    ):
        deliver(lane)


def test_a_pointing_by_the_form_from_planned_to_a_doi(client, fake, event, ada):
    fake.world.zenodo = True
    page = url("event-reports")
    assert "Nothing that you may see" in client.get(page).content.decode()
    before = len(fake.requests)
    assert client.post(page, FORM).status_code == 302
    assert len(fake.requests) == before  # nothing is sent by the page
    send()
    one = Report.objects.get()
    body = client.get(page).content.decode()
    assert str(one.number) in body
    assert "delivered" in body
    said = {"report": one.pk, "time": "2026-11-20 03:07", "pos_angle": "12"}
    assert client.post(url("event-report-act", "complete"), said).status_code == 302
    send()
    assert [row["status"] for row in reports.rows(fake)] == ["completed"]
    assert client.post(url("event-report-act", "doi"), {"report": one.pk}).status_code == 400  # no plain yes
    assert (
        client.post(url("event-report-act", "doi"), {"report": one.pk, "authors": "Ada", "sure": "on"}).status_code
        == 400
    )
    client.post(url("event-report-act", "doi"), {"report": one.pk, "authors": "A. Lovelace; LCO", "sure": "on"})
    send()
    assert Report.objects.get().doi


def test_what_came_out_otherwise_is_cancelled_and_told_anew(client, fake, event, ada):
    """The contract: an update by id leaves depth and band as they were, so cancel the planned one and post a new one."""
    client.post(url("event-reports"), FORM)
    send()
    one = Report.objects.get()
    said = {"report": one.pk, "time": "2026-11-20 03:07", "band": "i", "depth": "20.4"}
    body = client.post(url("event-report-act", "complete"), said, follow=True).content.decode()
    assert "1 came out otherwise: what was planned is cancelled and told anew." in body
    send()
    send()
    rows = {row["status"]: row for row in reports.rows(fake)}
    assert rows["cancelled"]["id"] == one.number
    new = rows["completed"]
    assert (new["band"], new["depth"], new["depth_unit"], new["central_wave"]) == ("i", 20.4, "ab_mag", 7836.21)
    assert new["time"].startswith("2026-11-20T03:07")
    assert [row.status for row in Report.objects.order_by("turn")] == ["cancelled", "completed"]


def test_what_cannot_be_told_anew_cancels_nothing(client, fake, event, ada):
    client.post(url("event-reports"), FORM)
    send()
    said = {"report": Report.objects.get().pk, "time": "2026-11-20 03:07", "depth": "99"}
    body = client.post(url("event-report-act", "complete"), said, follow=True).content.decode()
    assert "is no limiting magnitude" in body
    send()
    assert [row["status"] for row in reports.rows(fake)] == ["planned"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "completed", "depth": ""}, "needs the depth"),
        ({"depth_unit": ""}, "needs its unit"),
        ({"band": "other"}, "central wavelength"),
        ({"ra": "400"}, "less than or equal to 360"),
        ({"ra": "nan"}, "Enter a number"),
        ({"instrument": "4242"}, "Select a valid choice"),
        ({"time": "yesterday"}, "time"),
    ],
)
def test_wrong_input_is_said_at_its_field_and_kept(client, event, ada, change, words):
    answer = client.post(url("event-reports"), {**FORM, **change})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert Delivery.objects.count() == 0


def test_a_file_all_of_it_or_nothing(client, fake, event, ada):
    head = "ra,dec,time,status,band,depth,depth_unit,instrument_id\n"
    good = "10,20,2026-11-20T03:00:00,completed,r,21,ab_mag,100\n"
    bad = "11,20,2026-11-20T03:00:00,completed,r,,,100\n"

    def post(text: str):
        return client.post(url("event-report-file"), {"file": SimpleUploadedFile("a.csv", (head + text).encode())})

    answer = post(good + bad)
    assert answer.status_code == 400
    assert "row 2" in answer.content.decode()
    assert Report.objects.count() == 0
    assert post(good).status_code == 302
    assert post(good).status_code == 302
    send()
    assert len(reports.rows(fake)) == 1


def test_who_may_do_what(client, fake, event):
    few = make.Group.objects.create(name="few")
    owner, member, stranger = make.user("owner", few), make.user("member", few), make.user("stranger")
    client.force_login(owner)
    client.post(url("event-reports"), FORM)
    send()
    one = Report.objects.get()
    cancel = url("event-report-act", "cancel")
    client.logout()
    for name in ("event-reports",):
        assert client.get(url(name)).status_code == 302
    assert client.post(cancel, {"report": one.pk}).status_code == 302
    for path in ("token", "rules", "instrument"):
        assert client.get(reverse(f"tom_treasuremap:{path}")).status_code == 302
    for user, sees in ((member, True), (stranger, False)):
        client.force_login(user)
        assert (str(one.number) in client.get(url("event-reports")).content.decode()) is sees
        client.post(cancel, {"report": one.pk})
        client.post(url("event-report-act", "cancel-planned"))
    assert Delivery.objects.count() == 1
    client.force_login(owner)
    assert "Cancel 1 planned pointing at Treasure Map" in client.get(event.get_absolute_url()).content.decode()
    client.post(url("event-report-act", "cancel-planned"))
    send()
    assert [row["status"] for row in reports.rows(fake)] == ["cancelled"]
    assert client.post(url("event-report-act", "explode"), {"report": one.pk}).status_code == 404
    hidden = make.event("S251112zz", groups=(few,))
    client.force_login(stranger)
    page = reverse("tom_treasuremap:event-reports", args=[hidden.name])
    assert (client.get(page).status_code, client.post(page, FORM).status_code) == (404, 404)


def test_a_token_is_kept_tested_and_never_shown(client, fake, ada):
    client.post(reverse("tom_treasuremap:token"), {"token": "token-other"})
    assert TreasureMapProfile.objects.get().token == "token-other"
    body = client.get(reverse("user-profile")).content.decode()
    assert "an own token" in body
    assert "token-other" not in body
    assert "token-other" not in client.get(reverse("tom_treasuremap:token")).content.decode()
    assert "The Treasure Map knows you as tomother." in card_after_test(client)
    TreasureMapProfile.objects.update_or_create(user=ada, defaults={"token": "wrong"})
    assert "The token was not taken" in card_after_test(client)
    client.post(reverse("tom_treasuremap:token"), {"token": "token-other"})
    assert "was not taken" not in client.get(reverse("user-profile")).content.decode()  # that was the other token
    fake.close()
    assert "It could not be asked" in card_after_test(client)


def card_after_test(client) -> str:
    """The profile page once the worker has tested the token."""
    client.post(reverse("tom_treasuremap:account-test"))
    account_tests.run()
    return client.get(reverse("user-profile")).content.decode()


def test_the_click_asks_nothing_and_the_card_follows_the_worker(client, fake, ada, monkeypatch):
    """docs/outbox.md: nothing is asked while a page loads; a click returns at once."""
    monkeypatch.setattr(accounts, "service", lambda *args, **how: pytest.fail("the click asked"))
    answer = client.post(reverse("tom_treasuremap:account-test"))
    assert answer["Location"] == f"{reverse('user-profile')}#treasuremap-card"
    card = reverse("tom_scimma:account-tested", args=["treasuremap"])
    page = client.get(reverse("user-profile")).content.decode()
    assert "No worker runs that would ask whose token this is" in page
    assert f'hx-get="{card}?attended=False"' in page
    assert client.get(f"{card}?attended=False").status_code == 204
    assert "No worker runs" in client.get(f"{card}?attended=True").content.decode()
    monkeypatch.undo()
    account_tests.run()
    said = client.get(f"{card}?attended=False").content.decode()
    assert ("The Treasure Map knows you as" in said, "hx-get" in said) == (True, False)
    client.force_login(make.user("eve"))
    assert "knows you as" not in client.get(card).content.decode()


def test_rules_are_ones_own(client, fake, ada):
    page = reverse("tom_treasuremap:rules")
    said = {"facility": "LCO", "instrument": "sinistro", "number": "100", "planned": "on", "completed": "on"}
    assert client.post(page, {**said, "depth": "21"}).status_code == 400
    assert client.post(page, said).status_code == 302
    rule = ReportRule.objects.get()
    assert (rule.owner, rule.number) == (ada, 100)
    client.force_login(make.user("bob"))
    assert "sinistro" not in client.get(page).content.decode().split("A new rule")[0]
    client.post(page, {"remove": rule.pk})
    assert ReportRule.objects.count() == 1


def test_a_list_of_instruments_without_one_says_so(client, fake, event, ada):
    """Until the worker first read them there is nothing to choose; an empty list does not say why."""
    words = "none known here yet: the worker reads them"
    pages = reverse("tom_treasuremap:rules"), url("event-reports")
    assert [words in client.get(page).content.decode() for page in pages] == [False, False]
    Instrument.objects.all().delete()
    assert [words in client.get(page).content.decode() for page in pages] == [True, True]


@pytest.mark.parametrize(
    "shape",
    [
        {"footprint_type": "Rectangular", "width": "2", "height": "1"},
        {"footprint_type": "Circular", "radius": "0.5"},
        {"footprint_type": "Polygon", "polygon": "(-1, 1)\n(1, 1)\n(0, -1)"},
        {"footprint_type": "Polygon", "polygon": "(-2, 1)\n(-1, 1)\n(-1, -1)\n#\n1 1\n2 1\n2 -1"},
    ],
)
def test_an_instrument_is_looked_at_confirmed_and_registered_once(client, fake, ada, shape):
    said = {"instrument_name": "Ours", "instrument_type": "1", "unit": "deg", **shape}
    page = reverse("tom_treasuremap:instrument")
    body = client.post(page, said).content.decode()
    assert body.count("<polygon") == (2 if "#" in shape.get("polygon", "") else 1)
    assert Delivery.objects.count() == 0
    client.post(page, {**said, "confirm": "yes"})
    client.post(page, {**said, "confirm": "yes"})
    send()
    assert Delivery.objects.get().state == "delivered", Delivery.objects.get().reason
    assert Instrument.objects.get(name="Ours").rings


@pytest.mark.parametrize("change", [{"radius": "-1"}, {"radius": ""}, {"radius": "90"}, {"instrument_name": ""}])
def test_an_instrument_that_cannot_be(client, fake, ada, change):
    said = {
        "instrument_name": "Ours",
        "instrument_type": "1",
        "unit": "deg",
        "footprint_type": "Circular",
        "radius": "1",
        **change,
    }
    assert client.post(reverse("tom_treasuremap:instrument"), said).status_code == 400


def test_a_targets_observations_lead_to_the_composer(client, fake, event, ada):
    star = sharing.target("AT2026abc")
    page = reverse("tom_treasuremap:target-report", args=[star.pk])
    assert "no observations" in client.get(page).content.decode()
    record = ObservationRecord.objects.create(
        target=star, facility="LCO", parameters={}, observation_id="7", status="PENDING"
    )
    event.target = star
    event.save()
    body = client.get(page).content.decode()
    assert f'name="observation" value="{record.pk}"' in body
    answer = client.get(reverse("tom_scimma:share"), {"event": event.name, "observation": record.pk}, follow=True)
    assert "Treasure Map" in answer.content.decode()
    few = make.Group.objects.create(name="few")
    secret = sharing.target("AT2026zzz", few)
    assert client.get(reverse("tom_treasuremap:target-report", args=[secret.pk])).status_code == 404


def test_ranked_galaxies_are_told_by_a_click_once(client, settings, tmp_path):
    settings.TOM_SCIMMA = {"GALAXY_DIR": str(tmp_path)}
    catalog = catalogs.loaded(tmp_path)
    make.known(reports.NAME, sky=skymap.from_gaussian(30.0, 20.0, 4.0, order=5))
    with reports.at_standin(settings) as fake:
        client.force_login(make.user("ada"))
        _tell_galaxies(client, fake, catalog)


def _tell_galaxies(client, fake, catalog):
    listed = client.get(
        reverse("tom_scimma:event-galaxies", args=[reports.NAME]), headers={"HX-Request": "true"}
    ).content.decode()
    assert "Tell the Treasure Map" in listed
    page = client.get(url("event-galaxies")).content.decode()
    assert catalog.name in page
    assert "<ol><li>" in page
    assert client.post(url("event-galaxies"), {"count": "0"}).status_code == 400
    for _ in range(2):
        client.post(url("event-galaxies"), {"count": "7"})
    assert Delivery.objects.filter(destination__startswith="treasuremap-galaxies").count() == 1
    deliver("treasuremap-galaxies")
    rows = service(fake.token).galaxies(reports.NAME)
    assert sorted(row["rank"] for row in rows) == list(range(1, 8))
    assert rows[0]["name"] in page


def test_who_may_not_tell_galaxies(client, fake, event):
    assert client.get(url("event-galaxies")).status_code == 302
    settled = make.user("bob")
    client.force_login(settled)
    Event.objects.filter(pk=event.pk).update(public=False)
    assert client.get(url("event-galaxies")).status_code == 404
    assert client.post(url("event-galaxies"), {"count": "7"}).status_code == 404


def test_reports_over_rest_are_read_by_who_sees_them(client, fake, event, ada, django_assert_max_num_queries):
    client.post(url("event-reports"), FORM)
    send()
    assert "sinistro 21.50" in " ".join(
        client.get(url("event-reports")).content.decode().replace("r 21.50", "21.50").split()
    )
    with django_assert_max_num_queries(8):
        [row] = client.get("/api/treasuremap-reports/", {"event": event.name, "status": "planned"}).json()["results"]
    assert (row["number"], row["wanted"], row["said"]["ra"]) == (700001, "planned", 125.25)
    assert [sent["state"] for sent in row["deliveries"]] == [Delivery.State.DELIVERED]
    assert client.get("/api/treasuremap-reports/", {"status": "completed"}).json()["count"] == 0
    assert client.post("/api/treasuremap-reports/", {}).status_code in (403, 405)
    client.force_login(make.user("eve"))
    assert client.get("/api/treasuremap-reports/").json()["count"] == 0
    client.logout()
    assert client.get("/api/treasuremap-reports/").status_code in (401, 403)
