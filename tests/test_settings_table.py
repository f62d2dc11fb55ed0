"""docs/settings.md says what conf.py has. Authority: conf.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tom_scimma.conf import OPTIONS
from tom_scimma.settings_table import fill, tables

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def test_the_page_is_as_conf_has_it():
    page = PAGE.read_text(encoding="utf-8")
    assert fill(page) == page, "run: python -m tom_scimma.settings_table docs/settings.md"


def test_every_key_has_a_row_with_words():
    rows = {line.split("`")[1]: line for line in tables()["keys"].splitlines()[2:]}
    assert set(rows) == set(OPTIONS)
    for table in tables().values():
        for line in table.splitlines():
            assert line.replace("\\|", "").split("|")[-2].strip(), f"no words: {line}"


def test_a_page_without_its_marks_is_an_error():
    with pytest.raises(ValueError, match="keys"):
        fill("# Settings\n")
