"""The data service HERMES: searches the archive of the stand-in over HTTP, takes in targets and data, keeps what is whose apart.

Authority: TOM Toolkit's DataService; HERMES' answers as the stand-in gives them; promise 6 of the design.
"""

import itertools
import pickle
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from tom_dataproducts.models import PhotometryReducedDatum
from tom_dataservices.dataservices import QueryServiceError, get_data_service_class
from tom_dataservices.models import DataServiceQuery
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tests import factories as make
from tests.hermes_messages import message, point, sent, star
from tests.messages import NOW
from tom_hermes import withdrawn
from tom_hermes.fake import Fake
from tom_hermes.forms import HermesQueryForm
from tom_hermes.models import HermesProfile, Received, SharedMessage
from tom_scimma.ingest import ingest
from tom_scimma.models import Message
from tom_scimma.replay import replay

pytestmark = pytest.mark.django_db


@pytest.fixture
def hermes(settings, astropy_frames):
    cache.clear()
    with Fake() as fake:
        settings.TOM_HERMES = {"BASE_URL": fake.url, "TOKEN": fake.token}
        yield fake


def reader_of(hermes, name="reader", *groups):
    """Somebody with a token of their own."""
    user = make.user(name, *groups)
    HermesProfile.objects.create(user=user, token=hermes.token)
    return user


def service(user=None):
    return get_data_service_class("HERMES")(user=user)


def found(user=None, **said):
    asked = service(user)
    return asked, asked.query_targets(asked.build_query_parameters(said))


def names(results):
    return sorted(result["name"] for result in results)


def test_by_name_place_event_topic_time_words_and_id(hermes):
    first = hermes.publish(
        "hermes.photometry", message([star("AT2026abc", aliases=["ZTF26aaa"])], event_id="S261121a", title="bright")
    )
    hermes.publish("hermes.other", message([star("AT2026xyz", ra=10.0, dec=-20.0)], title="faint"), sent=1_700_000_000)
    assert names(found(target_name="2026ab")[1]) == ["AT2026abc"]
    assert names(found(target_name="AT2026", exact=True)[1]) == []
    assert names(found(target_name="AT2026abc", exact=True)[1]) == ["AT2026abc"]
    assert names(found(ra="150.1", dec="2.2", radius=5)[1]) == ["AT2026abc"]
    assert names(found(event_id="S261121a")[1]) == ["AT2026abc"]
    assert names(found(topic="hermes.other")[1]) == ["AT2026xyz"]
    assert names(found(before="2024-01-01T00:00:00+00:00")[1]) == ["AT2026xyz"]
    assert names(found(after=(datetime.now(timezone.utc) - timedelta(days=1)).isoformat())[1]) == ["AT2026abc"]
    assert names(found(words="faint")[1]) == ["AT2026xyz"]
    assert names(found(uuid=first.uuid)[1]) == ["AT2026abc"]


def test_without_a_token_the_archive_itself_is_read(hermes, settings):
    settings.TOM_HERMES = {"BASE_URL": hermes.url}
    hermes.publish("hermes.photometry", message([star("zero", ra=0.0, dec=0.0), star("AT2026abc")]))
    assert names(found(target_name="zero")[1]) == ["zero"]
    assert names(found(ra="0.0", dec="0.0", radius=5)[1]) == ["zero"]


def test_every_page_is_read(hermes):
    for number in range(230):
        hermes.publish("hermes.many", message([star(f"many{number}", ra=number + 1.0, dec=1.0)]))
    assert len(found(topic="hermes.many")[1]) == 230
    assert len(found(target_name="many")[1]) == 230


def test_a_result_becomes_a_target_with_data_once(hermes):
    hermes.publish(
        "hermes.photometry",
        message([star(aliases=["ZTF26aaa"]), star("other", ra=9)], photometry=[point(), point("other")]),
    )
    user = make.user("observer", Group.objects.create(name="team"))
    for _ in range(2):
        asked, (result,) = found(user, target_name="AT2026abc")
        target = asked.to_target(result)
        (datum,) = asked.to_reduced_datums(target, result["reduced_datums"])
    assert Target.objects.get() == target
    assert PhotometryReducedDatum.objects.get() == datum
    assert (datum.brightness, datum.timestamp.isoformat(), datum.source_name) == (
        19.5,
        "2026-01-02T03:04:05+00:00",
        "HERMES",
    )
    assert target.aliases.get().name == "ZTF26aaa"
    assert user.has_perm("tom_targets.change_target", target)
    row = Received.objects.get()
    assert (row.public, row.data, row.state, row.document["title"]) == (True, 1, "placed", "Photometry")


