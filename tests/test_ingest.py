"""From a record to an event's row: versions, repeats, retractions, authority, liveness, targets. Rules: docs/ and notice.py."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from tom_targets.models import Target

from tests.messages import NOW, gw, igwn, record, wxt, xrt
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Alias, Event, Message, MessageBody, TopicState

pytestmark = pytest.mark.django_db


def hear(*records, **options):
    return ingest(list(records), now=options.pop("now", NOW), **options)


def test_an_alert_becomes_an_event_and_its_bytes_are_kept():
    message = gw()
    (result,) = hear(message)
    event, alert = Event.objects.get(), Alert.objects.get()
    assert (result.state, result.created, result.alerts) == ("parsed", True, (alert.pk,))
    assert (event.name, event.kind, event.state, event.top_class, event.far_hz) == (
        "S261121a",
        "GW",
        "active",
        "BNS",
        1e-9,
    )
    assert (alert.authority, alert.live, alert.alert_type) == (True, True, "initial")
    assert MessageBody.objects.get().payload == message.payload
    assert Message.objects.get().record().uid == message.uid


def test_the_same_message_a_thousand_times_is_one_row():
    message = gw()
    for _ in range(10):
        results = hear(*[message] * 100)
    assert not any(result.created for result in results)
    assert {result.state for result in results} == {"parsed"}
    assert (Message.objects.count(), Alert.objects.count(), Event.objects.get().alert_count) == (1, 1, 1)


def test_the_same_message_twice_in_one_batch_has_one_state():
    message = gw()
    first, second = hear(message, message)
    assert (first.created, second.created) == (True, False)
    assert first.state == second.state == "parsed"


def test_the_same_alert_in_another_message_is_no_new_alert():
    hear(gw(), gw(record_values={"source": "gcn", "headers": ()}))
    assert (Message.objects.count(), Alert.objects.count()) == (2, 1)


def test_another_message_under_the_same_id_is_kept_too():
    header = (("_id", b"0123456789abcdef"),)
    hear(record(igwn("S261121a"), "igwn.gwalert", headers=header, offset=1))
    hear(record(igwn("S261121b"), "igwn.gwalert", headers=header, offset=2))
    assert set(Event.objects.values_list("name", flat=True)) == {"S261121a", "S261121b"}


def test_a_large_message_that_comes_again_as_its_stub_is_the_same_message():
    header = (("_id", b"0123456789abcdef"),)
    stub = {"url": "https://archive.example.org/msg/1"}
    results = hear(record(igwn(), "igwn.gwalert", headers=header), record(stub, "igwn.gwalert", headers=header))
    results += hear(record(stub, "igwn.gwalert", headers=header))
    assert [result.created for result in results] == [True, False, False]
    assert Message.objects.count() == 1


@pytest.mark.parametrize("arrival", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("together", [True, False])
def test_versions_are_ordered_by_the_senders_time_and_not_by_arrival(arrival, together):
    versions = [
        gw(kind="PRELIMINARY", minutes=9, far=1e-7),
        gw(kind="INITIAL", minutes=6, far=1e-8),
        gw(kind="UPDATE", minutes=3, far=1e-9),
    ]
    came = [versions[number] for number in arrival]
    for batch in [came] if together else [[item] for item in came]:
        hear(*batch)
    event = Event.objects.get()
    assert (event.far_hz, event.alert_count, event.folded) == (1e-9, 3, NOW - timedelta(minutes=3))
    assert list(event.alerts.values_list("alert_type", flat=True)) == ["preliminary", "initial", "update"]


def test_a_retraction_keeps_values_and_an_update_lifts_it():
    hear(gw(minutes=9), gw(kind="RETRACTION", minutes=6))
    event = Event.objects.get()
    assert (event.state, event.far_hz, event.top_class) == ("retracted", 1e-9, "BNS")
    hear(gw(kind="UPDATE", minutes=3, far=2e-9))
    event.refresh_from_db()
    assert (event.state, event.far_hz) == ("active", 2e-9)


def test_a_retraction_that_comes_first_still_retracts():
    hear(gw(kind="RETRACTION", minutes=3))
    assert Event.objects.get().state == "retracted"
    hear(gw(minutes=9))
    event = Event.objects.get()
    assert (event.state, event.far_hz, event.kind) == ("retracted", 1e-9, "GW")


def test_a_forged_retraction_on_another_topic_changes_nothing():
    hear(gw(minutes=9))
    before = Event.objects.values().get()
    hear(gw(kind="RETRACTION", minutes=3, topic="hermes.test"))
    forged = Alert.objects.get(alert_type="retraction")
    after = Event.objects.values().get()
    assert not forged.authority
    assert {key for key in before if before[key] != after[key]} <= {"alert_count", "latest"}


def test_a_credential_that_the_topic_does_not_name_has_no_authority(settings):
    settings.TOM_SCIMMA = {"TOPICS": {"igwn.gwalert": {"senders": ["gwistat"]}}}
    hear(gw(minutes=9, record_values={"headers": (("_sender", b"gwistat"),)}))
    hear(gw(kind="RETRACTION", minutes=3, record_values={"headers": (("_sender", b"mallory-1234"),)}))
    assert Event.objects.get().state == "active"


def test_a_neutrino_search_for_a_superevent_is_a_report_that_can_neither_state_nor_retract_it():
    search = {
        "$schema": "https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/icecube/lvk_nu_track_search.schema.json",
        "alert_type": "initial",
        "alert_datetime": "2026-11-21T02:56:00Z",
        "trigger_time": "2026-11-21T02:50:00Z",
        "ref_ID": "S261121a",
        "most_probable_direction": {"ra": 17.0, "dec": 16.0},
    }
    topic = "gcn.notices.icecube.lvk_nu_track_search"
    gone = {**search, "alert_type": "retraction", "alert_datetime": "2026-11-21T02:58:00Z"}
    hear(record(search, topic), gw(minutes=3), record(gone, topic))
    event = Event.objects.get()
    assert (event.name, event.state, event.kind, event.source, event.ra) == ("S261121a", "active", "GW", "LVK", None)
    assert event.alerts.filter(authority=False).count() == 2


def test_outbursts_of_one_source_are_events_of_their_own():
    hear(xrt("1", event_name="Swift J1858.6-0814"), xrt("2", event_name="Swift J1858.6-0814", minutes=4))
    assert Event.objects.count() == 2


def test_two_updates_of_one_trigger_in_the_same_second_are_two():
    hear(
        xrt("1", ra=120.0, alert_datetime="2026-11-21T02:55:00Z"),
        xrt("1", ra=120.1, alert_datetime="2026-11-21T02:55:00Z"),
    )
    assert Alert.objects.count() == 2


def test_headers_of_any_bytes_are_kept():
    """A NUL is text that PostgreSQL cannot store; a message that could not even be quarantined would hold its partition."""
    headers = (("_format", b"js\x00on"), ("na\x00me\x1b", b"\x00"), ("_sender", b"mal\x00lory"))
    (result,) = hear(record(b"{", "igwn.gwalert", headers=headers))
    message = Message.objects.get()
    assert (result.state, message.format, message.sender) == ("quarantined", "js?on", "mal?lory")
    assert ["na?me?", "base64:AA=="] in message.headers


def test_a_stamp_from_the_future_is_not_believed_either():
    ahead = NOW + timedelta(days=3650)
    hear(gw(minutes=-60 * 24 * 3650, record_values={"published": ahead, "received": NOW}))
    hear(gw(kind="RETRACTION", minutes=-11, record_values={"received": NOW + timedelta(minutes=12)}))
    assert Event.objects.get().state == "retracted"


def test_a_report_in_the_same_batch_captures_no_names():
    report = record(wxt("1", event_name=["GRB 261121A", "GRB 261121B"]), "hermes.test")
    mine = xrt("2", event_name="GRB 261121A", ra=10.0)
    other = xrt("3", event_name="GRB 261121B", ra=50.0)
    hear(report, mine, other)
    assert Event.objects.count() == 3
    assert set(Alias.objects.values_list("name", "event__name")) == {
        ("GRB 261121A", "Einstein Probe WXT 2"),
        ("GRB 261121B", "Einstein Probe WXT 3"),
    }


def test_the_newest_good_position_of_a_batch_makes_the_target():
    hear(xrt(ra=10.0, minutes=3, alert_type="update"), xrt(ra=50.0, minutes=9))
    assert (Event.objects.get().ra, Target.objects.get().ra) == (10.0, 10.0)


def test_an_event_that_only_reports_name_is_marked_and_holds_no_values():
    hear(gw(topic="hermes.test"))
    event = Event.objects.get()
    assert (event.state, event.far_hz, event.source, event.kind) == ("reported", None, "", "GW")
    hear(gw(minutes=4))
    event.refresh_from_db()
    assert (event.state, event.far_hz) == ("active", 1e-9)


def test_history_at_a_first_start_is_not_live():
    """28 days of a topic's retention, as a first start from the earliest offset brings them (promise 8)."""
    hear(*[gw(f"S2611{day:02d}a", minutes=day * 1440 + 361) for day in range(28)])
    assert Alert.objects.count() == 28
    assert not Alert.objects.filter(live=True).exists()


