"""Log in with SCiMMA: the mapping of groups, and (in a TOM of its own, see tests/login) the whole flow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tom_scimma.login_groups import claimed
from tom_scimma.memberships import wanted

ROOT = Path(__file__).parent.parent


def test_the_flow_in_a_tom_that_has_it(template):
    """Which apps are installed is decided once a process, so these tests run in one of their own."""
    command = [sys.executable, "-m", "pytest", "--ds", "tests.login.settings", "-p", "no:cacheprovider", "-W", "ignore"]
    command += ["-p", "no:xdist", "--template", str(template)]
    done = subprocess.run([*command, "tests/login/flow.py"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.django_db
def test_a_tom_without_it_is_as_before(client, settings):
    settings.TOM_SCIMMA = {"LOGIN_GROUPS": {"/LVC": "lvc"}}
    user = User.objects.create_user("bob", password="a good one")
    assert "oidc" not in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/login/", {"login": "bob", "password": "a good one"}).status_code == 302
    assert user.groups.count() == 0


@pytest.mark.parametrize(
    ("names", "table", "expected"),
    [
        ((), {}, {}),
        (("/LVC",), {}, {}),
        (("/LVC",), {"/LVC": "lvc", "/Rubin": "rubin"}, {"lvc": "/LVC"}),
        (("/LVC/Virgo",), {"/LVC*": "lvc", "/LVC/Virgo": "virgo"}, {"lvc": "/LVC/Virgo", "virgo": "/LVC/Virgo"}),
        (("/b",), {"/a": "both", "/b": "both"}, {"both": "/b"}),
        (("/b",), {"/b": "both", "/a": "both"}, {"both": "/b"}),
        (("/lvc",), {"/LVC": "lvc"}, {}),
    ],
)
def test_groups_that_follow(names, table, expected):
    assert wanted(names, table) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"userinfo": {"groups": ["a"]}, "id_token": {"groups": ["b"]}}, ("a",)),
        ({"userinfo": {"email": "x"}, "id_token": {"groups": ["b"]}}, ("b",)),
        ({"groups": ["c"]}, ("c",)),  # as allauth before 65.11 kept it
        ({"userinfo": {"groups": "a"}}, ("a",)),
        ({"userinfo": {"groups": ["a", 1, None, ["b"]]}}, ("a",)),
        ({"userinfo": {}}, ()),
        ({}, ()),
    ],
)
def test_claimed(data, expected):
    assert claimed(data, "groups") == expected
