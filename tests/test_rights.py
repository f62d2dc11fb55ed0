"""Rights and publicity follow from SCiMMA Auth: what is not public there is protected here, with everything made of it.

Authority: SCiMMA Auth's API v1 as observed, by the stand-in; promise 6 of the docs: private stays private.
"""

from __future__ import annotations

import itertools

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from tests import catalogs, messages, stations
from tests import factories as make
from tests.test_permissions import QUESTIONS, assert_each_has_what_is_theirs, assert_silent
from tests.world import MAY, ROLES, World
from tom_hermes.models import Received
from tom_scimma import account_tests, hopauth, ingest, rights, sources
from tom_scimma.destinations.hopskotch import Hopskotch
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.world import ALICE, BOB
from tom_scimma.models import AccessChange, Alert, Event, Message, RightsAsked, TopicAccess
from tom_scimma.policies import policy_of
from tom_scimma.topics import survey

pytestmark = pytest.mark.django_db
BOBS = "bob-1c0ffee1"
SECRET = "tomtoolkit.secret"


@pytest.fixture
def running(settings):
    hopauth._tokens.clear()
    with start(demo()) as running:
        settings.TOM_SCIMMA = {
            "SOURCES": {
                "hopskotch": {
                    "brokers": "127.0.0.1:1",
                    "auth": {"username": BOBS, "password": BOBS[::-1]},
                    "topics": ["*"],
                }
            },
            "HOPAUTH_URL": running.hopauth,
            "HOPSKOTCH_GROUPS": {"tomtoolkit": "team", "lvk": "lvk"},
            "SHARE_TOPICS": ["tomtoolkit.*", "hermes.*"],
        }
        yield running


def follow(*topics) -> str:
    return rights.follow(sources.sources()["hopskotch"], topics)


def team() -> Group:
    return Group.objects.get_or_create(name="team")[0]


def access(topic: str) -> TopicAccess:
    return TopicAccess.objects.get(topic=topic)


def ingested(topic: str, *, name="S261121a", **values) -> Message:
    record = messages.record(messages.igwn(name), topic, source="hopskotch", **values)
    ingest.ingest([record], via="listen")
    return Message.objects.get(uid=record.uid)


def test_what_the_credential_may(running):
    assert follow() == ""
    assert (access("tomtoolkit.test").readable, access("tomtoolkit.test").writable) == (True, True)
    assert (access(SECRET).readable, access(SECRET).addable) == (False, ["read", "write"])
    assert (access("igwn.gwalert").readable, access("igwn.gwalert").writable) == (True, False)
    assert access(SECRET).groups == ["tomtoolkit"]
    assert policy_of(SECRET, "hopskotch").groups == ("team",)
    assert not policy_of("igwn.gwalert", "hopskotch").protected


def test_settings_win_over_what_scimma_says(running, settings):
    follow()
    settings.TOM_SCIMMA["TOPICS"] = {SECRET: {"groups": []}, "igwn.gwalert": {"groups": ["lvc"]}}
    assert not policy_of(SECRET, "hopskotch").protected
    assert policy_of("igwn.gwalert", "hopskotch").groups == ("lvc",)


def test_where_no_group_is_mapped_superusers_alone_see_it(running, settings):
    settings.TOM_SCIMMA["HOPSKOTCH_GROUPS"] = {}
    follow()
    policy = policy_of(SECRET, "hopskotch")
    assert (policy.protected, policy.groups) == (True, ())
    message = ingested(SECRET)
    assert (message.public, message.groups.count()) == (False, 0)
    assert not Message.objects.visible_to(make.user("member", team())).exists()
    assert Message.objects.visible_to(make.user("root", is_superuser=True)).exists()
    settings.TOM_SCIMMA["HOPSKOTCH_GROUPS"] = {"tomtoolkit": "team"}
    follow()  # a group is mapped now: what only superusers saw is theirs
    assert [group.name for group in message.groups.all()] == ["team"]


def test_never_reached_is_as_before_and_what_came_is_closed_when_scimma_speaks(running):
    running.faults.append({"path": "*", "do": "503", "times": None})
    assert "does not answer" in follow(SECRET)
    message = ingested(SECRET)
    assert message.public
    assert not TopicAccess.objects.exists()
    assert RightsAsked.objects.get().answered is None
    running.faults.clear()
    follow(SECRET)
    message.refresh_from_db()
    assert (message.public, [group.name for group in message.groups.all()]) == (False, ["team"])
    assert Alert.objects.get().public is False
    event = Event.objects.get()
    assert (event.public, [group.name for group in event.groups.all()]) == (False, ["team"])
    assert AccessChange.objects.filter(text__contains="1 stored message closed").exists()


