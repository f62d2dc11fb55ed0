"""The Events list. Who sees what: test_permissions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories as make
from tests.factories import NIGHT
from tom_scimma.models import Event

pytestmark = pytest.mark.django_db


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


def test_links_to_pages_are_few_and_keep_the_question(client):
    make.many(500)
    page = text(client, "/events/?role=all&query=%22%3E%3Cb%3E")
    assert '"><b>' not in page
    page = text(client, "/events/?role=all&page=12&sort=name")
    links = [number for number in range(1, 26) if f'href="?role=all&amp;sort=name&amp;page={number}"' in page]
    assert links == [1, 9, 10, 11, 12, 13, 14, 15, 25]
    assert page.count('aria-current="page"') == 1


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
        with CaptureQueriesContext(connection) as asked:
            text(client, "/events/?role=all&sort=area_90&query=S")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


def test_the_navigation_leads_here(client):
    page = text(client, "/")
    for path in ("/events/", "/messages/", "/streams/"):
        assert f'href="{path}"' in page
