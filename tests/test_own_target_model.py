"""A TOM with a target model of its own is served as well: tests/own/cases.py, in a process with that setting.

TOM Toolkit reads TARGET_MODEL_CLASS when it is imported, so that no process has both.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.embedded import ROOT


def test_the_cases(template):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--ds=tests.own.settings"]
    own = {name: value for name, value in os.environ.items() if name not in ("TOM_VAR", "TEST_TEMPLATE")}
    environment = {**own, "DATABASE_URL": "", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [*command, f"--template={template}", "tests/own/cases.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
