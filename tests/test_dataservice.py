"""The data service over what this TOM has heard. Authority: TOM Toolkit's own views and commands, which run it; promise 6."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from tom_dataservices.dataservices import QueryServiceError, get_data_service_class
from tom_dataservices.models import DataServiceQuery
from tom_targets.models import Target

from tests import factories as make
from tests.factories import NIGHT
from tom_scimma import skymap
from tom_scimma.dataservice import HopskotchDataService
from tom_scimma.models import Alias, Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_results_of_others():
    cache.clear()


def burst(name: str, ra: float, dec: float, *, groups=(), **fields) -> Event:
    """An event with a position and an alert that says so."""
    event = make.known(name, groups=groups, said={"kind": "GRB", "source": "Fermi GBM"})
    Event.objects.filter(pk=event.pk).update(
        **{"kind": "GRB", "ra": ra, "dec": dec, "radius_deg": 0.1, "localization": None, **fields}
    )
    return Event.objects.get(pk=event.pk)


@pytest.fixture
def sky():
    """A gravitational wave at (30, 20), a burst in it, one elsewhere, a protected one, and their people."""
    group = Group.objects.create(name="lvk")
    wave = make.known("S261120ab", sky=skymap.from_gaussian(30.0, 20.0, 3.0, order=3, rounds=3))
    near = burst("GRB 261120A", 31.0, 20.5, time=NIGHT)
    Alias.objects.create(event=near, name="bn261120123")
    burst("GRB 261101B", 200.0, -40.0, time=NIGHT - timedelta(days=19))
    burst("GRB 261120X", 30.5, 20.0, groups=(group,), time=NIGHT)
    return {"wave": wave, "member": make.user("member", group), "stranger": make.user("stranger")}


def found(user=None, **asked) -> set[str]:
    service = HopskotchDataService(user=user)
    results = service.query_targets(service.build_query_parameters(asked))
    assert all(result.keys() == {"event"} for result in results), "nothing that a shared cache could tell"
    return set(Event.objects.filter(pk__in=[result["event"] for result in results]).values_list("name", flat=True))


OPEN = {"S261120ab", "GRB 261120A", "GRB 261101B"}


def test_the_host_knows_it():
    assert get_data_service_class("Hopskotch") is HopskotchDataService
    assert apps.get_app_config("tom_scimma").data_services()


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, OPEN),
        ({"name": "bn2611"}, {"GRB 261120A"}),
        ({"name": "261120"}, {"S261120ab", "GRB 261120A"}),
        ({"kind": "GW"}, {"S261120ab"}),
        ({"since": (NIGHT - timedelta(days=1)).isoformat(), "kind": "GRB"}, {"GRB 261120A"}),
        ({"until": (NIGHT - timedelta(days=1)).isoformat()}, {"GRB 261101B"}),
        ({"ra": 31.0, "dec": 20.5, "radius": 0.5}, {"GRB 261120A", "S261120ab"}),
        ({"ra": 200.05, "dec": -40.0, "radius": 0.0}, {"GRB 261101B"}),
        ({"inside": "S261120ab"}, {"GRB 261120A"}),
        ({"inside": "s261120AB", "kind": "GW"}, set()),
        ({"ra": 90.0, "dec": 0.0, "radius": 1.0}, set()),
    ],
)
def test_events_are_found_by_name_kind_time_cone_and_map(sky, asked, names):
    user = sky["stranger"]
    assert found(user, **asked) == names
    assert found(AnonymousUser(), **asked) == names


def test_each_finds_what_they_may_see(sky):
    assert found(sky["member"]) == OPEN | {"GRB 261120X"}
    assert found(sky["stranger"]) == OPEN
    assert found(AnonymousUser()) == OPEN
    assert found(None) == OPEN - {"S261120ab"}, "without a user: public ones, of which a target can be made"
    assert found(sky["member"], inside="S261120ab") == {"GRB 261120A", "GRB 261120X"}
    assert found(sky["stranger"], name="261120X") == set()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"inside": "S999999zz"}, "no event 'S999999zz'"),
        ({"inside": "GRB 261120A"}, "no sky map"), ({"inside": "GRB 261120X"}, "no event"),
        ({"ra": 1.0}, "a cone needs"),
        ({"ra": "x", "dec": 1, "radius": 1}, "could not be searched"), ({"since": "then"}, "could not be searched"),
        ({"ra": float("nan"), "dec": 1, "radius": 1}, "a cone needs"), ({"name": "a\0b"}, "no NUL"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_an_error_that_the_host_understands(sky, asked, said):
    with pytest.raises(QueryServiceError, match=said):
        found(sky["stranger"], **asked)


def ask(client: Client, **asked):
    """Runs a query as a person does, by the form; the page of results."""
    form = {"data_service": "Hopskotch", "query_name": "", **asked}
    answer = client.post(reverse("dataservices:create") + "?data_service=Hopskotch", form)
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(reverse("dataservices:run"))


def make_of(number: int) -> dict:
    """What ticking one result and "Create Targets" sends."""
    return {"data_service": "Hopskotch", "query_id": "", "selected_results": [number]}


def test_a_person_asks_and_makes_a_target(sky):
    client = Client()
    client.force_login(sky["member"])
    page = client.get(reverse("dataservices:create") + "?data_service=Hopskotch")
    assert "Inside the 90 % region" in page.content.decode()
    page = ask(client, name="261120", since="2026-11-01")
    text = page.content.decode()
    assert {"S261120ab", "GRB 261120A", "GRB 261120X"} <= set(text.replace("<", ">").split(">"))
    numbers = {Event.objects.get(pk=row["event"]).name: row["id"] for row in page.context["results"]}
    client.post(
        reverse("dataservices:create-target"),
        make_of(numbers["GRB 261120A"]),
    )
    target = Target.objects.get()
    assert (target.name, target.ra, target.dec, target.names) == (
        "GRB 261120A",
        31.0,
        20.5,
        ["GRB 261120A", "GRB 261120A too", "bn261120123"],
    )
    for name in ("S261120ab", "GRB 261120X"):
        client.post(
            reverse("dataservices:create-target"),
            make_of(numbers[name]),
        )
    assert Target.objects.count() == 1, "not of a region, nor of what only some may see"


def test_of_all_that_are_ticked_those_are_made_that_can_be(sky):
    """The first has a region only: the host's page gave up there. Twice makes none twice."""
    client = Client()
    client.force_login(sky["member"])
    for _ in range(2):
        page = ask(client, name="26112")
        numbers = {Event.objects.get(pk=row["event"]).name: row["id"] for row in page.context["results"]}
        boxes = {
            number: f'value="{number}" aria-label="{name}" disabled' in page.content.decode()
            for name, number in numbers.items()
        }
        assert {name: boxes[number] for name, number in numbers.items()} == {
            "S261120ab": True,
            "GRB 261120X": True,
            "GRB 261120A": False,
        }
        ticked = {
            **make_of(0),
            "selected_results": [numbers["S261120ab"], numbers["GRB 261120X"], numbers["GRB 261120A"]],
        }
        answer = client.post(reverse("dataservices:create-target"), ticked, follow=True)
        said = [str(message) for message in answer.context["messages"]]
        assert [text.partition(":")[0] for text in said[:2]] == ["S261120ab", "GRB 261120X"]
        assert Target.objects.get().name == "GRB 261120A"


