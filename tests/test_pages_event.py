"""The page of an event. Who sees what: test_permissions."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tests.factories import NIGHT
from tests.messages import gw, xrt
from tests.notices import raw
from tom_scimma import parsers, skymap
from tom_scimma.decode import decode
from tom_scimma.ingest import ingest
from tom_scimma.models import Event
from tom_scimma.translate import carried

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


def test_an_event_in_an_astronomer_s_words(client):
    event = make.binary()
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


@pytest.mark.parametrize(("radius", "said"), [(None, True), (0.5, False)])
def test_a_position_without_an_error_does_not_look_like_a_good_one(client, radius, said):
    """SVOM's GRM writes an error of -1, which is none: on the page, in what was said of it, and in the list of what was found."""
    ingest([xrt(radius=radius or -1)])
    event = Event.objects.get()
    assert (event.ra, event.radius_deg, event.target_id is None) == (120.0, radius, radius is None or radius > 0.25)
    assert ("no error given" in text(client, event.get_absolute_url())) is said
    portfolio = reverse("tom_scimma:event-portfolio", args=[event.name])
    assert ("no error given" in text(client, portfolio)) is said


def test_versions_say_what_changed_since_the_one_before(client):
    page = client.get(make.binary().get_absolute_url())
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
    page = client.get(make.binary().get_absolute_url())
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
    event = make.binary(state="retracted")
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


def test_many_reports_do_not_push_the_versions_off_the_page(client):
    """A hundred circulars on a merger: its versions are what LVK said, and the newest reports; the rest is under everything said."""
    event = make.binary()
    for number in range(120):
        said = make.notice(
            event.name, alert_type="report", source="GCN Circulars", sent=NIGHT + timedelta(hours=1 + number)
        )
        make.alert(event, said, make.message(), authority=False)
    page = client.get(event.get_absolute_url())
    shown = page.context["versions"]
    assert [version.alert.authority for version in shown] == [False] * 10 + [True] * 3
    assert not any(version.first for version in shown[:10])
    assert page.context["version_count"] == 123
    assert "13 are shown" in page.content.decode()


def test_a_report_is_no_first_word_where_its_source_spoke_before_those_that_are_shown(client):
    event = make.binary()
    for number, source in enumerate(["HERMES", *["GCN Circulars"] * 12, "HERMES", "TNS"]):
        said = make.notice(event.name, alert_type="report", source=source, sent=NIGHT + timedelta(hours=1 + number))
        make.alert(event, said, make.message(), authority=False)
    shown = client.get(event.get_absolute_url()).context["versions"]
    assert [(version.alert.source, version.first) for version in shown[:3]] == [
        ("TNS", True),
        ("HERMES", False),
        ("GCN Circulars", False),
    ]


def test_what_is_downloaded_is_what_the_source_said_though_a_circular_is_newer(client):
    event = make.binary()
    said = make.notice(event.name, alert_type="report", source="GCN Circulars", sent=NIGHT + timedelta(days=1))
    report = make.alert(event, said, make.message(), authority=False)
    address = f"{event.get_absolute_url()}notice.json"
    assert client.get(address).json()["source"] == "LVK"
    assert client.get(f"{address}?alert={report.pk}").json()["source"] == "GCN Circulars"
    zipped = zipfile.ZipFile(io.BytesIO(b"".join(client.get("/api/events/export/voevent/").streaming_content)))
    assert b"<shortName>LVK</shortName>" in zipped.read(zipped.namelist()[0])


def test_an_event_page_asks_a_bounded_number_of_times(client, django_assert_max_num_queries):
    event = make.binary()
    for number in range(40):
        make.alert(event, make.notice(event.name, sent=NIGHT + timedelta(minutes=10 + number)), make.message())
    client.force_login(make.user("somebody"))
    with django_assert_max_num_queries(32):
        text(client, event.get_absolute_url())
    with django_assert_max_num_queries(15):
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
    event = make.binary()
    page = text(client, event.get_absolute_url())
    assert f'<a href="{event.get_absolute_url()}candidates/">' in page
    form = text(client, "/events/")
    assert 'method="get"' in form
    assert 'type="submit"' in form


@pytest.mark.parametrize(
    ("form", "kind"),
    [("json", "application/json"), ("voevent", "application/xml"), ("text", "text/plain; charset=utf-8")],
)
def test_each_version_is_there_in_every_form(client, form, kind):
    """Authority: parsers, which read the file back."""
    event = make.binary()
    page = text(client, event.get_absolute_url())
    newest, *_, first = event.alerts.order_by("-order")
    for alert, query in ((newest, ""), (first, f"?alert={first.pk}")):
        address = f"/events/{event.name}/notice.{form}{query}"
        assert address in page
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        assert "attachment" in answer["Content-Disposition"]
        (found,) = parsers.parse("x", decode(raw(answer.content))).notices
        assert found == carried(alert.notice)
        assert client.get(f"/api/alerts/{alert.pk}/notice/{form}/").content == answer.content


@pytest.mark.parametrize(
    "address", ["notice.pdf", "notice.json?alert=x", "notice.json?alert=999", "notice.json?alert=" + "9" * 40]
)
def test_what_is_no_version_and_no_form_is_not_found(client, address):
    assert client.get(f"/events/{make.binary().name}/{address}").status_code == 404
