"""The stand-ins of SCiMMA's services answer as the real ones were seen to.

Authority: SCiMMA Auth's API v1 as observed at scimma-admin 5e84cdb (statuses, bodies), RFC 7804 by hop's own client.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import requests
from scramp import ScramClient

from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.world import ALICE, BOB

ALICES = "alice-bed6b3a5"


@pytest.fixture
def running():
    with start(demo()) as running:
        yield running


def scram(base: str, name: str, password: str) -> requests.Response:
    """The answer to the second of the two calls, or to the first where that is refused."""
    client = ScramClient(["SCRAM-SHA-512"], name, password)
    first = requests.post(f"{base}/api/v1/scram/first", json={"client_first": client.get_client_first()}, timeout=10)
    if first.status_code != 200:
        return first
    client.set_server_first(first.json()["server_first"])
    body = {"client_final": client.get_client_final(), "sid": first.json()["sid"]}
    final = requests.post(f"{base}/api/v1/scram/final", json=body, timeout=10)
    if final.status_code == 200:
        client.set_server_final(final.json()["server_final"])
    return final


def get(running, path: str, token: str | None = None, **more) -> requests.Response:
    headers = {"Authorization": f"Token {token}"} if token else {}
    return requests.get(f"{running.hopauth}/api/v1/{path}", headers=headers, timeout=10, **more)


@pytest.fixture
def token(running) -> str:
    return scram(running.hopauth, ALICES, ALICES[::-1]).json()["token"]


def test_scram_to_a_token_and_what_it_may(running, token):
    assert get(running, "current_user", token).json()["username"] == ALICE
    rows = get(running, "current_credential/permissions", token).json()
    assert {(row["topic"], row["operation"]) for row in rows} == {("tomtoolkit.test", "All"), ("hermes.test", "Write")}
    topic = next(row for row in get(running, "topics", token).json() if row["name"] == "tomtoolkit.test")
    assert (topic["publicly_readable"], topic["owning_group"]) == (False, "tomtoolkit")
    assert get(running, "current_credential/permissions/topic/hermes.test", token).json() == {
        "allowed_operations": ["Write", "Read"]
    }


@pytest.mark.parametrize(
    ("name", "password", "status", "kind"),
    [(ALICES, "wrong", 500, "text/html"), ("nobody-00000000", "x", 401, "application/json")],
)
def test_refused_credentials(running, name, password, status, kind):
    said = scram(running.hopauth, name, password)
    assert said.status_code == status
    assert said.headers["Content-Type"].startswith(kind)


def test_a_suspended_credential(running):
    running.world.credentials[ALICES].suspended = True
    said = scram(running.hopauth, ALICES, ALICES[::-1])
    assert (said.status_code, said.json()) == (401, {"error": "Invalid SCRAM request"})


def test_tokens_die(running, token):
    assert get(running, "current_user").status_code == 401
    assert get(running, "current_user", "wrong").json() == {"detail": "invalid auth token"}
    fresh = get(running, "token/replace", token).json()["token"]
    assert get(running, "current_user", token).status_code == 403
    assert get(running, "current_user", fresh).status_code == 200
    now = running.world.clock
    running.world.clock = lambda: now() + timedelta(hours=25)
    assert get(running, "current_user", fresh).status_code == 403


def test_scram_inside_http_as_hop_does_it(running):
    from hop.auth import Auth
    from hop.http_scram import SCRAMAuth

    logging.getLogger("hop").setLevel(logging.WARNING)
    good = SCRAMAuth(Auth(ALICES, ALICES[::-1]), shortcut=True)
    assert get(running, "current_user", auth=good).json()["username"] == ALICE
    assert get(running, "current_user", auth=SCRAMAuth(Auth("nobody", "x"), shortcut=True)).status_code == 403
    with pytest.raises(RuntimeError, match="Missing sid in SCRAM server final"):
        get(running, "current_user", auth=SCRAMAuth(Auth(ALICES, "wrong"), shortcut=True))


def test_several_questions_in_one(running, token):
    inherit = {"Authorization": "Inherit"}
    asked = {
        "groups": {"method": "get", "path": "/hopauth/api/v1/current_user/memberships", "headers": inherit},
        "alone": {"method": "get", "path": "/hopauth/api/v1/current_user", "headers": {}},
        "bad": {"method": "get", "path": "/hopauth/api/v1/groups/none/topics", "headers": inherit},
        "query": {"method": "get", "path": "/hopauth/api/v1/current_user?x=1", "headers": inherit},
    }
    headers = {"Authorization": f"Token {token}"}
    said = requests.post(f"{running.hopauth}/api/v1/multi", json=asked, headers=headers, timeout=10).json()
    assert {row["group"]: row["status"] for row in said["groups"]["body"]} == {
        "tomtoolkit": "Owner",
        "hermes": "Member",
    }
    assert (said["alone"]["status"], said["bad"]) == (401, {"status": 400})
    assert said["query"]["status"] == 404


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("topics/", 404, "text/html"),
        ("topics/none.such", 404, "application/json"),
        ("groups/none", 404, "application/json"),
        ("groups/none/topics", 400, "text/html"),
        ("groups/igwn/members", 403, "application/json"),
        ("current_credential", 403, "application/json"),
        ("current_credential/permissions/topic/none.such", 400, "text/html"),
        (f"users/{BOB}/memberships", 403, "application/json"),
    ],
)
def test_what_is_not_there_or_not_ours(running, token, path, status, kind):
    said = get(running, path, token)
    assert said.status_code == status
    assert said.headers["Content-Type"].startswith(kind)


def test_a_form_is_refused_and_a_permission_added_once(running, token):
    headers = {"Authorization": f"Token {token}"}
    place = f"{running.hopauth}/api/v1/users/{ALICE}/credentials/{ALICES}/permissions"
    assert requests.post(place, data={"topic": "x"}, headers=headers, timeout=10).status_code == 415

    def ask(**said):
        return requests.post(place, json={"principal": ALICES, **said}, headers=headers, timeout=10).status_code

    assert ask(topic="tomtoolkit.secret", operation="Read") == 201
    assert ask(topic="tomtoolkit.secret", operation="Read") == 200
    assert ask(topic="tomtoolkit.secret", operation="READ") == 400
    assert ask(topic="tomtoolkit.test", operation="Read") == 500
    assert ask(topic="igwn.gwalert", operation="Write") == 403
    assert ask(topic="none.such", operation="Read") == 500


def test_staff_suspend_a_credential_and_its_tokens_stay_good(running, token):
    """By the source: a token is of its user; only the exchange that makes one looks at the credential."""
    name = "carol-57aff000"
    running.world.add_credential(name, "f00d0000-0000-4000-8000-000000000001", "x")
    staff = scram(running.hopauth, name, "x").json()["token"]
    place = f"{running.hopauth}/api/v1/users/{ALICE}/credentials/{ALICES}"

    def change(key, **said):
        return requests.patch(place, json=said, headers={"Authorization": f"Token {key}"}, timeout=10)

    assert change(token, description="ours").json()["description"] == "ours"
    assert change(token, suspended=True).status_code == 403
    assert change(staff, suspended=True).json()["suspended"] is True
    assert get(running, "current_user", token).status_code == 200
    assert {row["username"]: row["suspended"] for row in get(running, "current_user/credentials", token).json()} == {
        ALICES: True
    }
    assert scram(running.hopauth, ALICES, ALICES[::-1]).status_code == 401


@pytest.mark.parametrize(("groups", "status"), [(["/Hopskotch Users"], 201), ([], 400)])
def test_staff_make_accounts(running, token, groups, status):
    running.world.users[ALICE].staff = True
    said = {"sub": "new", "email": "new@example.org", "is_member_of": groups}
    headers = {"Authorization": f"Token {token}"}
    answer = requests.post(f"{running.hopauth}/api/v1/users", json=said, headers=headers, timeout=10)
    assert (answer.status_code, "new" in running.world.users) == (status, status == 201)


def test_faults_are_counted_down(running, token):
    running.faults.append({"path": "*/current_user", "times": 1, "do": "500"})
    assert get(running, "current_user", token).status_code == 500
    assert get(running, "current_user", token).status_code == 200
