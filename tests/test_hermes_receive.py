"""HERMES messages on the stream become targets and typed data, once, and what cannot be placed is kept.

Authority: the message schema of HERMES; TOM Toolkit's typed datums and their constraints; the promises of the design.
"""

import json

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import IntegrityError, transaction
from guardian.shortcuts import assign_perm
from tom_dataproducts.models import (
    AstrometryReducedDatum,
    PhotometryReducedDatum,
    ReducedDatum,
    SpectroscopyReducedDatum,
)
from tom_targets.models import Target, TargetName
from tom_targets.permissions import targets_for_user

from tests import factories as make
from tests.hermes_messages import message, point, sent, star
from tests.messages import NOW, gw
from tom_hermes import closing
from tom_hermes.models import Received, SharedMessage, Unplaced
from tom_hermes.signals import data_received
from tom_scimma.compose import drafts
from tom_scimma.compose.gather import Unseen, gather
from tom_scimma.compose.selection import Selection
from tom_scimma.ingest import ingest
from tom_scimma.models import Draft, Event, Message, TargetPlace
from tom_scimma.replay import replay

pytestmark = pytest.mark.django_db
ORBIT = {
    "epoch_of_elements": "57660.0", "orbital_inclination": 9.79, "longitude_of_the_ascending_node": 122.9,
    "argument_of_the_perihelion": 78.3, "eccentricity": 0.54, "semimajor_axis": 0.77, "mean_anomaly": 165.7,
}  # fmt: skip


def hear(*records, **options):
    return ingest(list(records), now=NOW, **options)


def target(name="AT2026abc", **values) -> Target:
    given = {"type": "SIDEREAL", "ra": 150.1, "dec": 2.2, "permissions": "PUBLIC"}
    return Target.objects.create(name=name, **{**given, **values})


def only() -> Received:
    return Received.objects.get()


def test_a_message_becomes_a_target_with_photometry():
    spoken = star(aliases=["ZTF26aaa"], redshift=0.02)
    hear(sent(message([spoken], photometry=[point(), point(bandpass="g", brightness="20.1")])))
    found = Target.objects.get()
    assert (found.name, found.type, found.ra, found.dec, found.permissions) == (
        "AT2026abc",
        "SIDEREAL",
        150.1,
        2.2,
        "PUBLIC",
    )
    assert TargetName.objects.get().name == "ZTF26aaa"
    assert found.targetextra_set.get(key="redshift").value == "0.02"
    assert TargetPlace.objects.get().target_id == found.pk
    rows = PhotometryReducedDatum.objects.order_by("bandpass")
    assert [(row.bandpass, row.brightness, row.unit, row.source_name) for row in rows] == [
        ("g", 20.1, "AB mag", "HERMES"),
        ("r", 19.5, "AB mag", "HERMES"),
    ]
    row = only()
    assert rows[0].source_location == f"https://hermes.lco.global/message/{row.uuid}"
    assert rows[0].value["hermes"] == {"topic": "hermes.photometry", "uuid": str(row.uuid)}
    assert rows[0].timestamp.isoformat() == "2026-01-02T03:04:05+00:00"
    assert (row.state, row.made, row.data, row.open) == ("placed", 1, 2, 0)
    assert row.message == Message.objects.get()
    assert list(row.targets.all()) == [found]
    assert ReducedDatum.objects.count() == 0


def test_every_kind_of_data_goes_to_its_typed_model():
    place = {
        "target_name": "AT2026abc",
        "date_obs": 61042.5,
        "telescope": "t",
        "ra": "10:00:24",
        "dec": 2.2,
        "ra_error": 0.1,
    }
    line = {"target_name": "AT2026abc", "date_obs": "2026-01-02", "telescope": "t", "flux": [1.0, 2.0], "wavelength": [5000, 5001],
            "wavelength_units": "\u212b"}  # fmt: skip
    limit = point(brightness=None, limiting_brightness=21.0)
    hear(sent(message([star()], photometry=[limit], astrometry=[place], spectroscopy=[line])))
    assert PhotometryReducedDatum.objects.get().limit == 21.0
    found = AstrometryReducedDatum.objects.get()
    assert (found.ra, found.dec, found.ra_error, found.ra_error_units) == (pytest.approx(150.1), 2.2, 0.1, "degrees")
    spectrum = SpectroscopyReducedDatum.objects.get()
    assert (spectrum.flux, spectrum.wavelength, spectrum.wavelength_unit) == ([1.0, 2.0], [5000.0, 5001.0], "Angstrom")
    assert spectrum.flux_unit == "mJy"