def test_a_topic_met_while_scimma_is_away_is_nobodys_until_it_says_whose(running):
    follow()
    running.world.add_topic("tomtoolkit.new")
    running.world.add_topic("hermes.new", public=True)
    running.faults.append({"path": "*", "do": "500", "times": None})
    rights.ready(sources.sources()["hopskotch"], ["tomtoolkit.new", "hermes.new"])
    private, public = ingested("tomtoolkit.new"), ingested("hermes.new", name="S261121b")
    assert (private.public, public.public) == (False, False)
    running.faults.clear()
    follow()
    for message in (private, public):
        message.refresh_from_db()
    assert (private.public, [group.name for group in private.groups.all()]) == (False, ["team"])
    assert public.public
    assert Event.objects.get(name="S261121b").public


def test_a_topic_nobody_asked_about_is_closed_where_scimma_once_answered(running):
    follow()
    assert policy_of("tomtoolkit.yesterday", "hopskotch").protected
    assert not policy_of("tomtoolkit.yesterday", "gcn").protected


def test_rights_are_asked_before_a_new_topic_is_heard_and_not_again(running):
    source = sources.sources()["hopskotch"]
    rights.ready(source, {SECRET, "igwn.gwalert"})
    assert access(SECRET).closed
    running.asked.clear()
    rights.ready(source, {SECRET, "igwn.gwalert"})
    assert running.asked == []


@pytest.mark.parametrize("do", ["500", "hang", "html", "drop", "empty"])
def test_a_failure_changes_nothing(running, do, monkeypatch):
    follow()
    before = list(TopicAccess.objects.values_list("topic", "public", "held", "readable", "writable", "groups"))
    running.faults.append({"path": "*", "do": do, "times": None})
    assert rights.follow(sources.sources()["hopskotch"], seconds=0.3)
    assert list(TopicAccess.objects.values_list("topic", "public", "held", "readable", "writable", "groups")) == before
    running.faults[:] = []
    running.world.topics.clear()  # an answer without any topic is none
    assert "no topic at all" in follow()
    assert list(TopicAccess.objects.values_list("topic", "public", "held", "readable", "writable", "groups")) == before


def test_a_right_that_was_taken_is_shown_and_said(running, client):
    follow()
    stations.listener()
    stations.topic("tomtoolkit.test", source="hopskotch", wanted=True, listening=False)
    with running.world.changing() as world:
        world.permissions = [row for row in world.permissions if row.principal != BOBS]
    follow()
    assert access("tomtoolkit.test").lost
    said = rights.taken(sources.sources()["hopskotch"], "tomtoolkit.test")
    assert "took from our credential" in said
    assert "could be added" in said
    topic = next(item for item in survey(access(SECRET).asked).topics if item.name == "tomtoolkit.test")
    assert topic.light == "red"
    assert "the other topics go on" in topic.reason
    client.force_login(make.user("root", is_superuser=True))
    assert "right to read taken" in client.get("/streams/").content.decode()
    running.world.permit(BOBS, "tomtoolkit.test", "Read")
    follow()
    assert access("tomtoolkit.test").lost is None


def test_streams_says_when_scimma_never_answered(running, client):
    text = client.get("/streams/").content.decode()
    assert "has never said which topics of hopskotch are public" in text
    follow()
    text = client.get("/streams/").content.decode()
    assert "has never said" not in text
    assert "/scimma/access/" not in text
    running.faults.append({"path": "*", "do": "503", "times": None})
    follow()
    text = client.get("/streams/").content.decode()
    assert "Staff see why" in text
    assert "HTTP 503" not in text
    client.force_login(make.user("root", is_superuser=True))
    text = client.get("/streams/").content.decode()
    assert "HTTP 503" in text
    assert "/scimma/access/" in text


def test_the_composer_offers_what_the_credential_may_write_and_a_failure_is_another_message(running, settings):
    member, stranger = make.user("m", team()), make.user("s")
    stations.topic("hermes.test", source="hopskotch", offered=True)
    for topic, offered in (("hermes.gone", False), ("igwn.gwalert", True)):
        stations.topic(topic, source="hopskotch", offered=offered)
    # never asked: as settings say, and what the broker offers of it
    assert Hopskotch.addresses(member) == ["tomtoolkit.*", "hermes.*", "hermes.test"]
    follow()
    assert Hopskotch.addresses(member) == ["tomtoolkit.test"]
    assert Hopskotch.addresses(stranger) == []  # it is protected: its name is its groups' alone
    running.world.permissions.clear()
    follow()
    assert "may write none" in Hopskotch.unready(member)
    running.faults.append({"path": "*", "do": "503", "times": None})
    follow()
    assert "now it does not say" in Hopskotch.unready(member)
    settings.TOM_SCIMMA["SHARE_TOPICS"] = []
    assert "names no topic" in Hopskotch.unready(member)


