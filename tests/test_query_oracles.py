"""No question tells a stranger anything of hidden rows: every answer is the same with them and without them.

Authority: promise 6, private stays private. The same questions do tell members, so that the test can fail.
"""

from __future__ import annotations

import functools
import itertools
import os

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.test import Client
from guardian.shortcuts import assign_perm
from tom_targets.models import Target

from tests import factories as make
from tests.subscribers import hear
from tom_scimma import skymap
from tom_scimma.models import Alert, Alias, Annotation, Candidate, CandidateLevel, Event
from tom_scimma.query import MODELS, find, matches, names
from tom_scimma.query.completion import suggestions

pytestmark = pytest.mark.django_db

NUMBERS = ("1", "77")
TEXTS = ('"hidden-source"', '"S261118zz"', '"hidden"')
VALUES = {
    names.NUMBER: NUMBERS, names.COUNT: NUMBERS, names.AGE: NUMBERS, names.TEXT: TEXTS, names.NAMES: TEXTS,
    names.TIME: ('"-10min"',), names.FLAG: ("True", "False"),
}  # fmt: skip
KEYS = {
    "classification": ("classification.BNS", "classification.Hidden"),
    "properties": ("properties.HasNS", "properties.Hidden"),
    "annotations": (
        "annotations.areas.area_90",
        "annotations.hidden.key",
        "annotations.candidates.inside",
        "annotations.areas.only",
    ),
}


@functools.cache
def questions(thing: str) -> list[str]:
    """Every name with every operator and with values that hidden rows have, and with values that they have not.

    Numbers and keys meet their values in turn, one operator after the other; in the soak all of them each time.
    """
    found = []
    for name in names.NAMES_OF[thing].values():
        for turn, operator in enumerate(names.OPERATORS[name.type]):
            lefts, values = _sides(name, operator)
            sides = itertools.product(lefts, values) if "SOAK" in os.environ else _in_turn(name, lefts, values, turn)
            found += [f"{left} {operator} {right}" for left, right in sides]
    return [*found, *(f"not ({text})" for text in found[::9])]


def _in_turn(name: names.Name, lefts: tuple[str, ...], values: tuple[str, ...], turn: int):
    """Every left side and every value of a key at least once, and one value of a number; all others with all."""
    if name.type == names.KEYS:
        values = values[turn % len(values) :] + values[: turn % len(values)]
        count = max(len(lefts), len(values))
        return itertools.islice(zip(itertools.cycle(lefts), itertools.cycle(values)), count)
    if name.type in (names.NUMBER, names.COUNT):
        values = (values[(turn + 1) % len(values)],)  # `= 77` first, which hidden rows have
    return itertools.product(lefts, values)