def test_the_archive_and_the_stream_are_one(hermes):
    said = message([star(), star("other", ra=9)], photometry=[point(), point("other")])
    published = hermes.publish("hermes.photometry", said)
    user = make.user("observer")
    asked, (result,) = found(user, target_name="AT2026abc")
    target = asked.to_target(result)
    asked.to_reduced_datums(target, result["reduced_datums"])
    ingest([sent(said, ident=published.uuid)], now=NOW)
    row = Received.objects.get()
    assert (row.data, row.message is not None, row.document) == (2, True, None)
    assert PhotometryReducedDatum.objects.count() == 2
    asked.to_reduced_datums(target, result["reduced_datums"])
    assert PhotometryReducedDatum.objects.count() == 2


def test_a_target_brings_its_own_data_up_to_date(hermes):
    hermes.publish("hermes.photometry", message([star("their name")], photometry=[point("their name")]))
    hermes.publish("hermes.photometry", message([star("far", ra=9)], photometry=[point("far", bandpass="g")]))
    target = Target.objects.create(name="our name", type="SIDEREAL", ra=150.1, dec=2.2, permissions="PUBLIC")
    asked = service(make.user("observer"))
    asked.to_reduced_datums(target, asked.query_reduced_data(target))
    assert PhotometryReducedDatum.objects.get().target == target
    with pytest.raises(QueryServiceError):
        service(AnonymousUser()).query_reduced_data(target)


@pytest.mark.parametrize("fault", ["drop", "500", "garbage", "unavailable", "denied"])
def test_whatever_goes_wrong_is_an_error_of_the_service(hermes, fault):
    hermes.faults.append({"path": "", "times": None, "do": fault})
    with pytest.raises(QueryServiceError):
        found(topic="hermes.photometry")
    with pytest.raises(QueryServiceError):
        found(target_name="x")


def test_nobody_there_is_an_error_of_the_service(settings):
    settings.TOM_HERMES = {"BASE_URL": "http://127.0.0.1:9"}
    with pytest.raises(QueryServiceError):
        found(topic="hermes.photometry")


def test_what_is_kept_for_everybody_says_nothing(hermes):
    hermes.publish("hermes.secret", message([star("name-of-secret")], title="title-of-secret"), public=False)
    _, (result,) = found(reader_of(hermes), topic="hermes.secret")
    kept = pickle.dumps(result)
    assert result["name"] == "name-of-secret"
    assert b"of-secret" not in kept
    assert set(pickle.loads(kept)) == {"hermes", "reduced_datums"}


def post(client, **values):
    return client.post(
        reverse("dataservices:create-target"), {"data_service": "HERMES", "query_id": "", **values}, follow=True
    )


def logged_in(user):
    client = Client()
    client.force_login(user)
    return client


def search(client, **values):
    session = client.session
    session["query_parameters"] = {"data_service": "HERMES", **values}
    session.save()
    return client.get(reverse("dataservices:run"))


def test_one_persons_results_are_no_others(hermes):
    """The host keeps results in one cache, by their number: who asked is who may take."""
    hermes.publish(
        "hermes.secret", message([star("name-of-secret")], photometry=[point("name-of-secret")]), public=False
    )
    reader, other = reader_of(hermes), make.user("other")
    assert "name-of-secret" in search(logged_in(reader), topic="hermes.secret").content.decode()
    for client in (logged_in(other), Client()):  # the TOM's token, which would show it, reads nothing for them
        for asked in ({"topic": "hermes.secret"}, {"target_name": "name-of"}, {"words": "name-of"}):
            assert "name-of-secret" not in search(client, **asked).content.decode()
    client = logged_in(other)
    search(logged_in(reader), topic="hermes.secret")
    said = post(client, selected_results="0").content.decode()
    assert "somebody else" in said
    assert Target.objects.count() == 0
    assert "of-secret" not in post(client, selected_results="0", data_service="HERMES").content.decode()


