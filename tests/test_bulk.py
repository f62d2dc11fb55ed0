"""Bulk writes hold what Django's own hold: every column's type, keys given, relations checked, defaults and odd text."""

from datetime import datetime, timezone
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from tests import factories
from tom_scimma import bulk
from tom_scimma.models import Alert, Alias, Event, Localization, Message, MessageBody
from tom_treasuremap.models import Pointing

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 3, 4, 5, 678901, tzinfo=timezone.utc)
ODD = "tab\t newline\n backslash \\N \\. quote ' \" brace {},( null NULL é ☄ 𝄞"


def message(number, **values):
    row = {
        "uid": UUID(int=number),
        "source": "hopskotch",
        "topic": "t",
        "sha256": "0" * 64,
        "size": 1,
        "received": NOW,
        "stored": NOW,
    }
    return Message(**{**row, "state": "parsed", **values})


def test_rows_come_back_as_they_were_and_know_their_keys():
    messages = [
        message(
            1,
            headers=[["a", ODD]],
            sent_id=UUID(int=7),
            offset=2**40,
            partition=-1,
            published=NOW,
            sender=ODD,
            public=False,
        ),
        message(2, offset=None),
    ]
    bulk.insert(messages)
    assert [row.pk for row in messages] == sorted(row.pk for row in messages)
    assert not any(row._state.adding for row in messages)
    for row in messages:
        stored = Message.objects.get(pk=row.pk)
        assert {f.attname: getattr(stored, f.attname) for f in Message._meta.concrete_fields} == {
            f.attname: getattr(row, f.attname) for f in Message._meta.concrete_fields
        }
    bulk.insert([MessageBody(message_id=messages[0].pk, data=bytes(range(256)))])
    assert bytes(MessageBody.objects.get().data) == bytes(range(256))


def test_numbers_nulls_json_and_moments_set_on_the_way_in():
    event = Event(
        name=ODD,
        kind="GW",
        latest=NOW,
        far_hz=1.234567890123e-19,
        classification={ODD: 0.1},
        properties={"a": [1, None, True, 2**70, 1e-300]},
    )
    bulk.insert([event])
    stored = Event.objects.get()
    assert (stored.name, stored.far_hz, stored.ra, stored.classification) == (ODD, 1.234567890123e-19, None, {ODD: 0.1})
    assert stored.properties == {"a": [1, None, True, 2**70, 1e-300]}
    assert stored.created == event.created
    (saved,) = [message(3)]
    bulk.insert([saved])
    alert = Alert(
        event=event,
        message=saved,
        key="k",
        kind="GW",
        alert_type="initial",
        role="test",
        source="LVK",
        order=NOW,
        document={},
    )
    bulk.insert([alert])
    row = Localization(alert=alert, sha256="1" * 64, data=b"\x00\xff", area_50=1 / 3)
    bulk.insert([row])
    assert Localization.objects.get().area_50 == 1 / 3
    later = message(4)
    later.save()  # Django's own numbering goes on after ours
    assert later.pk > saved.pk
    bulk.insert([])


def test_an_update_writes_the_fields_named_and_no_others():
    events = [Event(name=f"e{n}", kind="GW", latest=NOW, far_hz=1.0, area_90=5.0) for n in range(3)]
    bulk.insert(events)
    for event in events[:2]:
        event.latest, event.time, event.far_hz, event.area_90 = NOW.replace(hour=9), NOW, None, 7.0
        event.classification, event.instruments, event.top_class, event.alert_count = (
            {ODD: 1 / 3, "none": None},
            ["H1", ODD],
            ODD[:60],
            3,
        )
    names = ["latest", "time", "far_hz", "classification", "instruments", "top_class", "alert_count", "localization"]
    bulk.update(events[:2], names)
    first, second, third = Event.objects.order_by("pk")
    for stored, event in ((first, events[0]), (second, events[1])):
        assert [getattr(stored, name) for name in names] == [getattr(event, name) for name in names]
        assert stored.area_90 == 5.0
    assert (third.latest, third.far_hz) == (NOW, 1.0)
    bulk.update([], names)


def test_what_breaks_a_rule_is_djangos_error_and_leaves_the_connection_usable():
    bulk.insert([message(5)])
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert([message(6), message(5)])
    with pytest.raises(IntegrityError), transaction.atomic():
        _orphan()
    assert Message.objects.count() == 1