def _sides(name: names.Name, operator: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before an operator, and what behind it."""
    if name.type == names.KEYS:
        values = (*NUMBERS, "None", "True") if operator in ("=", "!=") else NUMBERS
        texts = operator in names.OPERATORS[names.TEXT] and operator not in names.OPERATORS[names.NUMBER]
        values = TEXTS if texts else values
        lefts = KEYS[name.name]
    else:
        lefts, values = (name.name,), VALUES.get(name.type, tuple(f'"{choice}"' for choice in name.choices[:2]))
        if name.type == names.TIME and operator in ("=", "!=", "~", "!~"):
            values = ('"2026"', '"2026-11"')
    if operator.endswith("in"):
        values = tuple(f"({value})" for value in values if value not in ("None", "True"))
    return lefts, values


@pytest.fixture
def open_sky():
    """What everybody may see."""
    cache.clear()
    sky = skymap.from_gaussian(30.0, 20.0, 3.0, order=3, rounds=3)
    alert = hear(minutes=20, sky=sky)
    hear("S261120cd", minutes=15, classification={"BNS": 0.9})
    Annotation.objects.create(alert=alert, annotator="areas", value={"area_90": 1.0})
    target = Target.objects.create(name="open target", type="SIDEREAL", ra=30.0, dec=20.0, permissions="OPEN")
    Candidate.objects.create(event=alert.event, target=target, level=0.5, because="person")
    return alert


def hide(group: Group) -> None:
    """Rows that only members see, on the same event and on one of their own."""
    sky = skymap.from_gaussian(30.0, 20.0, 1.0, order=3, rounds=3)
    hidden = hear(minutes=5, groups=(group,), source="hidden-source", alert_type="update", far_hz=77.0, sky=sky,
                  classification={"Hidden": 0.77}, properties={"Hidden": 77})  # fmt: skip
    hear("S261118zz", minutes=3, groups=(group,), classification={"Hidden": 0.77})
    event = hidden.event
    public = event.alerts.get(public=True)
    Alias.objects.create(event=event, name="hidden-name")
    Annotation.objects.create(alert=hidden, annotator="areas", value={"area_90": 77, "only": 77})
    Annotation.objects.create(alert=hidden, annotator="hidden", value={"key": 77, "hidden-key": "hidden"})
    row = Annotation.objects.create(alert=public, annotator="candidates", value={"inside": 77}, audience="groups 1")
    row.groups.set([group])
    for number, permissions in enumerate(("PRIVATE", "OPEN")):
        target = Target.objects.create(
            name="secret target" * (1 + number), type="SIDEREAL", ra=30.0, dec=20.0, permissions=permissions
        )
        candidate = Candidate.objects.create(event=event, target=target, level=0.1, because="datum")
        CandidateLevel.objects.create(candidate=candidate, alert=hidden, level=0.1, inside=True)
        assign_perm("view_target", group, target)
    Candidate.objects.create(event=Event.objects.get(name="S261118zz"), target=target, level=0.2, because="person")


def answers(user, thing: str, every: int) -> dict[str, list]:
    """What a user is answered to all questions, or to some of them."""
    found = {
        text: find(text, user, MODELS[thing]).order_by("pk").values_list("pk", flat=True)
        for text in questions(thing)[::every]
    }
    return {text: list(rows) for text, rows in found.items()}


@pytest.mark.parametrize("thing", names.THINGS)
def test_no_operator_on_no_name_tells_of_hidden_rows(open_sky, thing):
    group = Group.objects.create(name="lvk")
    stranger, member = make.user("stranger"), make.user("member", group)
    before = {user: answers(user, thing, every) for user, every in ((AnonymousUser(), 7), (stranger, 1))}
    assert sum(map(len, before[stranger].values())) > 100  # the questions do find what is there
    hide(group)
    for user, known in before.items():
        assert answers(user, thing, 1 if user is stranger else 7) == known
    told = answers(member, thing, 5)
    assert sum(told[question] != before[stranger][question] for question in told) > 5


def test_matching_in_memory_tells_of_hidden_rows_as_little(open_sky):
    group = Group.objects.create(name="lvk")
    stranger, member = make.user("stranger"), make.user("member", group)
    alert = Alert.objects.get(pk=open_sky.pk)

    def told(user) -> dict[str, bool]:
        return {text: matches(text, user, Alert.objects.get(pk=alert.pk)) for text in questions(names.EVENTS)}

    before = told(stranger)
    hide(group)
    assert told(stranger) == before
    assert told(member) != before
    hidden = Alert.objects.get(source="hidden-source")
    assert not matches('kind = "GW"', stranger, hidden)
    assert matches('kind = "GW"', member, hidden)


def test_the_database_and_the_memory_agree_for_everybody(open_sky):
    group = Group.objects.create(name="lvk")
    hide(group)
    alert = Alert.objects.get(pk=open_sky.pk)
    people = [make.user("stranger"), make.user("member", group), make.user("root", is_superuser=True)]
    for user in people:
        for text in questions(names.EVENTS):
            if "now" in text or "min" in text or "days" in text:
                continue  # the clock goes on between both
            assert matches(text, user, alert) == find(text, user).filter(pk=alert.event_id).exists(), (
                user.username,
                text,
            )


@pytest.mark.parametrize(
    "sort", ["name", "-latest", "far_hz", "-far_hz", "area_90", "distance_mpc", "time", "state", "kind", "nonsense"]
)
def test_no_order_and_no_page_tells_of_hidden_rows(open_sky, sort):
    client = Client()

    def page(what: str) -> str:
        found = client.get("/find/", {"what": what, "q": "days < 100", "sort": sort}).context
        return [found["record_count"], [row.record.pk for row in found["table"].paginated_rows]]

    before = [page(what) for what in names.THINGS]
    hide(Group.objects.create(name="lvk"))
    assert [page(what) for what in names.THINGS] == before


def test_no_file_tells_of_hidden_rows(open_sky):
    client = Client()

    def files() -> list[bytes]:
        return [
            client.get(f"/find/found.{form}", {"what": what, "q": "days < 100"}).getvalue()
            for form in ("csv", "json")
            for what in names.THINGS
        ]

    before = files()
    hide(Group.objects.create(name="lvk"))
    assert files() == before


def test_suggestions_tell_of_hidden_rows_to_members_only(open_sky):
    group = Group.objects.create(name="lvk")
    stranger, member = make.user("stranger"), make.user("member", group)
    before = suggestions(names.EVENTS, stranger)
    hide(group)
    assert suggestions(names.EVENTS, stranger) == before
    assert "Hidden" in suggestions(names.EVENTS, member)["models"]["classification"]


def test_suggestions_hold_nothing_that_a_page_would_run(open_sky):
    """The widget writes them into the page as HTML."""
    make.event("E", classification={"<img src=x>": 1, "ok_1": 1, "a b": 1}, properties={"</script>": 1})
    said = str(suggestions(names.EVENTS, make.user("ada"))["models"])
    assert "ok_1" in said
    assert "<" not in said
    assert "a b" not in said
