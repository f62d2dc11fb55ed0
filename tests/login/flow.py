"""The whole log-in against a stand-in issuer on loopback, no browser: who gets in, into which groups, and who does not.

Authority: OpenID Connect Core 1.0 sections 3.1.2 and 3.1.3.7; docs/login.md (groups claim to Django groups).
"""

from __future__ import annotations

from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client

from tests import messages
from tom_scimma import account_tests, hopauth, ingest, rights, sources
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.issuer import Issuer
from tom_scimma.fake_services.world import ALICE
from tom_scimma.models import AccessChange

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/oidc/scimma/login/"


@pytest.fixture
def issuer(settings):
    with Issuer() as issuer:
        app = {"provider_id": "scimma", "name": "SCiMMA", "client_id": issuer.client_id, "secret": issuer.secret}
        app["settings"] = {"server_url": issuer.url, "uid_field": "sub", "fetch_userinfo": True}
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        settings.TOM_REGISTRATION_STRATEGY = "open"
        settings.TOM_SCIMMA = {"LOGIN_GROUPS": {"/LVC": "lvc", "/Team *": "team"}}
        yield issuer


def begin(client, next_url="/streams/", **data) -> str:
    """A click on the log-in button; the address at the issuer that the browser is sent to."""
    response = client.post(LOGIN, {"next": next_url, **data})
    assert response.status_code == 302, response.content
    return response.headers["Location"]


def consent(address: str) -> str:
    """The browser's visit to the issuer; the address in the TOM that it comes back to."""
    response = requests.get(address, allow_redirects=False, timeout=10)
    assert response.status_code == 302, response.text
    assert response.headers["Location"].startswith("http://testserver/accounts/oidc/scimma/login/callback/?")
    return response.headers["Location"].removeprefix("http://testserver")


def log_in(client, **data):
    return client.get(consent(begin(client, **data)))


def who(client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


def groups(user) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


def test_the_log_in_page_offers_scimma(client, issuer):
    text = client.get("/accounts/login/").content.decode()
    assert LOGIN in text
    assert "SCiMMA" in text


def test_what_the_browser_takes_to_the_issuer(client, issuer):
    query = {key: values[0] for key, values in parse_qs(urlsplit(begin(client)).query).items()}
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert min(len(query[key]) for key in ("state", "nonce", "code_challenge")) >= 16
    other = parse_qs(urlsplit(begin(Client())).query)
    assert not {query[key] for key in ("state", "nonce", "code_challenge")} & {
        other[key][0] for key in ("state", "nonce", "code_challenge")
    }


def test_somebody_new_logs_in_and_is_in_the_groups_they_claim(client, issuer):
    issuer.person["groups"] = ["/LVC", "/Team Rocket", "/Elsewhere"]
    response = log_in(client)
    assert (response.status_code, response.headers["Location"]) == (302, "/streams/")
    user = who(client)
    assert (user.username, user.first_name, user.email) == ("alice", "Alice", "alice@example.org")
    assert groups(user) == {"lvc", "team", "Public"}
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert SocialAccount.objects.get().uid == issuer.person["sub"]


def test_a_group_that_is_lost_is_left_and_one_made_by_hand_is_kept(client, issuer):
    issuer.person["groups"] = ["/LVC", "/Team A"]
    log_in(client)
    user = who(client)
    user.groups.add(Group.objects.create(name="by hand"))
    client.logout()
    issuer.person["groups"] = ["/Team B"]
    log_in(client)
    assert who(client) == user
    assert groups(user) == {"team", "by hand", "Public"}
    client.logout()
    del issuer.person["groups"]
    log_in(client)
    assert groups(user) == {"by hand", "Public"}


@pytest.mark.parametrize("claim", ["/LVC", 7, {"/LVC": 1}, [["/LVC"]], None])
def test_odd_claims_give_no_group_but_a_single_name_does(client, issuer, claim):
    issuer.person["groups"] = claim
    log_in(client)
    assert ("lvc" in groups(who(client))) == (claim == "/LVC")


def test_the_claims_name_is_a_setting(client, issuer, settings):
    settings.TOM_SCIMMA = {"LOGIN_GROUPS": {"/LVC": "lvc"}, "LOGIN_GROUPS_CLAIM": "is_member_of"}
    issuer.person |= {"is_member_of": ["/LVC"], "groups": []}
    log_in(client)
    assert "lvc" in groups(who(client))


def test_without_a_mapping_no_group_changes(client, issuer, settings):
    settings.TOM_SCIMMA = {}
    issuer.person["groups"] = ["/LVC"]
    log_in(client)
    who(client).groups.add(Group.objects.create(name="lvc"))
    issuer.person["groups"] = []
    client.logout()
    log_in(client)
    assert groups(who(client)) == {"lvc", "Public"}


def test_groups_follow_with_the_adapter_of_allauth_too(client, issuer, settings):
    settings.SOCIALACCOUNT_ADAPTER = "allauth.socialaccount.adapter.DefaultSocialAccountAdapter"
    issuer.strict, issuer.person["groups"] = False, ["/LVC"]
    log_in(client)
    assert groups(who(client)) == {"lvc"}


def test_a_log_in_with_a_password_changes_no_group(client, issuer):
    user = User.objects.create_user("bob", password="a good one")
    user.groups.add(Group.objects.create(name="lvc"))
    client.post("/accounts/login/", {"login": "bob", "password": "a good one"})
    assert who(client) == user
    assert groups(user) == {"lvc"}


def test_another_provider_has_no_say_in_groups(client, issuer, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    other = {**app, "provider_id": "elsewhere", "client_id": "other"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{**app, "provider_id": "mine"}, other]}}
    issuer.person["groups"] = ["/LVC"]
    address = client.post("/accounts/oidc/mine/login/").headers["Location"]
    client.get(
        requests.get(address, allow_redirects=False, timeout=10).headers["Location"].removeprefix("http://testserver")
    )
    assert groups(who(client)) == {"Public"}


