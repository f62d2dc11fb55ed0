"""The query language: what is one, what it means, and where it is wrong.

Authority: djangoql's own parser for everything without `not ( )` and without mixed `and` and `or`; Python's precedence
for those.
"""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from djangoql import ast
from djangoql.parser import DjangoQLParser
from hypothesis import given
from hypothesis import strategies as st

from tom_scimma.query import QueryError, names, understand
from tom_scimma.query.grammar import MAX_DEPTH, MAX_TESTS, MAX_VALUES, parse
from tom_scimma.query.moments import moment
from tom_scimma.query.tokens import MAX_LENGTH
from tom_scimma.query.tree import And, Not, Or
from tom_scimma.query.tree import tests as comparisons_of

GOOD = [
    'kind = "GW"',
    "kind = 'GW'",
    'kind != "GW"',
    'kind in ("GW", "NU")',
    'kind not in ("GW")',
    'name ~ "S2305"',
    'name !~ "S2305"',
    'name startswith "S"',
    'name not startswith "S"',
    'name endswith "a"',
    'name not endswith "a"',
    'role = "test"',
    'state = "retracted"',
    'time > "2026-11-20"',
    'time ~ "2026-11"',
    'time = "2026-11-20T03:00:00.25Z"',
    'time > "2026-11-20 03:00+01:00"',
    'sent >= "-6h"',
    "time = None",
    "days < 3.5",
    "far < 1e-7",
    "far = None",
    "far != None",
    "area_50 <= 10 and area_90 < 500",
    "distance < 200 or distance_sd > 50",
    "classification.BNS > 0.5",
    'properties."t90 (s)" < 2',
    "properties.significant = True",
    'properties.pipeline in ("gstlal", "mbta")',
    "candidates.count > 0",
    "annotations.areas.area_90 < 100",
    'not (kind = "GW" or far > 1)',
    '((kind = "GW"))',
    "far < 1\n  and far > -1",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_query_is_understood(text):
    assert list(comparisons_of(understand(text)))


#: text, what is marked, a word of the message or of the hint
BAD = [
    ("", "", "empty"),
    ("   ", "", "empty"),
    ('knd = "GW"', "knd", "Did you mean kind?"),
    ('kind = "gw"', '"gw"', "Did you mean GW?"),
    ("kind = GW", "GW", 'Write "GW"'),
    ('kind == "GW"', "=", "One = is enough"),
    ("kind = 3", "3", "no such kind"),
    ('kind < "GW"', "<", "cannot be compared"),
    ('far < "x"', '"x"', "number"),
    ("far < .5", ".", "0.5"),
    ("far < 1e999", "1e999", "too large"),
    ("far < " + "9" * 400, "9" * 400, "too large"),
    ("far < 1 AND far > 0", "AND", "Write and"),
    ("far < 1 far > 0", "far", "`and` or `or`"),
    ("far < 1)", ")", "not opened"),
    ("(far < 1", "(", "never closed"),
    ("far", "", "too early"),
    ("far <", "", "too early"),
    ("far < 1 and", "", "too early"),
    ("not far < 1", "far", "before a bracket"),
    ('name ~ "x', '"x', "closing quote"),
    ("name ~ “x”", "“", "straight quotes"),
    ("far ≤ 1", "≤", "Write <="),
    ("far < 1 & far > 0", "&", "Write and"),
    ("classification > 3", "classification", "classification.BNS"),
    ("classification.a.b > 3", "classification.a.b", "a key"),
    ("kind.x = 3", "kind.x", "no parts"),
    ("annotations.areas = 3", "annotations.areas", "2 keys"),
    ("days = 3", "=", "cannot be compared"),
    ("days < 1e9", "1e9", "out of reach"),
    ('time > "yesterday"', '"yesterday"', "2026-11-20"),
    ('time > "2026-13-01"', '"2026-13-01"', "no such time"),
    ('time = "-30d"', '"-30d"', "from now"),
    ("time > 3", "3", "is a time"),
    ('candidates.count > "x"', '"x"', "number"),
    ('properties.x in (1, "a")', '(1, "a")', "either numbers or texts"),
    ("properties.x ~ 3", "3", "texts"),
    ("properties.x < True", "True", "numbers"),
    ("kind in ()", ")", "a value belongs here"),
    ('kind in "GW"', '"GW"', "a list in brackets"),
    ("kind = None", "None", "None"),
    ('name = "a\\u0000b"', '"a\\u0000b"', "no database keeps"),
    ('name = "\\ud800"', '"\\ud800"', "no database keeps"),
    ("password = 3", "password", "have no password"),
    ('target.owner.password ~ "x"', "target.owner.password", "have no"),
    ("type = 3", "type", "known of alerts"),
    ("far < 1 and\nknd = 3", "knd", "Did you mean kind?"),
]


@pytest.mark.parametrize(("text", "marked", "word"), BAD, ids=[text[:30] for text, *_ in BAD])
def test_an_error_points_at_the_character_and_says_what_to_do(text, marked, word):
    with pytest.raises(QueryError) as caught:
        understand(text)
    error = caught.value
    assert word in f"{error.message} {error.hint}"
    assert text[error.at : error.end] == marked if error.at is not None else not text.strip()
    if marked:
        line, carets = error.pointer.split("\n")
        assert line[carets.index("^") :].startswith(marked[:40])
        assert text.splitlines()[error.line - 1][error.column - 1 :].startswith(marked[:40])


def test_limits_are_said_and_held():
    deep = "(" * MAX_DEPTH + "far < 1" + ")" * MAX_DEPTH
    assert parse(deep) == parse("far < 1")
    many = " or ".join(["far<1"] * MAX_TESTS)
    assert len(list(comparisons_of(parse(many)))) == MAX_TESTS
    for text, word in (
        (f"({deep})", "brackets"),
        (f"{many} or far<1", "comparisons"),
        (f"far in ({','.join('1' * (MAX_VALUES + 1))})", "values"),
        ("far < 1" + " " * MAX_LENGTH, "characters"),
        ("(" * MAX_LENGTH, "brackets"),
        ("not(" * (MAX_LENGTH // 4), "brackets"),
    ):
        with pytest.raises(QueryError, match=word):
            parse(text)


def test_and_binds_before_or():
    """djangoql itself reads `a and b or c` as `a and (b or c)`; nobody else does."""
    a, b, c = (parse(f"far = {n}") for n in (1, 2, 3))
    assert parse("far = 1 and far = 2 or far = 3") == Or((And((a, b)), c))
    assert parse("far = 1 or far = 2 and far = 3") == Or((a, And((b, c))))
    assert parse("far = 1 and (far = 2 or far = 3)") == And((a, Or((b, c))))
    assert parse("not (far = 1) and far = 2") == And((Not(a), b))


def flat(tree) -> list:
    """The comparisons of a tree of ours, as plain values."""
    return [(test.name, test.operator, plain(test.value.value)) for test in comparisons_of(tree)]


def plain(value):
    return tuple(plain(item.value) for item in value) if isinstance(value, tuple) else value


def flat_theirs(node) -> list:
    """The same of djangoql's tree."""
    if isinstance(node.operator, ast.Logical):
        return flat_theirs(node.left) + flat_theirs(node.right)
    value = node.right.value
    return [(tuple(node.left.parts), node.operator.operator, plain_theirs(value))]


def plain_theirs(value):
    if isinstance(value, list):
        return tuple(map(plain_theirs, value))
    return value if value is None or isinstance(value, (bool, str)) else float(value)


WORDS = st.sampled_from(["far", "kind", "classification.BNS", "_x", "a.b.c"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r\u2028\u2029\\\"'"), max_size=8).map(
    lambda t: f'"{t}"'
)
NUMBERS = st.one_of(st.integers(-(10**9), 10**9).map(str), st.floats(-1e9, 1e9).map(lambda x: f"{x:.3e}"))
CONSTANTS = st.sampled_from(["True", "False", "None"])
COMPARISONS = st.one_of(
    st.tuples(WORDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), NUMBERS),
    st.tuples(WORDS, st.sampled_from(["=", "!=", "~", "!~", "startswith", "not startswith", "endswith"]), TEXTS),
    st.tuples(WORDS, st.sampled_from(["=", "!="]), CONSTANTS),
    st.tuples(
        WORDS,
        st.sampled_from(["in", "not in"]),
        st.lists(st.one_of(NUMBERS, TEXTS, CONSTANTS), min_size=1, max_size=4).map(lambda v: f"({', '.join(v)})"),
    ),
).map(" ".join)


@given(st.lists(COMPARISONS, min_size=1, max_size=5), st.sampled_from([" and ", " or "]))
def test_djangoql_reads_the_same(comparisons, joined):
    text = joined.join(comparisons)
    assert flat(parse(text)) == flat_theirs(DJANGOQL.parse(text))


DJANGOQL = DjangoQLParser()


def fault(text: str) -> QueryError | None:
    """What is wrong with a query; any other exception passes."""
    try:
        understand(text)
    except QueryError as error:
        return error
    return None


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_query_error(text):
    error = fault(text)
    if error is not None:
        assert error.message
        assert error.pointer is not None
        assert isinstance(error.to_json()["message"], str)


PIECES = [
    "far",
    "kind",
    "<",
    "=",
    "1",
    '"GW"',
    "(",
    ")",
    "and",
    "or",
    "not",
    "in",
    ",",
    "True",
    "None",
    "classification.BNS",
    "~",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_row_of_words_is_a_query_or_a_query_error(text):
    error = fault(text)
    assert error is None or error.at is None or 0 <= error.at <= len(text)


def test_threads_do_not_disturb_each_other():
    """djangoql's lexer keeps its place in itself."""
    wrong = []

    def read(number: int) -> None:
        for i in range(200):
            text = f"far = {number} and far = {i}"
            if [test.value.value for test in comparisons_of(parse(text))] != [number, i]:
                wrong.append(text)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("2024-02", datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
        ("2026-12", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-20T03:04", datetime(2026, 11, 20, 3, 4, tzinfo=UTC), datetime(2026, 11, 20, 3, 5, tzinfo=UTC)),
        (
            "2026-11-20 03:04:05Z",
            datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC),
            datetime(2026, 11, 20, 3, 4, 6, tzinfo=UTC),
        ),
        (
            "2026-11-20T03:04+01:30",
            datetime(2026, 11, 20, 1, 34, tzinfo=UTC),
            datetime(2026, 11, 20, 1, 35, tzinfo=UTC),
        ),
        ("2026-12+01:00", datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)),
        (
            "2026-11-20T03:04:05.25",
            datetime(2026, 11, 20, 3, 4, 5, 250000, UTC),
            datetime(2026, 11, 20, 3, 4, 5, 260000, UTC),
        ),
    ],
)
def test_a_time_is_as_long_as_it_is_exact(text, start, stop):
    found = moment(text)
    assert (found.start, found.stop) == (start, stop)


def test_times_from_now():
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert moment("-30d").at(now) == now - timedelta(days=30)
    assert moment("+6h").at(now) == now + timedelta(hours=6)
    assert moment("-1.5w").at(now) == now - timedelta(days=10.5)
    assert moment("now").at(now) == now
    for text in (
        "-30",
        "30d",
        "-30m",
        "-9999999d",
        "-999999y",
        "2026-02-30",
        "0000",
        "9999",
        "2026-11-20T25:00",
        "2026-11-20T03:04+99:99",
    ):
        with pytest.raises(ValueError):
            moment(text)


def test_every_name_is_documented_and_each_thing_has_the_fixed_ones():
    fixed = "kind name role state time sent far area_50 area_90 distance distance_sd days".split()
    for thing in names.THINGS:
        assert set(fixed) <= set(names.NAMES_OF[thing])
        assert {"classification", "properties", "candidates.count", "annotations"} <= set(names.NAMES_OF[thing])
        for name in names.NAMES_OF[thing].values():
            assert name.help
            assert names.OPERATORS[name.type]
            written = f"`{name.name}." if name.type == names.KEYS else f"`{name.name}`"
            assert written in PAGE, f"docs/query.md has no {written}"


PAGE = (Path(__file__).resolve().parent.parent / "docs" / "query.md").read_text()


@pytest.mark.parametrize("text", re.findall(r"^kind = .*$", PAGE, re.MULTILINE))
def test_the_example_of_the_documentation_is_a_query(text):
    assert understand(text)
