"""The Events list and the page of an event, as issue 2 section 4 asks for them. Who sees what: test_permissions."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tom_targets.models import Target

from tests import factories as make
from tests.factories import NIGHT
from tests.messages import gw
from tom_scimma import skymap
from tom_scimma.ingest import ingest
from tom_scimma.models import Event, Localization

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pictures_of_other_tests():
    cache.clear()


def small(ra: float = 30.0, dec: float = 20.0, **options) -> skymap.SkyMap:
    return skymap.from_gaussian(ra, dec, 3.0, order=3, rounds=3, **options)


def text(client, address: str, **options) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(client, address: str) -> list[str]:
    """Names of the events in the list, in its order."""
    return [row.record.name for row in client.get(address).context["table"].paginated_rows]


def test_an_empty_tom_says_what_to_do(client):
    page = text(client, "/events/")
    assert "No event yet" in page
    assert "manage.py listen" in page
    make.event("S1a", role="test")
    assert "show tests" in text(client, "/events/")


def test_tests_are_hidden_until_asked_for(client):
    make.event("S1a")
    make.event("MS1a", role="test")
    assert rows(client, "/events/") == ["S1a"]
    assert set(rows(client, "/events/?role=all")) == {"S1a", "MS1a"}
    assert rows(client, "/events/?role=test") == ["MS1a"]


def test_newest_word_first_and_every_column_sorts(client):
    for number, far in enumerate((1e-8, None, 1e-12)):
        make.event(f"S{number}a", far_hz=far, latest=NIGHT + timedelta(hours=number), area_90=far and far * 1e12)
    assert rows(client, "/events/") == ["S2a", "S1a", "S0a"]
    assert rows(client, "/events/?sort=far_hz") == ["S2a", "S0a", "S1a"]
    assert rows(client, "/events/?sort=-far_hz") == ["S0a", "S2a", "S1a"]  # unknown stays last
    for column in ("name", "kind", "time", "latest", "area_90", "distance_mpc", "state", "nonsense"):
        assert len(rows(client, f"/events/?sort=-{column}")) == 3


def test_pages(client):
    make.many(60)
    first, second = rows(client, "/events/"), rows(client, "/events/?page=2")
    assert len(first) == len(second) == 20
    assert not set(first) & set(second)
    assert rows(client, "/events/?page=999") == rows(client, "/events/?page=3")
    assert 'href="?page=2"' in text(client, "/events/")  # a real link: no JavaScript needed


def test_htmx_gets_the_table_alone_and_history_the_page(client):
    make.event("S1a")
    part = text(client, "/events/", headers={"HX-Request": "true"})
    assert "<html" not in part
    assert "S1a" in part
    answer = client.get("/events/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_a_wrong_filter_is_named_and_the_list_still_shows(client):
    make.event("S1a")
    page = text(client, "/events/?far_max=often&time_after=yesterday")
    assert "Enter a number" in page
    assert "is not a time" in page
    assert "S1a" in page


def test_every_field_has_a_label(client):
    page = client.get("/events/").content.decode()
    for name in client.get("/events/").context["filter"].form.fields:
        assert f'for="id_{name}"' in page, name


def test_the_list_asks_at_most_12_times_and_no_more_for_many(client):
    client.force_login(make.user("somebody"))
    counts = []
    for number in (10, 990):
        make.many(number, start=Event.objects.count())
        with CaptureQueriesContext(
            connection,
        ) as asked:
            text(client, "/events/?role=all&sort=area_90&query=S")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


def test_ten_thousand_events_list_as_fast_as_ten(client):
    """Within 1.3 times (issue 2); processor time, the best of several, since the machine may be busy with others."""

    def best(number: int) -> float:
        make.many(number, start=Event.objects.count())
        times = []
        for _ in range(12):
            start = time.process_time()
            text(client, "/events/")
            times.append(time.process_time() - start)
        return min(times[2:])

    assert best(10) * 1.3 > best(9990)


def full(**fields) -> Event:
    """A binary neutron star in three versions, the last of them by the broker's clock slow to come."""
    event = make.event(
        "S261120ab",
        classification={"BNS": 0.92, "Terrestrial": 0.08},
        top_class="BNS",
        top_probability=0.92,
        properties={"HasNS": 0.999, "significant": True},
        **fields,
    )
    for minute, (kind, sigma, classes) in enumerate(
        (("early_warning", 9.0, 0.4), ("preliminary", 6.0, 0.4), ("initial", 2.0, 0.92))
    ):
        sent = NIGHT + timedelta(minutes=minute)
        said = make.notice(event.name, alert_type=kind, sent=sent, classification={"BNS": classes})
        late = timedelta(seconds=20 if kind == "initial" else 1)
        alert = make.alert(event, said, make.message(published=sent, received=sent + late))
        sky = skymap.from_gaussian(30.0, 20.0, sigma, order=3, rounds=3, distance=(156.0, 41.0))
        make.show(event, make.localization(alert, sky))
    return event


