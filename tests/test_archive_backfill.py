"""A topic's past out of the archive. Authority: the archive's contract, which the stand-in keeps; promises 1, 2, 6 and 8."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.management import call_command
from django.core.management.base import CommandError

from tests import factories as make
from tests.archives import FIRST, TOPIC, client, fill, headers, running
from tests.messages import igwn
from tom_scimma.backfill import run
from tom_scimma.backfill.archive import Archived
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.fake_services.archived import put
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, ArchiveRecord, Backfill, Event, Message, Reaction
from tom_scimma.record import Record
from tom_scimma.replay import replay

pytestmark = pytest.mark.django_db


@pytest.fixture
def services(settings):
    with running(settings) as made:
        yield made


def past(topic=TOPIC, since=None, until=None, **options) -> Archived:
    return Archived(client(), "hopskotch", topic, since, until, **options)


def event(name: str) -> bytes:
    return json.dumps(igwn(name)).encode()


def opened(services) -> list[str]:
    return [request.path for request in services.asked if "/msg/" in request.path]


def test_all_of_it_comes_once_and_only_what_is_new_is_opened(services):
    rows = fill(services.world, 150)
    row = run(past())
    assert (row.state, row.total, row.seen, row.read, row.created, row.unopened) == ("done", 150, 150, 150, 150, 0)
    message = Message.objects.get(sent_id=rows[70].uuid)
    assert (message.via, message.source, message.topic) == ("backfill", "hopskotch", TOPIC)
    assert (message.body.payload, message.sender) == (b'{"n": 70}', "somebody-1")
    assert message.published == FIRST + timedelta(hours=70)
    assert message.archive_records.get().address == f"{services.archive}/msg/{rows[70].uuid}"
    services.asked.clear()
    again = run(past(), again=True)
    assert (again.seen, again.read, again.created) == (150, 0, 0)
    lists = [request.one("meta") for request in services.asked if request.path.endswith("/messages")]
    assert lists == ["true"], "nothing is opened a second time"
    put(services.world, TOPIC, b'{"late": 1}', FIRST + timedelta(days=20), headers=headers(999))
    assert run(past()).created == 1


def test_what_kafka_brought_is_the_same_message(services):
    rows = fill(services.world, 3)
    heard = Record(TOPIC, b'{"n": 1}', headers=tuple(headers(1)), partition=0, offset=5)
    ingest([heard])
    row = run(past())
    assert (row.seen, row.created, Message.objects.count()) == (3, 2, 3)
    message = Message.objects.get(sent_id=rows[1].uuid)
    assert (message.via, message.offset) == ("listen", 5)
    assert message.archive_records.count() == 1, "where it is in the archive is noted all the same"


def test_a_message_whose_id_the_archive_did_not_take_is_what_kafka_would_have_brought(services):
    """con_is_client_uuid false: its `_id` was used by another, or it has none; the archive's own uuid is no identity."""
    fill(services.world, 1)
    second = put(services.world, TOPIC, b'{"other": 1}', FIRST, headers=headers(0))
    third = put(services.world, TOPIC, b'{"no": "id"}', FIRST, headers=[("_format", b"json")])
    assert not second.client_uuid
    assert not third.client_uuid
    assert run(past()).created == 3
    assert run(past(), again=True).read == 0, "which they are was noted"
    ingest(
        [
            Record(TOPIC, b'{"no": "id"}', offset=1, partition=0),
            Record(TOPIC, b'{"other": 1}', headers=tuple(headers(0)), offset=2, partition=0),
        ]
    )
    assert Message.objects.count() == 3


def test_a_stretch_is_what_was_asked_for_and_cut_short_it_goes_on(services):
    fill(services.world, 200)
    first, last = FIRST + timedelta(hours=10), FIRST + timedelta(hours=170)
    cut = run(past(since=first, until=last), enough=lambda: True)
    assert (cut.state, cut.created) == ("queued", 128)
    done = run(past(since=first, until=last))
    assert (done.state, done.created, Message.objects.count()) == ("done", 160, 160), "of both pieces"
    assert Backfill.objects.count() == 1


