"""What a version of a plan says that it changes: who stays, at which time and how, who is new and who goes.

Authority: visits set by hand, and what a person reads of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tom_treasuremap.models import PlanVisit
from tom_treasuremap.plans import changed

DUSK = datetime(2026, 11, 27, 20, 0, tzinfo=timezone.utc)


def visits(*fields: tuple[str, float], **more) -> list[PlanVisit]:
    """A visit of each field, so many minutes after dusk."""
    values = {"telescope": "tester", "band": "r", "exposure": 60.0, "turn": 1, **more}
    return [PlanVisit(field=name, start=DUSK + timedelta(minutes=at), **values) for name, at in fields]


OLD = (("a", 0), ("b", 5), ("c", 10))


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (OLD, "3 fields stay"),
        ((("a", 0.5), *OLD[1:]), "3 fields stay"),
        ([(name, at + 240) for name, at in OLD], "3 fields stay, all of them 4 h later"),
        ([(name, at - 3) for name, at in OLD], "3 fields stay, all of them 3 min earlier"),
        ((("a", 65), ("b", 10), ("c", 10)), "3 fields stay, 2 of them 5 min to 1 h 5 min later"),
        ((("a", 10), ("b", 5), ("c", 0)), "3 fields stay, 2 of them up to 10 min earlier or 10 min later"),
        ((("b", 65),), "1 field stays, 1 h later, 2 gone (a, c)"),
        ((("a", 0), ("d", 1)), "1 field stays, 1 new (d), 2 gone (b, c)"),
        ((("d", 0),), "0 fields stay, 1 new (d), 3 gone (a, b, c)"),
    ],
)
def test_it_says_who_stays_and_when(new, words):
    found = changed.found(visits(*OLD), visits(*new))
    assert changed.words({"version": 1, **found}) == f"Against version 1: {words}."


def test_it_says_other_exposures():
    found = changed.found(visits(*OLD), [*visits(*OLD[:1]), *visits(*OLD[1:], exposure=300.0)])
    assert changed.words({"version": 2, **found}) == "Against version 2: 3 fields stay, 2 of them with other exposures."


def test_of_two_visits_the_first_counts():
    twice = [*visits(*OLD), *visits(("a", 40), ("b", 45), ("c", 50), turn=2)]
    assert changed.found(twice, twice)["moved"] == 0


def test_many_are_counted_and_a_dozen_named():
    found = changed.found([], visits(*((f"f{at:02}", at) for at in range(20))))
    assert "20 new (f00, " in changed.words({"version": 1, **found})
    assert changed.words({"version": 1, **found}).endswith("f11 …).")


def test_what_readers_may_not_know_is_counted_only():
    found = changed.found(visits(("secret", 0)), [], {"secret"})
    assert (found["goners"], found["gone"]) == (1, [])
    assert "secret" not in changed.words({"version": 1, **found})


@pytest.mark.parametrize("said", [{}, {"version": 1, "kept": 2, "news": 0, "new": [], "goners": 0, "gone": []}])
def test_what_was_written_before_is_read(said):
    assert changed.words(said) in ("", "Against version 1: 2 fields stay.")
