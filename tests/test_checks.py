"""Wrong settings and installations are named by `manage.py check`. Authority: the design and the interfaces."""

from __future__ import annotations

import copy
import re
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.core.management import call_command

from tom_scimma import install_checks

GOOD = {
    "SOURCES": {
        "hopskotch": {},
        "gcn": {"auth": {"client_id": "id", "client_secret": "secret"}},
        "lab": {"brokers": "127.0.0.1:9092", "auth": False, "start": "2026-01-01T00:00:00Z", "topics": ["a.*"]},
    },
    "TOPICS": {
        "igwn.gwalert": {"source": "hopskotch", "keep": "all", "days": 30, "lane": "fast", "authority": ["LVK"]},
        "ours.*": {
            "groups": ["ours"],
            "targets": {
                "max_radius_deg": 1,
                "kinds": ["GRB"],
                "roles": ["test"],
                "permissions": "PRIVATE",
                "groups": ["x"],
            },
        },
        "quiet": {"keep": "none", "targets": None},
    },
    "LIVE_AGE": timedelta(hours=1),
    "ACT_AGE": timedelta(minutes=30),
    "DRY_RUN": True,
    "CANDIDATE_LEVEL": 1,
    "FETCH_SECONDS": 5,
    "LATENCY_BUDGETS": {"received": 3, "told": None},
}


pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")


def ids(found):
    return {message.id for message in found if (message.id or "").startswith("tom_scimma.")}


def ours(found):
    return [message for message in found if (message.id or "").startswith("tom_scimma.")]


def test_a_tom_without_our_settings_passes_in_silence(settings):
    del settings.TOM_SCIMMA  # Conf falls back to every default
    assert ours(run_checks()) == []


def test_good_settings_pass_in_silence(settings):
    settings.TOM_SCIMMA = GOOD
    assert ours(run_checks()) == []


def changed(path, value):
    """GOOD with one value replaced."""
    root = inner = copy.deepcopy(GOOD)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return root


@pytest.mark.parametrize(
    ("path", "value", "expected", "said"),
    [
        (("SORCES",), {}, "E002", "SOURCES"),
        (("LIVE_AGE",), 6, "E003", "timedelta"),
        (("DRY_RUN",), "yes", "E003", "bool"),
        (("MAX_MESSAGE_BYTES",), True, "E003", "int"),
        (("SOURCES",), [], "E003", "dict"),
        (("SOURCES", "hopskotch"), "kafka.scimma.org", "E004", "dict"),
        (("SOURCES", "lab", "brokers"), [], "E004", "host:port"),
        (("SOURCES", "lab", "brokers"), " , ", "E004", "host:port"),
        (("SOURCES", "lab", "start"), "yesterday", "E004", "latest"),
        (("SOURCES", "lab", "start"), None, "E004", "latest"),
        (("SOURCES", "lab", "kind"), "pulsar", "E004", "hopskotch"),
        (("SOURCES", "lab", "topics"), "igwn.gwalert", "E004", "list"),
        (("SOURCES", "lab", "broker"), "127.0.0.1:9092", "E004", "brokers"),
        (("SOURCES", "lab", "auth"), "secret", "E004", "username"),
        (("SOURCES", "gcn", "auth"), {"client_id": "id"}, "E004", "auth"),
        (("TOPICS", "igwn.gwalert"), None, "E005", "dict"),
        (("TOPICS", "igwn.gwalert", "keep"), "some", "E005", "matched"),
        (("TOPICS", "igwn.gwalert", "lane"), "slow", "E005", "bulk"),
        (("TOPICS", "igwn.gwalert", "days"), 0, "E005", "None"),
        (("TOPICS", "igwn.gwalert", "days"), "30", "E005", "None"),
        (("TOPICS", "igwn.gwalert", "authority"), "LVK", "E005", "list"),
        (("TOPICS", "igwn.gwalert", "group"), ["x"], "E005", "groups"),
        (("TOPICS", "igwn.gwalert", "source"), "hop", "E007", "hopskotch"),
        (("TOPICS", "ours.*", "targets"), True, "E006", "None"),
        (("TOPICS", "ours.*", "targets", "radius"), 1, "E006", "max_radius_deg"),
        (("TOPICS", "ours.*", "targets", "max_radius_deg"), -1, "E006", "180"),
        (("TOPICS", "ours.*", "targets", "kinds"), ["grb"], "E006", "GRB"),
        (("TOPICS", "ours.*", "targets", "permissions"), "private", "E006", "PRIVATE"),
        (("TOPICS", "ours.*", "targets", "permissions"), "OPEN", "W005", "PRIVATE"),
        (("LIVE_AGE",), timedelta(0), "E008", "positive"),
        (("ACT_AGE",), timedelta(hours=-1), "E008", "positive"),
        (("ACT_AGE",), timedelta(hours=3), "W004", "shorter"),
        (("GALAXY_DIR",), "galaxies", "E008", "absolute path"),
        (("GALAXY_DIR",), __file__, "E008", "Name a folder"),
        (("CANDIDATE_LEVEL",), 95.0, "E008", "0.95"),
        (("FETCH_SECONDS",), 0, "E008", "positive"),
        (("LATENCY_BUDGETS",), {"recieved": 5}, "E008", "received"),
        (("LOGIN_GROUPS",), {"/LVC": ["lvc"]}, "E009", "Django group"),
        (("LOGIN_GROUPS",), {"/LVC": "lvc"}, "W003", "openid_connect"),
    ],
)
def test_each_wrong_value_is_named_with_a_hint(settings, path, value, expected, said):
    settings.TOM_SCIMMA = changed(path, value)
    found = ours(run_checks())
    assert f"tom_scimma.{expected}" in ids(found), found
    assert all(message.hint for message in found)
    texts = [f"{message.msg} {message.hint}" for message in found if message.id.endswith(expected)]
    assert any(said in text for text in texts), texts