@pytest.mark.parametrize("via", ["ingest", "replay", "backfill"])
def test_only_what_listen_heard_is_live(via):
    hear(gw(), via=via)
    assert not Alert.objects.get().live


def test_an_old_alert_published_again_today_is_not_live():
    hear(record(igwn(minutes=60 * 24 * 30), "igwn.gwalert", minutes=1))
    assert not Alert.objects.get().live


def test_tests_and_mocks_are_marked_and_never_live():
    hear(gw("MS261121a"), gw("S261121b", record_values={"headers": (("_test", b"true"),)}))
    assert {event.role for event in Event.objects.all()} == {"test"}
    assert not Alert.objects.filter(live=True).exists()
    assert Message.objects.filter(is_test=True).count() == 1


def test_a_test_message_cannot_retract_a_real_event():
    hear(gw(minutes=9))
    hear(gw(kind="RETRACTION", minutes=3, record_values={"headers": (("_test", b""),)}))
    assert (Event.objects.get().state, Event.objects.get().role) == ("active", "observation")


def test_a_real_alert_takes_an_event_that_a_test_made():
    hear(gw(minutes=3, far=5.0, record_values={"headers": (("_test", b""),)}))
    hear(gw(minutes=9))
    event = Event.objects.get()
    assert (event.role, event.far_hz) == ("observation", 1e-9)


