"""What SCiMMA Auth says of a credential, asked over real HTTP; the same against a real one where the environment names it.

Authority: SCiMMA Auth's API v1 as observed (a wrong password is a 500, a bad token a 403). Real one: HOPAUTH_TEST_URL (its
address up to `/hopauth`), HOPAUTH_TEST_USER and HOPAUTH_TEST_PASSWORD (a credential of one's own, read only); see docs/login.md.
"""

from __future__ import annotations

import os

import pytest

from tests import tls
from tom_scimma import hopauth
from tom_scimma.errors import Unavailable
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.world import ALICE
from tom_scimma.hopauth import CredentialRefused, HopAuth

ALICES = "alice-bed6b3a5"


@pytest.fixture
def running():
    hopauth._tokens.clear()
    with start(demo()) as running:
        yield running


def asking(running, name=ALICES, password=None, **more) -> HopAuth:
    return HopAuth(running.hopauth, name, name[::-1] if password is None else password, **more)


#: of a real SCiMMA Auth
NAMES = ("HOPAUTH_TEST_URL", "HOPAUTH_TEST_USER", "HOPAUTH_TEST_PASSWORD")


@pytest.fixture(params=["stand-in", *(["real"] if all(os.environ.get(name) for name in NAMES) else [])])
def any_service(request, running):
    """An address and a good credential: the stand-in's, and a real one's where there is one."""
    if request.param == "stand-in":
        return running.hopauth, ALICES, ALICES[::-1]
    return tuple(os.environ[name] for name in NAMES)


def test_a_good_credential(any_service):
    account = HopAuth(*any_service).account()
    assert account.subject
    assert account.readable >= {name for name, topic in account.topics.items() if topic.public}
    assert account.writable <= {topic for topic, _ in account.permissions}
    assert not set(account.addable) & (account.readable & account.writable)
    assert all(topic.owner for topic in account.topics.values())


def test_a_token_is_kept_and_renewed(any_service):
    one = HopAuth(*any_service)
    token = one.token()
    assert one.token() == HopAuth(*any_service).token() == token
    assert one.token(anew=True) != token


def test_a_wrong_password(any_service):
    url, name, _ = any_service
    with pytest.raises(CredentialRefused, match="does not take this password"):
        HopAuth(url, name, "surely not this").account()


def test_an_unknown_credential(any_service):
    with pytest.raises(CredentialRefused, match="none of that name"):
        HopAuth(any_service[0], "nobody-00000000", "x").account()


def test_groups_and_readers_that_may_be_seen(any_service):
    one = HopAuth(*any_service)
    account = one.account()
    assert set(one.members([*account.groups, "surely-no-such-group"])) == set(account.groups)
    ours = [name for name, topic in account.topics.items() if topic.owner in account.groups]
    assert set(one.readers([*ours, "surely.no-such-topic"])) == set(ours)


def test_what_alice_has(running):
    account = asking(running).account()
    assert (account.subject, account.groups) == (ALICE, {"tomtoolkit": "Owner", "hermes": "Member"})
    assert account.readable == {"igwn.gwalert", "hermes.test", "hermes.discovery", "tomtoolkit.test"}
    assert account.writable == {"tomtoolkit.test", "hermes.test"}
    assert account.addable == {"hermes.discovery": ("write",), "tomtoolkit.secret": ("read", "write")}
    assert asking(running).readers(["tomtoolkit.secret"]) == {"tomtoolkit.secret": {"tomtoolkit"}}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("loss", ["suspended", "deleted"])
def test_suspended_and_revoked_credentials(running, loss, when):
    one = asking(running)
    if when == "after":  # a token was had
        one.account()
    if loss == "suspended":  # the token stays good there
        running.world.credentials[ALICES].suspended = True
    else:
        running.world.drop_credential(ALICES)
    with pytest.raises(CredentialRefused, match="suspended"):
        one.account()


@pytest.mark.parametrize("password", ["\x00", "\u0221"])
def test_a_password_that_can_be_none(running, password):
    with pytest.raises(CredentialRefused, match="pasted"):
        asking(running, password=password).account()


def test_a_token_that_died_is_replaced_once(running):
    one = asking(running)
    one.account()
    running.world.tokens.clear()
    running.asked.clear()
    assert one.account().subject == ALICE
    assert [request.path.rpartition("/")[2] for request in running.asked] == ["multi", "first", "final", "multi"]


@pytest.mark.parametrize(
    "do", ["500", "502", "503", "429", "html", "empty", "text", "drop", "drop_after", "half", "hang", "404", "302"]
)
@pytest.mark.parametrize("path", ["*/scram/first", "*/multi"])
def test_faults_are_no_refusal(running, path, do):
    running.faults.append({"path": path, "do": do, "times": None})
    with pytest.raises(Unavailable):
        asking(running, seconds=0.5).account()


@pytest.mark.parametrize("rows", [None, {}, [None], [{"user": "x"}]])
def test_what_is_no_list_of_members_is_no_answer(running, monkeypatch, rows):
    """Never an empty group: everybody would leave it."""
    monkeypatch.setattr("tom_scimma.fake_services.hopauth_topics.as_members", lambda group: rows)
    with pytest.raises(Unavailable, match="user and status"):
        asking(running).members(["tomtoolkit"])


def test_an_answer_that_drips_is_cut(running):
    running.faults.append({"path": "*/multi", "do": "slow", "seconds": 20, "times": None})
    with pytest.raises(Unavailable, match="in full"):
        asking(running, seconds=0.5).account()


def test_nobody_is_there(running):
    running.close()
    with pytest.raises(Unavailable, match="does not answer"):
        asking(running).account()


def test_a_certificate_of_somebody_else(tmp_path):
    with start(demo(), tls=tls.self_signed(tmp_path, "elsewhere.example")) as running:
        with pytest.raises(Unavailable, match="certificate"):
            asking(running).account()
        assert running.asked == []


def test_the_password_is_in_no_text(running):
    one = asking(running, password="surely-not-this")
    with pytest.raises(CredentialRefused) as error:
        one.account()
    assert "surely-not-this" not in f"{error.value} {one!r} {vars(error.value)}"