def test_the_host_finds_its_own_constraints_kept():
    hear(sent(message([star()], photometry=[point()])))
    PhotometryReducedDatum.objects.get().full_clean()


def test_several_new_targets_targets_without_data_and_one_that_moves():
    said = [star("one", ra=0, dec=0), star("two", ra=20.0), {"name": "rock", "orbital_elements": ORBIT}]
    hear(sent(message(said, photometry=[point("two"), point("rock")])))
    assert set(Target.objects.values_list("name", "type")) == {
        ("one", "SIDEREAL"),
        ("two", "SIDEREAL"),
        ("rock", "NON_SIDEREAL"),
    }
    rock = Target.objects.get(name="rock")
    assert (rock.scheme, rock.mean_anomaly, rock.ra) == ("MPC_MINOR_PLANET", 165.7, None)
    assert only().made == 3


def test_the_same_message_by_whatever_way_and_however_often_is_one():
    first = sent(message([star()], photometry=[point()]))
    hear(first, first)
    hear(first)
    hear(sent(message([star()], photometry=[point()]), source="gcn"))  # the same `_id`, by another broker
    replay(Message.objects.all())
    assert (Received.objects.count(), PhotometryReducedDatum.objects.count(), Target.objects.count()) == (1, 1, 1)
    assert (only().data, only().made) == (1, 1)


def test_the_same_data_in_another_message_are_there_already():
    hear(sent(message([star()], photometry=[point()])))
    hear(sent(message([star()], photometry=[point(), point(bandpass="g")], title="Again")))
    last = Received.objects.order_by("pk").last()
    assert (last.data, last.repeated, last.state) == (1, 1, "placed")
    assert PhotometryReducedDatum.objects.count() == 2


def test_the_same_row_twice_in_a_message_is_one():
    hear(sent(message([star()], photometry=[point(), point()])))
    assert (only().data, only().repeated) == (1, 1)


def test_what_this_tom_measured_itself_is_not_doubled():
    own = target()
    PhotometryReducedDatum.objects.create(
        target=own,
        timestamp="2026-01-02T03:04:05Z",
        brightness=19.5,
        bandpass="r",
        instrument="sinistro",
        telescope="mine",
    )
    hear(sent(message([star()], photometry=[point()])))
    assert PhotometryReducedDatum.objects.get().telescope == "mine"
    assert only().repeated == 1


@pytest.mark.parametrize(
    "said",
    [
        star("AT2026abc", ra=150.1001),
        star("another name"),
        star("another name", ra="10:00:24", dec="+02:12:00.5"),
        star("another name", ra=80.0, aliases=["ZTF26aaa"]) | {"ra": 150.1},
        {"name": "AT2026abc"},
        {"name": "ZTF26aaa"},
        {"name": "moving", "aliases": ["AT2026abc"], "orbital_elements": ORBIT},
    ],
)
def test_a_target_is_found_by_name_other_names_and_place(said):
    here = target()
    TargetName.objects.create(target=here, name="ZTF26aaa")
    target("elsewhere", ra=12.0, dec=-30.0)
    hear(sent(message([said], photometry=[point(said["name"])])))
    assert PhotometryReducedDatum.objects.get().target_id == here.pk
    assert Target.objects.count() == 2
    assert TargetName.objects.count() == 1  # a report gives nobody's target other names


