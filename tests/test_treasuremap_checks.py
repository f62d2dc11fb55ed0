"""System checks of TOM_TREASUREMAP, and the lane of the jobs that wait for a service.

Authority: the settings' own documentation.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tom_scimma.worker import chores
from tom_treasuremap.checks import settings_check


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, None),
        ({"BASE_URL": ""}, None),
        ({"BASE_URL": "http://127.0.0.1:8090", "TOKEN": "t"}, None),
        ({"BASE_URL": "treasuremap.space"}, "E004"),
        ({"BASE_URL": "http://treasuremap.space", "TOKEN": "t"}, "E004"),
        ({"EVERY": timedelta(seconds=5)}, "E005"),
        ({"READ_SECONDS": 0}, "E005"),
        ({"OBSLOCTAP": [{"url": "https://tap.example.org/tap"}]}, "E006"),
        ({"OBSLOCTAP": [{"name": "Rubin", "url": "https://tap.example.org/tap", "tabel": "x"}]}, "E006"),
        ({"BASE": "x"}, "E002"),
        ({"FOLLOW": "yes"}, "E003"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(settings, given, problem):
    settings.TOM_TREASUREMAP = given
    found = settings_check(None)
    assert [check.id for check in found] == ([f"tom_treasuremap.{problem}"] if problem else [])
    assert all(check.hint for check in found)


def test_jobs_that_ask_a_service_are_apart_from_the_others():
    lanes = {name: chores.lane_of(entry) for name, entry in chores.jobs().items()}
    assert lanes["pointings fetched"] == lanes["plans fetched"] == "pointings"
    assert lanes["people told"] == lanes["own pointings"] == ""