def test_what_not_everybody_may_read_is_the_readers_alone(hermes):
    hermes.publish(
        "hermes.secret", message([star("name-of-secret")], photometry=[point("name-of-secret")]), public=False
    )
    team = Group.objects.create(name="team")
    reader, mate = reader_of(hermes, "reader", team), make.user("mate", team)
    client = logged_in(reader)
    search(client, topic="hermes.secret")
    post(client, selected_results="0")
    target = Target.objects.get()
    assert target.permissions == "PRIVATE"
    assert PhotometryReducedDatum.objects.count() == 1
    for user, sees in ((reader, True), (mate, False), (AnonymousUser(), False)):
        assert targets_for_user(user, Target.objects.all(), "view_target").exists() is sees
        assert Received.objects.visible_to(user).exists() is sees


def test_it_goes_to_no_target_that_others_see(hermes):
    hermes.publish("hermes.secret", message([star("known")], photometry=[point("known")]), public=False)
    Target.objects.create(name="known", type="SIDEREAL", ra=150.1, dec=2.2, permissions="PUBLIC")
    client = logged_in(reader_of(hermes))
    search(client, topic="hermes.secret")
    assert "seen by others" in post(client, selected_results="0").content.decode()
    assert not PhotometryReducedDatum.objects.exists()


def test_a_target_that_one_does_not_see_is_not_touched(hermes):
    hermes.publish("hermes.photometry", message([star("known")], photometry=[point("known")]))
    Target.objects.create(name="known", type="SIDEREAL", ra=150.1, dec=2.2, permissions="PRIVATE")
    client = logged_in(make.user("reader"))
    search(client, topic="hermes.photometry")
    assert "ask its owner" in post(client, selected_results="0").content.decode()
    assert not PhotometryReducedDatum.objects.exists()


def test_of_all_that_are_ticked_those_are_made_that_can_be(hermes):
    """The host's page gives up at the first that cannot."""
    hermes.publish("hermes.photometry", message([star("known")], photometry=[point("known")]))
    hermes.publish("hermes.photometry", message([star("other", ra=10.0)], photometry=[point("other")]))
    Target.objects.create(name="known", type="SIDEREAL", ra=150.1, dec=2.2, permissions="PRIVATE")
    client = logged_in(make.user("reader"))
    found = [row["name"] for row in search(client, topic="hermes.photometry").context["results"]]
    ticked = sorted(range(2), key=lambda number: found[number] != "known")
    assert "ask its owner" in post(client, selected_results=ticked).content.decode()
    assert set(Target.objects.values_list("name", flat=True)) == {"known", "other"}
    assert PhotometryReducedDatum.objects.get().target.name == "other"


@pytest.mark.parametrize(
    "asked", [{"ra": "x", "dec": "1", "radius": "1"}, {"ra": "1", "dec": "2"}, {"after": "then"}, {"uuid": "1"}]
)
def test_what_is_wrong_is_told_at_its_field_in_sight(asked):
    """The host folds what is no "simple field" away, with its errors."""
    form = {"data_service": "HERMES", "query_name": "", **asked}
    page = logged_in(make.user("reader")).post(reverse("dataservices:create") + "?data_service=HERMES", form)
    assert page.content.decode().count('class="invalid-feedback"') == 1
    assert "Advanced" not in page.content.decode()


def test_hermes_going_away_between_search_and_choice_is_said(hermes):
    hermes.publish("hermes.photometry", message([star()], photometry=[point()]))
    client = logged_in(make.user("reader"))
    search(client, topic="hermes.photometry")
    hermes.faults.append({"path": "", "times": None, "do": "drop"})
    assert "HERMES" in post(client, selected_results="0").content.decode()
    assert Target.objects.count() == 0


def test_a_saved_query_runs_without_a_user_for_what_all_may_read(hermes):
    hermes.publish("hermes.mixed", message([star("open")], photometry=[point("open")]))
    hermes.publish("hermes.mixed", message([star("hidden", ra=9)], photometry=[point("hidden")]), public=False)
    query = DataServiceQuery.objects.create(
        name="q", data_service="HERMES", parameters={"data_service": "HERMES", "topic": "hermes.mixed"}
    )
    for _ in range(2):
        call_command("rundataquery", query.pk)
    assert Target.objects.get().name == "open"
    assert PhotometryReducedDatum.objects.count() == 1


def test_the_page_of_the_search(hermes):
    client = logged_in(make.user("reader"))
    assert client.get(reverse("dataservices:create") + "?data_service=HERMES").status_code == 200
    said = {"data_service": "HERMES", "ra": "10:00:24", "dec": "+02:12:00", "radius": "5"}
    hermes.publish("hermes.photometry", message([star()], photometry=[point()]))
    answer = client.post(reverse("dataservices:create") + "?data_service=HERMES", said, follow=True)
    assert "AT2026abc" in answer.content.decode()