@pytest.mark.parametrize("ours", ["AT2026abc", "AT 2026abc", "2026abc", "SN 2026abc"])
@pytest.mark.parametrize("theirs", ["AT2026abc", "2026abc", "SN2026abc", "at 2026abc"])
@pytest.mark.parametrize("alias", [True, False])
def test_an_object_of_tns_is_one_however_its_name_is_written(ours, theirs, alias):
    here = target("tom26a" if alias else ours)
    if alias:
        TargetName.objects.create(target=here, name=ours)
    hear(sent(message([star(theirs, ra=150.2)], photometry=[point(theirs)])))  # 6 arc minutes away: not found by place
    loose = message([], photometry=[point(theirs, bandpass="g")])  # of a target that the message has not
    hear(sent(loose, offset=1))
    assert set(PhotometryReducedDatum.objects.values_list("target_id", flat=True)) == {here.pk}
    assert (Target.objects.count(), PhotometryReducedDatum.objects.count()) == (1, 2)
    assert list(TargetName.objects.values_list("name", flat=True)) == ([ours] if alias else [])


def test_a_new_target_has_each_name_of_tns_once():
    names = ["2026abc", "SN2026abc", "ZTF26aaa", "2026ABC"]
    hear(sent(message([star("tom26a", aliases=names), star("AT2026abc", ra=150.1)])))
    assert set(Target.objects.values_list("name", flat=True)) == {"tom26a"}
    assert set(TargetName.objects.values_list("name", flat=True)) == {"2026abc", "ZTF26aaa"}


@pytest.mark.parametrize("ra", [359.9999, 0.0001, 0.0])
def test_places_across_right_ascension_zero(ra):
    here = target("zero", ra=0.0, dec=0.0)
    hear(sent(message([star("x", ra=ra, dec=0.0)], photometry=[point("x")])))
    assert PhotometryReducedDatum.objects.get().target_id == here.pk


def test_the_nearest_of_two_neighbours():
    target("far", dec=2.2 + 1.5 / 3600)
    near = target("near", dec=2.2 + 0.5 / 3600)
    hear(sent(message([star("x")], photometry=[point("x")])))
    assert PhotometryReducedDatum.objects.get().target_id == near.pk


def test_two_messages_of_a_batch_about_one_new_target():
    hear(
        sent(message([star("a")], photometry=[point("a")])),
        sent(message([star("b", dec=2.2 + 1 / 3600)], photometry=[point("b", bandpass="g")])),
        sent(message([star("c", aliases=["a"])], photometry=[point("c", bandpass="i")])),
    )
    assert Target.objects.get().name == "a"
    assert PhotometryReducedDatum.objects.count() == 3


def test_a_name_that_is_another_targets_is_kept_and_not_placed():
    target(ra=10.0, dec=-60.0)
    hear(sent(message([star()], photometry=[point()])))
    assert PhotometryReducedDatum.objects.count() == 0
    assert set(Unplaced.objects.values_list("section", "reason")) == {("targets", "clash"), ("photometry", "clash")}
    assert "degrees away" in Unplaced.objects.first().words
    assert (only().state, only().open) == ("unplaced", 2)


def test_a_bad_row_costs_only_itself():
    bad = [point(bandpass=None), point(brightness_unit="mag"), point(date_obs="soon"), 5]
    other = {"name": "no position"}
    hear(sent(message([star(), other], photometry=[*bad, point(), point("no position"), point("nobody")])))
    assert PhotometryReducedDatum.objects.count() == 1
    assert list(Unplaced.objects.filter(section="photometry").order_by("index").values_list("index", "reason")) == [
        (0, "filter"), (1, "unit"), (2, "date"), (3, "row"), (5, "place"), (6, "target"),
    ]  # fmt: skip
    kept = Unplaced.objects.get(section="photometry", index=1)
    assert kept.row == bad[1]
    assert kept.target == Target.objects.get()
    assert only().state == "partly"


@pytest.mark.parametrize(
    "document",
    [
        message(), {**message(), "data": None}, message([], photometry=None), message([], event_id="S261121a"),
        message(None, references=[{"source": "GCN", "citation": "1"}]),
    ],
)  # fmt: skip
def test_a_message_without_data_is_shown_as_that(document):
    hear(sent(document))
    assert (only().state, only().open) == ("empty", 0)


