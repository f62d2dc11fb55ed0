"""Log in with SCiMMA in a browser, in a TOM that has it: which apps are installed is decided once a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


def test_the_story_of_a_log_in():
    command = [sys.executable, "-m", "pytest", "--ds", "tests.login.settings", "-p", "no:cacheprovider", "-W", "ignore"]
    done = subprocess.run(
        [*command, "-m", "browser", "tests/login/story.py"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
