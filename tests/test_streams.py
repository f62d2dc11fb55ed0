"""The Streams page and `streamstatus`: what is shown, to whom, and what a click does.

Authority: docs/operating.md (what must be shown) and promise 6 of the design (protected topics).
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from tests import stations
from tom_scimma.lights import ago
from tom_scimma.models import Listener, TopicState
from tom_scimma.topics import survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(settings):
    settings.TOM_SCIMMA = stations.TOM
    return settings


@pytest.fixture
def member():
    user = User.objects.create_user("member")
    user.groups.add(Group.objects.create(name="ours"))
    return user


@pytest.fixture
def chooser():
    user = User.objects.create_user("chooser")
    user.user_permissions.add(Permission.objects.get(codename="change_topicstate"))
    return user


def page(client, **headers):
    response = client.get(reverse("tom_scimma:streams"), **headers)
    assert response.status_code == 200
    return response.content.decode()


def look(name):
    return next(topic for topic in survey(timezone.now()).topics if topic.name == name)


def test_an_empty_tom_says_what_to_do(client, settings):
    settings.TOM_SCIMMA = {}
    text = page(client)
    assert "Nothing listens" in text
    assert "manage.py listen" in text
    assert "SOURCES" in text


def test_a_tom_with_a_source_that_nobody_listens_to_is_red(client, tom):
    text = page(client)
    assert "nothing listens to lab" in text
    assert look("igwn.gwalert").light == "red"  # named in the settings, though no listener has met it


def test_what_is_known_of_a_topic_is_shown(client, tom):
    stations.listener()
    now = timezone.now()
    stations.topic("igwn.gwalert", age=200, lag=17, dropped=5, parser="igwn", last_parsed=now - timedelta(hours=3))
    stations.topic("gcn.heartbeat", age=2, last_heartbeat=now - timedelta(seconds=7), wanted=True)
    for seconds in (1, 30, 600, 3000, 4000):
        stations.message(seconds=seconds)
    stations.message(state="quarantined", seconds=100)
    text = page(client)
    for words in (
        "LIGO-Virgo-KAGRA: alerts of gravitational waves", "parser igwn", "fast lane", "keep all", "speaks for LVK",
        "3 min", "3 h 0 min", ">17<", "5 / 2", "5 dropped by policy", "heartbeat 7 s", "All sources are heard",
        "?state=quarantined&amp;topic=igwn.gwalert", "set in settings", "host:1",
    ):  # fmt: skip
        assert words in text, words


def test_the_same_topic_of_two_sources_is_counted_apart(settings):
    settings.TOM_SCIMMA = {"SOURCES": {name: stations.SOURCES["lab"] for name in ("lab", "other")}}
    for source, count in (("lab", 3), ("other", 1), ("third", 0)):
        stations.topic("igwn.gwalert", source=source)
        for seconds in range(count):
            stations.message(seconds=seconds + 1, source=source)
    stations.message("gcn.circulars", seconds=1)  # no row of TopicState yet: not shown
    seen = {topic.source: (topic.hour, topic.minute) for topic in survey(timezone.now()).topics}
    assert seen == {"lab": (3, 3), "other": (1, 1), "third": (0, 0)}


def test_htmx_gets_only_the_part_that_changes(client, tom):
    stations.topic("igwn.gwalert")
    whole, part = page(client), page(client, HTTP_HX_REQUEST="true")
    assert 'hx-trigger="every 10s"' in whole
    assert "<html" in whole
    assert "<html" not in part
    assert "igwn.gwalert" in part


@pytest.mark.parametrize(
    ("values", "light", "word"),
    [
        ({}, "green", ""),
        ({"lag": 5000}, "yellow", "5000 messages wait"),
        ({"listening": False}, "yellow", "not subscribed"),
        (
            {"last_error": "TOPIC_AUTHORIZATION_FAILED", "last_error_at": timedelta(0)},
            "red",
            "TOPIC_AUTHORIZATION_FAILED",
        ),
        ({"last_error": "old", "last_error_at": timedelta(hours=-1)}, "green", ""),
        ({"last_heartbeat": timedelta(minutes=-10)}, "red", "no heartbeat for 10 min"),
    ],
)
def test_lights(tom, values, light, word):
    stations.listener()
    values = {key: timezone.now() + value if isinstance(value, timedelta) else value for key, value in values.items()}
    stations.topic("igwn.gwalert", **values)
    seen = look("igwn.gwalert")
    assert (seen.light, word in seen.reason) == (light, True)


def test_a_consumer_without_a_sign_of_life_is_red_and_another_replaces_it(client, tom):
    stations.listener(age=300, process="host:1")
    stations.topic("igwn.gwalert")
    assert look("igwn.gwalert").light == "red"
    assert 'class="why red">5 min ago' in page(client)
    assert not survey(timezone.now()).ok
    stations.listener(process="host:2")
    assert look("igwn.gwalert").light == "green"
    assert survey(timezone.now()).ok


@pytest.mark.parametrize("state", ["waiting", "starting"])
def test_a_consumer_that_does_not_hear_says_why(client, tom, state):
    stations.listener(state=state, last_error="127.0.0.1:9092 cannot be reached", last_error_at=timezone.now())
    stations.topic("igwn.gwalert")
    assert look("igwn.gwalert").light == "red"
    assert f"the fast lane of lab is {state}: 127.0.0.1:9092 cannot be reached" in page(client)
    stations.listener(process="host:2")  # another one hears it
    assert look("igwn.gwalert").light == "green"


def test_a_refused_credential_is_said_and_not_that_nobody_listens(tom):
    """Promise 3: the page shows the last error. The listener runs, and would only be refused again if it were started anew."""
    stations.listener(state="failed", last_error="The credential is refused", last_error_at=timezone.now())
    (reason,) = survey(timezone.now()).reasons
    assert reason == "nothing is heard of lab; it is tried again: The credential is refused"
    stations.topic("igwn.gwalert")
    assert look("igwn.gwalert").light == "red"
    assert (
        look("igwn.gwalert").reason == "the fast lane of lab has failed and is tried again: The credential is refused"
    )
    Listener.objects.update(beat=timezone.now() - timedelta(minutes=5))
    (reason,) = survey(timezone.now()).reasons
    assert "run manage.py listen" in reason


def test_a_consumer_that_waits_because_nothing_is_wanted_is_well(settings):
    settings.TOM_SCIMMA = {"SOURCES": stations.SOURCES}
    stations.listener(state="waiting")
    assert survey(timezone.now()).ok


def test_a_lane_without_a_consumer_is_named(tom):
    tom.TOM_SCIMMA = {**stations.TOM, "TOPICS": {"igwn.gwalert": {}, "rubin.alerts": {"lane": "bulk"}}}
    stations.listener(lane="fast")
    seen = survey(timezone.now())
    assert list(seen.reasons) == ["no live consumer for the bulk lane of lab: run manage.py listen"]
    assert {topic.name: topic.light for topic in seen.topics} == {"igwn.gwalert": "yellow", "rubin.alerts": "red"}


def test_a_protected_topic_is_shown_to_its_members_alone(client, tom, member):
    stations.listener(last_error="ours.secret: TOPIC_AUTHORIZATION_FAILED", last_error_at=timezone.now())
    stations.topic("ours.secret", received=12345, last_error="ours.secret is gone", last_error_at=timezone.now())
    stations.topic("igwn.gwalert", last_error="like ours.secret", last_error_at=timezone.now())
    for login in (None, User.objects.create_user("stranger")):
        if login:
            client.force_login(login)
        text = page(client)
        assert "ours.secret" not in text
        assert "(a protected topic): TOPIC_AUTHORIZATION_FAILED" in text
        assert "1 protected topic not shown" in text
    for login in (member, User.objects.create_superuser("root")):
        client.force_login(login)
        assert page(client).count("ours.secret") > 3


def test_one_click_adds_and_drops_a_topic(client, tom, chooser):
    stations.topic("hermes.test", listening=False)
    client.force_login(chooser)
    assert 'aria-label="Listen to hermes.test"' in page(client)
    url, what = reverse("tom_scimma:stream-choice"), {"source": "lab", "topic": "hermes.test"}
    assert client.post(url, {**what, "wanted": "yes"}).status_code == 302
    assert TopicState.objects.get(topic="hermes.test").wanted is True
    assert look("hermes.test").wanted
    assert 'aria-label="Drop hermes.test"' in page(client)
    client.post(url, {**what, "wanted": "no"})
    assert TopicState.objects.get(topic="hermes.test").wanted is False
    assert not look("hermes.test").wanted


@pytest.mark.parametrize("name", ["igwn.gwalert", "gcn.notices.svom.voevent.eclairs"])  # by name, and by a pattern
def test_settings_win_over_a_click(client, tom, chooser, name):
    stations.topic(name)
    client.force_login(chooser)
    assert f"Drop {name}" not in page(client)
    what = {"source": "lab", "topic": name, "wanted": "no"}
    response = client.post(reverse("tom_scimma:stream-choice"), what, follow=True)
    assert "is set in settings" in response.content.decode()
    assert TopicState.objects.get(topic=name).wanted is None
    TopicState.objects.update(wanted=False)
    assert look(name).wanted


@pytest.mark.parametrize("source", ["file", "gracedb"])
def test_what_came_by_hand_is_no_stream_that_is_not_heard(client, settings, chooser, source):
    """`ingest` of an alert on a topic that settings name: it was shown as a stream whose listener is dead."""
    settings.TOM_SCIMMA = {
        "SOURCES": {"lab": {"brokers": "127.0.0.1:1", "topics": []}},
        "TOPICS": {"igwn.gwalert": {"days": None}},
    }
    TopicState.objects.create(source=source, topic="igwn.gwalert")
    topic = look("igwn.gwalert")
    assert (topic.wanted, topic.light) == (False, "off")
    client.force_login(chooser)
    text = page(client)
    assert topic.by_hand in text
    assert "Listen to igwn.gwalert" not in text
    what = {"source": source, "topic": "igwn.gwalert", "wanted": "yes"}
    assert client.post(reverse("tom_scimma:stream-choice"), what).status_code == 404


def test_who_may_not_click(client, tom, member, chooser):
    stations.topic("hermes.test")
    stations.topic("ours.secret")
    url, what = reverse("tom_scimma:stream-choice"), {"source": "lab", "topic": "hermes.test", "wanted": "yes"}
    for login in (None, member):
        if login:
            client.force_login(login)
        assert "Listen to hermes.test" not in page(client)
        assert client.post(url, what).headers["Location"].startswith(reverse("login"))  # the host's way to say 403
    client.force_login(chooser)
    assert client.post(url, {**what, "topic": "ours.secret"}).status_code == 404
    assert client.post(url, {**what, "topic": "made.up"}).status_code == 404
    assert client.post(url, {**what, "wanted": "perhaps"}).status_code == 404
    assert client.get(url).status_code == 405
    assert set(TopicState.objects.values_list("wanted", flat=True)) == {None}


def test_hostile_names_and_errors_are_text(client, tom):
    stations.listener(last_error="<script>alert(1)</script>", last_error_at=timezone.now())
    stations.topic("<script>alert(2)</script>", wanted=True)
    assert "<script>alert" not in page(client)


def test_the_page_asks_a_constant_number_of_questions(client, tom, django_assert_max_num_queries):
    stations.listener()
    for number in range(60):
        stations.topic(f"gcn.notices.t{number}")
        stations.message(f"gcn.notices.t{number}")
    with django_assert_max_num_queries(16):
        page(client)


def status(capsys, *options):
    try:
        call_command("streamstatus", *options)
        code = 0
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out


def test_the_terminal_shows_the_same_and_ends_with_1_when_unwell(tom, capsys):
    code, text = status(capsys)
    assert code == 1
    assert "nothing listens to lab" in text
    assert "no listener: run manage.py listen" in text
    stations.listener()
    stations.topic("igwn.gwalert", lag=3)
    stations.topic("ours.secret")
    stations.topic("hermes.test", listening=False)
    code, text = status(capsys)
    assert code == 0
    row = next(line for line in text.splitlines() if "igwn.gwalert" in line)
    assert row.split()[:3] == ["green", "igwn.gwalert", "lab"]
    assert "ours.secret" in text  # whoever has a shell here has the database
    assert "hermes.test" not in text
    assert "hermes.test" in status(capsys, "--all")[1]
    assert "host:1" in text


def test_the_terminal_as_json(tom, capsys):
    stations.listener()
    stations.topic("igwn.gwalert", lag=3)
    code, text = status(capsys, "--json")
    body = json.loads(text)
    assert (code, body["ok"], body["reasons"]) == (0, True, [])
    topic = next(item for item in body["topics"] if item["topic"] == "igwn.gwalert")
    assert (topic["lag"], topic["light"], topic["choice"]) == (3, "green", "settings")
    assert body["listeners"][0]["alive"] is True


def test_the_terminal_without_settings(settings, capsys):
    settings.TOM_SCIMMA = {}
    code, text = status(capsys)
    assert code == 0
    assert "SOURCES" in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "1 min"), (7500, "2 h 5 min"), (200000, "2 d"), (-5, "0 s")]
)
def test_ago(seconds, words):
    now = timezone.now()
    assert ago(now - timedelta(seconds=seconds), now) == words