def test_the_shared_cache_tells_nobody_anything(sky):
    """One asks; another who asks the same, or makes targets from what is in the cache, gets what they may have."""
    member, stranger = Client(), Client()
    member.force_login(sky["member"])
    stranger.force_login(sky["stranger"])
    seen = ask(member, name="261120X")
    assert "GRB 261120X" in seen.content.decode()
    kept = [cache.get(f"result_{number}") for number in range(5)]
    assert "261120X" not in repr(kept)
    stranger.post(reverse("dataservices:create-target"), make_of(0))
    assert not Target.objects.exists()
    again = ask(stranger, name="261120X").content.decode()
    assert "/events/" not in again.split("<h2>")[1]
    sky["member"].groups.clear()
    assert "GRB 261120X" not in member.get(reverse("dataservices:run")).content.decode()


def test_a_saved_query_runs_without_a_person(sky):
    """`manage.py rundataquery` makes targets of every result."""
    query = DataServiceQuery.objects.create(
        name="bursts", data_service="Hopskotch", parameters={"data_service": "Hopskotch", "name": "GRB"}
    )
    call_command("rundataquery", str(query.pk))
    assert set(Target.objects.values_list("name", flat=True)) == {"GRB 261120A", "GRB 261101B"}


def test_somebody_s_private_target_is_not_written_to(sky):
    Target.objects.create(name="GRB 261120A", type="SIDEREAL", ra=1, dec=1, permissions="PRIVATE")
    service = HopskotchDataService(user=sky["stranger"])
    (result,) = service.query_targets({"name": "bn261120123"})
    with pytest.raises(QueryServiceError, match="Ask its owner"):
        service.to_target(result)
    assert Target.objects.get().names == ["GRB 261120A"]


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"ra": "1"}, {"dec", "radius"}),
        ({"ra": "1", "dec": "x", "radius": "2"}, {"dec"}),
        ({"since": "2026-11-20", "until": "2026-11-01"}, {"until"}),
        ({"since": "2026-11-20", "until": "2026-11-20"}, set()),
        ({"page": "0"}, {"page"}),
    ],
)
def test_what_is_wrong_is_told_at_its_field_in_sight(client, asked, wrong):
    """The host folds what is no "simple field" away, with its errors."""
    client.force_login(make.user("ada"))
    form = {"data_service": "Hopskotch", "query_name": "", **asked}
    answer = client.post(reverse("dataservices:create") + "?data_service=Hopskotch", form)
    assert set(answer.context["form"].errors if answer.context else ()) == wrong
    page = answer.content.decode()
    assert "Advanced" not in page
    assert page.count('class="invalid-feedback"') == len(wrong)