def test_a_membership_made_by_hand_stays_when_scimma_takes_the_same_group_away(client, issuer):
    issuer.person["groups"] = []
    log_in(client)
    user = who(client)
    user.groups.add(Group.objects.create(name="lvc"))
    for claim in (["/LVC"], []):
        issuer.person["groups"] = claim
        client.logout()
        log_in(client)
        assert "lvc" in groups(user)
    assert not AccessChange.objects.exists()


def test_what_changed_is_on_record_and_on_the_profile(client, issuer):
    for claim in (["/LVC"], []):
        issuer.person["groups"] = claim
        log_in(client)
        text = client.get("/users/profile/").content.decode()
        assert ("because of /LVC" in text) == bool(claim)
        client.logout()
    assert [change.text for change in AccessChange.objects.order_by("pk")] == [
        "alice joins lvc: in /LVC (log-in)",
        "alice leaves lvc: no longer in /LVC (log-in)",
    ]


def test_name_and_address_are_kept_current(client, issuer):
    log_in(client)
    issuer.person |= {"email": "a.adams@example.org", "family_name": "Adams", "given_name": ""}
    client.logout()
    log_in(client)
    user = who(client)
    assert (user.first_name, user.last_name, user.email) == ("Alice", "Adams", "a.adams@example.org")


def test_only_members_may_enter_where_settings_say_so_and_staff_have_their_password(client, issuer, settings):
    issuer.person["groups"] = ["/LVC"]
    log_in(client)
    user = who(client)
    client.logout()
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "LOGIN_REQUIRES": ["/LVC", "/Rubin*"]}
    issuer.person["groups"] = ["/Team A"]
    response = log_in(client)
    assert (response.status_code, who(client)) == (401, None)
    assert "may enter" in response.content.decode()
    assert "lvc" not in groups(user)  # what was lost is lost, though nobody came in
    issuer.person["groups"] = ["/Rubin LSST"]
    log_in(client)
    assert who(client) == user
    client.logout()
    staff = User.objects.create_user("staff", password="a good one", is_staff=True)
    client.post("/accounts/login/", {"login": "staff", "password": "a good one"})
    assert who(client) == staff


def scimma(settings, running, issuer, **more):
    """Settings of a TOM whose source, log-in and SCiMMA Auth are the stand-ins'."""
    name = "bob-1c0ffee1"
    source = {"brokers": "127.0.0.1:1", "auth": {"username": name, "password": name[::-1]}}
    settings.TOM_SCIMMA = {
        "SOURCES": {"hopskotch": source},
        "HOPAUTH_URL": running.hopauth,
        "HOPSKOTCH_GROUPS": {"tomtoolkit": "team", "herm*": "hermes"},
        **more,
    }


@pytest.fixture
def running():
    hopauth._tokens.clear()
    with start(demo()) as running:
        yield running