def test_killed_in_the_middle_it_goes_on_and_counts_once(services):
    fill(services.world, 200)

    def killed(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(past(), killed)
    assert (Backfill.objects.get().state, Message.objects.count()) == ("running", 128)
    row = run(past())
    assert (row.state, row.seen, row.created, Message.objects.count()) == ("done", 200, 200, 200)


def test_a_page_of_metas_is_not_the_end(services, monkeypatch):
    monkeypatch.setattr("tom_scimma.fake_services.archive.META", 50)
    fill(services.world, 130, step=timedelta(0))  # all in one millisecond
    assert run(past()).created == 130


def test_what_does_not_open_is_counted_and_shown_and_the_rest_goes_on(services):
    """/messages goes by the user, /msg by the credential: Alice may list what this credential may not open."""
    rows = fill(services.world, 20)
    rows[4].broken = True
    world = services.world
    world.give("tomtoolkit", "tomtoolkit.secret", "All")
    secret = put(world, "tomtoolkit.secret", b"{}", FIRST, headers=headers(1, "x"))
    row = run(past())
    assert (row.state, row.created, row.unopened) == ("done", 19, 1), "it spoils the list, and then only itself"
    closed = run(past("tomtoolkit.secret"))
    assert (closed.state, closed.seen, closed.created, closed.unopened) == ("done", 1, 0, 1)
    note = ArchiveRecord.objects.get(uuid=secret.uuid)
    assert note.message is None
    assert "403 Operation not permitted" in note.error
    world.permit("alice-bed6b3a5", "tomtoolkit.secret", "Read")
    assert run(past("tomtoolkit.secret"), again=True).created == 1
    note.refresh_from_db()
    assert (note.message.topic, note.error) == ("tomtoolkit.secret", "")


def test_one_that_is_broken_costs_only_itself(services):
    rows = fill(services.world, 5)
    rows[2].broken = True
    row = run(past())
    assert (row.state, row.created, row.unopened) == ("done", 4, 1)
    assert "500" in ArchiveRecord.objects.get(error__gt="").error


def test_what_is_not_public_there_is_protected_here(services, settings):
    """Promise 6: by the topic's groups; where it has none, superusers alone; what is made of it too."""
    world = services.world
    put(world, "tomtoolkit.test", b'{"a": 1}', FIRST, headers=headers(1, "ours"))
    put(world, "igwn.gwalert", event("S261001a"), FIRST, headers=headers(1, "gw"), public=False)
    world.permit("alice-bed6b3a5", "igwn.gwalert", "Read")
    world.give("tomtoolkit", "igwn.gwalert", "Read")
    group = Group.objects.create(name="ours")
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"tomtoolkit.test": {"groups": ["ours"]}}}
    for topic in ("tomtoolkit.test", "igwn.gwalert"):
        assert run(past(topic)).created == 1
    everyone = (
        AnonymousUser(),
        make.user("stranger"),
        make.user("member", group),
        make.user("root", is_superuser=True),
    )

    def seen(model, **wanted):
        return [model.objects.visible_to(user).filter(**wanted).count() for user in everyone]

    assert seen(Message, topic="tomtoolkit.test") == [0, 0, 1, 1]
    assert seen(Message, topic="igwn.gwalert") == [0, 0, 0, 1]
    assert seen(Alert) == seen(Event) == [0, 0, 0, 1]
    replay(Message.objects.filter(topic="igwn.gwalert"))
    assert Message.objects.get(topic="igwn.gwalert").error == ""
    assert seen(Alert) == seen(Event) == [0, 0, 0, 1], "and after it is read again"


def test_nothing_of_it_is_acted_on(services):
    """Promise 8: however young it is."""
    from datetime import datetime, timezone

    put(services.world, "igwn.gwalert", event("S261127a"), datetime.now(timezone.utc), headers=headers(1, "gw"))
    run(past("igwn.gwalert"))
    assert Alert.objects.get().live is False
    assert not Reaction.objects.filter(name__in=["subscriptions", "withdraw"]).exists()