def test_an_event_in_an_astronomer_s_words(client):
    event = full()
    page = text(client, event.get_absolute_url())
    for words in (
        "Binary neutron star merger (92 %)",
        "false alarms 1 per 12.3 years",
        f"{event.distance_mpc:.0f} ± {event.distance_sd_mpc:.0f} Mpc",
        "H1 and L1",
        "2026-11-20</span> <span>02:59:20.000",
        "99.9 %",
        "https://gracedb.ligo.org/superevents/S261120ab/view/",
        "https://hermes.lco.global/nonlocalizedevent/S261120ab",
        "https://treasuremap.space/alerts?graceids=S261120ab",
        "https://gcn.nasa.gov/circulars?query=S261120ab",
        'style="width:92.0%"',
    ):
        assert words in page, words


def test_versions_say_what_changed_since_the_one_before(client):
    page = client.get(full().get_absolute_url())
    newest, middle, first = page.context["versions"]
    areas = [version.map.area_90 for version in (newest, middle, first)]
    assert first.first
    assert first.changes == ()
    assert "BNS 0.4 to 0.92" in newest.changes
    assert areas[0] < areas[1] < areas[2]
    assert newest.changes[0].startswith("90 % area ")
    assert "BNS" not in " ".join(middle.changes)
    for version in (newest, middle, first):
        assert f"/messages/{version.alert.message.uid}/raw/" in page.content.decode()


def test_the_slow_step_is_red(client):
    page = client.get(full().get_absolute_url())
    late = [entry.step for version in page.context["versions"] for entry in version.ledger.entries if entry.late]
    assert late == ["received"]
    assert page.content.decode().count('class="late"') == 1


def test_another_source_s_versions_are_compared_with_its_own(client):
    event = make.known("Fermi GBM 7", kind="GRB", said={"source": "Fermi GBM", "sky": make.circle(10, 10, 5)})
    for minutes, radius in ((1, 0.1), (2, 0.05)):
        said = make.notice(
            "Fermi GBM 7",
            source="Swift XRT",
            alert_type="followup",
            sent=NIGHT + timedelta(minutes=minutes),
            sky=make.circle(10, 10, radius),
        )
        make.alert(event, said, make.message())
    newest, swift, _ = client.get(event.get_absolute_url()).context["versions"]
    assert swift.first
    assert "error radius 6′ to 3′" in newest.changes


def test_retracted_keeps_its_last_values_and_says_so(client):
    event = full(state="retracted")
    said = make.notice(
        event.name, alert_type="retraction", sent=NIGHT + timedelta(hours=1), classification={}, far_hz=None
    )
    make.alert(event, said, make.message())
    page = client.get(event.get_absolute_url())
    assert "Retracted." in page.content.decode()
    assert "Binary neutron star merger" in page.content.decode()
    assert page.context["versions"][0].changes == ("retracted",)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "test"}, "This is a test"),
        ({"state": "reported"}, "Reports only"),
        ({"role": "prediction"}, "A prediction"),
    ],
)
def test_banners(client, fields, words):
    assert words in text(client, make.known("S1a", **fields).get_absolute_url())


