"""A person's own Hopskotch credential: theirs alone, never shown, and said plainly when it is not good; what staff see.

Authority: SCiMMA Auth's API v1 as observed, by the stand-in.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

from tom_scimma import account_tests, hopauth, hopskotch_credentials, memberships, syncing
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.world import ALICE
from tom_scimma.models import AccessChange, HopskotchCredential, Membership
from tom_scimma.models.identity import Kind

pytestmark = pytest.mark.django_db
ALICES = "alice-bed6b3a5"
PASSWORD = ALICES[::-1]


@pytest.fixture
def running(settings):
    hopauth._tokens.clear()
    with start(demo()) as running:
        settings.TOM_SCIMMA = {
            "SOURCES": {"hopskotch": {"brokers": "127.0.0.1:1", "auth": False}},
            "HOPAUTH_URL": running.hopauth,
            "HOPSKOTCH_GROUPS": {"tomtoolkit": "team"},
        }
        yield running


@pytest.fixture
def alice(client, running):
    user = User.objects.create_user("alice", password="x")
    client.force_login(user)
    client.post("/scimma/credential/", {"name": f" {ALICES} ", "password": PASSWORD})
    return user


def said_of_the_test(client) -> str:
    """What the card says once the worker has asked."""
    client.post("/scimma/credential/test/")
    account_tests.run()
    return client.get("/users/profile/").content.decode()


def test_a_good_one(client, alice):
    text = said_of_the_test(client)
    assert "reads 4 topics and writes 2" in text
    for words in ("hermes.test, tomtoolkit.test", "hermes.discovery (write), tomtoolkit.secret (read and write)"):
        assert words in text
    assert "hermes, tomtoolkit (owner)" in text
    assert set(alice.groups.values_list("name", flat=True)) == {"team"}
    assert HopskotchCredential.objects.get().subject == ALICE


def test_the_password_is_encrypted_and_shown_nowhere(client, alice):
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM tom_scimma_hopskotchcredential")
        assert PASSWORD not in str(bytes(str(cursor.fetchone()[0]), "utf-8"))
    for address in ("/scimma/credential/", "/users/profile/"):
        assert PASSWORD not in client.get(address).content.decode()
    assert PASSWORD not in said_of_the_test(client)
    row = HopskotchCredential.objects.get()
    assert (row.name, row.password) == (ALICES, PASSWORD)


def test_others_see_nothing_of_it(client, alice, django_user_model):
    said_of_the_test(client)
    boss = User.objects.create_superuser("boss", password="x")
    client.force_login(boss)
    assert ALICES not in client.get("/users/profile/").content.decode()
    assert ALICES not in client.get("/scimma/credential/").content.decode()
    client.post("/scimma/credential/", {"name": "bosss-0", "password": "y"})
    assert HopskotchCredential.objects.get(user=alice).name == ALICES
    client.logout()
    for method in (client.get, client.post):
        assert method("/scimma/credential/").status_code == 302
    assert client.post("/scimma/credential/test/").status_code == 302
    client.force_login(User.objects.create_user("nobody"))
    answer = client.post("/scimma/credential/test/", follow=True)
    assert "given no Hopskotch credential" in answer.content.decode()
    assert ALICES not in client.get("/scimma/credential/tested/").content.decode()
    client.logout()
    assert client.get("/scimma/credential/tested/").status_code == 302


def test_the_click_asks_nobody_and_the_card_follows_when_the_worker_has(client, alice, running):
    asked = len(running.asked)
    answer = client.post("/scimma/credential/test/", follow=True)
    text = answer.content.decode()
    assert "No worker runs that would ask SCiMMA about it" in text
    assert "/scimma/credential/tested/?attended=False" in text
    assert client.get("/scimma/credential/tested/?attended=False").status_code == 204
    assert len(running.asked) == asked
    account_tests.run()
    text = client.get("/scimma/credential/tested/?attended=False").content.decode()
    assert "reads 4 topics and writes 2" in text
    assert "alice joins team" in text
    assert "credential/tested/" not in text


def test_an_answer_about_the_credential_that_was_there_before_is_not_taken_for_the_new_ones(client, alice):
    row = HopskotchCredential.objects.get()
    client.post("/scimma/credential/", {"name": "another", "password": "x"})
    assert hopskotch_credentials.asked(row) is None
    assert "changed while it was being tested" in row.problem
    now = HopskotchCredential.objects.get()
    assert (now.name, now.said, now.problem, now.tested) == ("another", {}, "", None)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda world: setattr(world.credentials[ALICES], "suspended", True), "it is suspended"),
        (lambda world: world.drop_credential(ALICES), "none of that name"),
        (lambda world: world.add_credential(ALICES, ALICE, "a new one"), "most likely wrong"),
    ],
)
def test_what_is_not_good_is_said_and_changes_no_group(client, alice, running, spoil, words):
    said_of_the_test(client)
    hopauth._tokens.clear()
    spoil(running.world)
    text = said_of_the_test(client)
    assert words in text
    assert "not good" in text
    assert alice.groups.count() == 1


def test_a_service_that_is_down_is_not_the_credentials_fault(client, alice, running):
    running.faults.append({"path": "*", "do": "503", "times": None})
    text = said_of_the_test(client)
    assert "does not answer as it should" in text
    assert "suspended" not in text
    assert "could not be tested" in text
    assert "not good" not in text


def test_a_suspended_one_is_said_while_its_token_is_still_good(client, alice, running):
    said_of_the_test(client)
    running.world.credentials[ALICES].suspended = True
    text = said_of_the_test(client)
    assert f"SCiMMA has suspended the credential {ALICES}" in text
    assert "It may write" not in text


def test_a_group_lost_is_left_at_the_next_test_and_all_of_them_with_the_credential(client, alice, running):
    said_of_the_test(client)
    running.world.leave(ALICE, "tomtoolkit")
    said_of_the_test(client)
    assert alice.groups.count() == 0
    running.world.groups["tomtoolkit"].members[ALICE] = "Member"
    said_of_the_test(client)
    assert alice.groups.count() == 1
    client.post("/scimma/credential/", {"name": ALICES, "password": "another"})
    assert alice.groups.count() == 0


def test_a_group_that_settings_map_no_more_is_left(running, settings):
    """Also by somebody whose own credential is not known: what the TOM's sees no more speaks of nobody."""
    user = User.objects.create_user("u")
    memberships.follow(user, Kind.HOPSKOTCH, ["old", "tomtoolkit"], {"old": "gone", "tomtoolkit": "team"}, by="x")
    done, problems = syncing.run()
    assert (done, problems) == (["leaves gone: no longer in old (SCiMMA Auth)"], [])
    assert set(user.groups.values_list("name", flat=True)) == {"team"}