def test_nul_and_half_surrogates_do_no_harm():
    text = json.dumps(
        message([star("A\u0000T2026")], photometry=[point("A\u0000T2026", observer="\ud800\u0000", brightness=1e400)])
    )
    hear(sent(text.replace("Infinity", "1e400").encode()))
    assert Received.objects.count() == 1
    assert Message.objects.get().state == "parsed"


def test_a_report_moves_no_event_and_hangs_on_its_own():
    hear(gw(minutes=9))
    before = Event.objects.values().get()
    hear(sent(message([star()], photometry=[point()], event_id="S261121a")))
    after = Event.objects.values().get()
    assert {key for key in before if before[key] != after[key]} <= {"alert_count", "latest"}
    assert only().message.alerts.get().event.name == "S261121a"
    assert only().event == "S261121a"


def test_topics_that_the_setting_names_are_heard_too(settings):
    settings.TOM_HERMES = {"TOPICS": {"tomtoolkit.*": {}}}
    hear(
        sent(message([star()], photometry=[point()]), "tomtoolkit.test"), sent(message([star("x", ra=1)]), "gcn.other")
    )
    assert Target.objects.get().name == "AT2026abc"


@pytest.mark.parametrize(("wanted", "state"), [("match", "unplaced"), ("keep", "kept")])
def test_a_topic_may_make_no_targets(settings, wanted, state):
    settings.TOM_HERMES = {"TOPICS": {"hermes.photometry": {"targets": wanted}}}
    hear(sent(message([star()], photometry=[point()])))
    assert Target.objects.count() == 0
    assert only().state == state


def test_new_targets_have_the_topics_permissions(settings):
    team = Group.objects.create(name="team")
    settings.TOM_HERMES = {"TOPICS": {"hermes.*": {"permissions": "PRIVATE", "groups": ["team"]}}}
    hear(sent(message([star()])))
    found = Target.objects.get()
    assert found.permissions == "PRIVATE"
    assert targets_for_user(make.user("m", team), Target.objects.all(), "view_target").get() == found
    assert not targets_for_user(make.user("s"), Target.objects.all(), "view_target").exists()


@pytest.fixture
def protected(settings):
    """A topic that only the group sees."""
    settings.TOM_SCIMMA = {"TOPICS": {"hermes.secret": {"groups": ["team"]}}}
    return Group.objects.create(name="team")


SECRET = "hermes.secret"


def test_a_protected_topics_target_is_its_groups(protected):
    hear(sent(message([star()], photometry=[point()]), SECRET))
    found = Target.objects.get()
    assert found.permissions == "PRIVATE"
    for user, sees in ((make.user("m", protected), True), (make.user("s"), False), (AnonymousUser(), False)):
        assert targets_for_user(user, Target.objects.all(), "view_target").exists() is sees
        assert Received.objects.visible_to(user).exists() is sees
        assert Unplaced.objects.visible_to(user).exists() is False
    assert PhotometryReducedDatum.objects.count() == 1


@pytest.mark.parametrize(
    "who", ["PUBLIC", "OPEN", "another group", "a person", "a group that sees all", "a person who sees all"]
)
def test_protected_data_go_to_no_target_that_others_see(protected, who):
    here = target(permissions=who if who.isupper() else "PRIVATE")
    assign_perm("tom_targets.view_target", protected, here)
    other = make.user("other")
    if who == "another group":
        assign_perm("tom_targets.view_target", Group.objects.create(name="others"), here)
    if who == "a person":
        assign_perm("tom_targets.view_target", other, here)
    if who == "a group that sees all":
        assign_perm("tom_targets.view_target", Group.objects.create(name="others"))
    if who == "a person who sees all":
        assign_perm("tom_targets.view_target", other)
    hear(sent(message([star()], photometry=[point()]), SECRET))
    assert PhotometryReducedDatum.objects.count() == 0
    assert set(Unplaced.objects.values_list("reason", flat=True)) == {"audience"}
    assert not Unplaced.objects.visible_to(other).exists()
    assert Unplaced.objects.visible_to(make.user("m", protected)).count() == 2


