"""Annotators: what they find, whom it is shown to, and that one that fails costs only itself.

Authorities: astropy for the Galaxy; the design for the rest.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.checks import run_checks
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories as make
from tests import own_annotators as own
from tests.messages import gw
from tom_scimma import annotate, ledger, limit, skymap
from tom_scimma.annotators import Annotator, annotators, areas
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Alias, Annotation, Reaction
from tom_scimma.notice import Sky

pytestmark = pytest.mark.django_db


def with_own(settings, *names, **more):
    """A TOM with these annotators of its own."""
    settings.TOM_SCIMMA = {"ANNOTATORS": [f"tests.own_annotators.{name}" for name in names], **more}


@pytest.fixture
def alert():
    sky = skymap.from_gaussian(30.0, 20.0, 3.0, order=4)
    return make.known("S261120ab", sky=sky).alerts.get()


def said(alert, name) -> Annotation:
    return Annotation.objects.get(alert=alert, annotator=name)


def test_areas_and_distance(alert):
    annotate.react(alert.pk, "new")
    row, map = said(alert, "areas"), alert.localizations.get()
    assert row.value["area_90"] == pytest.approx(map.area_90)
    assert (row.value["ra"], row.value["dec"]) == pytest.approx((map.ra, map.dec))
    assert (row.version, row.error) == ("1", "")
    assert row.seconds > 0
    assert row.value["plane"] == pytest.approx(0, abs=1e-6)  # 30, +20 is 40 degrees off the plane


def test_the_galaxy_is_where_astropy_has_it():
    from astropy.coordinates import SkyCoord

    generator = np.random.default_rng(4)
    ra, dec = generator.uniform(0, 360, 200), np.degrees(np.arcsin(generator.uniform(-1, 1, 200)))
    expected = SkyCoord(ra, dec, unit="deg").galactic.b.deg
    np.testing.assert_allclose(areas.latitude(ra, dec), expected, atol=1e-4)
    centre = skymap.from_gaussian(266.4, -28.9, 1.0, order=4)
    assert areas.near_plane(centre) > 0.99


def test_an_alert_that_does_not_say_where_is_no_error():
    alert = make.known("S261120ab").alerts.get()
    annotate.react(alert.pk, "new")
    row = said(alert, "areas")
    assert (row.value, row.error) == ({}, "")


def test_a_broken_map_is_said_and_no_more(alert):
    alert.localizations.update(data=b"nonsense")
    annotate.react(alert.pk, "new")
    assert "sky map" in said(alert, "areas").error


def test_an_own_annotator_is_added_by_its_path_and_named_after_its_function(alert, settings):
    with_own(settings, "numbers")
    annotate.react(alert.pk, "new")
    assert said(alert, "numbers").value == {
        "name": "S261120ab", "mapped": True, "far": None, "one": 1.0, "many": [1, 2]
    }  # fmt: skip
    assert said(alert, "areas").value["area_90"] > 0  # those that ship go on


def test_repeating_changes_nothing(alert, settings):
    with_own(settings, "numbers")
    for _ in range(3):
        annotate.react(alert.pk, "new")
    names = [one.name for one in annotators()]
    assert sorted(Annotation.objects.values_list("annotator", flat=True)) == sorted(names)


@pytest.mark.parametrize(
    ("name", "word"),
    [("raises", "what it looked for"), ("no_json", "is no number"), ("endless", "characters")],
)
def test_one_that_fails_costs_only_itself(alert, settings, name, word):
    with_own(settings, name, "same")
    annotate.react(alert.pk, "new")
    row = said(alert, name)
    assert word in row.error
    assert row.value == {}
    assert said(alert, "same").value == {"n": 1}
    assert not Alias.objects.filter(name__startswith="written").exists()


@pytest.fixture
def ending():
    """What does not end by itself ends with the test."""
    own.over.clear()
    yield
    own.over.set()
    for thread in threading.enumerate():
        if thread.name.startswith("apart "):
            thread.join(30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["stubborn", "sleeps"])
def test_one_that_does_not_end_is_left_and_not_begun_again(alert, settings, name, ending):
    with_own(settings, name, "same", ANNOTATOR_SECONDS=0.3)
    annotate.react(alert.pk, "new")
    assert "not done after 0.3 s" in said(alert, name).error
    assert said(alert, "same").value == {"n": 1}
    annotate.react(alert.pk, "new")
    assert "has still not ended" in said(alert, name).error


@pytest.mark.django_db(transaction=True)
def test_what_ran_apart_gives_its_answer_or_its_error(ending):
    assert limit.apart("well", 30, lambda: "well") == "well"
    with pytest.raises(ZeroDivisionError):
        limit.apart("raises", 30, lambda: 1 / 0)


@pytest.mark.django_db(transaction=True)
def test_ours_keep_nobody_from_writing_while_they_compute(alert):
    """On SQLite an IMMEDIATE transaction is the only writer until it ends; ours only read."""
    with CaptureQueriesContext(connection) as asked:
        annotate.react(alert.pk, "new")
    begun = [query["sql"] for query in asked if query["sql"].startswith("BEGIN")]
    if connection.vendor == "sqlite":
        assert {"BEGIN DEFERRED", "BEGIN IMMEDIATE"} == set(begun)
        assert len([sql for sql in begun if "DEFERRED" in sql]) == len(list(annotators()))
        assert connection.transaction_mode == "IMMEDIATE"
    assert not Annotation.objects.exclude(error="").exists()


@pytest.mark.django_db(transaction=True)
def test_ours_begin_again_where_sqlite_refuses_what_they_write(alert):
    """SQLITE_BUSY_SNAPSHOT: who has read before somebody else wrote cannot write; no wait helps (SQLite's page on isolation)."""
    begun = []

    def late(event, map):
        begun.append(connection.transaction_mode)
        if len(begun) == 1:
            raise OperationalError("database is locked")
        return {"times": len(begun)}

    if connection.vendor == "sqlite":
        annotate.annotate(alert, [Annotator("tests.here.late", late, trusted=True)])
        assert (said(alert, "late").value, said(alert, "late").error) == ({"times": 2}, "")
        assert begun == ["DEFERRED", "IMMEDIATE"]


def test_what_is_taken_for_an_error_that_nobody_gave_is_said(alert):
    point = skymap.of_sky(Sky("point", 30.0, 20.0))
    lines = dict(areas.words(areas.annotate(alert.event, point)))
    assert lines["Error"] == "no error was given; 5 arcsec (90%) is taken"
    assert "Error" not in dict(areas.words(areas.annotate(alert.event, skymap.from_gaussian(30.0, 20.0, 3.0, order=4))))


def test_inside_a_transaction_it_sees_what_is_not_committed(alert):
    assert limit.apart("here", 30, lambda: Alert.objects.filter(pk=alert.pk).exists())


def test_findings_are_seen_by_their_audience(alert, settings):
    group = Group.objects.create(name="lvk")
    own.secrets.group = group.pk
    with_own(settings, "secrets")
    annotate.react(alert.pk, "new")
    member, stranger = make.user("member", group), make.user("stranger", Group.objects.create(name="others"))

    def seen(user):
        rows = Annotation.objects.visible_to(user).filter(annotator="secrets")
        return {row.value["for"] for row in rows}

    assert seen(AnonymousUser()) == seen(None) == {"all"}
    assert seen(stranger) == {"all", "users"}
    assert seen(member) == seen(make.user("root", is_superuser=True)) == {"all", "users", "members"}


def test_what_is_made_of_a_protected_alert_is_as_protected():
    group = Group.objects.create(name="lvk")
    alert = make.known("S261118zz", groups=(group,)).alerts.get()
    annotate.react(alert.pk, "new")
    assert not Annotation.objects.visible_to(AnonymousUser()).exists()
    assert not Annotation.objects.visible_to(make.user("stranger")).exists()
    assert Annotation.objects.visible_to(make.user("member", group)).exists()


def test_a_finding_whose_audience_is_no_more_is_forgotten(alert, settings):
    group = Group.objects.create(name="lvk")
    with_own(settings, "secrets")
    for pk in (group.pk, Group.objects.create(name="later").pk):
        own.secrets.group = pk
        annotate.react(alert.pk, "new")
    assert not Annotation.objects.visible_to(make.user("member", group)).filter(value__for="members").exists()
    assert Annotation.objects.filter(annotator="secrets").count() == 3


def test_a_newer_alert_without_a_finding_hides_the_old_one(alert):
    annotate.react(alert.pk, "new")
    newer = make.alert(alert.event, make.notice("S261120ab", alert_type="update", sent=timezone.now()), make.message())
    annotate.react(newer.pk, "updated")
    (latest,) = (row for row in Annotation.objects.latest() if row.annotator == "areas")
    assert (latest.alert_id, latest.value) == (newer.pk, {})


def test_history_is_annotated_too():
    ingest([gw()], via="backfill")
    assert list(Reaction.objects.filter(name="annotate").values_list("change", flat=True)) == ["new"]
    ingest([gw("S261122b", topic="somebody.elses")])
    assert Reaction.objects.filter(name="annotate").count() == 1  # a report is nobody's statement of where


def test_the_ledger_says_when(alert):
    assert not any(entry.overdue for entry in ledger.ledger(alert).entries)  # it did not ask for any
    reaction = Reaction.objects.create(alert=alert, name="annotate", change="new", run="x.y")
    entry = next(entry for entry in ledger.ledger(alert).entries if entry.step == "annotated")
    assert entry.overdue
    reaction.finished = alert.message.stored
    reaction.save()
    entry = next(entry for entry in ledger.ledger(alert).entries if entry.step == "annotated")
    assert (entry.time, entry.seconds) == (alert.message.stored, 0)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("tests.own_annotators.nobody", "cannot be imported"),
        ("nowhere", "cannot be imported"),
        ("tests.own_annotators.NUMBER", "is a int"),
        ("tests.own_annotators.areas", "cannot be imported"),
        (7, "cannot be imported"),
    ],
)
def test_a_bad_path_is_a_system_check(settings, path, word):
    settings.TOM_SCIMMA = {"ANNOTATORS": [path]}
    (problem,) = (found for found in run_checks() if found.id == "tom_scimma.E021")
    assert word in problem.msg


def test_two_of_one_name_are_a_system_check(settings):
    with_own(settings, "same", "numbers")
    assert not [found for found in run_checks() if found.id == "tom_scimma.E021"]
    settings.TOM_SCIMMA = {"ANNOTATORS": ["tests.own_annotators.same", "tests.test_annotators.same"]}
    (problem,) = (found for found in run_checks() if found.id == "tom_scimma.E021")
    assert "so is" in problem.msg


def same(event, map):
    return {}


def test_the_page_shows_them(alert, client, settings):
    with_own(settings, "numbers", "raises")
    annotate.react(alert.pk, "new")
    page = client.get("/events/S261120ab/").content.decode()
    assert "Worked out here" in page
    assert "of the Galactic plane" in page
    assert "No answer: KeyError" in page
    assert Alert.objects.get().pk == alert.pk
