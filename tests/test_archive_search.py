"""The data service over the archive. Authority: TOM Toolkit's own views, which run it; the archive's contract; promise 6."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.urls import reverse
from tom_dataservices.dataservices import QueryServiceError
from tom_targets.models import Target

from tests import factories as make
from tests.archives import FIRST, TOPIC, fill, headers, running
from tests.messages import wxt
from tom_scimma.dataservice import HopskotchDataService
from tom_scimma.fake_services.archived import put
from tom_scimma.ingest import ingest
from tom_scimma.record import Record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_results_of_others():
    cache.clear()


@pytest.fixture
def services(settings):
    with running(settings) as made:
        yield made


def found(user=None, **asked) -> list[dict]:
    who = user or User.objects.filter(username="somebody").first() or make.user("somebody")
    service = HopskotchDataService(user=who)
    return service.query_targets(service.build_query_parameters({"where": "archive", **asked}))


def test_messages_are_found_by_words_topic_and_time_the_newest_first(services):
    fill(services.world, 5)
    put(services.world, "hermes.discovery", b'{"what": "a kilonova candidate"}', FIRST, headers=headers(1, "d"))
    titles = [row["title"] for row in found(topic=TOPIC)]
    assert titles == [f"number {number}" for number in range(4, -1, -1)]
    assert [row["topic"] for row in found(text='"kilonova candidate"')] == ["hermes.discovery"]
    assert found(text="kilonova -candidate") == []
    later = (FIRST + timedelta(hours=3)).isoformat()
    assert [row["title"] for row in found(topic=TOPIC, since=later)] == ["number 4", "number 3"]
    assert [row["title"] for row in found(topic=TOPIC, until=later)] == ["number 2", "number 1", "number 0"]
    assert found(topic="no.such") == []


def test_pages_follow_each_other(services):
    fill(services.world, 230)
    titles = [row["title"] for page in (1, 2, 3, 4) for row in found(make.user(f"u{page}"), topic=TOPIC, page=page)]
    assert titles == [f"number {number}" for number in range(229, -1, -1)]


def test_what_is_not_public_there_is_found_by_nobody(services):
    """The host's cache is shared, so that the archive is asked as nobody, whatever the TOM's credential may read."""
    put(services.world, "tomtoolkit.test", b'{"secret": 1}', FIRST, headers=headers(1, "s"))
    assert found(make.user("root", is_superuser=True), text="secret") == []
    assert {request.headers.get("Authorization") for request in services.asked} == {None}


@pytest.mark.parametrize("do", ["503", "half", "html", "drop"])
def test_what_goes_wrong_is_an_error_that_the_host_understands(services, do):
    services.faults.append({"path": "/archive/*", "times": None, "do": do})
    with pytest.raises(QueryServiceError, match="could not be searched"):
        found(topic=TOPIC)


def test_what_is_said_of_trouble_is_no_html(services):
    """The host's page shows an error as it is."""
    services.faults.append({"path": "/archive/*", "times": None, "do": "404"})
    with pytest.raises(QueryServiceError, match="404") as said:
        found(topic=TOPIC)
    assert "<" not in str(said.value)
    with pytest.raises(QueryServiceError) as said:
        found(where="", inside="<script>")
    assert "<" not in str(said.value)


def test_a_saved_query_without_a_person_is_told_so(services):
    service = HopskotchDataService(user=None)
    with pytest.raises(QueryServiceError, match="by a person"):
        service.query_targets(service.build_query_parameters({"where": "archive"}))


def test_a_person_asks_and_makes_a_target(services, client, astropy_frames):
    row = put(services.world, "gcn.notices.einstein_probe.wxt.alert", json.dumps(wxt(ra=120.0, dec=40.0)).encode(), FIRST, headers=headers(1, "w"), public=True)  # fmt: skip # noqa: E501
    put(services.world, TOPIC, b'{"nothing": "there"}', FIRST - timedelta(days=1), headers=headers(2), public=True)
    client.force_login(make.user("somebody"))
    ingest([Record(row.topic, row.payload, headers=tuple(row.headers), partition=0, offset=0)])
    form = {"data_service": "Hopskotch", "query_name": "", "where": "archive"}
    answer = client.post(reverse("dataservices:create") + "?data_service=Hopskotch", form)
    assert answer.status_code == 302, answer.context["form"].errors
    page = client.get(reverse("dataservices:run")).content.decode()
    assert f"{services.archive}/msg/{row.uuid}" in page
    assert "/messages/" in page.split("<h2>")[-1], "which of them are here"
    Target.objects.all().delete()
    made = {"data_service": "Hopskotch", "query_id": "", "selected_results": [0]}
    client.post(reverse("dataservices:create-target"), made)
    target = Target.objects.get()
    assert (target.ra, target.dec) == (120.0, 40.0)
    answer = client.post(reverse("dataservices:create-target"), {**made, "selected_results": [1]}, follow=True)
    assert "says where on the sky" in answer.content.decode()
    assert Target.objects.count() == 1