def test_scimma_auths_groups_follow_by_the_toms_credential_as_far_as_it_sees(client, issuer, settings, running):
    scimma(settings, running, issuer)
    running.world.add_group("hermetic", members=(ALICE,))  # Bob, whose credential the TOM has, is not in it
    log_in(client)
    user = who(client)
    assert groups(user) == {"team", "hermes", "Public"}
    running.world.leave(ALICE, "tomtoolkit")
    call_command("syncgroups", stdout=StringIO())
    assert groups(user) == {"hermes", "Public"}
    running.world.leave(ALICE, "hermes")
    client.logout()
    log_in(client)
    assert groups(user) == {"Public"}


def test_a_service_that_fails_changes_nothing_and_holds_nobody_up(client, issuer, settings, running):
    scimma(settings, running, issuer)
    log_in(client)
    user = who(client)
    running.world.leave(ALICE, "tomtoolkit")
    client.logout()
    running.faults.append({"path": "/hopauth/*", "do": "500", "times": None})
    log_in(client)
    assert who(client) == user
    assert groups(user) == {"team", "hermes", "Public"}
    with pytest.raises(CommandError, match="stay as they were"):
        call_command("syncgroups", stdout=StringIO())
    assert groups(user) == {"team", "hermes", "Public"}
    running.faults.clear()
    call_command("syncgroups", stdout=StringIO())
    assert groups(user) == {"hermes", "Public"}


def test_ones_own_credential_says_all_groups_and_somebody_elses_nothing(client, issuer, settings, running):
    scimma(settings, running, issuer)
    running.world.add_group("hermetic", members=(ALICE,))
    settings.TOM_SCIMMA["HOPSKOTCH_GROUPS"] = {"hermetic": "own"}
    log_in(client)
    user = who(client)
    assert groups(user) == {"Public"}
    name = "alice-bed6b3a5"
    client.post("/scimma/credential/", {"name": name, "password": name[::-1]})
    client.post("/scimma/credential/test/")
    account_tests.run()
    assert groups(user) == {"own", "Public"}
    other = "bob-1c0ffee1"
    client.post("/scimma/credential/", {"name": other, "password": other[::-1]})
    assert groups(user) == {"Public"}
    client.post("/scimma/credential/test/")
    account_tests.run()
    text = client.get("/users/profile/").content.decode()
    assert "belongs to somebody else" in text
    assert groups(user) == {"Public"}


@pytest.mark.parametrize("way", ["claim", "scimma auth"])
def test_log_in_see_what_ones_groups_see_lose_a_group_see_less(client, issuer, settings, running, way):
    """The story: a topic that is not public at SCiMMA, seen through a group that one has there, and has no more."""
    scimma(settings, running, issuer, LOGIN_GROUPS={"/LVC": "team"} if way == "claim" else {})
    rights.follow(sources.sources()["hopskotch"])
    record = messages.record(messages.igwn("S261121a"), "tomtoolkit.secret", source="hopskotch")
    ingest.ingest([record], via="listen")
    if way == "claim":
        del settings.TOM_SCIMMA["HOPAUTH_URL"]  # the log-in alone
    addresses = ["/events/S261121a/", f"/messages/{record.uid}/", f"/messages/{record.uid}/raw/"]
    addresses += ["/api/events/S261121a/", f"/api/messages/{record.uid}/", "/events/S261121a/notice.text"]

    def seen(by: Client) -> set[int]:
        return {by.get(address).status_code for address in addresses}

    assert seen(Client()) == {404}
    issuer.person["groups"] = ["/LVC"]
    log_in(client)
    assert seen(client) == {200}
    assert "S261121a" in client.get("/events/").content.decode()
    client.logout()
    issuer.person["groups"] = []
    running.world.leave(ALICE, "tomtoolkit")
    log_in(client)
    assert seen(client) == {404}
    assert "S261121a" not in client.get("/events/").content.decode()


def test_an_account_is_never_joined_by_its_address(client, issuer):
    User.objects.create_user("alice", email="alice@example.org", password="a good one", is_superuser=True)
    issuer.person["email_verified"] = True
    response = log_in(client)
    assert response.headers["Location"] == "/accounts/3rdparty/signup/"
    assert who(client) is None
    assert SocialAccount.objects.count() == 0


def test_the_owner_of_an_account_joins_it_and_logs_in_by_subject(client, issuer):
    user = User.objects.create_user("bob", password="a good one")
    client.force_login(user)
    log_in(client, process="connect")
    client.logout()
    issuer.person["email"] = "a.new@example.org"  # the address may change, the subject does not
    log_in(client)
    assert who(client) == user


def test_a_name_that_is_taken_is_another_name(client, issuer):
    User.objects.create_user("alice", email="another@example.org")
    log_in(client)
    assert who(client).username not in ("", "alice")