def test_a_name_that_is_none_is_an_error_at_the_field(client, alice):
    text = client.post("/scimma/credential/", {"name": "alice, n=bob", "password": "x"}).content.decode()
    assert "letters, digits and dashes" in text


def test_two_kinds_of_groups_are_kept_apart():
    user = User.objects.create_user("u")
    user.groups.add(Group.objects.create(name="hand"))
    table = {"a": "one", "b": "two", "c": "hand"}
    memberships.follow(user, Kind.LOGIN, ["a", "b", "c"], table, by="x")
    memberships.follow(user, Kind.HOPSKOTCH, ["a"], table, by="x")
    assert Membership.objects.filter(kind=Kind.LOGIN).count() == 2  # not of what was made by hand
    memberships.follow(user, Kind.LOGIN, [], table, by="x")
    assert set(user.groups.values_list("name", flat=True)) == {"one", "hand"}
    memberships.follow(user, Kind.HOPSKOTCH, [], table, by="x")
    assert set(user.groups.values_list("name", flat=True)) == {"hand"}
    assert [row.text for row in AccessChange.objects.order_by("pk")] == [
        "u joins one: in a (log-in)",
        "u joins two: in b (log-in)",
        "u leaves two: no longer in b (log-in)",
        "u leaves one: no longer in a (SCiMMA Auth)",
    ]


def test_fifty_groups_without_a_change_are_few_queries(django_assert_max_num_queries):
    user = User.objects.create_user("u")
    table = {f"/g{n}": f"g{n}" for n in range(50)}
    memberships.follow(user, Kind.LOGIN, table, table, by="x")
    assert user.groups.count() == 50
    with django_assert_max_num_queries(4):
        memberships.follow(user, Kind.LOGIN, table, table, by="x")


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("person", 302), ("staff", 302), ("keeper", 200), ("superuser", 200)]
)
def test_who_sees_what_changed(client, who, status):
    user = None if who == "anonymous" else User.objects.create_user(who, is_staff=who in ("staff", "keeper"))
    AccessChange.objects.create(text="alice joins lvc", by="log-in")
    AccessChange.objects.create(text="lvk.secret is protected", topic="lvk.secret", by="SCiMMA Auth")
    if user is not None:
        if who == "keeper":
            user.user_permissions.add(Permission.objects.get(codename="change_user"))
        user.is_superuser = who == "superuser"
        user.save()
        client.force_login(user)
    answer = client.get("/scimma/access/")
    assert answer.status_code == status
    text = answer.content.decode()
    assert ("alice joins lvc" in text) == (status == 200)
    assert ("lvk.secret" in text) == (who == "superuser")


def test_what_a_test_said_is_not_said_any_more_once_scimma_was_asked_again(client, alice, monkeypatch):
    with monkeypatch.context() as down:
        down.setattr(hopskotch_credentials, "place", lambda: "http://127.0.0.1:1")
        assert "It could not be asked" not in said_of_the_test(client)  # the row says it itself, once
        assert HopskotchCredential.objects.get().problem
    assert hopskotch_credentials.asked(HopskotchCredential.objects.get()) is not None  # as each hour
    text = client.get("/scimma/credential/tested/").content.decode()
    assert "could not be asked" not in text
    assert ">good</span>" in text
    assert "reads 4 topics and writes 2" in said_of_the_test(client)
