"""What may be wrong with TOM_HERMES is said by system checks. Authority: tom_hermes/conf.py and docs/hermes-moving.md."""

from __future__ import annotations

import pytest

from tom_hermes.checks import settings_check


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, []),
        ([], ["E001"]),
        ({"BASEURL": "x"}, ["E002"]),
        ({"BASE_URL": 5}, ["E003"]),
        ({"TOPICS": {"tomtoolkit.*": {}, "hermes.*": {"targets": "match", "groups": ["team"], "attach": "any"}}}, []),
        ({"TOPICS": {"x": 5}}, ["E004"]),
        ({"TOPICS": {"x": {"target": "make"}}}, ["E004"]),
        ({"TOPICS": {"x": {"targets": "all"}}}, ["E004"]),
        ({"TOPICS": {"x": {"targets": ["make"]}}}, ["E004"]),
        ({"TOPICS": {"x": {"groups": "team"}}}, ["E004"]),
        ({"MATCH_ARCSEC": 0}, ["E005"]),
        ({"BASE_URL": "hermes.lco.global"}, ["E006"]),
    ],
)
def test_what_is_wrong_is_said(settings, given, ids):
    settings.TOM_HERMES = given
    found = settings_check(None)
    assert [problem.id for problem in found] == [f"tom_hermes.{name}" for name in ids]
    assert all(problem.hint for problem in found)


def test_settings_of_an_older_plugin_hold_and_are_named(settings):
    settings.TOM_HERMES = {}
    settings.HERMES_CONFIGURATION = {"HERMES_BASE_URL": "https://hermes-dev.lco.global/", "HERMES_API_TOKEN": "x" * 40}
    (problem,) = settings_check(None)
    assert problem.id == "tom_hermes.W001"
    assert "BASE_URL and TOKEN" in problem.msg
    settings.TOM_HERMES = {"BASE_URL": "https://hermes.lco.global", "TOKEN": "y" * 40}
    assert settings_check(None) == []