def test_protected_data_go_to_a_target_of_the_same_people(protected):
    here = target(permissions="PRIVATE")
    assign_perm("tom_targets.view_target", protected, here)
    here.give_user_access(make.user("owner", protected))
    hear(sent(message([star("other name")], photometry=[point("other name")]), SECRET))
    assert PhotometryReducedDatum.objects.get().target_id == here.pk


def test_the_setting_may_open_a_protected_topic(protected, settings):
    settings.TOM_HERMES = {"TOPICS": {SECRET: {"attach": "any"}}}
    target()
    hear(sent(message([star()], photometry=[point()]), SECRET))
    assert PhotometryReducedDatum.objects.count() == 1


def test_protected_topics_make_no_target_where_somebody_sees_all(protected):
    assign_perm("tom_targets.view_target", make.user("other"))
    hear(sent(message([star()]), SECRET))
    assert Target.objects.count() == 0
    assert Unplaced.objects.get().reason == "audience"


def test_replay_places_what_waited_and_repeats_nothing(settings):
    settings.TOM_HERMES = {"TOPICS": {"hermes.*": {"targets": "match"}}}
    hear(sent(message([star()], photometry=[point(), point(brightness_unit="mag", bandpass="g")])))
    assert only().open == 3
    target()
    replay(Message.objects.all())
    row = only()
    assert (row.state, row.data, row.open) == ("partly", 1, 1)
    replay(Message.objects.all())
    assert (only().data, PhotometryReducedDatum.objects.count()) == (1, 1)


def test_others_hear_of_new_data_after_the_commit(django_capture_on_commit_callbacks):
    heard = []
    listener = lambda **said: heard.append(said)  # noqa: E731
    data_received.connect(listener)
    with django_capture_on_commit_callbacks(execute=True):
        hear(sent(message([star()], photometry=[point()])))
    with django_capture_on_commit_callbacks(execute=True):
        hear(sent(message([star()], photometry=[point()], title="Again")))
    (said,) = heard
    assert said["targets"] == [Target.objects.get().pk]
    assert said["data"] == {"photometryreduceddatum": [PhotometryReducedDatum.objects.get().pk]}


def test_a_batch_asks_a_few_questions_however_many_messages(django_assert_max_num_queries):
    here = [target(f"t{i}", ra=i * 3.0) for i in range(60)]
    said = [sent(message([star(f"t{i}", ra=i * 3.0)], photometry=[point(f"t{i}")])) for i in range(60)]
    with django_assert_max_num_queries(60):
        hear(*said)
    assert PhotometryReducedDatum.objects.count() == len(here)


def test_our_own_message_come_back_gives_nothing():
    ours = make.delivery(None, make.event("S261121a"))
    other = "f" * 64
    for key, name in ((ours.key, "AT2026abc"), (other, "AT2026xyz")):
        said = message([star(name, ra=len(name + key[:1]))], photometry=[point(name)])
        said["data"]["tom_multimessenger"] = {"origin": "example_tom", "key": key}
        hear(sent(said, "hermes.test"))
    assert set(Received.objects.values_list("state", "data")) == {("own", 0), ("placed", 1)}
    assert Target.objects.get().name == "AT2026xyz"  # another TOM's of the same name is no message of ours
    replay(Message.objects.all())
    assert Received.objects.filter(state="own").count() == 1


def test_our_own_message_without_its_mark_is_known_by_its_uuid():
    uuid = "7efb54ab-269e-4a6f-8f25-6bfca9628569"
    ours = make.delivery(None, make.event("S261121a"))
    SharedMessage.objects.create(delivery=ours, uuid=uuid, topic="hermes.test", sent=NOW)
    hear(sent(message([star()], photometry=[point()]), "hermes.test", ident=uuid))
    assert (only().state, Target.objects.count()) == ("own", 0)