def test_large_messages_come_by_reference_or_whole(services):
    world = services.world
    inner = put(
        world,
        f"{TOPIC}+oversized",
        b'{"big": 1}',
        FIRST,
        headers=[("_id", uuid.UUID(int=9).bytes), ("_format", b"json")],
        public=True,
    )
    stub = json.dumps({"url": f"{services.archive}/msg/{inner.uuid}"}).encode()
    put(world, TOPIC, stub, FIRST, headers=[("_id", uuid.UUID(int=8).bytes), ("_format", b"external")])
    run(past())
    message = Message.objects.get()
    assert (message.state, message.format, message.error) == ("ignored", "external", "")
    assert message.archive_records.get().large == "kept"
    assert not any(str(inner.uuid) in path for path in opened(services))
    Message.objects.all().delete()
    run(past(whole=True), again=True)
    message = Message.objects.get()
    assert (message.format, message.body.payload, message.sent_id) == ("json", b'{"big": 1}', uuid.UUID(int=8))
    ingest(
        [
            Record(
                TOPIC, stub, headers=(("_id", uuid.UUID(int=8).bytes), ("_format", b"external")), offset=3, partition=0
            )
        ]
    )
    assert Message.objects.count() == 1, "the stub of what is here whole is the same message"


def test_a_token_that_is_gone_is_made_anew(services):
    fill(services.world, 3)
    first = past()
    assert first.total() == 3
    services.world.tokens.clear()
    assert run(first).created == 3


def test_a_topic_that_nothing_is_archived_of_is_empty(services):
    assert run(past("no.such")).read == 0


@pytest.mark.parametrize("do", ["503", "half", "drop"])
def test_an_archive_in_trouble_is_asked_again(services, do):
    fill(services.world, 3)
    services.faults.append({"path": "/archive/messages", "times": 2, "do": do})
    assert run(past()).created == 3


def test_one_that_stays_away_ends_the_run_and_the_next_goes_on(services):
    fill(services.world, 100)
    services.faults.append({"path": "/archive/messages", "times": None, "do": "503"})
    with pytest.raises(Unavailable, match="503"):
        run(past())
    assert Backfill.objects.get().state == "failed"
    services.faults.clear()
    assert run(past()).created == 100


def test_a_credential_that_is_refused_is_said(services, settings):
    fill(services.world, 1)
    settings.TOM_SCIMMA["SOURCES"]["hopskotch"]["auth"]["password"] = "wrong"
    with pytest.raises(Exception, match="password") as said:
        run(past())
    assert "wrong" not in str(said.value).replace("most likely wrong", "")


def test_what_is_no_archive_is_said(services):
    services.faults.append({"path": "/archive/*", "times": None, "do": "html"})
    with pytest.raises(Refused, match="BSON"):
        run(past())


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("backfill", *words, stdout=out)
    return out.getvalue()


def test_the_command_asks_the_archive_and_says_what_came(services):
    rows = fill(services.world, 30)
    rows[7].broken = True
    said = command("--topic", TOPIC, "--only", "archive")
    assert "29 new of 30 looked at. 1 that the archive lists could not be opened" in said
    assert "nothing new (30 looked at" in command("--topic", TOPIC, "--only", "archive", "--again")
    with pytest.raises(CommandError, match="9"):  # no broker is there: said, and the archive was asked all the same
        command("--topic", TOPIC, "--since", "2026-10-01")
    assert Backfill.objects.filter(asked__startswith="archive: 2026-10-01", state="done").exists()


def test_without_a_credential_the_public_ones_come(services, settings):
    settings.TOM_SCIMMA["SOURCES"]["hopskotch"]["auth"] = False
    fill(services.world, 3)
    services.world.messages[1].public = False
    assert "2 new of 2" in command("--topic", TOPIC, "--only", "archive")