def test_a_tom_closed_to_strangers_lets_members_of_a_mapped_group_in(client, issuer, settings):
    del settings.TOM_REGISTRATION_STRATEGY
    issuer.person["groups"] = ["/Elsewhere"]
    assert "closed" in log_in(client).content.decode().lower()
    assert (who(client), User.objects.filter(email="alice@example.org").count()) == (None, 0)
    issuer.person["groups"] = ["/LVC"]
    log_in(client)
    assert groups(who(client)) == {"lvc", "Public"}


def test_a_tom_that_approves_accounts_approves_these_too(client, issuer, settings):
    settings.TOM_REGISTRATION_STRATEGY = "approval_required"
    issuer.person["groups"] = []
    log_in(client)
    assert who(client) is None
    assert User.objects.get(email="alice@example.org").is_active is False


@pytest.mark.parametrize(
    "fault",
    [
        "signature",
        "unsigned",
        "shared_secret",
        "audience",
        "issuer",
        "expired",
        "nonce",
        "no_nonce",
        "subject",
        "no_token",
        "other_key",
    ],
)
def test_a_token_that_cannot_be_trusted_is_refused(client, issuer, fault):
    issuer.fault, issuer.person["groups"] = fault, ["/LVC"]
    response = log_in(client)
    assert response.status_code == 401, response.content
    assert who(client) is None
    assert not User.objects.filter(email="alice@example.org").exists()
    issuer.fault = ""
    log_in(client)
    assert who(client) is not None


def test_an_answer_from_another_browser_is_refused(client, issuer):
    answer = consent(begin(Client()))
    assert client.get(answer).status_code == 401
    assert who(client) is None


def test_an_answer_is_good_once(client, issuer):
    answer = consent(begin(client))
    client.get(answer)
    client.logout()
    assert client.get(answer).status_code == 401
    assert who(client) is None


def test_consent_refused_by_the_person(client, issuer):
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    response = client.get(LOGIN + "callback/", {"error": "access_denied", "state": state}, follow=True)
    assert response.status_code == 200
    assert "cancel" in response.content.decode().lower()


def test_an_issuer_that_is_down_is_said(client, issuer):
    issuer.__exit__()
    response = client.post(LOGIN)
    assert response.status_code == 503
    assert "does not answer" in response.content.decode()
    assert "/accounts/login/" in response.content.decode()


@pytest.mark.parametrize("fault", ["discovery_404", "discovery_html"])
def test_an_issuer_that_does_not_know_what_it_says(client, issuer, fault):
    issuer.fault = fault
    assert client.post(LOGIN).status_code == 503


@pytest.mark.parametrize("fault", ["token_500", "userinfo_500"])
def test_an_issuer_that_fails_half_way(client, issuer, fault):
    address = begin(client)
    issuer.fault = fault
    assert client.get(consent(address)).status_code == 503
    assert who(client) is None


def test_an_issuer_that_goes_away_half_way(client, issuer):
    answer = consent(begin(client))
    issuer.__exit__()
    assert client.get(answer).status_code == 503


def test_a_wrong_client_secret_is_an_error_page(client, issuer, settings):
    issuer.secret = "changed"
    assert log_in(client).status_code == 401
    assert who(client) is None


def test_checks_are_content_and_say_what_a_locked_tom_forgot(issuer, settings):
    ours = lambda: {message.id for message in run_checks() if (message.id or "").startswith("tom_scimma.")}  # noqa: E731
    assert ours() == set()
    settings.SOCIALACCOUNT_ADAPTER = "allauth.socialaccount.adapter.DefaultSocialAccountAdapter"
    assert ours() == {"tom_scimma.W003"}
    settings.SOCIALACCOUNT_ADAPTER = "tom_scimma.login.LoginAdapter"
    settings.AUTH_STRATEGY = "LOCKED"
    assert ours() == {"tom_scimma.W006"}
    settings.OPEN_URLS = ["/accounts/oidc/*", "/accounts/3rdparty/*"]
    assert ours() == set()


def test_a_locked_tom_lets_people_log_in(client, issuer, settings):
    settings.AUTH_STRATEGY, settings.OPEN_URLS = "LOCKED", ["/accounts/oidc/*", "/accounts/3rdparty/*"]
    log_in(client)
    assert who(client) is not None


def test_where_to_go_next_stays_in_the_tom(client, issuer):
    assert log_in(client, next_url="https://evil.example/").headers["Location"] == "/"