@pytest.mark.parametrize(
    "said",
    [
        {}, {"ra": "10"}, {"ra": "x", "dec": "1", "radius": "1"}, {"after": "Monday"}, {"ra": "1", "dec": "1", "radius": "nan"},
        {"uuid": "1"},
    ],
)  # fmt: skip
def test_a_search_that_says_nothing_is_refused(said):
    assert not HermesQueryForm({"data_service": "HERMES", **said}).is_valid()


@pytest.mark.parametrize(
    ("earlier", "value"),
    [
        (
            {"HERMES_CONFIGURATION": {"HERMES_BASE_URL": "https://h.example/", "HERMES_API_TOKEN": "t"}},
            ("https://h.example/", "t"),
        ),
        (
            {"DATA_SHARING": {"hermes": {"BASE_URL": "https://d.example", "HERMES_API_KEY": "k"}}},
            ("https://d.example", "k"),
        ),
        ({}, ("https://hermes.lco.global", "")),
    ],
)
def test_settings_of_older_plugins_are_understood(settings, earlier, value):
    from tom_hermes.conf import conf

    settings.TOM_HERMES = {}
    for name, given in earlier.items():
        setattr(settings, name, given)
    assert (conf.BASE_URL, conf.TOKEN) == value
    settings.TOM_HERMES = {"BASE_URL": "https://own.example"}
    assert conf.BASE_URL == "https://own.example"


@pytest.mark.parametrize("ways", list(itertools.permutations(["stream", "archive", "update", "replay"])), ids=" ".join)
def test_in_whatever_order_it_comes_it_is_the_same(hermes, ways):
    said = message([star(), {"name": "nobody"}], photometry=[point(), point(bandpass=None), point("nobody")])
    published = hermes.publish("hermes.photometry", said)
    user = make.user("observer", is_superuser=True)

    def archive():
        asked, (result,) = found(user, target_name="AT2026abc")
        asked.to_reduced_datums(asked.to_target(result), result["reduced_datums"])

    def update():
        for target in Target.objects.all():
            asked = service(user)
            asked.to_reduced_datums(target, asked.query_reduced_data(target) or {"HERMES": []})

    steps = {
        "stream": lambda: ingest([sent(said, ident=published.uuid)], now=NOW),
        "archive": archive,
        "update": lambda: Target.objects.exists() and update(),
        "replay": lambda: replay(Message.objects.all()),
    }
    for way in ways:
        steps[way]()
    row = Received.objects.get()
    assert (row.data, row.made, row.state, row.message is not None) == (
        1,
        int(ways.index("stream") < ways.index("archive")),
        "partly",
        True,
    )
    assert list(row.unplaced.order_by("section", "index").values_list("section", "index", "reason")) == [
        ("photometry", 1, "filter"), ("photometry", 2, "place"), ("targets", 1, "place"),
    ]  # fmt: skip
    assert PhotometryReducedDatum.objects.count() == 1
    assert Target.objects.count() == 1


def test_what_is_retracted_in_the_archive_is_marked_here_and_what_is_shown_again_is_not(hermes, client):
    ours = make.delivery(None, make.event("S261121a"))
    kept, gone = (
        hermes.publish("hermes.photometry", message([star(name, ra=ra)], title=name))
        for name, ra in (("kept", 10.0), ("gone", 20.0))
    )
    mine = hermes.publish("hermes.test", message(title="mine"))
    for item in (kept, gone):
        ingest([sent(item.message, ident=item.uuid, now=now())], now=now())
    shared = SharedMessage.objects.create(delivery=ours, uuid=mine.uuid, topic="hermes.test", sent=now())
    assert withdrawn.look() == 0
    gone.retracted = mine.retracted = True
    assert withdrawn.look() == 2
    row = Received.objects.get(retracted=True)
    assert row.title == "gone"
    assert "retracted" in client.get(row.get_absolute_url()).text
    assert [item.title for item in client.get(reverse("tom_hermes:received"), {"retracted": "yes"}).context["table"].data] == ["gone"]  # fmt: skip  # noqa: E501
    shared.refresh_from_db()
    assert shared.retracted
    assert Target.objects.filter(name="gone").exists()  # what it gave stays, for a person to judge
    gone.retracted = mine.retracted = False
    assert withdrawn.look() == 2
    assert not Received.objects.filter(retracted=True).exists()
    assert withdrawn.look() == 0