def _orphan():
    bulk.insert([MessageBody(message_id=10**6, data=b"")])
    connection.check_constraints()


def test_rows_given_as_values_hold_json_nulls_and_moments():
    event = factories.event("S1")
    names = ("event", "source", "source_id", "status", "ra", "dec", "document", "footprint", "history", "time")
    moments = ("first_seen", "last_seen", "changed")
    given = [
        (
            event.pk,
            "file",
            "1",
            "planned",
            0.1,
            -0.0,
            {"a": [ODD, None, 2**40]},
            [[[1.5, 2.5]]],
            [],
            None,
            NOW,
            NOW,
            NOW,
        ),
        (event.pk, "file", "2", "planned", 1.0, 2.0, {}, [], [{}], NOW, NOW, NOW, NOW),
    ]
    texts = ("origin", "team", "telescope", "band", "depth_unit", "doi", "submitter", "digest")
    rows = [(*row, *[""] * len(texts)) for row in given]
    keys = bulk.insert_rows(Pointing, (*names, *moments, *texts), rows)
    assert list(Pointing.objects.order_by("pk").values_list("pk", flat=True)) == list(keys)
    stored = Pointing.objects.order_by("pk").values_list(*(Pointing._meta.get_field(name).attname for name in names))
    assert [tuple(row) for row in stored] == [row[: len(names)] for row in given]


def test_find_gives_the_rows_of_these_values_and_no_others():
    messages = [message(number, source=f"s{number}") for number in (1, 2, 3)]
    bulk.insert(messages)
    uids = {UUID(int=1), UUID(int=3), UUID(int=4)}
    assert sorted(bulk.find(Message, ["id", "source"], uid=uids)) == [
        (messages[0].pk, "s1"),
        (messages[2].pk, "s3"),
    ]
    assert bulk.find(Message, ["id"], uid=set()) == []
    assert bulk.find(Message, ["id"], uid=[UUID(int=9)]) == []


def test_find_takes_text_as_it_is_and_gives_keys_of_other_tables():
    event = Event(name=ODD, kind="GW", latest=NOW)
    bulk.insert([event])
    event.aliases.create(name=ODD + "2")
    assert bulk.find(Event, ["name"], name=[ODD, "null", ODD[1:]]) == [(ODD,)]
    assert bulk.find(Alias, ["name", "event"], name={ODD + "2": None}) == [(ODD + "2", event.pk)]
    assert bulk.find(Event, ["id"], name=[f"S{number}" for number in range(40_000)]) == []


def test_find_takes_several_fields_together_and_moments():
    events = [
        Event(name=f"S{number}", kind="GW", latest=NOW, time=time) for number, time in ((1, NOW), (2, NOW), (3, None))
    ]
    bulk.insert(events)
    assert bulk.find(Event, ["id"], name=["S1", "S3"], time=[NOW]) == [(events[0].pk,)]
    assert bulk.find(Event, ["id"], name=["S1"], time=[]) == []


def test_having_gives_the_same_rows_as_a_query_has_them(django_assert_num_queries):
    event = Event(name="S1", kind="GW", latest=NOW)
    bulk.insert([event, Event(name="S2", kind="GW", latest=NOW)])
    event.aliases.create(name="other")
    rows = Alias.objects.select_related("event")
    with django_assert_num_queries(2):
        assert [row.event.name for row in bulk.having(rows, name=["other", "none"])] == ["S1"]
    with django_assert_num_queries(1):
        assert bulk.having(rows, name=["none"]) == []
    assert bulk.having(rows.filter(event__name="S2"), name=["other"]) == []


def test_pairs_of_a_many_to_many_table_are_stored_and_a_second_of_them_is_refused():
    messages, group = [message(1), message(2)], Group.objects.create(name="g")
    bulk.insert(messages)
    bulk.link(Message.groups.through, ("message", "group"), [(row.pk, group.pk) for row in messages])
    bulk.link(Message.groups.through, ("message", "group"), [])
    assert [list(row.groups.all()) for row in messages] == [[group], [group]]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.link(Message.groups.through, ("message", "group"), [(messages[0].pk, group.pk)])
    messages[0].groups.clear()
    messages[0].groups.add(group)  # the table goes on numbering


def test_an_empty_table_is_told_from_one_with_rows():
    assert bulk.is_empty(Message)
    bulk.insert([message(1)])
    assert not bulk.is_empty(Message)