def test_a_time_from_the_future_is_not_believed():
    hear(gw(kind="UPDATE", minutes=-60 * 24 * 365, far=1.0, record_values={"published": NOW - timedelta(minutes=9)}))
    hear(gw(minutes=5, far=1e-9))
    assert Event.objects.get().far_hz == 1e-9


def test_a_notice_with_a_good_position_makes_a_target_and_a_better_one_moves_it():
    hear(xrt(ra=120.0, dec=40.0))
    target, event = Target.objects.get(), Event.objects.get()
    assert (target.name, target.ra, target.permissions, event.target_id) == (event.name, 120.0, "PUBLIC", target.pk)
    hear(xrt(ra=120.001, dec=40.0, radius=0.01, minutes=3, alert_type="update"))
    assert Target.objects.get().ra == 120.001


@pytest.mark.parametrize("together", [True, False])
def test_a_good_position_that_comes_behind_a_newer_poor_one_still_makes_the_target(together):
    newer, good = xrt(ra=121.0, radius=2.0, minutes=3, alert_type="update"), xrt(ra=120.0, dec=40.0, minutes=9)
    for batch in [[newer, good]] if together else [[newer], [good]]:
        hear(*batch)
    event = Event.objects.get()
    assert (event.ra, event.target.ra) == (121.0, 120.0)


def test_an_existing_target_in_the_error_circle_is_used_and_never_moved():
    known = Target(name="NGC 1", type="SIDEREAL", ra=120.01, dec=40.0, permissions="OPEN")
    known.save()
    hear(xrt(ra=120.0, dec=40.0))
    event = Event.objects.get()
    assert Target.objects.get() == known
    assert (event.target_id, event.target_made) == (known.pk, False)
    assert known.aliases.get().name == event.name
    hear(xrt(ra=120.001, dec=40.0, minutes=3))
    known.refresh_from_db()
    assert known.ra == 120.01


@pytest.mark.parametrize("named", ["name", "alias"])
def test_an_existing_target_is_used_however_its_name_of_tns_is_written(named):
    known = Target(name="SN2026abc" if named == "name" else "tom26a", type="SIDEREAL", ra=12.0, dec=-4.0)
    known.save()
    if named == "alias":
        known.aliases.create(name="2026abc")
    hear(xrt(event_name="AT 2026abc", ra=120.0, dec=40.0))
    assert Target.objects.get() == known
    assert "AT 2026abc" not in known.aliases.values_list("name", flat=True)