def test_a_topic_that_becomes_public_opens_when_a_person_says_so(running, client):
    follow()
    old = ingested(SECRET)
    running.world.topics[SECRET].publicly_readable = True
    follow()
    assert policy_of(SECRET, "hopskotch").protected
    member = make.user("m", team())
    for who, status in ((None, 302), (make.user("s"), 302), (member, 302)):
        if who is not None:
            client.force_login(who)
        assert client.post("/streams/open/", {"source": "hopskotch", "topic": SECRET}).status_code == status
        assert access(SECRET).held  # without the permission nobody opens anything
    root = make.user("root", is_superuser=True)
    client.force_login(root)
    assert "Open to all" in client.get("/streams/").content.decode()
    client.post("/streams/open/", {"source": "hopskotch", "topic": SECRET})
    assert not policy_of(SECRET, "hopskotch").protected
    follow()
    old.refresh_from_db()
    assert old.public is False  # what came before stays with its groups
    assert ingested(SECRET, name="S261121c").public
    assert AccessChange.objects.filter(user=root, topic=SECRET, text__contains="opened here").exists()


def test_a_topic_that_is_not_public_cannot_be_opened(running, client):
    follow()
    stations.topic(SECRET, source="hopskotch", wanted=True)
    client.force_login(make.user("root", is_superuser=True))
    text = client.post("/streams/open/", {"source": "hopskotch", "topic": SECRET}, follow=True).content.decode()
    assert "nothing changed" in text
    assert policy_of(SECRET, "hopskotch").protected


def test_what_hermes_told_is_closed_with_its_message(running):
    message = make.message(topic=SECRET, source="hopskotch")
    times = {"received": message.received, "sent": message.received}
    row = Received.objects.create(key="k", topic=SECRET, message=message, state="placed", **times)
    follow(SECRET)
    assert not Received.objects.visible_to(make.user("s")).exists()
    assert Received.objects.visible_to(make.user("m", team())).get() == row


@pytest.fixture
def late(running, settings, tmp_path):
    """A TOM whose protected things were stored as public, before SCiMMA was heard."""
    settings.TOM_SCIMMA["GALAXY_DIR"] = str(tmp_path)
    catalogs.loaded(tmp_path)
    world = World()
    hidden = Message.objects.filter(public=False)
    keys = list(hidden.values_list("pk", flat=True))
    Message.groups.through.objects.all().delete()
    Message.objects.filter(pk__in=keys).update(topic="lvk.nutrack", source="hopskotch", public=True)
    Alert.objects.update(public=True)
    ingest.refold(list(Event.objects.values_list("pk", flat=True)))
    assert all(event.public for event in Event.objects.all())
    with running.world.changing() as there:
        there.add_group("lvk", members=(BOB,))
        there.add_topic("lvk.nutrack")
    follow()
    return world


def test_every_address_of_what_was_made_of_it_is_its_groups_alone(late):
    assert_each_has_what_is_theirs(late)
    for role, question in itertools.product((role for role in ROLES if role not in MAY), QUESTIONS):
        assert_silent(late.clients[role].get(question), late, besides=question)


def test_who_loses_the_group_at_scimma_sees_it_no_more(running, settings):
    """The way in by one's own credential; by log-in the same is walked in tests/login."""
    settings.TOM_SCIMMA["HOPSKOTCH_GROUPS"] = {"tomtoolkit": "team"}
    follow()
    message = ingested(SECRET)
    alice, client = make.user("alice"), Client()
    client.force_login(alice)
    seen = lambda: client.get(message.get_absolute_url()).status_code  # noqa: E731
    assert seen() == 404
    name = "alice-bed6b3a5"
    client.post("/scimma/credential/", {"name": name, "password": name[::-1]})
    client.post("/scimma/credential/test/")
    account_tests.run()
    assert seen() == 200
    running.world.leave(ALICE, "tomtoolkit")
    client.post("/scimma/credential/test/")
    account_tests.run()
    assert seen() == 404
