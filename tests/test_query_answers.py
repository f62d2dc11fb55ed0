"""A query says the same in the database, on SQLite as on PostgreSQL, as in memory.

Authority: Python's own comparisons, by `query.memory`, whose rules `test_the_rules` writes out one by one.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories as make
from tom_scimma import bulk
from tom_scimma.models import Event
from tom_scimma.query import find, memory, understand
from tom_scimma.query.seen import Audience, Seen

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()
NOW = make.NIGHT + timedelta(days=2)


def asked(text: str) -> set[str]:
    """What the database finds."""
    return set(find(text, NOBODY, now=NOW).values_list("name", flat=True))


def meant(text: str, events: list[Event]) -> set[str]:
    """What holds in memory."""
    tree = understand(text)
    names = frozenset({"name"})
    return {
        e.name for e in events if memory.holds(tree, Seen(e).subject(Audience(NOBODY, False, frozenset()), names), NOW)
    }


@pytest.fixture
def three():
    """One event that says everything, one that says nothing, one that says odd things."""
    empty = {
        "far_hz": None,
        "classification": {},
        "properties": {},
        "time": None,
        "top_class": "",
        "top_probability": None,
    }
    odd = {
        "HasNS": None,
        "n": 10**400,
        "flag": False,
        "t90 (s)": 1.5,
        "text": "5",
        "é": "É",
        'a"b\\c': 1,
        "list": [1],
        "object": {"a": 1},
    }
    make.event(
        "full", area_90=100.0, distance_mpc=40.0, properties={"HasNS": 1, "flag": True, "text": "GstLAL", "n": -3}
    )
    make.event("nothing", **empty)
    make.event("odd", **{**empty, "properties": odd, "kind": "GRB", "state": "retracted", "time": make.NIGHT})
    return list(Event.objects.all())


RULES = [
    ('kind = "GW"', "full nothing"),
    ('kind != "GW"', "odd"),
    ('kind in ("GRB", "NU")', "odd"),
    ('kind not in ("GRB", "NU")', "full nothing"),
    ("far < 1", "full"),
    ("far > 1", ""),
    ("far != 1", "full"),  # what is not known is not unlike
    ("far = None", "nothing odd"),
    ("far != None", "full"),
    ("not (far < 1)", "nothing odd"),  # but it does not hold
    ("area_90 in (100, 3)", "full"),
    ("area_90 not in (3, 4)", "full"),
    ("distance < 41 and area_90 < 500", "full"),
    ("classification.BNS >= 0.4", "full"),
    ("classification.BNS < 0.4", ""),
    ("classification.BNS != 3", "full"),
    ("classification.bns > 0", ""),
    ("properties.HasNS = 1", "full"),
    ("properties.HasNS = True", "full"),
    ("properties.flag = True", "full"),
    ("properties.flag = False", "odd"),
    ("properties.flag != True", "odd"),
    ("properties.flag < 0.5", "odd"),
    ("properties.HasNS = None", "nothing odd"),
    ("properties.HasNS != None", "full"),
    ("properties.n < 0", "full"),  # ten to the four hundredth is no number of ours
    ("properties.n > 0", ""),
    ("properties.n != None", "full odd"),
    ('properties.text = "5"', "odd"),
    ("properties.text = 5", ""),  # a text is no number
    ('properties.text ~ "lal"', "full"),
    ('properties.text !~ "lal"', "odd"),
    ('properties.text startswith "gst"', "full"),
    ('properties.text not startswith "gst"', "odd"),
    ('properties.text endswith "AL"', "full"),
    ('properties.text in ("5", "6")', "odd"),
    ('properties.text not in ("5", "6")', "full"),
    ('properties."t90 (s)" < 2', "odd"),
    ('properties."é" = "É"', "odd"),
    ('properties."é" ~ "é"', ""),  # only the letters A to Z are alike in both cases, wherever one asks
    ("properties.list = 1", ""),
    ('properties.object ~ "a"', ""),
    ("properties.object != None", "odd"),
    ('name = "full"', "full"),
    ('name != "full"', "nothing odd"),
    ('name ~ "U"', "full"),
    ('name ~ "%"', ""),
    ('name ~ "_"', ""),
    ('name ~ ""', "full nothing odd"),
    ('state = "retracted"', "odd"),
    ("days < 2.5", "full odd"),
    ("days < 2", ""),
    ("days <= 2", "odd"),
    ("days > 2", "full"),
    ('time > "-3d"', "full odd"),
    ('time >= "2026-11-20T03:00"', "odd"),
    ('time < "2026-11-20T03:00"', "full"),
    ('time ~ "2026-11-20T02:59"', "full"),
    ('time = "2026-11-20"', "full odd"),
    ('time !~ "2026-11-20T03:00"', "full"),
    ("time = None", "nothing"),
    ('sent > "2026-11-19"', "full nothing odd"),
    ('kind = "GW" and far < 1 or kind = "GRB"', "full odd"),
    ('not (kind = "GW" and far < 1)', "nothing odd"),
    ('not (not (kind = "GW"))', "full nothing"),
]


@pytest.mark.parametrize(("text", "names"), RULES, ids=lambda value: str(value)[:40])
def test_the_rules(three, text, names):
    assert meant(text, three) == set(names.split())
    assert asked(text) == set(names.split())


KEYS = st.sampled_from(["BNS", "x", "t90 (s)", "é", "$", "a.b", "0", "key", "%s", "it's", "type", "value"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-(10**25), 10**25),
    st.just(10**400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2, 2),
    st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=4),
    st.sampled_from(["1", "true", "null", "%", "_", "a'b", 'a"b', "É"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text("ab", max_size=1), st.integers(), max_size=1),
)
EVENTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["GW", "GRB", "NU"]),
        "far_hz": st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1e-7, 1e300])),
        "area_90": st.one_of(st.none(), st.floats(0, 50000)),
        "time": st.one_of(st.none(), st.integers(-100, 100).map(lambda h: NOW + timedelta(hours=h))),
        "classification": st.dictionaries(KEYS, SCALARS, max_size=4),
        "properties": st.dictionaries(KEYS, SCALARS, max_size=4),
    }
)
NUMBERS = st.one_of(
    st.integers(-5, 5).map(str), st.floats(-2, 2).map(repr), st.sampled_from(["1e-7", "0", "1e25", "1e300"])
)
TEXTS = st.one_of(
    st.sampled_from(["1", "a", "%", "_", "É", "é", "true", "A'B", ""]),
    st.text(
        st.characters(codec="utf-8", exclude_characters='\0\n\r\u2028\u2029\\"', exclude_categories=["Cs"]), max_size=3
    ),
).map(lambda text: f'"{text}"')
ORDER = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
WORDS = st.sampled_from(["=", "!=", "~", "!~", "startswith", "not startswith", "endswith", "not endswith"])
LISTS = st.sampled_from(["in", "not in"])
KEYED = st.tuples(st.sampled_from(["classification", "properties"]), KEYS).map(lambda pair: f'{pair[0]}."{pair[1]}"')
SOME = st.sampled_from(["=", "!="])
TESTS = st.one_of(
    st.tuples(st.one_of(st.sampled_from(["far", "area_90", "distance"]), KEYED), ORDER, NUMBERS),
    st.tuples(st.one_of(st.sampled_from(["name", "source"]), KEYED), WORDS, TEXTS),
    st.tuples(KEYED, SOME, st.sampled_from(["True", "False", "None"])),
    st.tuples(KEYED, LISTS, st.lists(NUMBERS, min_size=1, max_size=3).map(lambda v: f"({', '.join(v)})")),
    st.tuples(KEYED, LISTS, st.lists(TEXTS, min_size=1, max_size=3).map(lambda v: f"({', '.join(v)})")),
    st.tuples(st.sampled_from(["far", "area_90", "time"]), SOME, st.just("None")),
    st.tuples(
        st.just("time"),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from(['"-30h"', '"now"', '"2026-11-22T03:00"']),
    ),
    st.tuples(
        st.just("time"),
        st.sampled_from(["=", "!=", "~", "!~"]),
        st.sampled_from(['"2026-11-22"', '"2026-11"', '"2026-11-22T03:00"']),
    ),
    st.tuples(st.just("days"), st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["1", "0", "-0.5", "2.25"])),
    st.tuples(st.just("kind"), SOME, st.sampled_from(['"GW"', '"NU"'])),
).map(" ".join)
QUERIES = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda p: f"({' and '.join(p)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: f"({' or '.join(p)})"),
        inner.map(lambda p: f"not ({p})"),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, min_size=1, max_size=6), st.lists(QUERIES, min_size=1, max_size=6))
def test_the_database_and_the_memory_agree(rows, queries):
    Event.objects.all().delete()
    bulk.insert([Event(name=f"A{i}_%", latest=NOW, source=f"É {i}", **row) for i, row in enumerate(rows)])
    events = list(Event.objects.all())
    for text in queries:
        assert asked(text) == meant(text, events), text
