"""The candidates of an event on its page, what people do there, and the target's tab. Who sees what: test_permissions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from tom_targets.models import Target

from tests import factories as make
from tests.factories import NIGHT
from tom_scimma import candidates, skymap
from tom_scimma.apps import TomScimmaConfig
from tom_scimma.models import Candidate, Event

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def sky(ra: float = 30.0, sigma: float = 3.0, **options) -> skymap.SkyMap:
    return skymap.from_gaussian(ra, 20.0, sigma, order=3, rounds=4, **options)


def target(name: str, ra: float = 30.0, days: float = 0, **fields) -> Target:
    row = Target.objects.create(name=name, type="SIDEREAL", ra=ra, dec=20.0, **{"permissions": "PUBLIC", **fields})
    Target.objects.filter(pk=row.pk).update(created=NIGHT + timedelta(days=days))
    return row


def version(event: Event, made: skymap.SkyMap, minutes: float, kind: str = "update") -> None:
    """A map that comes, and stands for the event from then on."""
    said = make.notice(event.name, alert_type=kind, sent=NIGHT + timedelta(minutes=minutes))
    alert = make.alert(event, said, make.message())
    make.show(event, make.localization(alert, made))
    candidates.react(alert.pk, "updated")


@pytest.fixture
def event():
    row = make.event("S261120ab")
    for name, ra in (("centre", 30.0), ("edge", 36.0), ("outside", 42.0)):
        target(name, ra)
    target("old", 30.5, days=-400)
    version(row, sky(distance=(100.0, 20.0)), 0, "preliminary")
    return row


@pytest.fixture
def ada():
    client = Client()
    client.force_login(make.user("ada", is_superuser=True))
    return client


def path(event: Event, more: str = "") -> str:
    return f"{event.get_absolute_url()}candidates/{more}"


def shown(answer) -> list[str]:
    """The names in the table, in its order."""
    assert answer.status_code == 200
    return [row.target.name for row in answer.context["table"].page.object_list.data]


def test_the_event_page_asks_for_its_candidates(ada, event):
    page = ada.get(event.get_absolute_url()).content.decode()
    assert f'hx-get="{path(event)}"' in page
    section = ada.get(path(event), headers=HTMX).content.decode()
    assert "<html" not in section
    assert "2 candidates" in section
    assert "<html" in ada.get(path(event)).content.decode()
    table = ada.get(path(event), headers={**HTMX, "HX-Target": "candidates-table"}).content.decode()
    assert '<form class="scimma-candidates-filter' not in table
    assert "centre" in table


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["centre", "edge"]),
        ("?sort=-now", ["edge", "centre"]),
        ("?sort=-name", ["edge", "centre"]),
        ("?sort=since", ["centre", "edge"]),
        ("?sort=status", ["centre", "edge"]),
        ("?sort=volume_now", ["centre", "edge"]),
        ("?sort=-decided_at", ["centre", "edge"]),
        ("?query=EDG", ["edge"]),
        ("?status=confirmed", []),
        ("?status=new", ["centre", "edge"]),
        ("?place=inside", ["centre", "edge"]),
        ("?place=outside", []),
        ("?level_max=0.5", ["centre"]),
        ("?status=nonsense&page=9999", ["centre", "edge"]),
    ],
)
def test_sort_and_filter(ada, event, query, names):
    found = shown(ada.get(path(event, query)))
    assert sorted(found) == sorted(names)
    if "sort" in query and query not in ("?sort=since", "?sort=status", "?sort=volume_now", "?sort=-decided_at"):
        assert found == names


def test_the_links_of_the_section_name_its_own_address(ada, event):
    for number in range(30):
        Candidate.objects.create(event=event, target=target(f"t{number}"), because="creation", level=0.5)
    section = ada.get(path(event), headers=HTMX).content.decode()
    assert f'href="{path(event)}?sort=-now"' in section
    assert f'href="{path(event)}?page=2"' in section
    assert len(shown(ada.get(path(event, "?page=2")))) == 12


def test_a_status_is_changed_in_its_row(ada, event):
    row = Candidate.objects.get(target__name="edge")
    answer = ada.post(path(event, f"{row.pk}/"), {"status": "interesting", "reason": "<b>blue</b>"}, headers=HTMX)
    text = answer.content.decode()
    assert text.lstrip().startswith("<tr")
    assert "&lt;b&gt;blue" in text
    assert "by ada" in text
    row.refresh_from_db()
    assert (row.status, row.reason, row.decided_by.username) == ("interesting", "<b>blue</b>", "ada")
    assert ada.post(path(event, f"{row.pk}/"), {"status": "splendid"}, headers=HTMX).status_code == 400
    plain = ada.post(path(event, f"{row.pk}/"), {"status": "ruled_out", "reason": "an AGN"})
    assert (plain.status_code, plain["Location"]) == (302, path(event))
    assert row.decisions.count() == 2


def test_many_at_once(ada, event):
    keys = list(Candidate.objects.values_list("pk", flat=True))
    said = {"candidate": [*keys, 10**9, "x"], "status": "ruled_out", "reason": "too faint"}
    answer = ada.post(path(event, "decide/"), said, headers=HTMX)
    assert "2 candidates now ruled out." in answer.content.decode()
    assert set(Candidate.objects.values_list("status", "reason")) == {("ruled_out", "too faint")}
    assert "Tick some" in ada.post(path(event, "decide/"), {"status": "new"}, headers=HTMX).content.decode()
    assert ada.post(path(event, "decide/"), {"status": "new"}).status_code == 302


def test_the_filter_stays_after_many_were_decided(ada, event):
    row = Candidate.objects.get(target__name="edge")
    said = {"candidate": [row.pk], "status": "ruled_out", "reason": ""}
    answer = ada.post(path(event, "decide/?status=new"), said, headers=HTMX)
    assert shown(answer) == ["centre"]


def test_an_old_target_is_added_by_name_or_from_the_list(ada, event):
    others = ada.get(f"{event.get_absolute_url()}targets/", headers=HTMX)
    assert [one.name for one, _ in others.context["inside"].targets] == ["old"]
    assert 'value="old"' in others.content.decode()
    answer = ada.post(path(event, "add/"), {"target": "old"}, headers=HTMX)
    assert "old is now a candidate." in answer.content.decode()
    assert "added by ada" in " ".join(answer.content.decode().split())
    assert "is a candidate already" in ada.post(path(event, "add/"), {"target": "old"}, headers=HTMX).content.decode()
    assert "no target of that name" in ada.post(path(event, "add/"), {"target": "none"}, headers=HTMX).content.decode()
    assert ada.get(f"{event.get_absolute_url()}targets/").context["inside"].count == 0


def test_what_moved_in_or_out(ada, event):
    version(event, sky(ra=42.0, sigma=2.0), 5)
    page = ada.get(path(event))
    (step,) = page.context["moves"]
    assert (step.before.alert_type, step.after.alert_type) == ("preliminary", "update")
    assert [row.target.name for row in step.came.first] == ["outside"]
    assert [row.target.name for row in step.went.first] == ["edge", "centre"]  # the most probable first
    text = page.content.decode()
    assert "1 in</span>" in text
    assert "2 out</span>" in text
    assert "was " in text
    assert shown(ada.get(path(event, "?place=outside"))) == ["edge", "centre"]


def test_a_retraction_says_so_and_keeps_the_rows(ada, event):
    Event.objects.update(state="retracted")
    page = ada.get(path(event), headers=HTMX)
    assert "The event is retracted" in page.content.decode()
    assert shown(page) == ["centre", "edge"]


def test_nothing_yet(ada):
    nowhere, waiting = make.event("S1a"), make.known("S2a", sky=sky())
    assert "Nobody has said yet" in ada.get(path(nowhere), headers=HTMX).content.decode()
    assert "not placed in its newest map yet" in ada.get(path(waiting), headers=HTMX).content.decode()


def test_the_page_asks_as_few_questions_with_many_candidates(ada, event, django_assert_max_num_queries):
    for number in range(60):
        Candidate.objects.create(event=event, target=target(f"t{number}"), because="creation", level=0.5)
    with django_assert_max_num_queries(30):
        ada.get(path(event), headers=HTMX)


def test_the_host_s_tab_loads_by_itself(ada, event, astropy_frames):
    """The host swallows an AttributeError of the hook, so it is called here; and it asks for tabs twice."""
    config = TomScimmaConfig("tom_scimma", candidates)
    (tab,) = [tab for tab in config.target_detail_tabs() if tab["label"] == "Events"]
    assert tab["partial"] == "tom_scimma/partials/target_events_tab.html"
    row = Target.objects.get(name="centre")
    page = ada.get(f"/targets/{row.pk}/").content.decode()
    assert f'hx-get="/scimma/targets/{row.pk}/events/"' in page
    assert "S261120ab" not in page


def test_the_events_in_which_a_target_lies(ada, event):
    address = "/scimma/targets/{}/events/".format
    Candidate.objects.filter(target__name="centre").update(status="interesting", reason="blue")
    found = {row.name: ada.get(address(row.pk), headers=HTMX) for row in Target.objects.all()}
    assert "interesting" in found["centre"].content.decode()
    assert event.name in found["centre"].content.decode()
    (lying,) = found["old"].context["lying"]
    assert lying.candidate is None
    assert lying.level < 0.1
    assert "none of the events" in found["outside"].content.decode()
    assert "<html" in ada.get(address(Target.objects.get(name="old").pk)).content.decode()
    comet = Target.objects.create(name="comet", type="NON_SIDEREAL")
    assert "It moves" in ada.get(address(comet.pk), headers=HTMX).content.decode()
    assert ada.get(address(10**9)).status_code == 404