@pytest.mark.parametrize("by", ["mark", "uuid"])
def test_our_own_message_that_comes_back_twice_at_once_gives_nothing(by):
    """In one batch, and not to the letter the same: by the stream and as the archive has it."""
    uuid = "7efb54ab-269e-4a6f-8f25-6bfca9628569"
    ours = make.delivery(None, make.event("S261121a"))
    SharedMessage.objects.create(delivery=ours, uuid=uuid, topic="hermes.test", sent=NOW)
    said = [message([star()], photometry=[point()], title=title) for title in ("Once", "Twice")]
    if by == "mark":
        for one in said:
            one["data"]["tom_multimessenger"] = {"origin": "example_tom", "key": ours.key}
    ident = uuid if by == "uuid" else ""
    hear(*(sent(one, "hermes.test", ident=ident, offset=place) for place, one in enumerate(said)))
    assert list(Received.objects.values_list("state", flat=True)) == ["own", "own"]
    assert not Target.objects.exists()


@pytest.mark.parametrize("mark", [None, "x", {"key": 5}, {"key": ["a"]}, {"key": "x" * 64}])
def test_a_forged_mark_hides_nothing(mark):
    said = message([star()], photometry=[point()])
    said["data"]["tom_multimessenger"] = mark
    hear(sent(said))
    assert only().state == "placed"


def test_a_long_spectrum_is_stored_once():
    """PostgreSQL indexes no long values, as the host's constraint of a spectrum asks of it; migration 0004 replaces that."""
    count = 4000
    line = {
        "target_name": "AT2026abc",
        "date_obs": "2026-01-02",
        "flux": [1 / 3 + i for i in range(count)],
        "wavelength": list(range(count)),
    }
    hear(sent(message([star()], photometry=[point()], spectroscopy=[line])))
    hear(sent(message([star()], spectroscopy=[line])))
    row = SpectroscopyReducedDatum.objects.get()
    assert row.flux == line["flux"]
    assert not Unplaced.objects.exists()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save_base(force_insert=True)
    row.flux = [*row.flux[:-1], 5.5]
    row.save_base(force_insert=True)


# closed, or opened, after it was taken in


def told_late(topic: str, *groups: Group) -> None:
    """What the trunk does once it knows that a topic is not public; without groups: that it is."""
    stored = Message.objects.filter(topic=topic)
    stored.update(public=not groups)
    for row in stored:
        row.groups.set(groups)
    closing.follow(list(stored.values_list("pk", flat=True)))


def test_a_target_that_was_made_by_what_is_closed_later_becomes_private():
    team = Group.objects.create(name="team")
    hear(sent(message([star()], photometry=[point()]), SECRET))
    assert Target.objects.get().permissions == "PUBLIC"
    told_late(SECRET, team)
    here = Target.objects.get()
    assert here.permissions == "PRIVATE"
    assert targets_for_user(make.user("m", team), Target.objects.all(), "view_target").get() == here
    assert PhotometryReducedDatum.objects.get().target_id == here.pk
    assert only().state == "placed"


def test_what_is_closed_later_leaves_targets_that_others_see_and_is_not_sent():
    team, here = Group.objects.create(name="team"), target(permissions="PUBLIC")
    both = point(brightness=17.5)
    hear(sent(message([star()], photometry=[point(), both]), SECRET))
    hear(sent(message([star()], photometry=[both]), "hermes.open"))  # somebody says one of them publicly
    user = make.user("ada")
    selection = Selection().having("photometry", PhotometryReducedDatum.objects.values_list("pk", flat=True))
    draft = Draft.objects.create(user=user, selection=selection.to_json(), opened="x")
    assert len(gather(selection, user).photometry) == 2
    told_late(SECRET, team)
    row = PhotometryReducedDatum.objects.get()  # the public one, which is its sender's now
    assert (row.brightness, row.target_id, row.value["hermes"]["topic"]) == (17.5, here.pk, "hermes.open")
    closed = Received.objects.get(topic=SECRET)
    assert (closed.state, closed.data, closed.open) == ("unplaced", 0, 3)
    assert set(closed.unplaced.values_list("reason", flat=True)) == {"audience"}
    assert not Unplaced.objects.visible_to(user).exists()
    with pytest.raises(Unseen):
        drafts.proof_of(draft)
    told_late(SECRET)  # it was public after all
    assert PhotometryReducedDatum.objects.count() == 2
    assert Received.objects.get(topic=SECRET).state == "placed"