def test_a_poor_position_and_a_gravitational_wave_make_no_target():
    hear(xrt(radius=2.0), gw())
    assert not Target.objects.exists()


def test_a_broken_hook_of_the_tom_costs_the_target_and_not_the_alert(settings, tmp_path):
    settings.HOOKS = {**settings.HOOKS, "target_post_save": "tests.test_ingest.broken_hook"}
    (result,) = hear(xrt())
    assert result.state == "parsed"
    assert Event.objects.get().kind == "XRT"
    assert not Target.objects.exists()
    message = Message.objects.get()
    assert "without its target" in message.error
    assert "this TOM's hook is broken" in message.traceback


def broken_hook(target, created):
    raise RuntimeError("this TOM's hook is broken")


def test_one_bad_message_costs_the_others_nothing():
    poison = record(b'{"superevent_id": ', "igwn.gwalert")
    results = hear(gw(), poison, xrt())
    assert [result.state for result in results] == ["parsed", "quarantined", "parsed"]
    bad = Message.objects.get(state="quarantined")
    assert bad.error
    assert "Traceback" in bad.traceback
    assert bad.body.payload == poison.payload
    assert TopicState.objects.get(topic="igwn.gwalert").quarantined == 1


def test_a_row_the_database_refuses_is_quarantined_alone(settings):
    """A superevent id of ten thousand letters, and text that no database stores."""
    results = hear(gw("S261121" + "a" * 10000), gw("S261121c\x00"), gw("S261121b"))
    assert results[2].state == "parsed"
    assert results[0].state == "quarantined"
    assert Event.objects.filter(name="S261121b").exists()


def test_heartbeats_are_counted_and_not_stored():
    hear(
        record(
            {
                "$schema": "https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/core/Alert.schema.json",
                "alert_datetime": "2026-11-21T03:00:00Z",
            },
            "gcn.heartbeat",
        )
    )
    state = TopicState.objects.get()
    assert (state.received, state.dropped, Message.objects.count()) == (1, 1, 0)
    assert state.last_heartbeat is not None


def test_what_no_parser_knows_is_kept():
    (result,) = hear(record({"hello": "world"}, "some.topic"))
    assert result.state == "ignored"
    assert Message.objects.get().parser == ""


