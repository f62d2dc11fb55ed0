"""The fire drill goes through the TOM as it is configured, says how it went, and leaves nothing behind.

Authority: the rows of every table before and after; the exit status.
"""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

from tests import factories as make
from tests import planned as rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def observatory(settings):
    settings.TOM_TREASUREMAP = {
        "BASE_URL": "", "TELESCOPES": [rig.telescope(field={"rectangle": [8.0, 8.0]}, limits={"min_altitude": 5})],
        "PLAN_TELESCOPES": ["tester"],
    }  # fmt: skip
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"igwn.gwalert": {"authority": ["LVK"]}}}


def heard(*about) -> None:
    """A hook of the host's that tells the world."""
    HEARD.append(about)


HEARD: list[tuple] = []


def counts() -> dict[str, int]:
    """Rows of all tables of ours, and of targets and observations."""
    ours = [
        model
        for app in ("tom_scimma", "tom_treasuremap", "tom_targets", "tom_observations")
        for model in apps.get_app_config(app).get_models()
    ]
    return {model._meta.label: model._default_manager.count() for model in ours}


def drilled() -> tuple[str, int]:
    said, status = StringIO(), 0
    try:
        call_command("firedrill", stdout=said)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return said.getvalue(), status


def test_all_goes_well_and_nothing_stays_nor_is_told_by_the_hosts_hooks(observatory, settings):
    """Hooks: TOM Toolkit's documentation has them run when a target is saved and when an observation changes."""
    make.user("boss", is_superuser=True)
    settings.HOOKS = hooks = dict.fromkeys(
        ("target_post_save", "observation_change_state"), "tests.test_firedrill.heard"
    )
    HEARD.clear()
    before = counts()
    said, status = drilled()
    assert (HEARD, settings.HOOKS) == ([], hooks)
    assert status == 0, said
    for words in (
        "heard and understood: MS",
        "planned:",
        "approved and written down:",
        "something to share",
        "All went well",
    ):
        assert words in said, said
    assert counts() == before


def test_what_does_not_work_is_said_and_the_status_is_one(observatory, settings):
    make.user("boss", is_superuser=True)
    settings.TOM_TREASUREMAP = {
        **settings.TOM_TREASUREMAP,
        "PLAN_TELESCOPES": [],
        "TELESCOPES": [rig.telescope(filters=[])],
    }
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"igwn.gwalert": {"authority": []}}}
    before = counts()
    said, status = drilled()
    assert status == 1
    assert "FAILED" in said
    assert "authority" in said
    assert counts() == before