def test_a_report_is_marked(client):
    event = make.known("S1a")
    make.alert(
        event,
        make.notice("S1a", alert_type="report", source="GCN Circular", text="<b>We saw</b>"),
        make.message(),
        authority=False,
    )
    page = text(client, event.get_absolute_url())
    assert ">report</span>" in page
    assert "&lt;b&gt;We saw" in page


def test_the_picture(client):
    event = full()
    answer = client.get(f"/events/{event.name}/skymap.png")
    assert answer["Content-Type"] == "image/png"
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert client.get(f"/localizations/{event.localization_id}.png").content == answer.content
    again = client.get(f"/events/{event.name}/skymap.png", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = text(client, event.get_absolute_url())
    assert 'alt="Sky map of S261120ab: 50 % of the probability in' in page


def test_the_picture_is_drawn_once(client):
    event = full()
    first = client.get(f"/events/{event.name}/skymap.png").content
    Localization.objects.update(data=b"gone")
    assert client.get(f"/events/{event.name}/skymap.png").content == first


def test_a_position_has_a_picture_and_no_position_none(client):
    point = make.known("GRB 1", kind="GRB", ra=201.2, dec=-43.1, radius_deg=4.3, area_50=19.0, area_90=58.0)
    assert client.get(f"{point.get_absolute_url()}skymap.png").content[:4] == b"\x89PNG"
    bare = make.known("AT 2026x", kind="OT", ra=10.0, dec=-90.0)
    assert client.get(f"{bare.get_absolute_url()}skymap.png").status_code == 200
    nowhere = make.known("GRB 2", kind="GRB")
    assert client.get(f"{nowhere.get_absolute_url()}skymap.png").status_code == 404
    assert "Nobody has said yet where" in text(client, nowhere.get_absolute_url())


def test_a_map_that_could_not_be_used_is_said(client):
    event = make.known("S1a")
    Localization.objects.create(alert=event.alerts.get(), sha256="0" * 64, data=b"", error="3 pixels are negative")
    assert "the sky map could not be used: 3 pixels are negative" in text(client, event.get_absolute_url())


def targets(*places: tuple[float, float]) -> None:
    for number, (ra, dec) in enumerate(places):
        Target.objects.create(name=f"T{number}", type="SIDEREAL", ra=ra, dec=dec, permissions="OPEN")


def test_targets_inside_the_map(client):
    event = make.known("S1a", sky=small())
    targets((30.0, 20.0), (31.0, 21.0), (60.0, 20.0), (210.0, -20.0))
    inside = client.get(f"{event.get_absolute_url()}targets/").context["inside"]
    sky = skymap.unpack(bytes(event.localization.data))
    assert [target.name for target, _ in inside.targets] == ["T0", "T1"]
    assert [level for _, level in inside.targets] == [sky.level_at(30.0, 20.0), sky.level_at(31.0, 21.0)]
    assert (inside.count, inside.at_least) == (2, False)


def test_targets_inside_the_error_circle(client):
    event = make.known("GRB 1", kind="GRB", ra=359.9, dec=10.0, radius_deg=0.5)
    targets((0.1, 10.0), (359.9, 10.01), (2.0, 10.0))
    page = client.get(f"{event.get_absolute_url()}targets/")
    assert [target.name for target, _ in page.context["inside"].targets] == ["T1", "T0"]
    assert "36″" in page.content.decode()


def test_many_targets_are_counted_and_the_best_shown(client, monkeypatch):
    from tom_scimma import inside

    monkeypatch.setattr(inside, "SHOWN", 3)
    event = make.known("S1a", sky=small())
    targets(*[(30.0 + 0.1 * number, 20.0) for number in range(7)])
    page = text(client, f"{event.get_absolute_url()}targets/")
    assert "7 targets inside" in page
    assert "the 3 most probable are shown" in page


def test_an_event_page_asks_a_bounded_number_of_times(client, django_assert_max_num_queries):
    event = full()
    for number in range(40):
        make.alert(event, make.notice(event.name, sent=NIGHT + timedelta(minutes=10 + number)), make.message())
    client.force_login(make.user("somebody"))
    with django_assert_max_num_queries(12):
        text(client, event.get_absolute_url())
    with django_assert_max_num_queries(12):
        text(client, f"{event.get_absolute_url()}targets/")


def test_another_name_leads_to_the_event(client):
    event = make.known("Fermi GBM 7")
    assert client.get("/events/Fermi GBM 7 too/")["Location"] == event.get_absolute_url()
    assert client.get("/events/nobody/").status_code == 404


def test_a_real_message_becomes_a_page(client):
    """From bytes by the very path of the listener to the page."""
    now = timezone.now()
    ingest(
        [gw("S261121a", "PRELIMINARY", minutes=9, now=now), gw("S261121a", "INITIAL", minutes=5, now=now, far=1e-12)]
    )
    page = client.get("/events/S261121a/")
    assert page.status_code == 200
    assert [version.alert.alert_type for version in page.context["versions"]] == ["initial", "preliminary"]
    assert any("false-alarm rate" in words for words in page.context["versions"][0].changes)


def test_the_navigation_leads_here(client):
    page = text(client, "/")
    for path in ("/events/", "/messages/", "/streams/"):
        assert f'href="{path}"' in page


def card(event, user):
    return {"scimma_test_words": f"card of {event.name}"}


def test_other_apps_hang_cards_and_tabs_on_the_page(client, monkeypatch, tmp_path, settings):
    from django.apps import apps

    (tmp_path / "ours.html").write_text("<em>{{ scimma_test_words }}</em>")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    panels = [
        {"partial": "ours.html", "label": "Our card", "place": "card", "context": f"{__name__}.card", "url": None},
        {"partial": "ours.html", "label": "Our tab", "place": "tab", "context": f"{__name__}.card", "url": None},
        {"partial": "ours.html", "label": "Own page", "place": "tab", "url": "tom_scimma:event-targets"},
    ]
    monkeypatch.setattr(apps.get_app_config("tom_hermes"), "event_panels", lambda: panels, raising=False)
    event = make.known("S1a")
    page = text(client, event.get_absolute_url())
    assert "<em>card of S1a</em>" in page
    assert 'hx-get="/events/S1a/panel/our-tab/"' in page
    assert 'hx-get="/events/S1a/targets/"' in page
    assert text(client, "/events/S1a/panel/our-tab/") == "<em>card of S1a</em>"
    assert client.get("/events/S1a/panel/nothing/").status_code == 404


def test_what_a_sender_may_write_is_bounded_and_escaped(client):
    event = make.known(
        "S1a",
        properties={f"<b>{number}": "<i>" * 1000 for number in range(3000)},
        classification={f"<u>{number}": number / 3000 for number in range(3000)},
        instruments=["<s>"] * 3,
        source="<script>",
        said={"text": "<script>" * 10_000, "links": {"<a>": "https://x/?<a>", "bad": "javascript:alert(1)"}},
    )
    page = text(client, event.get_absolute_url())
    assert len(page) < 200_000
    for tag in ("<b>", "<i>", "<u>", "<s>", "<a>", "<script>", "javascript:alert"):
        assert tag not in page


def test_a_page_that_nobody_can_style_or_script_still_says_everything(client):
    """Tables, links and forms are plain HTML: what htmx loads has an address of its own."""
    event = full()
    page = text(client, event.get_absolute_url())
    assert f'<a href="{event.get_absolute_url()}targets/">' in page
    form = text(client, "/events/")
    assert 'method="get"' in form
    assert 'type="submit"' in form