class TestProtected:
    """Promise 6: a protected topic's messages, and what is made from them, are seen by its groups alone."""

    @pytest.fixture(autouse=True)
    def topics(self, settings):
        self.a, self.b = Group.objects.create(name="A"), Group.objects.create(name="B")
        settings.TOM_SCIMMA = {
            "TOPICS": {
                "a.gw": {"groups": ["A"], "authority": ["LVK"]},
                "b.gw": {"groups": ["B"], "authority": ["LVK"]},
                "a.xrt": {"groups": ["A"], "authority": ["Einstein Probe"]},
            }
        }
        self.stranger = User.objects.create(username="stranger")
        self.member = User.objects.create(username="member")
        self.member.groups.add(self.a)

    def test_an_event_of_one_protected_topic_is_seen_by_its_groups(self):
        hear(gw(topic="a.gw"))
        for model in (Event, Alert, Message):
            assert not model.objects.visible_to(self.stranger).exists()
            assert model.objects.visible_to(self.member).count() == 1
        assert Event.objects.get().far_hz == 1e-9

    def test_a_protected_version_of_a_public_event_changes_nothing_for_others(self):
        hear(gw(minutes=9))
        hear(gw(kind="UPDATE", minutes=3, far=7.0, topic="a.gw"))
        event = Event.objects.visible_to(self.stranger).get()
        assert (event.far_hz, event.alert_count, event.latest) == (1e-9, 1, NOW - timedelta(minutes=9))
        assert Alert.objects.visible_to(self.stranger).count() == 1
        assert Alert.objects.visible_to(self.member).count() == 2

    def test_a_public_version_opens_the_event_with_its_own_values(self):
        hear(gw(minutes=9, far=7.0, topic="a.gw"))
        hear(gw(kind="UPDATE", minutes=3, far=1e-8))
        event = Event.objects.visible_to(self.stranger).get()
        assert (event.far_hz, event.alert_count) == (1e-8, 1)

    def test_an_event_of_two_protected_topics_shows_neither_the_others_values(self):
        hear(gw(topic="a.gw", far=1.0), gw(topic="b.gw", far=2.0, minutes=4))
        event = Event.objects.get()
        assert (event.far_hz, event.public, event.groups.count()) == (None, False, 2)
        assert Event.objects.visible_to(self.member).exists()

    def test_a_public_notice_does_not_join_a_protected_event_by_alias(self):
        hear(xrt("1", topic="a.xrt", event_name="GRB 261121A"))
        hear(xrt("2", event_name="GRB 261121A", minutes=4))
        names = set(Event.objects.visible_to(self.stranger).values_list("name", flat=True))
        assert names == {"Einstein Probe WXT 2"}

    def test_one_groups_notice_does_not_join_anothers_event_by_alias(self, settings):
        settings.TOM_SCIMMA["TOPICS"]["b.xrt"] = {"groups": ["B"], "authority": ["Einstein Probe"]}
        for batch in (
            [xrt("1", topic="a.xrt", event_name="GRB 261121A")],
            [xrt("2", topic="b.xrt", event_name="GRB 261121A", minutes=4)],
        ):
            hear(*batch)
        assert set(Event.objects.visible_to(self.member).values_list("name", flat=True)) == {"Einstein Probe WXT 1"}

    def test_its_target_is_private_to_its_groups_and_public_targets_learn_nothing(self):
        hear(xrt(topic="a.xrt"))
        target = Target.objects.get()
        assert target.permissions == "PRIVATE"
        assert self.member.has_perm("tom_targets.view_target", target)
        assert not self.stranger.has_perm("tom_targets.view_target", target)

    def test_a_public_target_is_not_given_a_protected_events_name(self):
        known = Target(name="NGC 1", type="SIDEREAL", ra=120.01, dec=40.0, permissions="OPEN")
        known.save()
        hear(xrt(topic="a.xrt"))
        assert Event.objects.get().target_id == known.pk
        assert not known.aliases.exists()

    def test_a_topic_whose_group_does_not_exist_is_seen_by_superusers_alone(self, settings):
        settings.TOM_SCIMMA = {"TOPICS": {"a.gw": {"groups": ["nobody"], "authority": ["LVK"]}}}
        hear(gw(topic="a.gw"))
        assert not Event.objects.visible_to(self.member).exists()
        assert Event.objects.visible_to(User(username="root", is_superuser=True)).exists()


def test_aliases_bring_two_instruments_to_one_event():
    hear(xrt("1", event_name="EP261121a"), xrt("2", event_name="EP261121a", minutes=4))
    assert Event.objects.count() == 1
    names = {Event.objects.get().name, *Alias.objects.values_list("name", flat=True)}
    assert {"EP261121a", "Einstein Probe WXT 1", "Einstein Probe WXT 2"} == names


class TestReactions:
    @pytest.fixture(autouse=True)
    def hook(self, monkeypatch):
        """An installed app that asks for reactions, as a leaf would."""
        from django.apps import apps

        app = apps.get_app_config("tom_hermes")
        declared = [
            {
                "name": "tell",
                "on": {"new", "updated", "retracted", "reinstated"},
                "run": "tests.tell",
                "live_only": True,
            },
            {"name": "note", "on": {"new", "updated"}, "run": "tests.annotate", "live_only": False},
        ]
        monkeypatch.setattr(app, "event_reactions", lambda: declared, raising=False)

    def reactions(self, name):
        from tom_scimma.models import Reaction

        return list(Reaction.objects.filter(name=name).order_by("pk").values_list("change", flat=True))

    def test_each_change_is_named_and_a_late_version_changes_nothing(self):
        for message in (
            gw(minutes=9),
            gw(kind="RETRACTION", minutes=6),
            gw(kind="UPDATE", minutes=3),
            gw(kind="PRELIMINARY", minutes=9.5),
        ):
            hear(message)
        assert self.reactions("tell") == ["new", "retracted", "reinstated"]

    def test_history_and_replay_ask_for_nothing_live(self):
        hear(gw(minutes=9), via="backfill")
        assert self.reactions("tell") == []
        assert self.reactions("note") == ["new"]

    def test_reports_set_nothing_off(self):
        hear(gw(minutes=9, topic="hermes.test"))
        assert self.reactions("tell") == self.reactions("note") == []