def test_settings_that_are_no_dict(settings):
    settings.TOM_SCIMMA = ["SOURCES"]
    assert ids(run_checks()) == {"tom_scimma.E001"}


@pytest.mark.parametrize("name", ["tom-scimma", "tom-hermes"])
def test_another_package_in_our_place_is_found_by_its_metadata(tmp_path, monkeypatch, name):
    folder = tmp_path / f"{name.replace('-', '_')}-0.3.1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.3.1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = ours(install_checks.installation_check(None))
    assert [message.id for message in found] == ["tom_scimma.E011"]
    assert f"{name} 0.3.1" in found[0].msg
    assert "pip uninstall tom-scimma tom-hermes" in found[0].hint
    assert "--force-reinstall tom-multimessenger" in found[0].hint


def test_the_app_under_a_wrong_entry(settings):
    settings.INSTALLED_APPS = [
        "tom_scimma.apps.TomScimmaConfig" if app == "tom_scimma" else app for app in settings.INSTALLED_APPS
    ]
    assert "tom_scimma.E010" in ids(install_checks.installation_check(None))


def test_a_library_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "six", None)  # what Python itself does to forbid an import
    monkeypatch.delitem(sys.modules, "six")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [])
    found = install_checks.installation_check(None)
    assert "six" in " ".join(message.msg for message in found if message.id == "tom_scimma.E012")


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({}, ["WAL", "IMMEDIATE"]),
        ({"transaction_mode": "IMMEDIATE"}, ["WAL"]),
        ({"init_command": "PRAGMA journal_mode = wal;"}, ["IMMEDIATE"]),
        ({"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}, []),
    ],
)
def test_sqlite_that_will_lock(settings, tmp_path, options, missing):
    settings.DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db", "OPTIONS": options}
    }
    found = install_checks.sqlite_check(None)
    assert bool(found) == bool(missing)
    if found:
        assert found[0].id == "tom_scimma.W001"
        for word in ("WAL", "IMMEDIATE"):
            assert (word in found[0].msg) == (word in missing)


def test_readmes_options_for_sqlite_are_those_that_the_check_wants(settings):
    """In the settings that tom_setup writes, where BASE_DIR is a string."""
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    (block,) = [part for part in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "IMMEDIATE" in part]
    written = {"BASE_DIR": "/srv/tom"}
    written["DATABASES"] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/tom/db.sqlite3"}}
    exec(block, written)
    settings.DATABASES = written["DATABASES"]
    assert install_checks.sqlite_check(None) == []


def test_a_database_file_already_in_wal_needs_no_pragma(settings, tmp_path):
    path = tmp_path / "db.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    settings.DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    }
    assert install_checks.sqlite_check(None) == []


def test_other_databases_are_not_judged(settings):
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "tom"}}
    assert install_checks.sqlite_check(None) == []


@pytest.mark.django_db
def test_groups_that_do_not_exist_are_named_when_the_database_is_asked(settings):
    settings.TOM_SCIMMA = GOOD
    assert ids(run_checks()) == set()
    found = ours(run_checks(databases=["default"]))
    assert sorted(message.id for message in found) == ["tom_scimma.W002"] * 2
    Group.objects.create(name="ours")
    Group.objects.create(name="x")
    assert ours(run_checks(databases=["default"])) == []


def test_the_command_itself_passes_on_the_example(settings, capsys):
    call_command("check", fail_level="WARNING")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NOTIFY_SCHEMES", ["slack://"]),
        ("NOTIFY_SCHEMES", ["Slack"]),
        ("NOTIFY_HOSTS", ["*.intern"]),
        ("NOTIFY_HOSTS", ["http://ntfy.intern"]),
        ("NOTIFY_HOSTS", [7]),
        ("URL", "tom.example.org"),
        ("URL", "ftp://tom.example.org"),
    ],
)
def test_what_is_wrong_with_telling_people(settings, key, value):
    settings.TOM_SCIMMA = {key: value}
    assert "tom_scimma.E022" in {problem.id for problem in run_checks()}


def test_links_over_http_are_warned_of(settings):
    settings.TOM_SCIMMA = {"URL": "http://tom.example.org"}
    assert "tom_scimma.W022" in {problem.id for problem in run_checks()}
    settings.TOM_SCIMMA = {"URL": "https://tom.example.org", "NOTIFY_HOSTS": ["ntfy.intern:8080", "::1"]}
    assert not {problem.id for problem in run_checks()} & {"tom_scimma.E022", "tom_scimma.W022"}


def test_docs_operating_has_every_id():
    root = Path(__file__).parent.parent
    page = (root / "docs" / "operating.md").read_text(encoding="utf-8")
    for app in ("tom_scimma", "tom_hermes", "tom_treasuremap"):
        code = "".join(path.read_text(encoding="utf-8") for path in (root / app).rglob("*check*.py"))
        used = set(re.findall(rf'id="{app}\.([EW]\d+)"', code)) | {"E001", "E002", "E003"}
        table = page.partition(f"| `{app}.` | what |")[2].partition("\n\n")[0]
        said = set(re.findall(r"[EW]\d{3}", " ".join(re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE))))
        assert said == used, app
