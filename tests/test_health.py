"""GET /scimma/health/. Authority: the interfaces ("200 or 503 {ok, reasons, topics}") and promise 6 of the design."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tests import stations

URL = "/scimma/health/"


@pytest.fixture
def tom(settings):
    settings.TOM_SCIMMA = stations.TOM


@pytest.mark.django_db
def test_a_tom_that_hears_what_it_should(client, tom, django_assert_max_num_queries):
    stations.listener()
    stations.topic("igwn.gwalert", lag=4)
    with django_assert_max_num_queries(8):
        response = client.get(URL)
    body = response.json()
    assert (response.status_code, body["ok"], body["reasons"]) == (200, True, [])
    assert body["topics"]["igwn.gwalert"]["light"] == "green"
    assert body["topics"]["igwn.gwalert"]["lag"] == 4


@pytest.mark.django_db
@pytest.mark.parametrize("age", [None, 120, 90000])
def test_a_source_that_nobody_listens_to(client, tom, age):
    if age:
        stations.listener(age=age)
    response = client.get(URL)
    assert response.status_code == 503
    assert response.json()["ok"] is False
    assert "nothing listens to lab" in response.json()["reasons"][0]


@pytest.mark.django_db
def test_a_consumer_that_failed_is_no_consumer(client, tom):
    stations.listener(state="failed")
    assert client.get(URL).status_code == 503


@pytest.mark.django_db
def test_one_topic_in_trouble_is_shown_and_does_not_fail_the_whole(client, tom):
    stations.listener()
    stations.topic("igwn.gwalert", listening=False)
    response = client.get(URL)
    assert response.status_code == 200
    assert response.json()["topics"]["igwn.gwalert"]["light"] == "yellow"


@pytest.mark.django_db
def test_protected_topics_are_a_number_to_everybody(client, tom):
    stations.listener(last_error="ours.secret")
    stations.topic("ours.secret", last_error="ours.secret", last_error_at=None)
    for login in (None, User.objects.create_superuser("root")):  # a probe's answer does not depend on who asks
        if login:
            client.force_login(login)
        response = client.get(URL)
        assert b"ours.secret" not in response.content
        assert response.json()["protected"] == 1


@pytest.mark.django_db
def test_the_same_topic_of_two_sources_is_two_entries(client, settings):
    sources = {name: stations.SOURCES["lab"] for name in ("lab", "other")}
    settings.TOM_SCIMMA = {"SOURCES": sources, "TOPICS": {"igwn.gwalert": {}}}
    assert set(client.get(URL).json()["topics"]) == {"igwn.gwalert (lab)", "igwn.gwalert (other)"}


@pytest.mark.django_db
def test_a_tom_without_settings_is_well(client, settings):
    settings.TOM_SCIMMA = {}
    response = client.get(URL)
    assert (response.status_code, response.json()["topics"]) == (200, {})


@pytest.mark.django_db(transaction=True)
def test_a_database_without_our_tables_is_said_and_not_a_crash(client, tom):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tom_scimma_listener RENAME TO tom_scimma_away")
    try:
        response = client.get(URL)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tom_scimma_away RENAME TO tom_scimma_listener")
    assert response.status_code == 503
    assert "database" in response.json()["reasons"][0]


@pytest.mark.django_db
def test_it_is_read_only_and_never_cached(client, tom):
    assert client.post(URL).status_code == 405
    assert "no-cache" in client.get(URL).headers["Cache-Control"]
